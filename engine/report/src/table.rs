//! The report for a terminal: totals, findings by severity and policy, worst accounts, next steps.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Effects, Style as Ansi};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use tagpol_eval::{
    CheckResult, Evaluation, Finding, GoalResult, GoalTarget, Measured, State, Summary, ValueSource, Waiver,
};
use tagpol_sema::program::{Measure, Severity};
use tagpol_session::Decimal;

use super::goals::{in_month, label, listed, spent, target_text};
use super::next_steps::next_steps;
use super::text::{clean, count, decimal, money, percent, several, shorten};
use super::{Report, headline};
use crate::baseline::Baseline;

/// How the report looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether colors are wanted.
    pub color: bool,
    /// Findings that are shown of each check. None: all.
    pub findings: Option<usize>,
    /// Whether the snapshot is kept, so that others can look at it by its id.
    pub kept: bool,
}

/// Accounts that are shown.
const ACCOUNTS: usize = 5;

/// Waivers that are shown, unless all findings are.
const WAIVERS: usize = 10;

/// Returns the report as text, lines ended by newlines.
///
/// Control characters of names and values are replaced, so that no tag can steer the terminal.
pub fn table(report: &Report<'_>) -> String {
    let mut out = String::new();
    let page = Page { evaluation: report.evaluation, baseline: report.baseline, style: report.style };
    page.heading(&mut out);
    page.totals(report, &mut out);
    for severity in Severity::ALL {
        page.severity(&mut out, severity);
    }
    page.undetermined(&mut out);
    page.goals(&mut out);
    page.accounts(&mut out);
    page.waivers(&report.waivers.list, &mut out);
    page.conflicts(&mut out);
    page.next_steps(&mut out);
    out
}

struct Page<'a> {
    evaluation: &'a Evaluation,
    baseline: Option<&'a Baseline>,
    style: Style,
}

impl Page<'_> {
    fn paint(&self, ansi: Ansi, text: &str) -> String {
        if self.style.color { format!("{ansi}{text}{ansi:#}") } else { text.to_owned() }
    }

    fn bold(&self, text: &str) -> String {
        self.paint(Ansi::new().effects(Effects::BOLD), text)
    }

    fn dim(&self, text: &str) -> String {
        self.paint(Ansi::new().effects(Effects::DIMMED), text)
    }

    fn currency(&self) -> &str {
        self.evaluation.snapshot.currency.as_deref().unwrap_or_default()
    }

    fn amount(&self, amount: Decimal) -> String {
        format!("{} {}", money(amount), clean(self.currency())).trim_end().to_owned()
    }

    fn heading(&self, out: &mut String) {
        let info = &self.evaluation.snapshot;
        let mut parts = vec![if self.style.kept {
            format!("snapshot {}", clean(&info.id))
        } else {
            sources(&info.sources)
        }];
        parts.extend(info.month.as_ref().map(|month| format!("costs of {}", clean(month))));
        parts.push(format!("evaluated at {}", self.evaluation.now.format("%Y-%m-%d %H:%M UTC")));
        let _ = writeln!(out, "{}\n", self.dim(&parts.join(" · ")));
    }

    fn totals(&self, report: &Report<'_>, out: &mut String) {
        let summary = &self.evaluation.summary;
        let _ = writeln!(out, "  {:<20}{}", "Score", self.score(summary));
        let _ = writeln!(out, "  {:<20}{}", "Compliant", headline::compliant(summary));
        if let (Some(spend), Some(violating)) = (summary.spend, summary.cost_in_violation) {
            let credits = headline::credits(summary)
                .map(|credits| format!(", before {} in credits", self.amount(credits)));
            let credits = credits.unwrap_or_default();
            let line = format!("{} of {} a month{credits}", self.amount(violating), self.amount(spend));
            let _ = writeln!(out, "  {:<20}{line}", "Spend in violation");
        }
        if let Some(cost) = self.evaluation.snapshot.unattributed.filter(|cost| !cost.is_zero()) {
            let line = format!("{} in charges without a resource", self.amount(decimal(cost)));
            let _ = writeln!(out, "  {:<20}{line}", "Not included");
        }
        let open: Vec<String> = Severity::ALL
            .into_iter()
            .map(|severity| (severity, summary.open_of(severity)))
            .filter(|(_, open)| *open > 0)
            .map(|(severity, open)| {
                self.paint(color_of(severity), &format!("{} {}", count(open), severity.as_str()))
            })
            .collect();
        let open = if open.is_empty() { "none".to_owned() } else { open.join(", ") };
        let _ = writeln!(out, "  {:<20}{open}", "Open findings");
        if let Some(pending) = headline::pending(report) {
            let _ = writeln!(out, "  {:<20}{pending}", "Pending");
        }
        if let Some(undetermined) = headline::undetermined(summary) {
            let _ = writeln!(out, "  {:<20}{undetermined}", "Undetermined");
        }
        if summary.exempt > 0 {
            let _ = writeln!(out, "  {:<20}{}", "Waived", count(summary.exempt));
        }
    }

    fn score(&self, summary: &Summary) -> String {
        let Some(score) = summary.score_with_pending else { return "n/a".to_owned() };
        let color = match score {
            score if score >= 90.0 => AnsiColor::Green,
            score if score >= 60.0 => AnsiColor::Yellow,
            _ => AnsiColor::Red,
        };
        let text = self.paint(color.on_default().effects(Effects::BOLD), &format!("{score:.1}"));
        let without = headline::without_pending(summary);
        format!("{text} of 100{}", without.map(|text| format!(" ({text})")).unwrap_or_default())
    }

    fn severity(&self, out: &mut String, severity: Severity) {
        let mut checks =
            self.evaluation.checks.iter().enumerate().filter(|(_, c)| c.severity == severity && c.open > 0);
        let Some(first) = checks.next() else { return };
        let open = self.evaluation.summary.open_of(severity);
        let title = format!("{} · {} open", severity.as_str().to_uppercase(), count(open));
        let _ = writeln!(out, "\n{}", self.paint(color_of(severity).effects(Effects::BOLD), &title));
        let mut policy = "";
        for (index, check) in std::iter::once(first).chain(checks) {
            if check.policy != policy {
                policy = &check.policy;
                let place = self.dim(&format!("{}:{}", clean(&check.loc.file), check.loc.line));
                let _ = writeln!(out, "  {}  {place}", self.bold(policy));
            }
            self.check(out, index, check);
        }
    }

    fn check(&self, out: &mut String, index: usize, check: &CheckResult) {
        let cost = check
            .cost_in_violation
            .map(|cost| format!(", {} a month", self.amount(cost)))
            .unwrap_or_default();
        let line = format!("{} of {} in scope{cost}", count(check.open), count(check.in_scope));
        let _ = writeln!(out, "    {}  {line}", check.check);
        let _ = writeln!(out, "      {}", self.dim(&clean(&check.asks)));
        if let Some(escalation) = check.escalate.as_ref().filter(|_| check.escalation_due > 0) {
            let due = several(check.escalation_due, "finding");
            let line = format!("escalation due to {}: {due}", clean(&escalation.to));
            let _ = writeln!(out, "      {}", self.paint(AnsiColor::Yellow.on_default(), &line));
        }
        let mut shown = self.of_check(index, State::Open);
        // New findings first, then the most expensive: those are worth fixing first.
        shown.sort_by(|a, b| {
            let urgency = |finding: Finding<'_>| (self.is_new(finding), cost_key(finding));
            urgency(*b).cmp(&urgency(*a)).then_with(|| a.resource().cmp(b.resource()))
        });
        self.first_of(out, shown, check.open);
    }

    /// Returns the findings of a check that are in a state, as far as they were read.
    fn of_check(&self, index: usize, state: State) -> Vec<Finding<'_>> {
        let findings = self.evaluation.findings.of_check(index).map(|(_, finding)| finding);
        findings.filter(|finding| finding.state() == state).collect()
    }

    /// Shows the first of `all` findings, and how many more there are.
    fn first_of(&self, out: &mut String, mut shown: Vec<Finding<'_>>, all: u64) {
        shown.truncate(self.style.findings.unwrap_or(usize::MAX));
        let _ = write!(out, "{}", self.findings(&shown));
        let more = all.saturating_sub(shown.len() as u64);
        if more > 0 {
            let _ = writeln!(
                out,
                "      {}",
                self.dim(&format!("… and {} more (--all shows them)", count(more)))
            );
        }
    }

    /// Lists the resources for which checks are undetermined.
    fn undetermined(&self, out: &mut String) {
        let checks = self.evaluation.checks.iter().enumerate();
        let mut checks = checks.filter(|(_, check)| check.undetermined > 0).peekable();
        if checks.peek().is_some() {
            let title = format!("UNDETERMINED · {}", count(self.evaluation.summary.undetermined));
            let _ = writeln!(out, "\n{}", self.bold(&title));
        }
        for (index, check) in checks {
            let _ = writeln!(out, "    {}/{}", clean(&check.policy), check.check);
            self.first_of(out, self.of_check(index, State::Undetermined), check.undetermined);
        }
    }

    /// Whether it is open and was not in the baseline.
    fn is_new(&self, finding: Finding<'_>) -> bool {
        self.baseline.is_some_and(|baseline| baseline.is_new(finding))
    }

    /// One line a finding: the resource, what it costs, and the value that was found.
    fn findings(&self, findings: &[Finding<'_>]) -> String {
        let mut table = plain_table();
        // An address is shown in full.
        let width = if self.evaluation.snapshot.is_terraform { 120 } else { 40 };
        for &finding in findings {
            let found = match (finding.tag(), finding.value()) {
                _ if finding.state() == State::Undetermined => "not known".to_owned(),
                (None, None) if !finding.shows_value() => String::new(),
                (_, None) => "missing".to_owned(),
                (_, Some(value)) => format!("`{}`", clean(&shorten(value, 40))),
            };
            table.add_row([
                clean(&shorten(self.evaluation.label(finding), width)),
                clean(&shorten(finding.ty().unwrap_or_default(), 32)),
                clean(&shorten(finding.account().unwrap_or_default(), 20)),
                finding.cost().map(|cost| self.amount(cost)).unwrap_or_default(),
                found,
                remedy(finding),
                if self.is_new(finding) { "new".to_owned() } else { String::new() },
            ]);
        }
        right_align(&mut table, &[3]);
        indent(&table, 6)
    }

    fn goals(&self, out: &mut String) {
        let goals = &self.evaluation.goals;
        if goals.is_empty() {
            return;
        }
        let _ = writeln!(out, "\n{}", self.bold("Goals"));
        let mut table = plain_table();
        for goal in goals {
            table.add_row(self.goal_row(goal));
            let (groups, others) = listed(goal);
            for group in groups {
                let name = format!("  {}", label(group));
                table.add_row(self.measured_row(name, goal, &group.measured, String::new()));
            }
            if others > 0 {
                table.add_row([format!("  … and {} more", count(others))]);
            }
        }
        right_align(&mut table, &[1]);
        let _ = write!(out, "{}", indent(&table, 2));
    }

    fn goal_row(&self, goal: &GoalResult) -> [String; 5] {
        let target = match goal.limit() {
            Some(_) => format!("at most {}", target_text(goal)),
            None => format!("target {}", target_text(goal)),
        };
        let Some(each) = &goal.each else {
            return self.measured_row(goal.name.clone(), goal, &goal.all, target);
        };
        let (missed, all) = (goal.missed().count() as u64, several(goal.groups.len() as u64, "value"));
        let word = if goal.limit().is_some() { "exceeded by" } else { "missed by" };
        let outcome = match goal.met() {
            Some(false) => format!("{word} {} of {all} ({})", count(missed), goal.severity.as_str()),
            Some(true) => format!("met by {all}"),
            None if goal.groups.is_empty() => "nothing in scope".to_owned(),
            None => "no cost data".to_owned(),
        };
        let measure = format!("for each {}{}", clean(each), in_month(goal));
        let share = goal.share_text().unwrap_or_else(|| "-".to_owned());
        [goal.name.clone(), share, measure, target, outcome]
    }

    fn measured_row(
        &self,
        name: String,
        goal: &GoalResult,
        measured: &Measured,
        target: String,
    ) -> [String; 5] {
        let resources = || format!("of {}", several(measured.in_scope, "resource"));
        let measure = match (&goal.target, measured.cost) {
            (GoalTarget::Budget { .. }, _) => {
                spent(goal, measured).map(|spent| format!("{spent}{}", in_month(goal))).unwrap_or_default()
            }
            (GoalTarget::Coverage { by: Measure::Cost, .. }, Some(cost)) => {
                format!("of {} a month", self.amount(cost))
            }
            (GoalTarget::Coverage { .. }, _) => resources(),
        };
        let share = goal.share_text_of(measured).unwrap_or_else(|| "-".to_owned());
        [name, share, measure, target, self.outcome(goal, measured)]
    }

    fn outcome(&self, goal: &GoalResult, measured: &Measured) -> String {
        let severity = match goal.each {
            Some(_) => String::new(),
            None => format!(" ({})", goal.severity.as_str()),
        };
        match (goal.is_met(measured), goal.missing_cost(measured)) {
            (Some(true), _) => "met".to_owned(),
            (Some(false), Some(cost)) if goal.limit().is_some() => {
                format!("exceeded by {}{severity}", self.amount(cost))
            }
            (Some(false), Some(cost)) => format!("missed by {} a month{severity}", self.amount(cost)),
            (Some(false), None) => {
                let resources = several(goal.missing_count(measured), "resource");
                format!("missed by {resources}{severity}")
            }
            (None, _) if measured.in_scope == 0 => "nothing in scope".to_owned(),
            (None, _) => "no cost data".to_owned(),
        }
    }

    fn accounts(&self, out: &mut String) {
        let worst: Vec<_> =
            self.evaluation.accounts.iter().filter(|account| account.open > 0).take(ACCOUNTS).collect();
        if worst.is_empty() {
            return;
        }
        let _ = writeln!(out, "\n{}", self.bold("Worst accounts"));
        let mut table = plain_table();
        table.set_header(["account", "provider", "resources", "compliant", "findings", "spend in violation"]);
        for line in worst {
            table.add_row([
                clean(&shorten(line.account.as_deref().unwrap_or("(none)"), 40)),
                clean(line.provider.as_deref().unwrap_or_default()),
                count(line.resources),
                if line.in_scope == 0 { "n/a".to_owned() } else { percent(line.passing, line.in_scope) },
                count(line.open),
                line.cost_in_violation.map(|cost| self.amount(cost)).unwrap_or_default(),
            ]);
        }
        right_align(&mut table, &[2, 3, 4, 5]);
        let _ = write!(out, "{}", indent(&table, 2));
    }

    /// Lists the waivers, those that end first at the top: what is not counted must be known.
    fn waivers(&self, waivers: &[Waiver], out: &mut String) {
        if waivers.is_empty() {
            return;
        }
        let _ = writeln!(out, "\n{}", self.bold("Waivers"));
        let mut by_end: Vec<&Waiver> = waivers.iter().collect();
        by_end.sort_by_key(|waiver| waiver.until);
        let shown = self.style.findings.map_or(usize::MAX, |_| WAIVERS);
        let mut table = plain_table();
        for waiver in by_end.iter().take(shown) {
            let check = waiver.check.as_ref().map(|check| format!("/{check}")).unwrap_or_default();
            let end = if waiver.until < self.evaluation.now.date_naive() { "ended" } else { "until" };
            table.add_row([
                clean(&format!("{}{check}", waiver.policy)),
                several(waiver.findings, "finding"),
                format!("{end} {}", waiver.until),
                clean(&shorten(&waiver.because, 80)),
            ]);
        }
        let _ = write!(out, "{}", indent(&table, 2));
        let more = by_end.len().saturating_sub(shown);
        if more > 0 {
            let _ = writeln!(out, "  {}", self.dim(&format!("… and {more} more (--all shows them)")));
        }
    }

    /// One line a conflict, where every finding is shown too.
    fn conflicts(&self, out: &mut String) {
        if self.style.findings.is_some() || self.evaluation.conflicts.is_empty() {
            return;
        }
        let _ = writeln!(out, "\n{}", self.bold("Conflicts"));
        let mut table = plain_table();
        table.set_header(["resource", "tag", "value", "source", "other value", "source"]);
        for conflict in &self.evaluation.conflicts {
            table.add_row([
                clean(&shorten(&conflict.resource, 60)),
                conflict.tag.clone(),
                format!("`{}`", clean(&shorten(&conflict.value, 40))),
                value_source(&conflict.from),
                format!("`{}`", clean(&shorten(&conflict.other_value, 40))),
                value_source(&conflict.other_from),
            ]);
        }
        let _ = write!(out, "{}", indent(&table, 2));
    }

    fn next_steps(&self, out: &mut String) {
        let steps = next_steps(self.evaluation, |amount| self.amount(amount));
        if steps.is_empty() {
            return;
        }
        let _ = writeln!(out, "\n{}", self.bold("Next"));
        for (number, step) in (1..).zip(steps) {
            let _ = writeln!(out, "  {number}. {step}");
        }
    }
}

/// The value that would fix a finding, if the policy has one.
fn remedy(finding: Finding<'_>) -> String {
    match (finding.tag(), finding.remedy()) {
        (Some(tag), Some(remedy)) => {
            format!("fix: `{tag}` = `{}`", clean(&shorten(remedy, 40)))
        }
        _ => String::new(),
    }
}

/// The source of a value, in a few words.
fn value_source(value_source: &ValueSource) -> String {
    match (&value_source.key, &value_source.rule) {
        (Some(key), _) => format!("key `{}`", clean(&shorten(key, 40))),
        (None, Some(rule)) => {
            format!("rule {} ({}:{})", clean(rule), clean(&value_source.loc.file), value_source.loc.line)
        }
        (None, None) => value_source.source.as_str().to_owned(),
    }
}

/// The files of an inventory, the first of many.
fn sources(paths: &[String]) -> String {
    let shown = |path: &str| clean(path.strip_prefix("./").unwrap_or(path));
    match paths {
        [] => "no inventory file".to_owned(),
        [only] => shown(only),
        [first, rest @ ..] => format!("{} and {}", shown(first), several(rest.len() as u64, "other file")),
    }
}

/// A table without lines, as wide as it must be: every text in it is short.
fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table
}

fn cost_key(finding: Finding<'_>) -> i128 {
    // All costs of a snapshot have the same scale.
    finding.cost().map_or(i128::MIN, |cost| cost.unscaled)
}

fn color_of(severity: Severity) -> Ansi {
    match severity {
        Severity::Critical => AnsiColor::Red.on_default().effects(Effects::BOLD),
        Severity::High => AnsiColor::Red.on_default(),
        Severity::Medium => AnsiColor::Yellow.on_default(),
        Severity::Low => AnsiColor::Cyan.on_default(),
    }
}

fn right_align(table: &mut Table, columns: &[usize]) {
    for column in columns {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

fn indent(table: &Table, by: usize) -> String {
    let pad = " ".repeat(by.saturating_sub(1));
    table.lines().map(|line| format!("{pad}{}\n", line.trim_end())).collect()
}
