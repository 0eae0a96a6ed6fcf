//! Since when each finding is there.
//!
//! A row of the store stands for a time in which a finding was there without a break. It begins
//! when a run first sees it, and ends when a run looks at the same check of the same resource and
//! does not find it. A run that does not look (the policy is disabled, the inventory is another
//! one) ends nothing. What was resolved and comes back gets a new row.

use chrono::{DateTime, Utc};

use super::decisions::time;
use super::{DATABASE, RunRecord, State, StateError, StateWriter, runs};
use crate::quote::quote_identifier;
use crate::rows::Cell;

/// What a finding is of, besides its resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingKey {
    /// Name of the policy.
    pub policy: String,
    /// Id of the check in it.
    pub check: String,
    /// The tag that it is about.
    pub tag: Option<String>,
}

/// A time in which a finding was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenFinding {
    /// What it is of.
    pub key: FindingKey,
    /// Id of the resource.
    pub resource: String,
    /// When it was first seen.
    pub first_seen: DateTime<Utc>,
    /// When it was last seen.
    pub last_seen: DateTime<Utc>,
    /// The run that did not find it any more; None while it is there, or has not been looked at.
    pub resolved_at: Option<DateTime<Utc>>,
}

/// What is to be remembered of a run, as tables of the database that the store is attached to.
#[derive(Debug, Clone, Copy)]
pub struct Evaluated<'a> {
    /// The checks that the run looked at; its index is the `check_index` of `found`.
    pub checks: &'a [FindingKey],
    /// Queries for the findings, some of them each: `check_index`, `resource_id`, `since`.
    pub found: &'a [String],
    /// A table whose column `id` has the resources that the run looked at.
    pub resources: &'a str,
}

/// What became of the record of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It was added.
    Added,
    /// The same run is there already: same clock, snapshot and program.
    Again,
    /// It was left out: history is written forwards, and there is a run of this later time.
    Older(DateTime<Utc>),
}

impl State<'_> {
    /// Makes a table of the findings that were there at a time, with the columns `policy`,
    /// `check_id`, `resource` and `since`, in the database that the store is attached to. Returns
    /// the policies and checks that occur in it; None where no run has been recorded yet.
    ///
    /// # Errors
    /// [`StateError::Store`].
    pub fn copy_first_seen(
        &self,
        to: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Vec<(String, String)>>, StateError> {
        if self.newest_run()?.is_none() {
            return Ok(None);
        }
        let (to, now) = (quote_identifier(to), now.timestamp_micros());
        self.store.execute(&format!(
            "CREATE OR REPLACE TEMP TABLE {to} AS \
             SELECT policy, check_id, resource, first_seen AS since \
             FROM {DATABASE}.findings JOIN {DATABASE}.checks ON checks.id = check_no \
             WHERE first_seen <= make_timestamp({now}) \
             AND (resolved_at IS NULL OR resolved_at > make_timestamp({now}))"
        ))?;
        let rows = self.query(&format!("SELECT DISTINCT policy, check_id FROM {to} ORDER BY ALL"))?.rows;
        let pair = |row| {
            let [policy, check] = <[Cell; 2]>::try_from(row).ok()?.map(Cell::into_text);
            Some((policy?, check?))
        };
        Ok(Some(rows.into_iter().filter_map(pair).collect()))
    }

    /// Returns every time in which a finding was there, ordered by what it is of and when.
    ///
    /// # Errors
    /// [`StateError::Store`].
    pub fn findings(&self) -> Result<Vec<SeenFinding>, StateError> {
        let sql = format!(
            "SELECT policy, check_id, tag, resource, first_seen, \
             coalesce(last_seen, (SELECT max(run_at) FROM {DATABASE}.runs)), resolved_at \
             FROM {DATABASE}.findings JOIN {DATABASE}.checks ON checks.id = check_no ORDER BY ALL"
        );
        Ok(self.query(&sql)?.rows.into_iter().filter_map(seen).collect())
    }
}

fn seen(row: Vec<Cell>) -> Option<SeenFinding> {
    let [policy, check, tag, resource, first, last, resolved] = <[Cell; 7]>::try_from(row).ok()?;
    Some(SeenFinding {
        key: FindingKey { policy: policy.into_text()?, check: check.into_text()?, tag: tag.into_text() },
        resource: resource.into_text()?,
        first_seen: time(&first)?,
        last_seen: time(&last)?,
        resolved_at: time(&resolved),
    })
}

impl StateWriter<'_> {
    /// Remembers a run and its findings, in one transaction. The number of the run is given here.
    ///
    /// # Errors
    /// [`StateError::Store`].
    pub fn record(&self, run: &RunRecord, evaluated: Evaluated<'_>) -> Result<Recorded, StateError> {
        let known = self.runs_at(run)?;
        if let Some(newest) = known.newest.filter(|newest| *newest > run.at) {
            return Ok(Recorded::Older(newest));
        }
        if known.same {
            return Ok(Recorded::Again);
        }
        let next = self.load_checks(evaluated.checks)?;
        self.load_found(evaluated.found)?;
        let id = known.last_id.checked_add(1).ok_or_else(|| StateError::no_number("runs"))?;
        let mut statements = runs::insert(run, id);
        statements.extend(self.new_checks(next));
        statements.extend(transitions(run.at, known.newest, evaluated.resources));
        self.transact(&statements)?;
        Ok(Recorded::Added)
    }

    fn runs_at(&self, run: &RunRecord) -> Result<KnownRuns, StateError> {
        let runs = self.runs()?;
        let same = |other: &RunRecord| {
            other.at == run.at && other.snapshot == run.snapshot && other.program == run.program
        };
        Ok(KnownRuns {
            newest: runs.iter().map(|run| run.at).max(),
            last_id: runs.iter().map(|run| run.id).max().unwrap_or_default(),
            same: runs.iter().any(same),
        })
    }

    /// Makes the table `tagpol_checks` of the run's checks with their numbers in the store; returns
    /// the first number that the store does not have.
    fn load_checks(&self, checks: &[FindingKey]) -> Result<i64, StateError> {
        let rows: Vec<[Option<String>; 4]> = checks
            .iter()
            .enumerate()
            .map(|(index, key)| {
                [Some(index.to_string()), Some(key.policy.clone()), Some(key.check.clone()), key.tag.clone()]
            })
            .collect();
        let columns = ["check_index", "policy", "check_id", "tag"].map(str::to_owned);
        self.store.load_table("tagpol_rows", &columns, rows.iter().map(|row| row.as_slice()))?;
        let next = self.query(&format!("SELECT coalesce(max(id), 0) + 1 FROM {DATABASE}.checks"))?;
        let next = next.single().and_then(Cell::as_int).unwrap_or(1);
        self.store.execute(&format!(
            "CREATE OR REPLACE TEMP TABLE tagpol_checks AS \
             SELECT CAST(r.check_index AS BIGINT) AS check_index, r.policy, r.check_id, r.tag, \
             coalesce(c.id, {next} + CAST(r.check_index AS BIGINT)) AS id \
             FROM tagpol_rows r LEFT JOIN {DATABASE}.checks c \
             ON c.policy = r.policy AND c.check_id = r.check_id AND c.tag IS NOT DISTINCT FROM r.tag"
        ))?;
        Ok(next)
    }

    fn load_found(&self, queries: &[String]) -> Result<(), StateError> {
        self.store.execute(
            "CREATE OR REPLACE TEMP TABLE tagpol_found (check_no BIGINT, resource VARCHAR, since TIMESTAMP)",
        )?;
        for query in queries {
            self.store.execute(&format!(
                "INSERT INTO tagpol_found SELECT id, resource_id, since \
                 FROM ({query}) JOIN tagpol_checks USING (check_index)"
            ))?;
        }
        Ok(())
    }

    fn new_checks(&self, next: i64) -> Option<String> {
        Some(format!(
            "INSERT INTO {DATABASE}.checks SELECT id, policy, check_id, tag FROM tagpol_checks \
             WHERE id >= {next} ORDER BY id"
        ))
    }
}

/// What the store knows of runs.
struct KnownRuns {
    newest: Option<DateTime<Utc>>,
    last_id: i64,
    same: bool,
}

/// Returns the statements that bring the findings of the store up to a run.
fn transitions(now: DateTime<Utc>, before: Option<DateTime<Utc>>, resources: &str) -> Vec<String> {
    let now = format!("make_timestamp({})", now.timestamp_micros());
    let before =
        before.map_or_else(|| now.clone(), |at| format!("make_timestamp({})", at.timestamp_micros()));
    let found = "EXISTS (FROM tagpol_found f WHERE f.check_no = findings.check_no AND f.resource = findings.resource)";
    let looked_at = format!(
        "EXISTS (FROM tagpol_checks c WHERE c.id = findings.check_no) \
         AND EXISTS (FROM {} r WHERE r.id = findings.resource)",
        quote_identifier(resources)
    );
    let update = |set: &str, filter: &str| {
        format!("UPDATE {DATABASE}.findings SET {set} WHERE resolved_at IS NULL AND {filter}")
    };
    vec![
        update(
            &format!("last_seen = coalesce(last_seen, {before}), resolved_at = {now}"),
            &format!("{looked_at} AND NOT {found}"),
        ),
        update(&format!("last_seen = {before}"), &format!("last_seen IS NULL AND NOT {found}")),
        update("last_seen = NULL", &format!("last_seen IS NOT NULL AND {found}")),
        format!(
            "INSERT INTO {DATABASE}.findings SELECT check_no, resource, coalesce(since, {now}), NULL, NULL \
             FROM tagpol_found f WHERE NOT EXISTS (FROM {DATABASE}.findings s WHERE s.resolved_at IS NULL \
             AND s.check_no = f.check_no AND s.resource = f.resource) ORDER BY check_no, resource"
        ),
    ]
}
