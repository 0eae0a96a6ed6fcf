//! An evaluation as JUnit XML: a suite a policy, a case a finding, and a case for each check without one.

use std::borrow::Cow;
use std::io::{self, Write};

use chrono::{DateTime, Utc};
use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};
use tagpol_eval::{CheckResult, Finding, GoalResult, State};
use tagpol_sema::program::Loc;
use tagpol_sink::xml;

use super::Report;
use super::goals::goal_text;

/// Writes the document.
pub(super) fn write(report: &Report<'_>, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let mut document = Document::new(xml::line(report.project));
    let now = report.evaluation.now;
    document.set_timestamp(now);
    let mut suites: Vec<TestSuite> = Vec::new();
    for (index, check) in report.evaluation.checks.iter().enumerate() {
        let cases = cases(report, index, check);
        match suites.iter_mut().find(|suite| suite.name.as_str() == check.policy) {
            Some(suite) => drop(suite.add_test_cases(cases)),
            None => suites.push(suite(&check.policy, now, cases)),
        }
    }
    if !report.evaluation.goals.is_empty() {
        suites.push(suite("goals", now, report.evaluation.goals.iter().map(goal)));
    }
    document.add_test_suites(suites);
    let text = document.to_string().map_err(io::Error::other)?;
    out.write_all(xml::document(&text).as_bytes())
}

fn suite(name: &str, now: DateTime<Utc>, cases: impl IntoIterator<Item = TestCase>) -> TestSuite {
    let mut suite = TestSuite::new(name.to_owned());
    suite.set_timestamp(now);
    suite.add_test_cases(cases);
    suite
}

/// The cases of a check: its findings, or one that says that it holds.
fn cases(report: &Report<'_>, index: usize, check: &CheckResult) -> Vec<TestCase> {
    let findings = report.evaluation.findings.of_check(index);
    let cases: Vec<TestCase> =
        findings.map(|(at, finding)| finding_case(report, at, finding, check)).collect();
    if !cases.is_empty() {
        return cases;
    }
    let status =
        if check.in_scope == 0 { skipped("no resource in scope") } else { TestCaseStatus::success() };
    let mut case = TestCase::new(check.check.clone(), status);
    place(&mut case, &check.policy, &check.loc);
    vec![case]
}

fn finding_case(report: &Report<'_>, at: usize, finding: Finding<'_>, check: &CheckResult) -> TestCase {
    let status = match finding.state() {
        State::Open if !report.counts(finding) => skipped("in the baseline"),
        State::Open => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(check.severity.as_str());
            status.set_message(xml::line(&finding.message()));
            status.set_description(description(report, finding));
            status
        }
        State::Pending => skipped("within the policy's grace period"),
        State::Undetermined => skipped("undetermined: it depends on a value that is not known"),
        State::Exempt => skipped(report.waivers.of(at).map_or("waived", |waiver| &waiver.because)),
    };
    let mut case = TestCase::new(format!("{}: {}", check.check, xml::line(finding.resource())), status);
    place(&mut case, &check.policy, &check.loc);
    case
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(xml::line(why));
    status
}

fn description(report: &Report<'_>, finding: Finding<'_>) -> String {
    let facts = [
        ("resource", Some(Cow::Borrowed(finding.resource()))),
        ("name", finding.name().map(Cow::Borrowed)),
        ("type", finding.ty().map(Cow::Borrowed)),
        ("account", finding.account().map(Cow::Borrowed)),
        ("region", finding.region().map(Cow::Borrowed)),
        ("monthly cost", finding.cost().map(|cost| Cow::Owned(report.amount(cost)))),
        ("fix", finding.remedy().map(Cow::Borrowed)),
    ];
    let line =
        |(what, value): (&str, Option<Cow<'_, str>>)| Some(format!("{what}: {}\n", xml::line(&value?)));
    facts.into_iter().filter_map(line).collect()
}

fn goal(goal: &GoalResult) -> TestCase {
    let status = if goal.is_missed() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type(goal.severity.as_str());
        status.set_message(xml::line(&goal_text(goal)));
        status
    } else {
        TestCaseStatus::success()
    };
    let mut case = TestCase::new(goal.name.clone(), status);
    place(&mut case, "goals", &goal.loc);
    case
}

fn place(case: &mut TestCase, class: &str, loc: &Loc) {
    case.set_classname(class.to_owned());
    case.extra.insert("file".into(), xml::line(&loc.file).into());
    case.extra.insert("line".into(), loc.line.to_string().into());
}
