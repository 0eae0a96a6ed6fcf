//! The `test` blocks of a project.

use tagpol_sema::condition_places::Places;
use tagpol_sema::program::Test;
use tagpol_testing::coverage::{Coverage, coverage};
use tagpol_testing::mutation::{Mutation, mutation};
use tagpol_testing::{Subject, TestRun};

use crate::workspace::options;
use crate::{AppError, Project, RunContext, Silent};

/// What is measured of tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct Measures {
    /// What the givens reach.
    pub coverage: bool,
    /// Which changes of the policies a test would catch. Only measured when all tests pass, since a failing
    /// test would catch every change.
    pub mutation: bool,
}

/// The results of tests.
#[derive(Debug)]
pub struct TestResults {
    /// What each test found.
    pub run: TestRun,
    /// None: not asked for.
    pub coverage: Option<Coverage>,
    /// None: not asked for, or a test fails.
    pub mutation: Option<Mutation>,
}

/// Runs the tests of a project that are wanted.
///
/// # Errors
/// [`AppError::Policies`], [`AppError::Run`]. A failing test is a result.
pub fn run(
    project: &Project,
    wanted: impl Fn(&Test) -> bool,
    measures: Measures,
    context: &RunContext<'_>,
) -> Result<TestResults, AppError> {
    // Whoever asks has reported the warnings of the policies already.
    let program = project.program(&RunContext { observer: &Silent, ..*context })?;
    let places: Places = project.places();
    let subject = Subject { program, places: &places };
    let run = tagpol_testing::run(subject, &options(project, context), wanted)?;
    let coverage = measures.coverage.then(|| coverage(subject, &run));
    let mutation = (measures.mutation && run.passed()).then(|| mutation(subject, &run));
    Ok(TestResults { run, coverage, mutation })
}
