//! What became of each run.

use chrono::{DateTime, Utc};

use crate::amount::Amount;
use crate::connection::{Cell, Value};
use crate::decode::Decoder;
use crate::error::StateError;
use crate::reader::Page;
use crate::session::Session;

/// A run that was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// The number in the project, from 1.
    pub id: i64,
    /// The clock that it was evaluated at.
    pub at: DateTime<Utc>,
    /// Who ran it. None: unknown.
    pub actor: Option<String>,
    /// Id of the snapshot.
    pub snapshot: String,
    /// A hash that differs between programs.
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
    pub cost: Option<Amount>,
    /// Monthly cost of the resources with an open finding.
    pub cost_in_violation: Option<Amount>,
    /// The goals, in the order of the program.
    pub goals: Vec<GoalRecord>,
}

/// A goal of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct GoalRecord {
    /// Its name.
    pub goal: String,
    /// The share that was covered, from 0 to 1; None if there was nothing to cover.
    pub share: Option<f64>,
    /// The share that was required.
    pub at_least: f64,
}

const COLUMNS: &[&str] = &[
    "id",
    "run_at",
    "actor",
    "snapshot",
    "program",
    "score",
    "resources",
    "compliant",
    "open_critical",
    "open_high",
    "open_medium",
    "open_low",
    "pending",
    "exempt",
    "currency",
    "cost",
    "cost_in_violation",
];

impl Session {
    pub(crate) fn read_runs(&mut self, page: Page<i64>) -> Result<Vec<RunRecord>, StateError> {
        let after = page.after.unwrap_or(i64::MIN);
        let sql = format!(
            "SELECT {} FROM runs WHERE tenant = $1 AND project = $2 AND id > $4 ORDER BY id LIMIT $3",
            COLUMNS.join(", ")
        );
        let rows = self.query_page(&sql, page.rows(), vec![after.into()])?;
        let store = self.connection.store();
        let runs = rows.iter().map(|row| run(&Decoder::new(store, "runs", COLUMNS, row)));
        let mut runs: Vec<RunRecord> = runs.collect::<Result<_, _>>()?;
        if let (Some(first), Some(last)) = (runs.first(), runs.last()) {
            let (first, last) = (first.id, last.id);
            self.read_goals(&mut runs, first, last)?;
        }
        Ok(runs)
    }

    fn read_goals(&mut self, runs: &mut [RunRecord], first: i64, last: i64) -> Result<(), StateError> {
        const COLUMNS: &[&str] = &["run", "goal", "share", "at_least"];
        let sql = "SELECT run, goal, share, at_least FROM run_goals \
                   WHERE tenant = $1 AND project = $2 AND run >= $3 AND run <= $4 ORDER BY run, position";
        let values = [(&self.tenant).into(), (&self.project).into(), first.into(), last.into()];
        for row in &self.connection.query(sql, &values)? {
            let row = Decoder::new(self.connection.store(), "run_goals", COLUMNS, row);
            let of = row.int(0)?;
            let goal = GoalRecord {
                goal: row.text(1)?,
                share: row.optional(2, Decoder::real)?,
                at_least: row.real(3)?,
            };
            match runs.binary_search_by_key(&of, |run| run.id).ok().and_then(|at| runs.get_mut(at)) {
                Some(run) => run.goals.push(goal),
                None => return Err(row.damaged(0, "the number of a run")),
            }
        }
        Ok(())
    }

    pub(crate) fn read_newest_run(&mut self) -> Result<Option<DateTime<Utc>>, StateError> {
        let sql = "SELECT max(run_at) FROM runs WHERE tenant = $1 AND project = $2";
        let newest = self.connection.single(sql, &[(&self.tenant).into(), (&self.project).into()])?;
        let row = vec![newest];
        Decoder::new(self.connection.store(), "runs", &["run_at"], &row).optional(0, Decoder::time)
    }

    /// Whether the same run was recorded: same clock, snapshot and program.
    pub(crate) fn has_run(&mut self, run: &RunRecord) -> Result<bool, StateError> {
        let sql = "SELECT count(*) FROM runs WHERE tenant = $1 AND project = $2 AND run_at = $3 \
                   AND snapshot = $4 AND program = $5";
        let values = [
            (&self.tenant).into(),
            (&self.project).into(),
            run.at.timestamp_micros().into(),
            (&run.snapshot).into(),
            (&run.program).into(),
        ];
        Ok(self.connection.single(sql, &values)? != Cell::Int(0))
    }

    /// Adds a run with a number.
    pub(crate) fn insert_run(&mut self, run: &RunRecord, id: i64) -> Result<(), StateError> {
        let parameters: Vec<String> = (1..=COLUMNS.len() + 2).map(|at| format!("${at}")).collect();
        let sql = format!(
            "INSERT INTO runs (tenant, project, {}) VALUES ({})",
            COLUMNS.join(", "),
            parameters.join(", ")
        );
        let counts =
            [run.resources, run.compliant].into_iter().chain(run.open).chain([run.pending, run.exempt]);
        let mut values: Vec<Value<'_>> = vec![
            (&self.tenant).into(),
            (&self.project).into(),
            id.into(),
            run.at.timestamp_micros().into(),
            run.actor.as_deref().into(),
            (&run.snapshot).into(),
            (&run.program).into(),
            run.score.into(),
        ];
        values.extend(counts.map(|count| Value::from(i64::try_from(count).unwrap_or(i64::MAX))));
        values.push(run.currency.as_deref().into());
        values
            .extend([&run.cost, &run.cost_in_violation].map(|cost| cost.as_ref().map(Amount::as_str).into()));
        self.connection.execute(&sql, &values)?;
        let sql = "INSERT INTO run_goals (tenant, project, run, position, goal, share, at_least) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        for (position, goal) in (0_i64..).zip(&run.goals) {
            let values = [
                (&self.tenant).into(),
                (&self.project).into(),
                id.into(),
                position.into(),
                (&goal.goal).into(),
                goal.share.into(),
                goal.at_least.into(),
            ];
            self.connection.execute(sql, &values)?;
        }
        Ok(())
    }
}

fn run(row: &Decoder<'_>) -> Result<RunRecord, StateError> {
    let amount = |row: &Decoder<'_>, at: usize| {
        Amount::parse(&row.text(at)?).ok_or_else(|| row.damaged(at, "an amount"))
    };
    Ok(RunRecord {
        id: row.int(0)?,
        at: row.time(1)?,
        actor: row.optional(2, Decoder::text)?,
        snapshot: row.text(3)?,
        program: row.text(4)?,
        score: row.real(5)?,
        resources: row.count(6)?,
        compliant: row.count(7)?,
        open: [row.count(8)?, row.count(9)?, row.count(10)?, row.count(11)?],
        pending: row.count(12)?,
        exempt: row.count(13)?,
        currency: row.optional(14, Decoder::text)?,
        cost: row.optional(15, amount)?,
        cost_in_violation: row.optional(16, amount)?,
        goals: Vec::new(),
    })
}
