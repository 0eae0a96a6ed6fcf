//! `tagpol eval`

use std::path::Path;

use chrono::{DateTime, Utc};
use tagpol_eval::{Evaluation, Gate, Options, SHOWN, Wanted, evaluate_in_detail};
use tagpol_project::FailOn;
use tagpol_report::{Baseline, Compared, Format, Report, Style};
use tagpol_store::state::{Recorded, StateError};

use super::clock;
use crate::args::EvalArgs;
use crate::failure::{Exit, Failure};
use crate::files;
use crate::inference;
use crate::inventory;
use crate::output::{Output, counted};
use crate::project::Project;
use crate::state;
use crate::targets::Targets;

pub(crate) fn run(args: &EvalArgs, output: &mut Output) -> Result<Exit, Failure> {
    let mut project = Project::load(args.path.as_deref())?;
    let now = clock(args.now);
    project.set_now(now);
    let program = project.program_to_evaluate(output)?;
    let opened = inventory::open(&project, &args.source, now, output)?;
    let scratch = files::scratch()?;
    let targets = Targets::new(args.format, &args.output)?;
    let state = state::of(&project, &args.state)?;
    let is_first = state.as_ref().is_some_and(|state| !state.exists());
    let options = Options {
        threads: args.threads.map(usize::from),
        temp_dir: Some(scratch.path().to_owned()),
        rates: project.manifest.rates.clone(),
        state,
        record: keeps_record(args, now),
        findings: wanted(args, &targets),
        text_limit: args.limits.text_limit(),
        ..Options::at(now)
    };
    inference::refresh(&program, &opened.snapshot, &options, output)?;
    // Read before the reports are written, which may replace it.
    let baseline = args.baseline.as_deref().map(read_baseline).transpose()?;
    let roles =
        targets.formats().any(Format::shows_breakdown).then(|| project.roles(&program)).transpose()?;
    let (evaluation, details) = evaluate_in_detail(&program, &opened.snapshot, &options, roles.as_ref())?;
    if evaluation.summary.resources == 0 && evaluation.snapshot.is_terraform {
        output.note("the plan or state has no resource that carries tags: there is nothing to judge\n");
    } else if evaluation.summary.resources == 0 {
        // Nothing breaks a policy where nothing is; an export that failed must not look compliant.
        return Err(Failure::engine("the inventory holds no resource")
            .help("fetch the inventory again; a bill names its resources in `ResourceId`"));
    }
    let report = Report {
        project: project.manifest.name.as_deref().unwrap_or("tagpol"),
        program: &program,
        evaluation: &evaluation,
        waivers: &details.waivers,
        breakdown: details.breakdown.as_ref(),
        trend: &details.trend,
        baseline: baseline.as_ref(),
        style: Style {
            color: output.out_has_color(),
            findings: (!args.all).then_some(SHOWN),
            kept: opened.is_kept(),
        },
    };
    targets.write(&report, output)?;
    if targets.formats().any(|format| format == Format::Github) {
        summarise_step(&report)?;
    }
    if is_first {
        tell_first(&evaluation, output);
    }
    if let Some(record) = details.record {
        told(record, &options, output)?;
    }
    let asked = args.fail_on.map(FailOn::from);
    let gate = asked.or(project.manifest.fail_on).unwrap_or(FailOn::Low).severity();
    let fails = match &baseline {
        Some(baseline) => {
            tell(baseline.compare(&evaluation), output);
            baseline.fails(&evaluation, gate)
        }
        None => Gate(gate).fails(&evaluation.summary, &evaluation.goals),
    };
    Ok(if fails { Exit::Findings } else { Exit::Success })
}

/// Says what is pending because its grace starts with this run. Where no run is ever remembered, as in a
/// fresh checkout, that would be so each time.
fn tell_first(evaluation: &Evaluation, output: &mut Output) {
    let pending: u64 = evaluation.checks.iter().map(|check| check.starting).sum();
    if pending > 0 {
        let pending = usize::try_from(pending).unwrap_or(usize::MAX);
        let findings = counted(pending, "finding is pending", "findings are pending");
        output.note(&format!(
            "note: {findings} because no earlier run is remembered here, so that the grace begins now; keep the \
             state store from run to run, or evaluate with `--no-state`, where only creation counts\n"
        ));
    }
}

fn read_baseline(path: &Path) -> Result<Baseline, Failure> {
    let file = std::fs::File::open(path).map_err(|error| Failure::io("read", path, &error))?;
    Baseline::read(std::io::BufReader::new(file)).map_err(|error| {
        Failure::usage(format!("`{}` is no baseline: {error}", path.display()))
            .help("write one with `tagpol eval -o json=FILE`")
    })
}

fn tell(compared: Compared, output: &mut Output) {
    let Compared { new, known, gone } = compared;
    output.note(&format!("compared with the baseline: {new} new, {known} known, {gone} gone\n"));
}

/// Which findings are read: the table shows few, unless it is asked for all; to compare with a baseline takes
/// all.
fn wanted(args: &EvalArgs, targets: &Targets) -> Wanted {
    let table = targets.formats().all(|format| format == Format::Table);
    if table && !args.all && args.baseline.is_none() { Wanted::Dearest } else { Wanted::All }
}

/// Adds the report to the summary of the step that GitHub Actions runs.
fn summarise_step(report: &Report<'_>) -> Result<(), Failure> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    Ok(tagpol_files::append(Path::new(&path), &tagpol_report::markdown(report))?)
}

/// Whether the run is to be remembered. One that looks ahead is not: it would be the newest run
/// until its time has come.
fn keeps_record(args: &EvalArgs, now: DateTime<Utc>) -> bool {
    !args.no_record && now <= Utc::now()
}

/// Says what became of the record, where that is not the usual.
fn told(record: Result<Recorded, StateError>, options: &Options, output: &mut Output) -> Result<(), Failure> {
    match record {
        Ok(Recorded::Added | Recorded::Again) => {}
        Ok(Recorded::Older(newest)) => output.note(&format!(
            "note: this run is not remembered: it looks back, and there is one of {}\n",
            newest.format("%Y-%m-%d %H:%M UTC")
        )),
        Err(error @ StateError::Untidy { .. }) => {
            output.note(&format!("warning: this run is remembered, but {error}\n"));
        }
        // Nothing is lost that was there before.
        Err(error) if error.is_read_only() && options.state.as_ref().is_none_or(|state| !state.exists()) => {
            output.note(&format!("warning: this run is not remembered: {error}\n"));
        }
        Err(error) => {
            return Err(Failure::from(error).so("this run is not remembered"));
        }
    }
    Ok(())
}
