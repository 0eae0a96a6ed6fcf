//! What became of each run.

use chrono::{DateTime, Utc};

use super::decisions::time;
use super::{DATABASE, State, StateError};
use crate::quote::quote_text;
use crate::rows::{Cell, Decimal};

/// A run, as it is remembered.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// Its number, from 1.
    pub id: i64,
    /// The clock that it was evaluated at.
    pub at: DateTime<Utc>,
    /// Id of the snapshot.
    pub snapshot: String,
    /// Tells programs apart.
    pub program: String,
    /// 0 to 100.
    pub score: f64,
    /// Resources in the snapshot.
    pub resources: u64,
    /// Resources without an open finding.
    pub compliant: u64,
    /// Open findings of severity critical, high, medium and low.
    pub open: [u64; 4],
    /// Findings inside a grace.
    pub pending: u64,
    /// Findings that are waived.
    pub exempt: u64,
    /// Currency of the costs.
    pub currency: Option<String>,
    /// Monthly cost of all resources.
    pub cost: Option<Decimal>,
    /// Monthly cost of the resources with an open finding.
    pub cost_in_violation: Option<Decimal>,
    /// What became of the goals.
    pub goals: Vec<GoalRecord>,
}

/// A goal of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct GoalRecord {
    /// Its name.
    pub goal: String,
    /// The share that was covered, from 0 to 1; None where there was nothing to cover.
    pub share: Option<f64>,
    /// The share that was wanted.
    pub at_least: f64,
}

impl State<'_> {
    /// Returns all runs, the oldest first.
    ///
    /// # Errors
    /// [`StateError::Store`].
    pub fn runs(&self) -> Result<Vec<RunRecord>, StateError> {
        let rows = self.query(&format!("SELECT * FROM {DATABASE}.runs ORDER BY id"))?.rows;
        let mut runs: Vec<RunRecord> = rows.into_iter().filter_map(run).collect();
        let goals = self.query(&format!("SELECT * FROM {DATABASE}.run_goals ORDER BY run, goal"))?;
        for row in goals.rows {
            let Ok([of, goal, share, at_least]) = <[Cell; 4]>::try_from(row) else { continue };
            let (Some(goal), Some(at_least)) = (goal.into_text(), double(&at_least)) else { continue };
            if let Some(run) = runs.iter_mut().find(|run| Some(run.id) == of.as_int()) {
                run.goals.push(GoalRecord { goal, share: double(&share), at_least });
            }
        }
        Ok(runs)
    }

    /// Returns the clock of the newest run.
    ///
    /// # Errors
    /// [`StateError::Store`].
    pub fn newest_run(&self) -> Result<Option<DateTime<Utc>>, StateError> {
        let newest = self.query(&format!("SELECT max(run_at) FROM {DATABASE}.runs"))?;
        Ok(newest.single().and_then(time))
    }
}

fn run(row: Vec<Cell>) -> Option<RunRecord> {
    let [id, at, snapshot, program, score, counts @ .., currency, cost, violating] = row.as_slice() else {
        return None;
    };
    let counts: Vec<u64> = counts.iter().filter_map(|cell| u64::try_from(cell.as_int()?).ok()).collect();
    let [resources, compliant, critical, high, medium, low, pending, exempt] =
        <[u64; 8]>::try_from(counts).ok()?;
    Some(RunRecord {
        id: id.as_int()?,
        at: time(at)?,
        snapshot: snapshot.as_text()?.to_owned(),
        program: program.as_text()?.to_owned(),
        score: double(score)?,
        resources,
        compliant,
        open: [critical, high, medium, low],
        pending,
        exempt,
        currency: currency.as_text().map(str::to_owned),
        cost: cost.as_decimal(),
        cost_in_violation: violating.as_decimal(),
        goals: Vec::new(),
    })
}

fn double(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Double(value) => Some(*value),
        _ => None,
    }
}

/// Returns the statements that add a run with a number.
pub(super) fn insert(run: &RunRecord, id: i64) -> Vec<String> {
    let counts = [run.resources, run.compliant].into_iter().chain(run.open).chain([run.pending, run.exempt]);
    let counts: Vec<String> = counts.map(|count| count.to_string()).collect();
    let money = |amount: Option<Decimal>| amount.map_or("NULL".to_owned(), |amount| amount.to_string());
    let mut statements = vec![format!(
        "INSERT INTO {DATABASE}.runs VALUES ({id}, make_timestamp({}), {}, {}, {:?}, {}, {}, {}, {})",
        run.at.timestamp_micros(),
        quote_text(&run.snapshot),
        quote_text(&run.program),
        run.score,
        counts.join(", "),
        run.currency.as_deref().map_or("NULL".to_owned(), quote_text),
        money(run.cost),
        money(run.cost_in_violation),
    )];
    for goal in &run.goals {
        let share = goal.share.map_or("NULL".to_owned(), |share| format!("{share:?}"));
        statements.push(format!(
            "INSERT INTO {DATABASE}.run_goals VALUES ({id}, {}, {share}, {:?})",
            quote_text(&goal.goal),
            goal.at_least
        ));
    }
    statements
}
