//! `test` blocks: what they find, what they cover, and which mutants they catch.
//!
//! ```text
//! Subject -- run --> TestRun      each test through the plan and the database, as any evaluation
//! TestRun -- coverage --> Coverage            what the givens reach
//!         -- mutation --> Mutation            what a test notices if it changes
//! ```
//!
//! A *case* is one `given` of one test. The cases of many tests make one small inventory, so that a
//! hundred tests cost one evaluation; only cases with another clock, another currency, or an id that
//! is taken need another. Coverage, mutation and reasons ask the reference interpreter about the same
//! cases, which agrees with the database by test.

mod cases;
pub mod coverage;
mod expected;
mod failure;
mod judge;
pub mod mutation;
mod observe;

use tagpol_eval::{Options, RunError, Tables};
use tagpol_interp::RowResult;
use tagpol_sema::condition_places::Places;
use tagpol_sema::program::{Loc, Program, Test};

use self::cases::Case;
pub use self::failure::Failure;

/// A program to be tested, with the places of its parts.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The program.
    pub program: &'a Program,
    /// The places of its conditions, and which of its files are the project's own.
    pub places: &'a Places,
}

impl Subject<'_> {
    /// Whether a policy was written in the project, not in a module that it uses.
    pub(crate) fn owns_policy(&self, policy: usize) -> bool {
        self.program.policies.get(policy).is_some_and(|policy| self.places.is_own(&policy.loc))
    }
}

/// The result of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestResult {
    /// Its name.
    pub name: String,
    /// Its place.
    pub loc: Loc,
    /// What was expected and did not come. Empty: it passed.
    pub failures: Vec<Failure>,
}

impl TestResult {
    /// Whether all came as expected.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// The result of the tests that were run.
#[derive(Debug)]
pub struct TestRun {
    /// In the order of the program.
    pub results: Vec<TestResult>,
    /// The resources that were evaluated.
    cases: Vec<Case>,
}

impl TestRun {
    /// Whether all tests passed.
    pub fn passed(&self) -> bool {
        self.results.iter().all(TestResult::passed)
    }

    /// Returns how many tests passed.
    pub fn passes(&self) -> usize {
        self.results.iter().filter(|result| result.passed()).count()
    }
}

/// Runs the tests of a program for which `wanted` says yes.
///
/// # Errors
/// The database's; a failing test is not an error, and neither are costs in a currency that the program
/// does not refer to.
pub fn run(
    subject: Subject<'_>,
    options: &Options,
    wanted: impl Fn(&Test) -> bool,
) -> Result<TestRun, RunError> {
    let batches = cases::batches(subject.program, options.now, wanted);
    let mut tables = Tables::default();
    let mut observed = Vec::new();
    for batch in batches {
        observed.extend(observe::observe(subject.program, batch, &mut tables, options)?);
    }
    observed.sort_by_key(|one| (one.case.test, one.case.given));
    let results = observed.chunk_by(|a, b| a.case.test == b.case.test);
    let results = results.filter_map(|cases| judged(subject, cases)).collect();
    Ok(TestRun { results, cases: observed.into_iter().map(|one| one.case).collect() })
}

/// A case, and what the engine says of it; else why it says nothing.
struct Observed {
    case: Case,
    result: Result<RowResult, NotEvaluated>,
}

/// Why a case could not be evaluated.
#[derive(Debug, Clone)]
struct NotEvaluated {
    /// What it would have needed.
    expected: &'static str,
    /// What was there instead.
    reason: String,
}

/// Judges the cases of one test.
fn judged(subject: Subject<'_>, observed: &[Observed]) -> Option<TestResult> {
    let test = subject.program.tests.get(observed.first()?.case.test)?;
    let results: Result<Vec<&RowResult>, &NotEvaluated> =
        observed.iter().map(|one| one.result.as_ref()).collect();
    let failures = match results {
        Err(why) => vec![failure::not_evaluated(test, why)],
        Ok(results) => {
            let misses = judge::misses(subject, test, &results);
            let explained = misses.iter().filter_map(|miss| {
                let one = observed.get(miss.given)?;
                failure::explain(subject, test, miss, &one.case, one.result.as_ref().ok()?)
            });
            explained.collect()
        }
    };
    Some(TestResult { name: test.name.clone(), loc: test.loc.clone(), failures })
}
