//! Rules: what each check and each goal asks for.

use std::fmt::Write as _;

use tagpol_eval::{CheckResult, GoalResult};
use tagpol_sema::program::{Control, Severity};
use tagpol_sink::markdown;
use tagpol_sink::sarif::message;

use super::super::Report;
use super::super::goals::target_text;
use super::super::text::clean;
use super::model::{Configuration, Help, Rule, RuleProperties, Text};

/// Returns a rule for each check, then one for each goal.
pub(super) fn rules<'a>(report: &'a Report<'a>) -> Vec<Rule<'a>> {
    let checks = report.evaluation.checks.iter().map(|check| of_check(report, check));
    checks.chain(report.evaluation.goals.iter().map(of_goal)).collect()
}

fn of_check<'a>(report: &Report<'a>, check: &'a CheckResult) -> Rule<'a> {
    let doc = report.doc_of(&check.policy);
    let described = if doc.is_empty() { &check.asks } else { &doc };
    let mut tags = vec!["cloud-tags".to_owned(), "security".to_owned()];
    tags.extend(check.controls.iter().map(|one| clean(&control(one))));
    Rule {
        id: format!("{}/{}", check.policy, check.check),
        short_description: Text { text: message(&check.asks) },
        full_description: Text { text: message(described) },
        help: help(check, &doc),
        default_configuration: Configuration { level: level(check.severity) },
        properties: RuleProperties {
            tags,
            precision: "very-high",
            problem_severity: problem(check.severity),
            security_severity: score(check.severity),
            severity: check.severity.as_str(),
            escalate: check.escalate.as_ref().map(|escalate| escalate.to.as_str()),
        },
    }
}

fn control(control: &Control) -> String {
    format!("{}/{}", control.framework, control.id)
}

fn help(check: &CheckResult, doc: &str) -> Help {
    let policy = &check.policy;
    let mut text = format!("{}\n", message(&check.asks));
    let mut markdown = format!("**{}**\n", markdown::text(&check.asks, false));
    if !doc.is_empty() {
        let _ = write!(text, "\n{}\n", message(doc));
        let _ = write!(markdown, "\n{}\n", markdown::text(doc, true));
    }
    let _ = write!(text, "\nPolicy {policy}, check {}, severity {}.\n", check.check, check.severity.as_str());
    let _ = write!(
        markdown,
        "\nPolicy `{policy}`, check `{}`, severity {}.\n",
        check.check,
        check.severity.as_str()
    );
    if !check.controls.is_empty() {
        let controls: Vec<String> = check.controls.iter().map(control).collect();
        let _ = write!(text, "\nControls: {}.\n", clean(&controls.join(", ")));
        let _ = write!(markdown, "\nControls: {}.\n", markdown::text(&controls.join(", "), false));
    }
    let _ = write!(
        markdown,
        "\nFix the tag in the cloud, add its spelling to `normalize`, or waive the finding with `exempt`.\n"
    );
    Help { text, markdown }
}

fn of_goal(goal: &GoalResult) -> Rule<'_> {
    let each = goal.each.as_ref().map(|each| format!(" for each {each}")).unwrap_or_default();
    let text = match goal.limit() {
        Some(_) => format!("at most {} must be spent in a month{each}", target_text(goal)),
        None => format!(
            "{} of the inventory must be covered by {}{each}",
            target_text(goal),
            goal.tags().join(", ")
        ),
    };
    Rule {
        id: format!("goal/{}", goal.name),
        short_description: Text { text: text.clone() },
        full_description: Text { text: text.clone() },
        help: Help { markdown: markdown::text(&text, true), text: message(&text) },
        default_configuration: Configuration { level: level(goal.severity) },
        properties: RuleProperties {
            tags: vec!["cloud-tags".to_owned(), "goal".to_owned()],
            precision: "very-high",
            problem_severity: problem(goal.severity),
            security_severity: score(goal.severity),
            severity: goal.severity.as_str(),
            escalate: None,
        },
    }
}

/// Returns the level of a severity.
pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

fn problem(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "recommendation",
    }
}

/// In the middle of what code scanning takes for the severity of this name.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
    }
}
