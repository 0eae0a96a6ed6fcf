//! The report for a comment on a change, or the summary of a step: GitHub's and GitLab's Markdown.

use std::fmt::Write as _;

use tagpol_eval::{CheckResult, Finding, State};
use tagpol_sema::program::Severity;
use tagpol_session::Decimal;
use tagpol_sink::markdown;

use super::goals::goal_text;
use super::text::{count, percent, several, shorten};
use super::{Report, headline};

/// Findings that are listed, so that the text fits into a comment.
const FINDINGS: usize = 50;

/// Checks that are listed.
const CHECKS: usize = 100;

/// Characters of a name or a value.
const CODE: usize = 80;

/// Characters of a sentence.
const SENTENCE: usize = 400;

/// Returns the report as Markdown.
pub fn markdown(report: &Report<'_>) -> String {
    let mut out = String::new();
    totals(report, &mut out);
    checks(report, &mut out);
    goals(report, &mut out);
    findings(report, &mut out);
    let info = &report.evaluation.snapshot;
    let id = markdown::code(&info.id, false);
    let month = info.month.as_ref().map(|month| markdown::text(&format!(", costs of {month}"), false));
    let (month, now) = (month.unwrap_or_default(), report.evaluation.now.format("%Y-%m-%d %H:%M UTC"));
    let _ = writeln!(out, "\n<sub>snapshot {id}{month}, evaluated at {now}</sub>");
    out
}

fn totals(report: &Report<'_>, out: &mut String) {
    let summary = &report.evaluation.summary;
    let _ = writeln!(
        out,
        "## {}: {}\n",
        markdown::text(report.project, false),
        summary.score_with_pending.map_or("n/a".to_owned(), |score| format!("{score:.1} of 100"))
    );
    let of = |severity: Severity| count(summary.open_of(severity));
    let _ = writeln!(out, "| critical | high | medium | low | compliant | spend in violation |");
    let _ = writeln!(out, "|--:|--:|--:|--:|--:|--:|");
    let [critical, high, medium, low] = Severity::ALL.map(of);
    let compliant = match summary.in_scope {
        0 => "n/a".to_owned(),
        all => format!("{} of {} ({})", count(summary.passing), count(all), percent(summary.passing, all)),
    };
    let cost = match (summary.cost_in_violation, summary.spend) {
        (Some(part), Some(all)) => format!("{} of {}", amount(report, part), amount(report, all)),
        _ => "unknown".to_owned(),
    };
    let _ = writeln!(out, "| {critical} | {high} | {medium} | {low} | {compliant} | {cost} |");
    if let Some(pending) = headline::pending(report) {
        let without = headline::without_pending(summary);
        let without = without.map(|text| format!(" Score {text}.")).unwrap_or_default();
        let _ = writeln!(out, "\nPending: {pending}.{without}");
    }
    if let Some(undetermined) = headline::undetermined(summary) {
        let _ = writeln!(out, "\nUndetermined: {undetermined}.");
    }
    if let Some(scope) = headline::out_of_scope(summary) {
        let _ = writeln!(out, "\nNot counted: {scope}.");
    }
    if let Some(credits) = headline::credits(summary) {
        let _ = writeln!(out, "\nCosts are before {} in credits.", amount(report, credits));
    }
    if summary.exempt > 0 {
        let _ = writeln!(out, "\nNot counted: {} waived.", several(summary.exempt, "finding"));
    }
}

fn checks(report: &Report<'_>, out: &mut String) {
    let open: Vec<&CheckResult> = report.evaluation.checks.iter().filter(|check| check.open > 0).collect();
    if open.is_empty() {
        let _ = writeln!(out, "\nNo finding is open.");
        return;
    }
    let _ =
        writeln!(out, "\n### Checks\n\n| severity | check | open | in scope | cost a month | requirement |");
    let _ = writeln!(out, "|---|---|--:|--:|--:|---|");
    for check in open.iter().take(CHECKS) {
        let _ = writeln!(
            out,
            "| {} {} | `{}/{}` | {} | {} | {} | {} |",
            mark(check.severity),
            check.severity.as_str(),
            check.policy,
            check.check,
            count(check.open),
            count(check.in_scope),
            check.cost_in_violation.map(|cost| amount(report, cost)).unwrap_or_default(),
            sentence(&check.asks),
        );
    }
    more(out, open.len(), CHECKS, "checks");
}

fn goals(report: &Report<'_>, out: &mut String) {
    if report.evaluation.goals.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n### Goals\n");
    for goal in &report.evaluation.goals {
        let mark = if goal.is_missed() { "❌" } else { "✅" };
        let _ = writeln!(out, "- {mark} `{}`: {}", goal.name, markdown::text(&goal_text(goal), false));
    }
}

fn findings(report: &Report<'_>, out: &mut String) {
    let mut open: Vec<(Finding<'_>, &CheckResult)> = report
        .findings()
        .filter(|(_, finding, _)| finding.state() == State::Open)
        .map(|(_, finding, check)| (finding, check))
        .collect();
    if open.is_empty() {
        return;
    }
    // Stable: of equal cost the order of findings stays.
    open.sort_by_cached_key(|(finding, check)| {
        let cost = finding.cost().map_or(i128::MIN, |cost| cost.unscaled);
        std::cmp::Reverse((report.counts(*finding), check.severity, cost))
    });
    let known = open.iter().filter(|(finding, _)| !report.counts(*finding)).count() as u64;
    let known = if known > 0 { format!(", {} of them in the baseline", count(known)) } else { String::new() };
    let title = several(open.len() as u64, "open finding") + &known;
    let _ = writeln!(out, "\n<details><summary>{title}</summary>\n");
    let _ = writeln!(out, "| check | resource | account | cost a month | problem |");
    let _ = writeln!(out, "|---|---|---|--:|---|");
    for (finding, check) in open.iter().take(FINDINGS) {
        let _ = writeln!(
            out,
            "| {} `{}/{}`{} | {} | {} | {} | {} |",
            mark(check.severity),
            check.policy,
            check.check,
            if report.counts(*finding) { "" } else { " (known)" },
            code(report.evaluation.label(*finding)),
            finding.account().map(code).unwrap_or_default(),
            finding.cost().map(|cost| amount(report, cost)).unwrap_or_default(),
            sentence(&finding.message()),
        );
    }
    more(out, open.len(), FINDINGS, "findings");
    let _ = writeln!(out, "\n</details>");
}

fn more(out: &mut String, all: usize, shown: usize, what: &str) {
    let more = all.saturating_sub(shown);
    if more > 0 {
        let _ = writeln!(out, "\n… and {} more {what}.", count(more as u64));
    }
}

fn mark(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "🟥",
        Severity::High => "🟧",
        Severity::Medium => "🟨",
        Severity::Low => "🟦",
    }
}

/// An amount with its currency, which is the inventory's word.
fn amount(report: &Report<'_>, amount: Decimal) -> String {
    markdown::text(&report.amount(amount), false)
}

/// A foreign text as code in a cell of a table, shortened where it is long.
pub(super) fn code(text: &str) -> String {
    markdown::code(&shorten(text, CODE), true)
}

/// A sentence with foreign values in a cell of a table, shortened where it is long.
fn sentence(text: &str) -> String {
    markdown::sentence(&shorten(text, SENTENCE), true)
}
