//! Random knowledge in addition to the inventory: decisions, predictions, first-seen times.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rust_decimal::Decimal;
use tagpol_interp as interp;
use tagpol_interp::{FirstSeen, Row};
use tagpol_plan::{Overlays, TagRelation};
use tagpol_sema::program::{Inference, Loc, Program, TagId};
use tagpol_session::{Store, StoreError};

use super::exprs::literal;
use super::pools;
use super::schema::TAGS;

/// Knowledge whose resources and checks are still to be chosen among those that there are.
#[derive(Debug, Clone)]
pub(super) struct Unplaced {
    decided: Vec<(Index, Index, String)>,
    predicted: Vec<(Index, Index, String, Decimal)>,
    first_seen: u8,
    seen: Vec<(Index, Index, TimeDelta)>,
}

/// Confidences and thresholds, so that they often meet.
fn confidence() -> impl Strategy<Value = Decimal> {
    let hundredths = select(&[0_i64, 33, 50, 70, 90, 100][..]);
    hundredths.prop_map(|confidence| Decimal::new(confidence, 2))
}

/// Returns random knowledge; none of it is the simplest.
pub(super) fn overlays() -> impl Strategy<Value = Unplaced> {
    let place = || (any::<Index>(), any::<Index>());
    (
        prop::collection::vec((place(), literal()), 0..=8),
        prop::collection::vec((place(), literal(), confidence()), 0..=12),
        0..3_u8,
        prop::collection::vec((place(), pools::time_off()), 0..=6),
    )
        .prop_map(|(decided, predicted, first_seen, seen)| Unplaced {
            decided: decided.into_iter().map(|((row, tag), value)| (row, tag, value)).collect(),
            predicted: predicted.into_iter().map(|((row, tag), v, c)| (row, tag, v, c)).collect(),
            first_seen,
            seen: seen.into_iter().map(|((row, check), off)| (row, check, off)).collect(),
        })
}

/// Returns what the model may do.
pub(super) fn inferences() -> impl Strategy<Value = Vec<Inference>> {
    let one = || option::weighted(0.6, option::weighted(0.9, confidence()));
    prop::collection::vec(one(), TAGS.len()).prop_map(|tags| {
        let loc = Loc { file: Arc::from("policies/it's.tagpol"), line: 1, column: 1 };
        let inference = |(id, apply): (u32, Option<Option<Decimal>>)| {
            Some(Inference { tag: TagId(id), apply: apply?, suggest: None, loc: loc.clone() })
        };
        (0..).zip(tags).filter_map(inference).collect()
    })
}

impl Unplaced {
    /// Chooses the resources, tags and checks.
    pub(super) fn place(self, program: &Program, rows: &[Row], now: DateTime<Utc>) -> interp::Overlays {
        let about = |row: Index, tag: Index| {
            (row.get(rows).id.clone(), program.tags[tag.index(program.tags.len())].name.clone())
        };
        let decided = self.decided.into_iter().map(|(row, tag, value)| (about(row, tag), value));
        let predicted = self.predicted.into_iter().map(|(row, tag, v, c)| (about(row, tag), (v, c)));
        let first_seen = match self.first_seen {
            0 => FirstSeen::NotKept,
            1 => FirstSeen::FirstRun,
            _ => FirstSeen::At(times(self.seen, program, rows, now)),
        };
        interp::Overlays { decided: decided.collect(), predicted: predicted.collect(), first_seen }
    }
}

/// By policy, check and resource.
type Times = BTreeMap<(String, String, String), DateTime<Utc>>;

fn times(seen: Vec<(Index, Index, TimeDelta)>, program: &Program, rows: &[Row], now: DateTime<Utc>) -> Times {
    let of_policy = |policy: &tagpol_sema::program::Policy| {
        let name = policy.name.clone();
        policy.checks.iter().map(|check| (name.clone(), check.id.clone())).collect::<Vec<_>>()
    };
    let checks: Vec<(String, String)> = program.policies.iter().flat_map(of_policy).collect();
    if checks.is_empty() {
        return Times::new();
    }
    let place = |(row, check, off): (Index, Index, TimeDelta)| {
        let (policy, check) = check.get(&checks).clone();
        ((policy, check, row.get(rows).id.clone()), now + off)
    };
    seen.into_iter().map(place).collect()
}

/// Brings knowledge into the database, and tells the plan of it.
pub(super) fn load(overlays: &interp::Overlays, store: &Store) -> Result<Overlays, StoreError> {
    let decided = overlays.decided.iter().map(|((id, tag), value)| vec![id, tag, value]);
    let decided: Vec<Vec<String>> = decided.map(|row| row.into_iter().cloned().collect()).collect();
    table(store, "decisions", &["resource", "tag", "value"], &decided, "*")?;
    let predicted = overlays.predicted.iter();
    let predicted: Vec<Vec<String>> = predicted
        .map(|((id, tag), (value, sure))| vec![id.clone(), tag.clone(), value.clone(), sure.to_string()])
        .collect();
    let columns = ["resource", "tag", "value", "confidence"];
    let typed = "* REPLACE (CAST(confidence AS DOUBLE) AS confidence)";
    table(store, "predictions", &columns, &predicted, typed)?;
    let relation = |relation: &str, rows: &[Vec<String>]| {
        let tags: std::collections::BTreeSet<String> = rows.iter().map(|row| row[1].clone()).collect();
        (!tags.is_empty()).then(|| TagRelation { relation: relation.to_owned(), tags })
    };
    Ok(Overlays {
        decisions: relation("decisions", &decided),
        predictions: relation("predictions", &predicted),
        first_seen: load_times(&overlays.first_seen, store)?,
    })
}

fn load_times(first_seen: &FirstSeen, store: &Store) -> Result<tagpol_plan::FirstSeen, StoreError> {
    let times = match first_seen {
        FirstSeen::NotKept => return Ok(tagpol_plan::FirstSeen::NotKept),
        FirstSeen::FirstRun => return Ok(tagpol_plan::FirstSeen::FirstRun),
        FirstSeen::At(times) => times,
    };
    let row = |((policy, check, id), at): (&(String, String, String), &DateTime<Utc>)| {
        vec![policy.clone(), check.clone(), id.clone(), at.timestamp_micros().to_string()]
    };
    let rows: Vec<Vec<String>> = times.iter().map(row).collect();
    let columns = ["policy", "check_id", "resource", "since"];
    let typed = "* REPLACE (make_timestamp(CAST(since AS BIGINT)) AS since)";
    table(store, "first_seen", &columns, &rows, typed)?;
    let checks = times.keys().map(|(policy, check, _)| (policy.clone(), check.clone())).collect();
    Ok(tagpol_plan::FirstSeen::Relation { relation: "first_seen".to_owned(), checks })
}

fn table(
    store: &Store,
    name: &str,
    columns: &[&str],
    rows: &[Vec<String>],
    typed: &str,
) -> Result<(), StoreError> {
    let columns: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
    let rows: Vec<Vec<Option<String>>> =
        rows.iter().map(|row| row.iter().cloned().map(Some).collect()).collect();
    store.load_table("texts", &columns, rows.iter().map(Vec::as_slice))?;
    store.execute(&format!("CREATE OR REPLACE TEMP TABLE {name} AS SELECT {typed} FROM texts"))
}
