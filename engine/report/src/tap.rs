//! The Test Anything Protocol, version 14: a point for each check and each goal.

use std::fmt::Write as _;

use super::Report;
use super::goals::goal_text;
use super::text::{clean, several};
use tagpol_eval::{CheckResult, Finding, State};

/// Findings that the diagnostics of a point name.
const MAX_RESOURCES: usize = 20;

/// Returns the protocol as text, lines ended by newlines.
pub(super) fn tap(report: &Report<'_>) -> String {
    let (checks, goals) = (&report.evaluation.checks, &report.evaluation.goals);
    let mut out = format!("TAP version 14\n1..{}\n", checks.len() + goals.len());
    for (index, check) in checks.iter().enumerate() {
        let ok = if check.open == 0 { "ok" } else { "not ok" };
        let skip = if check.in_scope == 0 { " # SKIP no resource in scope" } else { "" };
        let _ = writeln!(out, "{ok} {} - {}/{}{skip}", index + 1, check.policy, check.check);
        if check.open > 0 {
            diagnostics(report, &mut out, index, check);
        }
    }
    for (number, goal) in (checks.len() + 1..).zip(goals) {
        let ok = if goal.is_missed() { "not ok" } else { "ok" };
        let _ = writeln!(out, "{ok} {number} - goal/{}", goal.name);
        if goal.is_missed() {
            let _ = writeln!(out, "  ---\n  message: {}\n  ...", quoted(&goal_text(goal)));
        }
    }
    out
}

/// The YAML block of a point that is not ok.
fn diagnostics(report: &Report<'_>, out: &mut String, index: usize, check: &CheckResult) {
    let open = report.evaluation.findings.of_check(index).filter(|(_, f)| f.state() == State::Open);
    let _ = writeln!(out, "  ---");
    let found = several(check.open, "resource");
    let _ = writeln!(out, "  message: {}", quoted(&format!("{}: {found}", check.asks)));
    let _ = writeln!(out, "  severity: {}", check.severity.as_str());
    let _ = writeln!(out, "  at:\n    file: {}\n    line: {}", quoted(&check.loc.file), check.loc.line);
    let _ = writeln!(out, "  findings:");
    for (_, finding) in open.take(MAX_RESOURCES) {
        let _ = writeln!(out, "    - {}", quoted(&line(finding)));
    }
    let more = check.open.saturating_sub(MAX_RESOURCES as u64);
    if more > 0 {
        let _ = writeln!(out, "    - {}", quoted(&format!("and {more} more")));
    }
    let _ = writeln!(out, "  ...");
}

fn line(finding: Finding<'_>) -> String {
    format!("{}: {}", finding.resource(), finding.message())
}

/// A text in one line, in double quotes as both YAML and JSON read them.
fn quoted(text: &str) -> String {
    tagpol_sink::json::quoted(&clean(text))
}
