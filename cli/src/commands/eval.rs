//! `tagpol eval`

use std::path::Path;

use chrono::{DateTime, Utc};
#[cfg(feature = "spark")]
use tagpol_app::EngineSettings;
use tagpol_app::evaluation::{
    Ambiguous, Evaluation, FindingSelection, Gate, GateFailures, Options, RunError, TOP_FINDINGS,
};
use tagpol_app::report::{self, Baseline, Compared, Format, Report, Style};
use tagpol_app::settings::FailOn;
use tagpol_app::state::Recorded;
use tagpol_app::{EvaluateRequest, EvaluatedInventory, Workspace};
use tagpol_sema::program::Severity;

use crate::args::{EngineArgs, EvalArgs, Undetermined};
use crate::context::{RunContext, context};
use crate::failure::{Exit, Failure};
use crate::inference;
use crate::inventory::named;
use crate::output::{Output, counted};
use crate::project::{self, with_diagnostics};
use crate::state;
use crate::targets::Targets;

pub(crate) fn run(args: &EvalArgs, output: &mut Output) -> Result<Exit, Failure> {
    let context = RunContext {
        threads: args.threads.map(usize::from),
        text_limit: args.limits.text_limit(),
        ..context(args.now)
    };
    let project = project::open(args.path.as_deref(), &context)?;
    let targets = Targets::new(args.format, &args.output)?;
    let named = named(&args.source)?;
    targets.spare(&named.source.files)?;
    let opened = Workspace::open(&project, &named.source, &state::access(&args.state), &context);
    let workspace = with_diagnostics(opened, &project, output)?;
    workspace.check_costs(&named.source.import)?;
    inference::refresh(workspace.program(), workspace.snapshot(), workspace.options(), &context, output)?;
    // Read before the reports are written, which may replace it.
    let baseline = args.baseline.as_deref().map(read_baseline).transpose()?;
    let request = EvaluateRequest {
        findings: wanted(args, &targets),
        breakdown: targets.formats().any(Format::shows_breakdown),
        record: keeps_record(args, context.now),
    };
    let evaluated = evaluate(&workspace, &args.engine, &request)?;
    let shows_advice = targets.formats().any(Format::shows_advice);
    let advice = shows_advice.then(|| workspace.advice_of(&evaluated)).transpose()?;
    let EvaluatedInventory { evaluation, details } = evaluated;
    if evaluation.summary.resources == 0 {
        output.note("the plan or state has no resources with tags: there is nothing to evaluate\n");
    }
    let report = Report {
        project: project.name().unwrap_or("tagpol"),
        program: workspace.program(),
        evaluation: &evaluation,
        waivers: &details.waivers,
        breakdown: details.breakdown.as_ref(),
        advice: advice.as_ref(),
        trend: &details.trend,
        baseline: baseline.as_ref(),
        style: Style {
            color: output.out_has_color(),
            findings: (!args.all).then_some(TOP_FINDINGS),
            kept: workspace.keeps_snapshot(),
        },
    };
    let write = |format, out: &mut (dyn std::io::Write + Send)| report.write(format, out);
    targets.write(write, output)?;
    if targets.formats().any(|format| format == Format::Github) {
        summarize_step(&report)?;
    }
    if details.is_first_run {
        note_pending(&evaluation, output);
    }
    for Ambiguous { relation, resources, example } in &details.ambiguous {
        output.note(&format!(
            "warning: relation `{relation}` finds several resources for {}, such as `{example}`; the first by id counts\n",
            counted(*resources, "resource", "resources")
        ));
    }
    if !args.no_record && !args.state.no_state && context.now > Utc::now() {
        output.note("note: this run is not recorded: its time is in the future\n");
    }
    if let Some(record) = details.record {
        report_record(record, workspace.options(), output)?;
    }
    let asked = args.fail_on.map(FailOn::from);
    let gate = Gate(asked.or(project.manifest().fail_on).unwrap_or(FailOn::Low).severity());
    let mut failures = match &baseline {
        Some(baseline) => {
            report_comparison(baseline.compare(&evaluation), output);
            baseline.failures(&evaluation, gate)
        }
        None => gate.failures(&evaluation.summary, &evaluation.goals),
    };
    if args.undetermined == Undetermined::Fail {
        failures.undetermined = gate.undetermined(&evaluation.checks);
    }
    let Some(severity) = gate.0.filter(|_| failures.any()) else { return Ok(Exit::Success) };
    output.note(&failed(failures, severity, baseline.is_some()));
    Ok(Exit::Findings)
}

/// Evaluates here, or on an engine elsewhere if one is named.
#[cfg(feature = "spark")]
fn evaluate(
    workspace: &Workspace<'_>,
    args: &EngineArgs,
    request: &EvaluateRequest,
) -> Result<EvaluatedInventory, Failure> {
    Ok(match &args.engine {
        None => workspace.evaluate(request)?,
        Some(address) => {
            let engine = EngineSettings { address: address.clone(), resources: args.engine_path.clone() };
            workspace.evaluate_on(&engine, request)?
        }
    })
}

#[cfg(not(feature = "spark"))]
fn evaluate(
    workspace: &Workspace<'_>,
    args: &EngineArgs,
    request: &EvaluateRequest,
) -> Result<EvaluatedInventory, Failure> {
    match &args.engine {
        None => Ok(workspace.evaluate(request)?),
        Some(_) => Err(Failure::missing_feature("tagpol eval --engine", "spark")),
    }
}

/// Returns the last line of a run that fails: why it ends with 1.
fn failed(failures: GateFailures, gate: Severity, is_compared: bool) -> String {
    let GateFailures { findings, goals, undetermined } = failures;
    let findings = (findings > 0).then(|| match is_compared {
        true => counted(findings, "new finding", "new findings"),
        false => counted(findings, "finding", "findings"),
    });
    let goals = (goals > 0).then(|| counted(goals, "missed goal", "missed goals"));
    let undetermined =
        (undetermined > 0).then(|| counted(undetermined, "undetermined check", "undetermined checks"));
    let what: Vec<String> = findings.into_iter().chain(goals).chain(undetermined).collect();
    format!("failed: {} at or above {}\n", what.join(" and "), gate.as_str())
}

/// Says what is pending because its grace starts with this run. Where no run is ever remembered, as in a
/// fresh checkout, that would be so each time.
fn note_pending(evaluation: &Evaluation, output: &mut Output) {
    let pending: u64 = evaluation.checks.iter().map(|check| check.starting).sum();
    if pending > 0 {
        let findings = counted(pending, "finding is pending", "findings are pending");
        output.note(&format!(
            "note: {findings} because no earlier run is recorded here, so their grace starts now; keep the \
             state store from run to run, or evaluate with `--no-state`, where only creation counts\n"
        ));
    }
}

fn read_baseline(path: &Path) -> Result<Baseline, Failure> {
    let file = std::fs::File::open(path).map_err(|error| Failure::io("read", path, &error))?;
    Baseline::read(std::io::BufReader::new(file)).map_err(|error| {
        Failure::usage(format!("`{}` is not a baseline: {error}", path.display()))
            .help("write one with `tagpol eval -o json=FILE`")
    })
}

fn report_comparison(compared: Compared, output: &mut Output) {
    let Compared { new, known, gone } = compared;
    output.note(&format!("compared with the baseline: {new} new, {known} known, {gone} gone\n"));
}

/// Which findings are read: the table shows few, unless it is asked for all; to compare with a baseline takes
/// all.
fn wanted(args: &EvalArgs, targets: &Targets<Format>) -> FindingSelection {
    let table = targets.formats().all(|format| format == Format::Table);
    if table && !args.all && args.baseline.is_none() {
        FindingSelection::TopByCost
    } else {
        FindingSelection::All
    }
}

/// Adds the report to the summary of the step that GitHub Actions runs.
fn summarize_step(report: &Report<'_>) -> Result<(), Failure> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    Ok(tagpol_app::files::append(Path::new(&path), &report::markdown(report))?)
}

/// Whether the run is to be remembered. One that looks ahead is not: it would be the newest run
/// until its time has come.
fn keeps_record(args: &EvalArgs, now: DateTime<Utc>) -> bool {
    !args.no_record && now <= Utc::now()
}

/// Says what became of the record, where that is not the usual.
fn report_record(
    record: Result<Recorded, RunError>,
    options: &Options,
    output: &mut Output,
) -> Result<(), Failure> {
    match record {
        Ok(Recorded::Added | Recorded::Again) => {}
        Ok(Recorded::Older(newest)) => output.note(&format!(
            "note: this run is not recorded: its time is before the newest recorded run, of {}\n",
            newest.format("%Y-%m-%d %H:%M UTC")
        )),
        // Nothing is lost that was there before.
        Err(RunError::State(error))
            if error.is_read_only() && options.state.as_ref().is_none_or(|state| !state.exists()) =>
        {
            output.note(&format!("warning: this run is not recorded: {error}\n"));
        }
        Err(error) => {
            return Err(Failure::from(error).context("this run is not recorded"));
        }
    }
    Ok(())
}
