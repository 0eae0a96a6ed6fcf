//! `tagpol remediate apply`

use tagpol_app::remediation::{
    ApplyError, ApplyOptions, ApplyReport, Outcome, PlanningError, RemediationError, apply_plan,
};
use tagpol_sink::terminal::line;

use super::read;
use crate::args::RemediateApplyArgs;
use crate::context::context;
use crate::failure::{Exit, Failure};
use crate::output::{Output, counted};
use crate::progress::Bar;
use crate::project;

pub(super) fn run(args: &RemediateApplyArgs, output: &mut Output) -> Result<Exit, Failure> {
    let context = context(None);
    let plan = read(&args.plan)?;
    let project = project::open(args.project.as_deref(), &context)?;
    let options = ApplyOptions {
        profile: args.profile.clone(),
        role: args.role.clone(),
        azure_endpoint: args.azure_endpoint.clone(),
        gcp_endpoint: args.gcp_endpoint.clone(),
        attempts: args.attempts,
    };
    let mut bar = Bar::endless(output.is_watched());
    let mut progress = |done: usize, all: usize| bar.say(format!("applying, {done} of {all} resources"));
    let applied = apply_plan(&project, &plan, &args.confirm, &options, &context, &mut progress);
    drop(bar);
    let report = project::with_diagnostics(applied, &project, output)?;
    output.print(&shown(&report))?;
    if report.is_whole() {
        return Ok(Exit::Success);
    }
    output.note("not everything was applied: fetch again, and make a new plan for the rest\n");
    Ok(Exit::Findings)
}

/// Lists what is not as planned, and the totals.
fn shown(report: &ApplyReport) -> String {
    let mut text = String::new();
    if report.is_resumed {
        text.push_str("went on with a run that was interrupted\n");
    }
    for (resource, outcome) in &report.outcomes {
        let reason = match outcome {
            Outcome::Applied | Outcome::Unchanged => continue,
            Outcome::Drifted { detail } => format!("skipped: its tags have changed: {detail}"),
            Outcome::Terraform { address } => format!("skipped: managed by Terraform as {address}"),
            Outcome::Failed { reason } => format!("failed: {reason}"),
            Outcome::Partial { reason, .. } => format!("failed after some of its changes: {reason}"),
        };
        text.push_str(&(line(&format!("{resource}: {reason}")) + "\n"));
    }
    for (resource, detail) in &report.differences {
        text.push_str(&(line(&format!("{resource}: applied, but read back differently: {detail}")) + "\n"));
    }
    let count = |is_meant: fn(&Outcome) -> bool| {
        report.outcomes.iter().filter(|(_, outcome)| is_meant(outcome)).count() as u64
    };
    let applied = count(|outcome| *outcome == Outcome::Applied);
    let mut parts = vec![format!("{} changed", counted(applied, "resource", "resources"))];
    let others = [
        (count(|outcome| *outcome == Outcome::Unchanged), "already as planned"),
        (count(|outcome| matches!(outcome, Outcome::Drifted { .. } | Outcome::Terraform { .. })), "skipped"),
        (count(|outcome| matches!(outcome, Outcome::Failed { .. })), "failed"),
        (count(|outcome| matches!(outcome, Outcome::Partial { .. })), "failed after some of its changes"),
        (report.differences.len() as u64, "read back differently"),
    ];
    parts
        .extend(others.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
    text + &parts.join(", ") + "\n"
}

impl From<RemediationError> for Failure {
    fn from(error: RemediationError) -> Self {
        let message = error.to_string();
        match error {
            RemediationError::Plan(error) => Self::usage(message).help(error.help()),
            RemediationError::OtherPolicies | RemediationError::OtherSnapshot { .. } => {
                Self::usage(message).help("make a new plan with `tagpol remediate plan`, and review it")
            }
            RemediationError::Protected { .. } => Self::usage(message).help(
                "make a new plan with `tagpol remediate plan`, or remove the key from `protect` if it may change",
            ),
            RemediationError::Apply(ApplyError::GivenUp(_)) => Self::usage(message).help(
                "undo it with `tagpol remediate rollback`, or fetch again and make a new plan",
            ),
            RemediationError::Planning(PlanningError::OpensElsewhere { .. }) => {
                Self::usage(message).help("leave resources out with `--where`")
            }
            RemediationError::Planning(_) => Self::engine(message),
            RemediationError::Apply(ApplyError::AppliedBefore(_)) => Self::usage(message).help(
                "fetch again and make a new plan; `tagpol remediate rollback` makes one that undoes it",
            ),
            RemediationError::Apply(ApplyError::Cloud(error)) => {
                let failure = match &error {
                    tagpol_app::clouds::CollectError::Options(_) => Self::usage(message),
                    _ => Self::engine(message),
                };
                match error.help() {
                    Some(help) => failure.help(help),
                    None => failure,
                }
            }
            RemediationError::Rollback(error) => Self::usage(message).help(error.help()),
            RemediationError::Apply(ApplyError::Journal(_)) | RemediationError::Journal(_) => {
                Self::engine(message)
            }
        }
    }
}
