//! `tagpol eval`

use tagpol_run::{Evaluation, Gate, Options, evaluate, report};
use tagpol_sema::program::Severity;

use super::clock;
use crate::args::{EvalArgs, EvalFormat, FailOn};
use crate::failure::{Exit, Failure};
use crate::files::write_whole;
use crate::inventory;
use crate::output::Output;
use crate::project::Project;

pub(crate) fn run(args: &EvalArgs, output: &mut Output) -> Result<Exit, Failure> {
    let mut project = Project::load(args.path.as_deref())?;
    let now = clock(args.now);
    project.set_now(now);
    let program = project.program_to_evaluate(output)?;
    let opened = inventory::open(&project, &args.source, now, output)?;
    let scratch =
        tempfile::tempdir().map_err(|error| Failure::engine(format!("no temporary folder: {error}")))?;
    let options = Options {
        threads: args.threads.map(usize::from),
        temp_dir: Some(scratch.path().to_owned()),
        rates: project.manifest.rates.clone(),
        ..Options::at(now)
    };
    let evaluation = evaluate(&program, &opened.snapshot, &options)?;
    if evaluation.summary.resources == 0 {
        // Nothing breaks a policy where nothing is; an export that failed must not look compliant.
        return Err(Failure::engine("the inventory holds no resource")
            .help("fetch the inventory again; a bill names its resources in `ResourceId`"));
    }
    let text = render(args, &evaluation, opened.is_kept(), output)?;
    match &args.output {
        None => output.print(&text)?,
        Some(path) => write_whole(path, &text)?,
    }
    let gate = Gate(severity(args.fail_on.or(project.manifest.fail_on).unwrap_or(FailOn::Low)));
    Ok(if gate.fails(&evaluation.summary, &evaluation.goals) { Exit::Findings } else { Exit::Success })
}

fn render(args: &EvalArgs, evaluation: &Evaluation, kept: bool, output: &Output) -> Result<String, Failure> {
    match args.format {
        EvalFormat::Json => report::json(evaluation).map_err(|error| Failure::engine(error.to_string())),
        EvalFormat::Table => {
            let style = report::Style {
                color: args.output.is_none() && output.out_has_color(),
                findings: (!args.all).then_some(3),
                kept,
            };
            Ok(report::table(evaluation, style))
        }
    }
}

fn severity(fail_on: FailOn) -> Option<Severity> {
    match fail_on {
        FailOn::Critical => Some(Severity::Critical),
        FailOn::High => Some(Severity::High),
        FailOn::Medium => Some(Severity::Medium),
        FailOn::Low => Some(Severity::Low),
        FailOn::None => None,
    }
}
