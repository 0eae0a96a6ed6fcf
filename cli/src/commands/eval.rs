//! `tagpol eval`

use std::path::Path;

use tagpol_run::{Evaluation, Gate, Options, evaluate, report};
use tagpol_sema::program::Severity;

use super::clock;
use crate::args::{EvalArgs, EvalFormat, FailOn};
use crate::failure::{Exit, Failure};
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
        ..Options::at(now)
    };
    let evaluation = evaluate(&program, &opened.snapshot, &options)?;
    if evaluation.summary.resources == 0 {
        // Nothing breaks a policy where nothing is; an export that failed must not look compliant.
        return Err(Failure::engine("the inventory holds no resource")
            .help("fetch the inventory again; a bill names its resources in `ResourceId`"));
    }
    let text = render(args, &evaluation, output)?;
    match &args.output {
        None => output.print(&text)?,
        Some(path) => write_whole(path, &text)?,
    }
    let gate = Gate(severity(args.fail_on.or(project.manifest.fail_on).unwrap_or(FailOn::Low)));
    Ok(if gate.fails(&evaluation.summary) { Exit::Findings } else { Exit::Success })
}

fn render(args: &EvalArgs, evaluation: &Evaluation, output: &Output) -> Result<String, Failure> {
    match args.format {
        EvalFormat::Json => report::json(evaluation).map_err(|error| Failure::engine(error.to_string())),
        EvalFormat::Table => {
            let style = report::Style {
                color: args.output.is_none() && output.out_has_color(),
                findings: (!args.all).then_some(3),
            };
            Ok(report::table(evaluation, style))
        }
    }
}

/// Writes a file under a temporary name beside it and renames it, so that nobody reads half a
/// report.
fn write_whole(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let written = report_file(folder).and_then(|mut file| {
        std::io::Write::write_all(&mut file, text.as_bytes())?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(drop).map_err(|error| Failure::io("write", path, &error))
}

/// A temporary file with the permissions of an ordinary one: others read reports too.
fn report_file(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
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
