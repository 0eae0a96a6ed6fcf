//! `test` blocks: what they find (`testing.md`), cover (`coverage.md`) and notice (`mutation.md`).

use std::path::Path;
use std::time::Duration;

use tagpol_eval::Options;
use tagpol_report::test_run::{TestReport, pretty};
use tagpol_testing::coverage::coverage;
use tagpol_testing::mutation::mutation;
use tagpol_testing::{Subject, run};

use crate::suite;
use crate::support::program;

/// What is asked for in addition to the tests.
#[derive(Clone, Copy, PartialEq)]
enum Measure {
    Nothing,
    Coverage,
    Mutation,
}

fn check(document: &str, measure: Measure) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(document);
    suite::check(&path, |case| {
        let (program, places) = program(&case.files);
        let subject = Subject { program: &program, places: &places };
        let options = Options::at("2026-11-01T00:00:00Z".parse().unwrap());
        let run = run(subject, &options, |_| true).unwrap();
        assert!(measure == Measure::Nothing || run.passed(), "{}: {:#?}", case.title, run.results);
        let coverage = (measure == Measure::Coverage).then(|| coverage(subject, &run));
        let mutation = (measure == Measure::Mutation).then(|| mutation(subject, &run));
        let report = TestReport {
            project: "x",
            now: options.now,
            elapsed: Duration::ZERO,
            run: &run,
            coverage: coverage.as_ref(),
            mutation: mutation.as_ref(),
        };
        plain(&pretty(&report))
    });
}

#[test]
fn tests_pass_or_say_why_not() {
    check("testing.md", Measure::Nothing);
}

#[test]
fn coverage_is_of_rules_branches_and_checks() {
    check("coverage.md", Measure::Coverage);
}

#[test]
fn mutants_are_caught_or_listed() {
    check("mutation.md", Measure::Mutation);
}

/// Takes the colors away.
fn plain(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| text + &part[part.find('m').unwrap() + 1..])
}
