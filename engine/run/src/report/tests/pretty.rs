//! A test run for people.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::TestReport;
use crate::report::text::clean;
use crate::testing::{Failure, TestResult};

const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();

/// Returns one line a test, what was expected and found below those that failed, and the counts. In
/// colours, which the writer may strip.
pub fn pretty(report: &TestReport<'_>) -> String {
    let mut text = String::new();
    for result in &report.run.results {
        test(&mut text, result);
    }
    let (passed, all) = (report.run.passes(), report.run.results.len());
    let _ = writeln!(text, "\n{passed} passed, {} failed", all - passed);
    text
}

fn test(text: &mut String, result: &TestResult) {
    let name = clean(&result.name);
    if result.passed() {
        let _ = writeln!(text, "{GREEN}ok{GREEN:#}    {name}");
        return;
    }
    let _ = writeln!(text, "{RED}FAIL{RED:#}  {name}  {}:{}", clean(&result.loc.file), result.loc.line);
    for part in &result.failures {
        failure(text, part);
    }
}

fn failure(text: &mut String, failure: &Failure) {
    let _ = writeln!(text, "      line {}: {}", failure.loc.line, clean(&failure.title()));
    let _ = writeln!(text, "      got: {}", clean(&failure.got));
    let labels = std::iter::once("why:").chain(std::iter::repeat("    "));
    for (label, why) in labels.zip(&failure.why) {
        let _ = writeln!(text, "      {label} {}", clean(why));
    }
}
