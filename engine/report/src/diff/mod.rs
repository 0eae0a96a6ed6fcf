//! What changes from one evaluation to another: for a terminal, for a pull request, and as JSON.

mod json;
mod markdown;
mod pretty;

use std::fmt::Write as _;

pub use json::{DIFF_SCHEMA_VERSION, json};
pub use markdown::markdown;
pub use pretty::pretty;
use tagpol_eval::Summary;
use tagpol_session::Decimal;

use crate::text::{clean, count, money, percent};
use tagpol_eval::diff::{Change, CheckDiff, Diff, FindingDiff, Side};

/// A line of the comparison of totals: what, before, after, and by how much it differs.
struct Line {
    what: String,
    before: String,
    after: String,
    by: String,
}

/// Returns the totals of both sides next to each other, and the goals.
fn totals(diff: &Diff) -> Vec<Line> {
    let (before, after) = (&diff.before.summary, &diff.after.summary);
    let sum = |open: [u64; 4]| open.iter().sum::<u64>();
    let mut lines = vec![
        scores(before.score_with_pending, after.score_with_pending),
        counted("Resources", before.resources, after.resources),
        counted("In scope", before.in_scope, after.in_scope),
        Line {
            what: "Compliant".to_owned(),
            before: compliant(before.passing, before.in_scope),
            after: compliant(after.passing, after.in_scope),
            by: difference(before.passing, after.passing),
        },
        counted("Open findings", sum(before.open), sum(after.open)),
        counted("Pending", before.pending, after.pending),
        counted("Waived", before.exempt, after.exempt),
    ];
    lines.push(costs(diff, "Monthly cost", before.cost, after.cost));
    lines.push(costs(diff, "Spend in violation", before.cost_in_violation, after.cost_in_violation));
    let is_all = |summary: &Summary| summary.in_scope == summary.resources;
    if is_all(before) && is_all(after) {
        lines.retain(|line| line.what != "In scope");
    }
    let is_nothing = |line: &Line| line.before == line.after && matches!(line.after.as_str(), "-" | "0");
    lines.retain(|line| !is_nothing(line));
    lines.extend(goals(diff));
    lines
}

fn scores(before: Option<f64>, after: Option<f64>) -> Line {
    let shown = |score: Option<f64>| score.map_or("n/a".to_owned(), |score| format!("{score:.1}"));
    let by = before.zip(after).map(|(before, after)| signed(format!("{:.1}", after - before)));
    Line { what: "Score".to_owned(), before: shown(before), after: shown(after), by: by.unwrap_or_default() }
}

fn compliant(passing: u64, in_scope: u64) -> String {
    if in_scope == 0 { "n/a".to_owned() } else { percent(passing, in_scope) }
}

fn counted(what: &str, before: u64, after: u64) -> Line {
    Line { what: what.to_owned(), before: count(before), after: count(after), by: difference(before, after) }
}

fn costs(diff: &Diff, what: &str, before: Option<Decimal>, after: Option<Decimal>) -> Line {
    let shown =
        |side: &Side, amount: Option<Decimal>| amount.map_or("-".to_owned(), |cost| amount_of(side, cost));
    let by = match (before, after) {
        (Some(before), Some(after)) if diff.has_one_currency() => {
            let unscaled = after.unscaled.saturating_sub(before.unscaled);
            signed(money(Decimal { unscaled, scale: after.scale }))
        }
        _ => String::new(),
    };
    Line { what: what.to_owned(), before: shown(&diff.before, before), after: shown(&diff.after, after), by }
}

fn goals(diff: &Diff) -> Vec<Line> {
    let share = |side: &Side, name: &str| {
        let goal = side.goals.iter().find(|goal| goal.name == name);
        goal.and_then(tagpol_eval::GoalResult::share_text).unwrap_or_else(|| "-".to_owned())
    };
    let met =
        |side: &Side, name: &str| side.goals.iter().find(|goal| goal.name == name).and_then(|g| g.met());
    let mut names: Vec<&str> =
        diff.before.goals.iter().chain(&diff.after.goals).map(|goal| goal.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let line = |name: &str| Line {
        what: format!("Goal {name}"),
        before: share(&diff.before, name),
        after: share(&diff.after, name),
        by: match (met(&diff.before, name), met(&diff.after, name)) {
            (Some(true), Some(false)) => "now missed".to_owned(),
            (Some(false), Some(true)) => "now met".to_owned(),
            (_, Some(false)) => "missed".to_owned(),
            (_, Some(true)) => "met".to_owned(),
            (_, None) => String::new(),
        },
    };
    names.into_iter().map(line).collect()
}

fn difference(before: u64, after: u64) -> String {
    let by = i128::from(after) - i128::from(before);
    let digits = count(u64::try_from(by.unsigned_abs()).unwrap_or(u64::MAX));
    match by {
        0 => String::new(),
        ..0 => format!("-{digits}"),
        1.. => format!("+{digits}"),
    }
}

/// Nothing for no difference, a plus before more.
fn signed(number: String) -> String {
    match number.as_str() {
        "0.0" | "-0.0" | "0.00" | "-0.00" | "0" => String::new(),
        _ if number.starts_with('-') => number,
        _ => format!("+{number}"),
    }
}

fn amount_of(side: &Side, amount: Decimal) -> String {
    let currency = clean(side.snapshot.currency.as_deref().unwrap_or_default());
    format!("{} {currency}", money(amount)).trim_end().to_owned()
}

/// `+12 -3 ~1`
fn counts(check: &CheckDiff) -> String {
    let mut text = String::new();
    for (sign, found) in [('+', check.entered), ('-', check.left), ('~', check.changed)] {
        if found > 0 {
            let _ = write!(text, " {sign}{}", count(found));
        }
    }
    text.trim_start().to_owned()
}

/// What a severity became, where it is another one.
fn severity(check: &CheckDiff) -> String {
    match (check.severity_before, check.severity_after) {
        (Some(before), Some(after)) if before != after => {
            format!("{} -> {}", before.as_str(), after.as_str())
        }
        _ => check.severity().as_str().to_owned(),
    }
}

/// Whether a check was added or removed.
fn check_change(check: &CheckDiff) -> &'static str {
    match (check.severity_before, check.severity_after) {
        (None, Some(_)) => "new check",
        (Some(_), None) => "check removed",
        _ => "",
    }
}

/// What is said of a finding: its state where that is not plain, and the values. `quote` makes foreign
/// text fit its place.
fn finding_details(check: &CheckDiff, finding: &FindingDiff, quote: impl Fn(&str) -> String) -> String {
    let mut parts = Vec::new();
    let state = |state: Option<crate::State>| state.map_or("none", crate::State::as_str);
    match finding.change {
        Change::Changed if finding.state_before != finding.state_after => {
            parts.push(format!("{} -> {}", state(finding.state_before), state(finding.state_after)));
        }
        Change::Entered if finding.state_after != Some(crate::State::Open) => {
            parts.push(state(finding.state_after).to_owned());
        }
        _ => {}
    }
    let value = |value: &Option<String>| value.as_deref().map_or("missing".to_owned(), &quote);
    let (before, after) = (value(&finding.value_before), value(&finding.value_after));
    let speaks = check.tag.is_some() || finding.value_before.is_some() || finding.value_after.is_some();
    let details = match finding.change {
        _ if !speaks => None,
        Change::Entered if finding.resource_moved => Some(after),
        Change::Left if finding.resource_moved => Some(before),
        _ if finding.value_before == finding.value_after => Some(after),
        _ => Some(format!("{before} -> {after}")),
    };
    parts.extend(details.map(|details| match &check.tag {
        Some(tag) => format!("{tag}: {details}"),
        None => details,
    }));
    if finding.resource_moved {
        parts.push(
            if finding.change == Change::Left { "resource removed" } else { "new resource" }.to_owned(),
        );
    }
    parts.join(", ")
}
