//! The JSON contract of test runs, described by `docs/schema/test.v1.json`.
//!
//! Within a version, fields are only added.

use serde::Serialize;

use super::TestReport;
use tagpol_testing::coverage::{Coverage, Point, PointKind, Tally};
use tagpol_testing::mutation::Mutation;
use tagpol_testing::{Failure, TestResult};

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
        coverage: report.coverage.map(coverage),
        mutation: report.mutation.map(mutation),
    };
    tagpol_sink::json::pretty(&document)
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    now: String,
    summary: SummaryJson,
    tests: Vec<TestJson<'a>>,
    coverage: Option<CoverageJson<'a>>,
    mutation: Option<MutationJson<'a>>,
}

#[derive(Serialize)]
struct CoverageJson<'a> {
    all: TallyJson,
    files: Vec<FileJson<'a>>,
    uncovered: Vec<PointJson<'a>>,
}

#[derive(Serialize)]
struct FileJson<'a> {
    file: &'a str,
    all: TallyJson,
    rules: TallyJson,
    branches: TallyJson,
    checks: TallyJson,
}

#[derive(Serialize)]
struct TallyJson {
    covered: usize,
    points: usize,
    percent: f64,
}

#[derive(Serialize)]
struct PointJson<'a> {
    kind: &'static str,
    what: &'a str,
    file: &'a str,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct MutationJson<'a> {
    mutants: usize,
    noticed: usize,
    percent: f64,
    equivalent: usize,
    survivors: Vec<SurvivorJson<'a>>,
}

#[derive(Serialize)]
struct SurvivorJson<'a> {
    what: &'a str,
    file: &'a str,
    line: u32,
    column: u32,
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

fn coverage(coverage: &Coverage) -> CoverageJson<'_> {
    let uncovered = coverage.points.iter().filter(|point| point.hits == 0);
    CoverageJson {
        all: tally(coverage.tally()),
        files: coverage.files().map(|(name, points)| file(name, points)).collect(),
        uncovered: uncovered
            .map(|point| PointJson {
                kind: point.kind.as_str(),
                what: &point.what,
                file: &point.loc.file,
                line: point.loc.line,
                column: point.loc.column,
            })
            .collect(),
    }
}

fn file<'a>(name: &'a str, points: &[Point]) -> FileJson<'a> {
    let of = |kind| tally(Tally::of(points.iter().filter(|point| point.kind == kind)));
    FileJson {
        file: name,
        all: tally(Tally::of(points)),
        rules: of(PointKind::Rule),
        branches: of(PointKind::Branch),
        checks: of(PointKind::Check),
    }
}

fn tally(tally: Tally) -> TallyJson {
    TallyJson { covered: tally.covered, points: tally.all, percent: tally.percent() }
}

fn mutation(mutation: &Mutation) -> MutationJson<'_> {
    MutationJson {
        mutants: mutation.mutants,
        noticed: mutation.caught,
        percent: mutation.tally().percent(),
        equivalent: mutation.equivalent,
        survivors: mutation
            .survivors
            .iter()
            .map(|survivor| SurvivorJson {
                what: &survivor.what,
                file: &survivor.loc.file,
                line: survivor.loc.line,
                column: survivor.loc.column,
            })
            .collect(),
    }
}
