//! A test run as JUnit XML, for continuous integration.

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use tagpol_sink::xml;

use super::TestReport;
use tagpol_testing::{Failure, TestResult};

/// Returns the run as JUnit XML: a suite a file, a case a test. The tests share their evaluations, so
/// each has an equal part of the time.
///
/// # Errors
/// None in fact: the document is written into memory.
pub fn junit(report: &TestReport<'_>) -> Result<String, SerializeError> {
    let mut document = Report::new(xml::line(report.project));
    document.set_time(report.elapsed);
    let share = u32::try_from(report.run.results.len()).unwrap_or(u32::MAX).max(1);
    for results in report.run.results.chunk_by(|a, b| a.loc.file == b.loc.file) {
        let Some(first) = results.first() else { continue };
        let mut suite = TestSuite::new(xml::line(&first.loc.file));
        let count = u32::try_from(results.len()).unwrap_or(u32::MAX);
        suite.set_time(report.elapsed / share * count);
        suite.add_test_cases(results.iter().map(|result| {
            let mut case = case(result);
            case.set_time(report.elapsed / share);
            case
        }));
        document.add_test_suite(suite);
    }
    document.to_string().map(|text| xml::document(&text))
}

fn case(result: &TestResult) -> TestCase {
    let mut status = TestCaseStatus::success();
    if let Some(first) = result.failures.first() {
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type("expectation");
        status.set_message(xml::line(&format!("{}, got: {}", first.title(), first.got)));
        status.set_description(result.failures.iter().map(lines).collect::<String>());
    }
    let mut case = TestCase::new(xml::line(&result.name), status);
    case.set_classname(xml::line(&result.loc.file));
    case.extra.insert("file".into(), xml::line(&result.loc.file).into());
    case.extra.insert("line".into(), result.loc.line.to_string().into());
    case
}

fn lines(failure: &Failure) -> String {
    let why: String = failure.why.iter().map(|why| format!("  why: {}\n", xml::line(why))).collect();
    let place = format!("{}:{}", xml::line(&failure.loc.file), failure.loc.line);
    format!("{place}: {}\n  got: {}\n{why}", xml::line(&failure.title()), xml::line(&failure.got))
}
