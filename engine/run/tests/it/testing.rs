//! `test` blocks, `testing.md`.

use std::path::Path;
use std::time::Duration;

use tagpol_run::Options;
use tagpol_run::report::tests::{TestReport, pretty};
use tagpol_run::testing::{Subject, run};

use crate::suite;
use crate::support::program;

#[test]
fn tests_pass_or_say_why_not() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/testing.md");
    suite::check(&path, |case| {
        let (program, places) = program(&case.files);
        let options = Options::at("2026-11-01T00:00:00Z".parse().unwrap());
        let run = run(Subject { program: &program, places: &places }, &options, |_| true).unwrap();
        let report = TestReport { project: "x", now: options.now, elapsed: Duration::ZERO, run: &run };
        plain(&pretty(&report))
    });
}

/// Takes the colours away.
fn plain(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| text + &part[part.find('m').unwrap() + 1..])
}
