//! A comparison for people.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Effects, Style};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::{amount_of, check_change, counts, finding_details, severity, totals};
use crate::text::{clean, count, several};
use tagpol_eval::diff::{Change, CheckDiff, Diff, FindingDiff, TagDiff};
use tagpol_eval::message::shown;

const BOLD: Style = Style::new().effects(Effects::BOLD);
const DIM: Style = Style::new().effects(Effects::DIMMED);
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();

/// Returns the totals of both, the findings by check and the tags that moved, as far as they were
/// read. In colors, which the writer may strip.
pub fn pretty(diff: &Diff) -> String {
    let mut out = String::new();
    let (before, after) = (clean(&diff.before.label), clean(&diff.after.label));
    let _ = writeln!(out, "{DIM}{before} -> {after}{DIM:#}\n");
    out.push_str(&sides(diff));
    let [entered, left, changed] = diff.totals();
    if diff.checks.is_empty() {
        let _ = writeln!(out, "\nno finding changed");
    } else {
        let _ = writeln!(
            out,
            "\n{BOLD}Findings{BOLD:#}  {} entered, {} left, {} changed",
            count(entered),
            count(left),
            count(changed)
        );
    }
    diff.checks.iter().for_each(|checked| check(&mut out, diff, checked));
    if !diff.tags.is_empty() {
        let _ = writeln!(out, "\n{BOLD}Tags{BOLD:#}");
    }
    diff.tags.iter().for_each(|moved| tag(&mut out, moved));
    out
}

fn sides(diff: &Diff) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["", "before", "after", ""]);
    for line in totals(diff) {
        table.add_row([line.what, line.before, line.after, line.by]);
    }
    for at in 1..4 {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text: String = table.lines().map(|line| format!(" {}\n", line.trim_end())).collect();
    for (found, what) in [(diff.resources_entered, "new"), (diff.resources_left, "gone")] {
        if found > 0 {
            let _ = writeln!(text, "  {} {what}", several(found, "resource"));
        }
    }
    text
}

fn check(out: &mut String, diff: &Diff, check: &CheckDiff) {
    let (policy, id) = (clean(&check.policy), clean(&check.check));
    let costs = [("+", diff_cost(diff, check, true)), ("-", diff_cost(diff, check, false))];
    let costs: String =
        costs.into_iter().filter_map(|(sign, cost)| Some(format!("  {sign}{} a month", cost?))).collect();
    let check_change = match check_change(check) {
        "" => String::new(),
        check_change => format!("  {check_change}"),
    };
    let _ = writeln!(
        out,
        "  {}  {BOLD}{policy}/{id}{BOLD:#}  {}{DIM}{costs}{check_change}{DIM:#}",
        severity(check),
        counts(check)
    );
    for finding in &check.findings {
        let _ = writeln!(out, "    {}", line(diff, check, finding));
    }
    let more = check.entered + check.left + check.changed;
    let more = more.saturating_sub(check.findings.len() as u64);
    if more > 0 {
        let _ = writeln!(out, "    {DIM}… and {} more (--all shows them){DIM:#}", count(more));
    }
}

fn diff_cost(diff: &Diff, check: &CheckDiff, entered: bool) -> Option<String> {
    let (number, cost, side) = if entered {
        (check.entered, check.cost_entered, &diff.after)
    } else {
        (check.left, check.cost_left, &diff.before)
    };
    cost.filter(|_| number > 0).map(|cost| amount_of(side, cost))
}

fn line(diff: &Diff, check: &CheckDiff, finding: &FindingDiff) -> String {
    let (color, sign) = match finding.change {
        Change::Entered => (RED, '+'),
        Change::Left => (GREEN, '-'),
        Change::Changed => (YELLOW, '~'),
    };
    let side = if finding.change == Change::Left { &diff.before } else { &diff.after };
    let name = finding.name.as_ref().unwrap_or(&finding.resource);
    let parts = [
        Some(clean(&shown(name))),
        finding.ty.as_ref().map(|ty| clean(&shown(ty))),
        finding.account.as_ref().map(|account| clean(&shown(account))),
        finding.cost.map(|cost| amount_of(side, cost)),
        Some(finding_details(check, finding, |text| format!("`{}`", clean(&shown(text)))))
            .filter(|said| !said.is_empty()),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("{color}{sign}{color:#} {}", parts.join("  "))
}

fn tag(out: &mut String, moved: &TagDiff) {
    let _ = writeln!(out, "  {BOLD}{}{BOLD:#}  {}", clean(&moved.tag), several(moved.resources, "resource"));
    let mut listed = 0;
    for step in &moved.moves {
        let value = |value: &Option<String>| {
            value.as_ref().map_or("missing".to_owned(), |value| format!("`{}`", clean(&shown(value))))
        };
        let examples: Vec<String> = step.examples.iter().map(|id| clean(&shown(id))).collect();
        let (from, to) = (value(&step.from), value(&step.to));
        let _ = writeln!(
            out,
            "    {from} -> {to}  {}  {DIM}{}{DIM:#}",
            count(step.resources),
            examples.join(", ")
        );
        listed += step.resources;
    }
    let more = moved.resources.saturating_sub(listed);
    if more > 0 {
        let _ = writeln!(out, "    {DIM}… and {} more{DIM:#}", several(more, "resource"));
    }
}
