//! `tagpol test`

use std::time::Instant;

use tagpol_eval::Options;
use tagpol_report::test_run::{TestReport, json, junit, lcov, list, pretty};
use tagpol_sema::program::{Program, Test};
use tagpol_testing::coverage::{Coverage, coverage};
use tagpol_testing::mutation::{Mutation, mutation};
use tagpol_testing::{Subject, TestRun};

use super::clock;
use crate::args::{TestArgs, TestFormat};
use crate::failure::{Exit, Failure};
use crate::files::write_whole;
use crate::output::Output;
use crate::project::Project;
use crate::watch::watch;

pub(crate) fn run(args: &TestArgs, output: &mut Output) -> Result<Exit, Failure> {
    if args.threshold.is_some() && !args.coverage && !args.mutate {
        return Err(Failure::usage("`--threshold` is a share of nothing")
            .help("add `--coverage` or `--mutate`, which tell the share"));
    }
    if args.watch {
        return watch(args.path.as_deref(), output, |output| once(args, output));
    }
    once(args, output)
}

fn once(args: &TestArgs, output: &mut Output) -> Result<Exit, Failure> {
    let mut project = Project::load(args.path.as_deref())?;
    let now = clock(args.now);
    project.set_now(now);
    let program = project.program(output)?;
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
    let places = project.places();
    let subject = Subject { program, places: &places };
    let options = Options {
        rates: project.manifest.rates.clone(),
        text_limit: args.limits.text_limit(),
        ..Options::at(now)
    };
    let start = Instant::now();
    let run = tagpol_testing::run(subject, &options, wanted)?;
    let elapsed = start.elapsed();
    let name = project.manifest.name.as_deref().unwrap_or("tagpol");
    let measured = Measured::of(args, subject, &run)?;
    let (coverage, mutation) = (measured.coverage.as_ref(), measured.mutation.as_ref());
    let report = TestReport { project: name, now: options.now, elapsed, run: &run, coverage, mutation };
    show(args, &report, output)?;
    if !run.passed() && args.mutate {
        output.note("note: mistakes are made once all tests pass\n");
    }
    let below = measured.below(args, output);
    Ok(if run.passed() && !below { Exit::Success } else { Exit::Findings })
}

/// How good the tests are, as far as that was asked for.
struct Measured {
    coverage: Option<Coverage>,
    mutation: Option<Mutation>,
}

impl Measured {
    fn of(args: &TestArgs, subject: Subject<'_>, run: &TestRun) -> Result<Self, Failure> {
        let wants_coverage = args.coverage || args.lcov.is_some();
        let coverage = wants_coverage.then(|| coverage(subject, run));
        if let (Some(path), Some(coverage)) = (&args.lcov, &coverage) {
            write_whole(path, &lcov(coverage))?;
        }
        // A test that fails anyway would notice every mistake.
        let mutation = (args.mutate && run.passed()).then(|| mutation(subject, run));
        Ok(Self { coverage: coverage.filter(|_| args.coverage), mutation })
    }

    /// Whether a share is below the threshold; says so.
    fn below(&self, args: &TestArgs, output: &mut Output) -> bool {
        let Some(threshold) = args.threshold else { return false };
        let coverage = self.coverage.as_ref().map(|coverage| ("coverage", coverage.tally()));
        let mutation =
            self.mutation.as_ref().map(|mutation| ("the share of mistakes noticed", mutation.tally()));
        let mut below = false;
        for (what, tally) in [coverage, mutation].into_iter().flatten() {
            if tally.percent() < threshold {
                // Cut off, not rounded: 99.96% is not shown as the 100% that it misses.
                let percent = (tally.percent() * 10.0).floor() / 10.0;
                output.note(&format!("{what} is {percent:.1}%, below the threshold of {threshold}%\n"));
                below = true;
            }
        }
        below
    }
}

fn is_wanted(filters: &[String], test: &Test) -> bool {
    filters.is_empty() || filters.iter().any(|filter| test.name.contains(filter))
}

fn no_such_test(program: &Program, filters: &[String]) -> Failure {
    let listed: Vec<String> = filters.iter().map(|filter| format!("`{filter}`")).collect();
    let failure = Failure::usage(format!("no test has {} in its name", listed.join(" or ")));
    match filters.iter().find_map(|filter| similar(filter, program)) {
        Some(name) => failure.help(format!("did you mean `{name}`?")),
        None => failure.help("`tagpol test --list` shows the names"),
    }
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

fn show(args: &TestArgs, report: &TestReport<'_>, output: &mut Output) -> Result<(), Failure> {
    let text = match args.format {
        TestFormat::Pretty => return output.deliver(&pretty(report), args.output.as_deref()),
        TestFormat::Json => json(report).map_err(|error| Failure::engine(error.to_string()))?,
        TestFormat::Junit => junit(report).map_err(|error| Failure::engine(error.to_string()))?,
    };
    match &args.output {
        None => output.print_exactly(&text),
        Some(path) => write_whole(path, &text),
    }
}
