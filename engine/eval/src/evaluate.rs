//! The evaluation: plan, database, rows, result.

use tagpol_inventory::Snapshot;
use tagpol_sema::program::Program;
use tagpol_state::Recorded;

use crate::breakdown::{Breakdown, Group, Roles};
use crate::cost::measure_costs;
use crate::engine::Engine;
use crate::error::RunError;
use crate::finding::Evaluation;
use crate::history::{self, TrendPoint};
use crate::options::Options;
use crate::related::{Ambiguous, ambiguous};
use crate::run::Run;
use crate::tables::Tables;
use crate::waivers::Waivers;

/// Evaluates a program over a snapshot. Nothing is remembered of it.
///
/// # Errors
/// [`RunError::Currency`] for a mistake in the program; all else is the snapshot's, the state
/// store's or the database's.
pub fn evaluate(program: &Program, snapshot: &Snapshot, options: &Options) -> Result<Evaluation, RunError> {
    let run = Run::start(program, snapshot, &mut Tables::default(), options)?;
    let mut evaluation = run.evaluation(snapshot, options.findings)?;
    measure_costs(program, snapshot, options, &mut evaluation.goals)?;
    Ok(evaluation)
}

/// What reports show in addition to an evaluation, as far as it was requested.
#[derive(Debug)]
pub struct Details {
    /// What waives findings.
    pub waivers: Waivers,
    /// The inventory by tags.
    pub breakdown: Option<Breakdown>,
    /// Earlier runs that are remembered, the oldest first.
    pub trend: Vec<TrendPoint>,
    /// What became of the record of this run. None: it was not to be remembered.
    pub record: Option<Result<Recorded, RunError>>,
    /// Relations that find several resources for one.
    pub ambiguous: Vec<Ambiguous>,
    /// Whether the project has a state store in which no earlier run is recorded.
    pub is_first_run: bool,
}

/// Evaluates a program over a snapshot, and reads what reports show in addition to the evaluation: what
/// waives findings, earlier runs, and, where tags for it are named, the inventory by tags. Where the
/// options say so, the run and its findings are remembered in the state store; a failure to do so
/// leaves the evaluation as it is.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_in_detail(
    program: &Program,
    snapshot: &Snapshot,
    options: &Options,
    breakdown: Option<&Roles>,
) -> Result<(Evaluation, Details), RunError> {
    let run = Run::start(program, snapshot, &mut Tables::default(), options)?;
    in_detail(&run, program, snapshot, options, breakdown)
}

/// As [`evaluate_in_detail`], on an engine elsewhere that has the resources of the snapshot. What charges cost, which
/// goals of spend ask for, is computed here. The run is not remembered.
///
/// # Errors
/// [`RunError::Unsupported`] for what the engine cannot say, [`RunError::Engine`]; as [`evaluate`].
pub fn evaluate_on(
    engine: Box<dyn Engine>,
    program: &Program,
    snapshot: &Snapshot,
    options: &Options,
    breakdown: Option<&Roles>,
) -> Result<(Evaluation, Details), RunError> {
    let options = Options { record: false, ..options.clone() };
    let run = Run::start_on(engine, program, snapshot, &options)?;
    in_detail(&run, program, snapshot, &options, breakdown)
}

fn in_detail(
    run: &Run,
    program: &Program,
    snapshot: &Snapshot,
    options: &Options,
    breakdown: Option<&Roles>,
) -> Result<(Evaluation, Details), RunError> {
    let mut evaluation = run.evaluation(snapshot, options.findings)?;
    measure_costs(program, snapshot, options, &mut evaluation.goals)?;
    let summary = &evaluation.summary;
    let all = Group {
        values: Vec::new(),
        resources: summary.resources,
        in_scope: summary.in_scope,
        passing: summary.passing,
        cost: summary.cost,
    };
    let details = Details {
        waivers: Waivers::read(run, program, &evaluation)?,
        breakdown: breakdown.map(|roles| Breakdown::read(run, program, roles, &all)).transpose()?,
        trend: run.history.trend(),
        ambiguous: ambiguous(run)?,
        is_first_run: run.history.is_first_run(),
        record: options
            .state
            .as_ref()
            .filter(|_| options.record)
            .map(|state| history::record(run, program, &evaluation, state)),
    };
    Ok((evaluation, details))
}
