//! `tagpol runs`

use std::fmt::Write as _;

use serde::Serialize;
use tagpol_app::state::RunRecord;

use crate::args::RunsArgs;
use crate::context::context;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::rows;
use crate::state;

pub(crate) fn run(args: &RunsArgs, output: &mut Output) -> Result<Exit, Failure> {
    let store = state::at(args.project.as_deref(), &args.wait, &context(None))?;
    let runs = store.read(|state| state.all_runs())?;
    let runs = runs.unwrap_or_default();
    if runs.is_empty() {
        output.note("no run is recorded yet; `tagpol eval` records one\n");
        return Ok(Exit::Success);
    }
    let shown = runs.get(runs.len().saturating_sub(args.last)..).unwrap_or_default();
    match args.format {
        None => output.print(&table(shown))?,
        Some(format) => output.print_exactly(rows::text(format, &HEADING, shown.iter().map(row))?)?,
    }
    Ok(Exit::Success)
}

const HEADING: [&str; 16] = [
    "run",
    "at",
    "score",
    "resources",
    "compliant",
    "critical",
    "high",
    "medium",
    "low",
    "pending",
    "exempt",
    "cost",
    "cost_in_violation",
    "currency",
    "snapshot",
    "program",
];

/// A run as a row of the output, in the order of [`HEADING`].
#[derive(Serialize)]
struct Row<'a> {
    run: i64,
    at: String,
    score: f64,
    resources: u64,
    compliant: u64,
    critical: u64,
    high: u64,
    medium: u64,
    low: u64,
    pending: u64,
    exempt: u64,
    cost: Option<String>,
    cost_in_violation: Option<String>,
    currency: Option<&'a str>,
    snapshot: &'a str,
    program: &'a str,
}

fn row(run: &RunRecord) -> Row<'_> {
    let [critical, high, medium, low] = run.open;
    Row {
        run: run.id,
        at: rows::time(run.at),
        score: run.score,
        resources: run.resources,
        compliant: run.compliant,
        critical,
        high,
        medium,
        low,
        pending: run.pending,
        exempt: run.exempt,
        cost: run.cost.as_ref().map(ToString::to_string),
        cost_in_violation: run.cost_in_violation.as_ref().map(ToString::to_string),
        currency: run.currency.as_deref(),
        snapshot: &run.snapshot,
        program: &run.program,
    }
}

/// The runs for people: what changed from one to the next stands beside the score.
fn table(runs: &[RunRecord]) -> String {
    let mut text = format!(
        "{:>5}  {:<20}  {:>5}  {:>6}  {:>9}  {:>8}  {:>6}  {:>7}  {:>6}\n",
        "run", "at", "score", "change", "resources", "critical", "high", "medium", "low"
    );
    let mut before: Option<&RunRecord> = None;
    for run in runs {
        let change = before.map(|before| format!("{:+.1}", run.score - before.score)).unwrap_or_default();
        let [critical, high, medium, low] = run.open;
        let (id, at, score, resources) = (run.id, rows::time(run.at), run.score, run.resources);
        let _ = writeln!(
            text,
            "{id:>5}  {at:<20}  {score:>5.1}  {change:>6}  {resources:>9}  {critical:>8}  {high:>6}  {medium:>7}  {low:>6}"
        );
        before = Some(run);
    }
    text
}
