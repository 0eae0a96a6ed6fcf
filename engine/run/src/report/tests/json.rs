//! The JSON contract of test runs, described by `docs/schema/test.v1.json`.
//!
//! Within a version, fields are only added.

use serde::Serialize;

use super::TestReport;
use crate::testing::{Failure, TestResult};

/// Version of the contract.
pub const TEST_SCHEMA_VERSION: u32 = 1;

/// Returns the run as one JSON document with a newline at its end.
///
/// # Errors
/// None in fact: the document holds texts, numbers and lists only.
pub fn json(report: &TestReport<'_>) -> Result<String, serde_json::Error> {
    let (tests, passed) = (report.run.results.len(), report.run.passes());
    let document = Document {
        schema_version: TEST_SCHEMA_VERSION,
        now: report.now.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        summary: SummaryJson { tests, passed, failed: tests - passed },
        tests: report.run.results.iter().map(test).collect(),
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    now: String,
    summary: SummaryJson,
    tests: Vec<TestJson<'a>>,
}

#[derive(Serialize)]
struct SummaryJson {
    tests: usize,
    passed: usize,
    failed: usize,
}

#[derive(Serialize)]
struct TestJson<'a> {
    name: &'a str,
    passed: bool,
    failures: Vec<FailureJson<'a>>,
    file: &'a str,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct FailureJson<'a> {
    expected: &'a str,
    got: &'a str,
    why: &'a [String],
    given: Option<&'a str>,
    file: &'a str,
    line: u32,
    column: u32,
}

fn test(result: &TestResult) -> TestJson<'_> {
    TestJson {
        name: &result.name,
        passed: result.passed(),
        failures: result.failures.iter().map(failure).collect(),
        file: &result.loc.file,
        line: result.loc.line,
        column: result.loc.column,
    }
}

fn failure(failure: &Failure) -> FailureJson<'_> {
    FailureJson {
        expected: &failure.expected,
        got: &failure.got,
        why: &failure.why,
        given: failure.given.as_deref(),
        file: &failure.loc.file,
        line: failure.loc.line,
        column: failure.loc.column,
    }
}
