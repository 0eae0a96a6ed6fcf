//! The reference evaluator against another one, over random programs and inventories.
//!
//! In: an evaluator as a function. Out: nothing where it agrees with [`tagpol_interp`] on
//! every case, else the smallest case found on which it does not, with the differences.
//!
//! Each program has the tags of `schema`, one or two of every type, whose names are in another
//! order than the one in which they may read one another. Everything else is random: types'
//! details, defaults, maps, predicates, rules, policies, waivers. Texts come from small pools, so
//! that what a program asks for is often what a resource has, or almost.
//!
//! - `advice`: the smallest change of tags, by the reference alone
//! - `charges`: what values cost, of a bill
//! - `corpus`: regular expressions and letters, each against each
//! - `database`: the evaluator that is tested
//! - `pools`: the texts, times and amounts
//! - `schema`: the tags
//! - `exprs`: values and predicates
//! - `programs`: everything that holds those
//! - `inventories`: resources
//! - `overlays`: decisions, predictions, first-seen times
//! - `live`: a snapshot that is asked again and again
//! - `serving`: decisions on top of a generation, against a new one
//! - `spark`: an engine elsewhere, in its own dialect
//! - `promises`: what every `Program` promises, to test the generator itself

mod advice;
mod charges;
mod corpus;
mod database;
mod exprs;
mod inventories;
mod live;
mod overlays;
mod pools;
mod programs;
mod promises;
mod schema;
mod serving;
mod spark;
mod tests;

use std::fmt;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use tagpol_interp::{Options, Row, RowResult, TagResult, evaluate};
use tagpol_sema::program::{CheckKind, Program, Tag};

/// A program and what it is evaluated over.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// The program.
    pub(crate) program: Program,
    /// The resources, ordered by id; ids are unique.
    pub(crate) resources: Vec<Row>,
    /// The clock, the currency, the rates, and the rows of tables.
    pub(crate) options: Options,
}

/// How long to look for a case on which two evaluators differ.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Search {
    /// How many programs to try.
    pub(crate) programs: u32,
    /// Over how many inventories each: what costs time is planning a program.
    pub(crate) inventories: usize,
    /// Which ones.
    pub(crate) seed: u64,
    /// How many simpler cases to try once one is found.
    pub(crate) shrinks: u32,
}

/// Returns random cases, each the resources of so many inventories.
pub(crate) fn cases(inventories: usize) -> impl Strategy<Value = Case> {
    // What stands first is made simple first.
    let parts = (
        inventories::resources(inventories),
        inventories::tables(),
        overlays::overlays(),
        pools::now(),
        pools::text_limit(),
        programs::program(),
        // Most snapshots know all their tags, and are evaluated without asking.
        prop::bool::weighted(0.3),
    );
    parts.prop_map(|(resources, tables, overlays, now, text_limit, program, has_unknown)| {
        let mut resources = inventories::created_around(now, resources);
        for row in resources.iter_mut().filter(|_| !has_unknown) {
            row.unknown_keys.clear();
            row.unknown_tags = false;
        }
        let overlays = overlays.place(&program, &resources, now);
        let (currency, rates) = (Some(pools::CURRENCY.to_owned()), pools::rates());
        let related = tagpol_interp::Related::default();
        let options = Options { now, currency, rates, tables, overlays, related, text_limit };
        Case { program, resources, options }
    })
}

/// Asks both evaluators about random cases.
///
/// # Errors
/// The smallest case found on which they differ, or on which `other` fails, as text.
pub(crate) fn agree(
    search: Search,
    other: impl Fn(&Case) -> Result<Vec<RowResult>, String>,
) -> Result<(), String> {
    let config = Config {
        cases: search.programs,
        rng_seed: RngSeed::Fixed(search.seed),
        max_shrink_iters: search.shrinks,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&cases(search.inventories), |case| {
        let expected = evaluate(&case.program, &case.resources, &case.options);
        let found = other(&case).map_err(TestCaseError::fail)?;
        let differences = differences(&case, &expected, &found);
        if differences.is_empty() { Ok(()) } else { Err(TestCaseError::fail(differences.join("\n"))) }
    });
    outcome.map_err(|error| match error {
        TestError::Fail(reason, case) => format!("{reason}\n{case}"),
        TestError::Abort(reason) => reason.to_string(),
    })
}

impl fmt::Display for Case {
    /// Writes one item a line, without places and without tags that only their own name feeds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = &self.program;
        writeln!(f, "  {:?}", self.options)?;
        let told = |tag: &Tag| !tag.normalizes.is_empty() || tag.default.is_some();
        items(f, "tag", &program.tags, told)?;
        items(f, "define", &program.defines, |_| true)?;
        items(f, "rule", &program.rules, |_| true)?;
        items(f, "policy", &program.policies, |_| true)?;
        items(f, "infer", &program.inferences, |_| true)?;
        items(f, "goal", &program.goals, |_| true)?;
        items(f, "relation", &program.relations, |_| true)?;
        items(f, "exemption", &program.exemptions, |_| true)?;
        writeln!(f, "  strata {:?}", program.strata)?;
        items(f, "resource", &self.resources, |_| true)
    }
}

fn items<T: fmt::Debug>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    items: &[T],
    told: impl Fn(&T) -> bool,
) -> fmt::Result {
    for (index, item) in items.iter().enumerate().filter(|(_, item)| told(item)) {
        writeln!(f, "  {name} {index}: {}", without_places(&format!("{item:?}")))?;
    }
    Ok(())
}

/// Takes the places out of the debug text of an item.
fn without_places(debug: &str) -> String {
    let mut parts = debug.split(", loc: Loc {");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('}').map_or("", |(_, rest)| rest))
}

/// Returns a line for each tag, scope, check, remedy and goal that two evaluators see differently.
pub(crate) fn differences(case: &Case, expected: &[RowResult], found: &[RowResult]) -> Vec<String> {
    if expected.len() != found.len() {
        return vec![format!("{} resources became {} results", expected.len(), found.len())];
    }
    let mut lines = Vec::new();
    for ((resource, expected), found) in case.resources.iter().zip(expected).zip(found) {
        // A script answers no predicate by itself, so they are compared by what asks for them.
        let expected = &RowResult { defines: found.defines.clone(), ..expected.clone() };
        if expected != found {
            let start = lines.len();
            row_differences(&case.program, expected, found, &mut lines);
            goal_differences(&case.program, expected, found, &mut lines);
            if lines.len() == start {
                lines.push("results of different shapes".to_owned());
            }
            for line in lines.iter_mut().skip(start) {
                *line = format!("resource {:?}: {line}", resource.id);
            }
        }
    }
    lines
}

fn row_differences(program: &Program, expected: &RowResult, found: &RowResult, lines: &mut Vec<String>) {
    for ((tag, expected), found) in program.tags.iter().zip(&expected.tags).zip(&found.tags) {
        if expected != found {
            lines.push(format!("tag {}: {}, not {}", tag.name, show(expected), show(found)));
        }
    }
    for (p, policy) in program.policies.iter().enumerate() {
        let (in_expected, in_found) = (expected.in_scope.get(p), found.in_scope.get(p));
        if in_expected != in_found {
            lines.push(format!("scope of {}: {in_expected:?}, not {in_found:?}", policy.name));
        }
        for (r, remedy) in policy.remedies.iter().enumerate() {
            let value = |result: &RowResult| result.remedies.get(p).and_then(|p| p.get(r)).cloned();
            if value(expected) != value(found) {
                let (expected, found) = (value(expected), value(found));
                lines
                    .push(format!("remedy {:?} of {}: {expected:?}, not {found:?}", remedy.tag, policy.name));
            }
        }
        for (c, check) in policy.checks.iter().enumerate() {
            let state = |result: &RowResult| result.checks.get(p).and_then(|p| p.get(c)).copied();
            if state(expected) != state(found) {
                let kind = if check.kind == CheckKind::Require { "require" } else { "forbid" };
                lines.push(format!(
                    "{kind} {}/{}: {:?}, not {:?}",
                    policy.name,
                    check.id,
                    state(expected),
                    state(found)
                ));
            }
        }
    }
}

fn goal_differences(program: &Program, expected: &RowResult, found: &RowResult, lines: &mut Vec<String>) {
    for ((goal, expected), found) in program.goals.iter().zip(&expected.goals).zip(&found.goals) {
        if expected != found {
            lines.push(format!("goal {} (scope, covered): {expected:?}, not {found:?}", goal.name));
        }
    }
}

fn show(tag: &TagResult) -> String {
    let conflict = if tag.conflict { " in conflict" } else { "" };
    let unknown = if tag.unknown { ", not known yet" } else { "" };
    match (&tag.value, &tag.winner) {
        (Some(value), Some(winner)) => format!("{value:?} from {winner:?}{conflict}{unknown}"),
        _ => format!("{tag:?}"),
    }
}
