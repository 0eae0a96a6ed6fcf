//! Annotations of GitHub Actions: workflow commands, one for each check with open findings; with a baseline
//! only for what is new.
//!
//! GitHub shows ten annotations of a level and step at most, so the worst come first and the last one
//! tells of those that are left out; the step summary has all.

use std::fmt::Write as _;

use tagpol_eval::{CheckResult, GoalResult};
use tagpol_sema::program::{Loc, Severity};
use tagpol_sink::workflow;

use super::Report;
use super::goals::goal_text;
use super::text::{clean, count, several, shorten};
use crate::baseline::BaselineState;

/// Annotations of a level.
const MAX_ANNOTATIONS: usize = 10;

/// Resources that an annotation names.
const RESOURCES: usize = 5;

/// Levels, the worst first.
const LEVELS: [&str; 3] = ["error", "warning", "notice"];

/// An annotation.
struct Annotation<'a> {
    level: &'static str,
    loc: &'a Loc,
    title: String,
    message: String,
}

/// Returns the commands, lines ended by newlines.
pub(super) fn annotations(report: &Report<'_>) -> String {
    let open = report.evaluation.checks.iter().enumerate().filter(|(_, check)| check.open > 0);
    let checks = open.filter_map(|(index, check)| of_check(report, index, check));
    let is_new = |goal: &&GoalResult| {
        report.baseline.is_none_or(|baseline| baseline.of_goal(goal) == BaselineState::New)
    };
    let missed = report.evaluation.goals.iter().filter(|goal| goal.is_missed()).filter(is_new);
    let goals = missed.map(|goal| Annotation {
        level: level(goal.severity),
        loc: &goal.loc,
        title: format!("goal {}", goal.name),
        message: goal_text(goal),
    });
    let all: Vec<Annotation<'_>> = goals.chain(checks).collect();
    LEVELS.into_iter().map(|level| of_level(&all, level)).collect()
}

fn of_level(all: &[Annotation<'_>], level: &str) -> String {
    let of_level: Vec<&Annotation<'_>> = all.iter().filter(|one| one.level == level).collect();
    let shown = if of_level.len() > MAX_ANNOTATIONS { MAX_ANNOTATIONS - 1 } else { MAX_ANNOTATIONS };
    let mut out: String = of_level.iter().take(shown).map(|one| command(one)).collect();
    let more = of_level.len().saturating_sub(shown);
    if more > 0 {
        let message = format!("{more} more checks have open findings; the step summary lists them");
        let _ = writeln!(out, "::{level} title=tagpol::{}", workflow::message(&message));
    }
    out
}

fn of_check<'a>(report: &Report<'a>, index: usize, check: &'a CheckResult) -> Option<Annotation<'a>> {
    let (mut found, mut names) = (0, Vec::new());
    for (_, finding) in report.evaluation.findings.of_check(index).filter(|(_, f)| report.counts(*f)) {
        found += 1;
        if names.len() < RESOURCES {
            names.push(clean(&shorten(report.evaluation.label(finding), 60)));
        }
    }
    let more = found - names.len() as u64;
    let more = if more > 0 { format!(" and {} more", count(more)) } else { String::new() };
    let all = check.cost_in_violation.filter(|_| found == check.open);
    let cost = all.map(|cost| format!(", {} a month", report.amount(cost)));
    let new = if report.baseline.is_some() { " new" } else { "" };
    (found > 0).then(|| Annotation {
        level: level(check.severity),
        loc: &check.loc,
        title: format!("{}/{} ({})", check.policy, check.check, check.severity.as_str()),
        message: format!(
            "{}\n{}{new} of {} in scope{}: {}{more}",
            clean(&check.asks),
            count(found),
            several(check.in_scope, "resource"),
            cost.unwrap_or_default(),
            names.join(", "),
        ),
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "notice",
    }
}

fn command(annotation: &Annotation<'_>) -> String {
    let Annotation { level, loc, title, message } = annotation;
    format!(
        "::{level} file={},line={},col={},title={}::{}\n",
        workflow::property(&loc.file),
        loc.line,
        loc.column,
        workflow::property(title),
        workflow::message(message),
    )
}
