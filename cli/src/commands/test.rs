//! `tagpol test`

use std::fmt::Write as _;

use anstyle::AnsiColor;
use tagpol_run::Options;
use tagpol_run::testing::{self, TestResult};

use super::clock;
use crate::args::TestArgs;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::project::Project;

pub(crate) fn run(args: &TestArgs, output: &mut Output) -> Result<Exit, Failure> {
    let mut project = Project::load(args.path.as_deref())?;
    let now = clock(args.now);
    project.set_now(now);
    let program = project.program(output)?;
    let filter = args.filter.as_deref().unwrap_or_default();
    let options = Options::at(now);
    let results = testing::run(program, &options, |test| test.name.contains(filter))?;
    if results.is_empty() {
        let help = if program.tests.is_empty() {
            "write one: `test \"…\" { given { … } expect … }`"
        } else {
            "no name contains the filter"
        };
        output.note(&format!("warning: no test was run ({help})\n"));
    }
    output.print(&pretty(&results))?;
    let failed = results.iter().any(|result| !result.passed());
    Ok(if failed { Exit::Findings } else { Exit::Success })
}

/// One line a test, the reasons below those that failed, and the counts.
fn pretty(results: &[TestResult]) -> String {
    let mut text = String::new();
    let (green, red) = (AnsiColor::Green.on_default(), AnsiColor::Red.on_default());
    for result in results {
        if result.passed() {
            let _ = writeln!(text, "{green}ok{green:#}    {}", result.name);
            continue;
        }
        let _ = writeln!(text, "{red}FAIL{red:#}  {}  {}:{}", result.name, result.loc.file, result.loc.line);
        for failure in &result.failures {
            let given = failure.given.as_ref().map(|given| format!(" ({given})")).unwrap_or_default();
            let _ = writeln!(text, "      line {}: {}{given}", failure.loc.line, failure.expected);
            let _ = writeln!(text, "      got: {}", failure.got);
        }
    }
    let passed = results.iter().filter(|result| result.passed()).count();
    let _ = writeln!(text, "\n{passed} passed, {} failed", results.len() - passed);
    text
}
