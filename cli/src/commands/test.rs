//! `tagpol test`

use std::time::Instant;

use tagpol_app::report::test_run::{TestReport, json, junit, lcov, list, pretty};
use tagpol_app::tests::{Measures, TestResults, run as run_tests};
use tagpol_sema::program::{Program, Test};

use crate::args::{TestArgs, TestFormat};
use crate::context::{RunContext, context};
use crate::failure::{Exit, Failure};
use crate::files::write_whole;
use crate::output::Output;
use crate::project;
use crate::targets::format_of_extension;
use crate::watch::watch;

pub(crate) fn run(args: &TestArgs, output: &mut Output) -> Result<Exit, Failure> {
    if args.threshold.is_some() && !args.coverage && !args.mutate {
        return Err(Failure::usage("`--threshold` applies to a share that is not measured")
            .help("add `--coverage` or `--mutate`"));
    }
    if args.watch {
        return watch(args.path.as_deref(), output, |output| once(args, output));
    }
    once(args, output)
}

fn once(args: &TestArgs, output: &mut Output) -> Result<Exit, Failure> {
    let context = RunContext { text_limit: args.limits.text_limit(), ..context(args.now) };
    let project = project::open(args.path.as_deref(), &context)?;
    let program = project::program(&project, &context, output)?;
    let wanted = |test: &Test| is_wanted(&args.filter, test);
    if program.tests.is_empty() {
        output.note("warning: there are no tests (write one: `test \"…\" { given { … } expect … }`)\n");
    } else if !program.tests.iter().any(wanted) {
        return Err(no_such_test(program, &args.filter));
    }
    if args.list {
        output.print(&list(program.tests.iter().filter(|test| wanted(test))))?;
        return Ok(Exit::Success);
    }
    let known = [("json", TestFormat::Json), ("xml", TestFormat::Junit)];
    let format = match args.format {
        Some(format) => format,
        None => format_of_extension(args.output.as_deref(), &known, TestFormat::Pretty)?,
    };
    let start = Instant::now();
    let measures = Measures { coverage: args.coverage || args.lcov.is_some(), mutation: args.mutate };
    let results = run_tests(&project, wanted, measures, &context)?;
    let elapsed = start.elapsed();
    if let (Some(path), Some(coverage)) = (&args.lcov, &results.coverage) {
        write_whole(path, &lcov(coverage))?;
    }
    let report = TestReport {
        project: project.name().unwrap_or("tagpol"),
        now: context.now,
        elapsed,
        run: &results.run,
        coverage: results.coverage.as_ref().filter(|_| args.coverage),
        mutation: results.mutation.as_ref(),
    };
    show(args, format, &report, output)?;
    if !results.run.passed() && args.mutate {
        output.note("note: mutants are made once all tests pass\n");
    }
    let below = is_below_threshold(args, &results, output);
    Ok(if results.run.passed() && !below { Exit::Success } else { Exit::Findings })
}

/// Whether a share is below the threshold, which is then reported.
fn is_below_threshold(args: &TestArgs, results: &TestResults, output: &mut Output) -> bool {
    let Some(threshold) = args.threshold else { return false };
    let coverage = results.coverage.as_ref().filter(|_| args.coverage);
    let coverage = coverage.map(|coverage| ("coverage", coverage.tally()));
    let mutation =
        results.mutation.as_ref().map(|mutation| ("the share of mutants caught", mutation.tally()));
    let mut below = false;
    for (what, tally) in [coverage, mutation].into_iter().flatten() {
        if tally.percent() < threshold {
            // Cut off, not rounded: 99.96% must not show as the 100% that it misses.
            let percent = (tally.percent() * 10.0).floor() / 10.0;
            output.note(&format!("{what} is {percent:.1}%, below the threshold of {threshold}%\n"));
            below = true;
        }
    }
    below
}

fn is_wanted(filters: &[String], test: &Test) -> bool {
    filters.is_empty() || filters.iter().any(|filter| test.name.contains(filter))
}

fn no_such_test(program: &Program, filters: &[String]) -> Failure {
    let listed: Vec<String> = filters.iter().map(|filter| format!("`{filter}`")).collect();
    let failure = Failure::usage(format!("no test has {} in its name", listed.join(" or ")));
    let close = filters.iter().find_map(|filter| similar(filter, program));
    failure.closest_or(close, "`tagpol test --list` shows the names")
}

/// The test whose name, or the words of it, are closest to a filter.
fn similar<'a>(filter: &str, program: &'a Program) -> Option<&'a str> {
    let names = || program.tests.iter().map(|test| test.name.as_str());
    let closest = tagpol_syntax::similar::closest(filter, names());
    let has_case = || names().find(|name| name.to_lowercase().contains(&filter.to_lowercase()));
    let has_word = || {
        let words = names().flat_map(str::split_whitespace);
        let word = tagpol_syntax::similar::closest(filter, words)?;
        names().find(|name| name.split_whitespace().any(|other| other == word))
    };
    closest.or_else(has_case).or_else(has_word)
}

fn show(
    args: &TestArgs,
    format: TestFormat,
    report: &TestReport<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let text = match format {
        TestFormat::Pretty => return output.deliver(&pretty(report), args.output.as_deref()),
        TestFormat::Json => json(report).map_err(|error| Failure::engine(error.to_string()))?,
        TestFormat::Junit => junit(report).map_err(|error| Failure::engine(error.to_string()))?,
    };
    match &args.output {
        None => output.print_exactly(&text),
        Some(path) => write_whole(path, &text),
    }
}
