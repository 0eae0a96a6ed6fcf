//! What a project remembers, before and after an evaluation.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use tagpol_interp as interp;
use tagpol_plan::sql::EVALUATED;
use tagpol_plan::{FirstSeen, Known, QueryKind, TagRelation};
use tagpol_sema::program::Program;
use tagpol_session::state::{Evaluated, FindingKey, GoalRecord, Recorded, RunRecord, StateError, StateStore};
use tagpol_session::{Cell, Decimal, Store, StoreError, quote_text};

use crate::evaluate::{Options, Run};
use crate::finding::Evaluation;

/// Names of the relations.
const DECISIONS: &str = "decisions";
const PREDICTIONS: &str = "predictions";
const FIRST_SEEN: &str = "first_seen";

/// What a project remembers, for an evaluation.
#[derive(Debug, Default)]
pub struct Remembered {
    /// The relations of it, which are in the database of the evaluation. What is not remembered has
    /// none.
    pub relations: Known,
    /// Runs before now, the oldest first.
    runs: Vec<RunRecord>,
}

impl Remembered {
    /// Reads it from the store of the options, if they name one.
    pub fn for_options(options: &Options, store: &Store) -> Result<Self, StateError> {
        match &options.state {
            Some(state) => Self::read(state, store, options.now),
            None => Ok(Self::default()),
        }
    }

    /// Nothing where there is no store yet.
    fn read(state: &StateStore, store: &Store, now: DateTime<Utc>) -> Result<Self, StateError> {
        let remembered = state.read(store, |state| {
            let relations = Known {
                decisions: relation(DECISIONS, state.copy_decisions(DECISIONS)?),
                predictions: relation(PREDICTIONS, state.copy_predictions(PREDICTIONS)?),
                first_seen: first_seen(state.copy_first_seen(FIRST_SEEN, now)?),
            };
            let runs = state.runs()?.into_iter().filter(|run| run.at < now).collect();
            Ok::<_, StateError>(Self { relations, runs })
        })?;
        let nothing = || Self {
            relations: Known { first_seen: FirstSeen::FirstRun, ..Known::default() },
            runs: Vec::new(),
        };
        Ok(remembered.unwrap_or_else(nothing))
    }

    /// Returns what it is of one resource, as the reference evaluator reads it.
    pub fn known_of(&self, resource: &str, store: &Store) -> Result<interp::Known, StoreError> {
        let rows = |relation: &str, columns: &str| {
            let (columns, id) = (columns.to_owned(), quote_text(resource));
            store.query(&format!("SELECT {columns} FROM {relation} WHERE resource = {id}"))
        };
        let mut known = interp::Known::default();
        if let Some(decisions) = &self.relations.decisions {
            for row in rows(&decisions.relation, "tag, value")?.rows {
                let Ok([Some(tag), Some(value)]) = texts(row) else { continue };
                known.decided.insert((resource.to_owned(), tag), value);
            }
        }
        if let Some(predictions) = &self.relations.predictions {
            for row in rows(&predictions.relation, "tag, value, CAST(confidence AS VARCHAR)")?.rows {
                let Ok([Some(tag), Some(value), Some(confidence)]) = texts(row) else { continue };
                let Ok(confidence) = confidence.parse() else { continue };
                known.predicted.insert((resource.to_owned(), tag), (value, confidence));
            }
        }
        known.first_seen = match &self.relations.first_seen {
            FirstSeen::NotKept => interp::FirstSeen::NotKept,
            FirstSeen::FirstRun => interp::FirstSeen::FirstRun,
            FirstSeen::Relation { relation, .. } => {
                let times = rows(relation, "policy, check_id, since")?.rows.into_iter();
                interp::FirstSeen::At(times.filter_map(|row| seen(row, resource)).collect())
            }
        };
        Ok(known)
    }

    /// Returns the earlier runs as reports show them.
    pub fn trend(&self) -> Vec<TrendPoint> {
        let point = |run: &RunRecord| TrendPoint {
            at: run.at,
            score: run.score,
            open: run.open.iter().sum(),
            cost: run.cost,
        };
        self.runs.iter().map(point).collect()
    }
}

fn texts<const N: usize>(row: Vec<Cell>) -> Result<[Option<String>; N], Vec<Cell>> {
    Ok(<[Cell; N]>::try_from(row)?.map(Cell::into_text))
}

fn seen(row: Vec<Cell>, resource: &str) -> Option<((String, String, String), DateTime<Utc>)> {
    let [policy, check, Cell::Timestamp(since)] = <[Cell; 3]>::try_from(row).ok()? else { return None };
    let key = (policy.into_text()?, check.into_text()?, resource.to_owned());
    Some((key, DateTime::from_timestamp_micros(since)?))
}

fn relation(relation: &str, tags: Vec<String>) -> Option<TagRelation> {
    let tags: BTreeSet<String> = tags.into_iter().collect();
    (!tags.is_empty()).then(|| TagRelation { relation: relation.to_owned(), tags })
}

fn first_seen(checks: Option<Vec<(String, String)>>) -> FirstSeen {
    match checks {
        None => FirstSeen::FirstRun,
        Some(checks) => {
            FirstSeen::Relation { relation: FIRST_SEEN.to_owned(), checks: checks.into_iter().collect() }
        }
    }
}

/// An earlier run.
#[derive(Debug, Clone, PartialEq)]
pub struct TrendPoint {
    /// When it was.
    pub at: DateTime<Utc>,
    /// Its score, 0 to 100.
    pub score: f64,
    /// Its open findings.
    pub open: u64,
    /// Monthly cost of all resources; None where no cost was known.
    pub cost: Option<Decimal>,
}

/// Remembers a run and its findings.
pub(crate) fn record(
    run: &Run,
    program: &Program,
    evaluation: &Evaluation,
    state: &StateStore,
) -> Result<Recorded, StateError> {
    let plan = &run.compiled.plan;
    let key = |check: &tagpol_plan::ir::CheckInfo| FindingKey {
        policy: check.policy_name.clone(),
        check: check.id.clone(),
        tag: check.tag.and_then(|tag| plan.tag(tag)).map(|tag| tag.name.clone()),
    };
    let checks: Vec<FindingKey> = plan.checks.iter().map(key).collect();
    let found = run.compiled.script.query(QueryKind::Findings);
    let evaluated = Evaluated { checks: &checks, found, resources: EVALUATED };
    let entry = entry(program, evaluation);
    state.write(&run.store, |state| state.record(&entry, evaluated))
}

fn entry(program: &Program, evaluation: &Evaluation) -> RunRecord {
    let summary = &evaluation.summary;
    let goals = evaluation.goals.iter().map(|goal| GoalRecord {
        goal: goal.name.clone(),
        share: goal.share(),
        at_least: goal.at_least.to_string().parse().unwrap_or_default(),
    });
    RunRecord {
        id: 0,
        at: evaluation.now,
        snapshot: evaluation.snapshot.id.clone(),
        program: program_hash(program),
        score: summary.score,
        resources: summary.resources,
        compliant: summary.compliant,
        open: summary.open,
        pending: summary.pending,
        exempt: summary.exempt,
        currency: evaluation.snapshot.currency.clone(),
        cost: summary.cost,
        cost_in_violation: summary.cost_in_violation,
        goals: goals.collect(),
    }
}

/// Returns what tells programs apart: 16 hexadecimal digits, others after any change of the
/// policies.
fn program_hash(program: &Program) -> String {
    let digest = Sha256::digest(format!("{program:?}"));
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
