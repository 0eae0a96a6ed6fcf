//! Reports of test runs, one file a format.

mod json;
mod junit;
mod lcov;
mod pretty;

use std::time::Duration;

use chrono::{DateTime, Utc};

use tagpol_testing::TestRun;
use tagpol_testing::coverage::Coverage;
use tagpol_testing::mutation::Mutation;

pub use json::{TEST_SCHEMA_VERSION, json};
pub use junit::junit;
pub use lcov::lcov;
pub use pretty::{list, pretty};

/// What there is to report of a test run.
#[derive(Debug, Clone, Copy)]
pub struct TestReport<'a> {
    /// Name of the project.
    pub project: &'a str,
    /// The clock of tests without `at`.
    pub now: DateTime<Utc>,
    /// How long the tests took.
    pub elapsed: Duration,
    /// The result of the tests.
    pub run: &'a TestRun,
    /// What they cover, where that was asked for.
    pub coverage: Option<&'a Coverage>,
    /// The mutants they catch, if requested.
    pub mutation: Option<&'a Mutation>,
}
