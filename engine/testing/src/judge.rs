//! Whether a test's expectations are met.
//!
//! Expectations work both ways: once a test expects a violation of a `given`, any other open or
//! pending finding of that `given` fails it. Policies of used modules count only where the test names
//! them for that `given`, so that a module that grows breaks no test of the project.

use tagpol_interp::{RowResult, State, TagResult, Winner};
use tagpol_sema::program::{Expect, ExpectKind, TagId, Test};

use super::Subject;

/// Something that did not come as expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Miss {
    /// Index in [`Test::givens`].
    pub(super) given: usize,
    /// What is wrong.
    pub(super) what: Missed,
}

/// The kinds of misses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missed {
    /// An expectation is not met; index in [`Test::expects`].
    Expectation(usize),
    /// A finding that no expectation applies to.
    Unexpected {
        /// Index of the policy.
        policy: usize,
        /// Index of the check in it.
        check: usize,
    },
}

/// Returns what did not come as expected; `results` are those of the givens. First the
/// expectations in their order, then findings that nobody expected.
pub(super) fn misses(subject: Subject<'_>, test: &Test, results: &[&RowResult]) -> Vec<Miss> {
    let mut misses = Vec::new();
    for (index, expect) in test.expects.iter().enumerate() {
        for (given, result) in results.iter().enumerate() {
            if applies_to(expect, given) && !is_met(&expect.kind, result) {
                misses.push(Miss { given, what: Missed::Expectation(index) });
            }
        }
    }
    for (given, result) in results.iter().enumerate() {
        let unexpected = unexpected(subject, test, given, result).into_iter();
        misses.extend(
            unexpected.map(|(policy, check)| Miss { given, what: Missed::Unexpected { policy, check } }),
        );
    }
    misses
}

/// Whether an expectation is about a given.
fn applies_to(expect: &Expect, given: usize) -> bool {
    expect.given.is_none_or(|wanted| wanted == given)
}

/// Whether a finding in this state is a violation.
pub(super) fn is_violation(state: State) -> bool {
    matches!(state, State::Open | State::Pending)
}

/// Whether an expectation begins the list of a given's violations.
pub(super) fn lists(expect: &Expect, given: usize) -> bool {
    applies_to(expect, given) && matches!(expect.kind, ExpectKind::Violation { negated: false, .. })
}

fn is_met(kind: &ExpectKind, result: &RowResult) -> bool {
    match kind {
        ExpectKind::TagIs { tag, value, rule } => {
            let Some(got) = tag_of(result, *tag) else { return false };
            let from = |rule| matches!(got.winner, Some(Winner::Rule { rule: from, .. }) if from == rule);
            got.value.as_ref() == Some(value) && rule.is_none_or(from)
        }
        ExpectKind::TagMissing(tag) => tag_of(result, *tag).is_none_or(|got| got.value.is_none()),
        ExpectKind::Holds { define, negated } => {
            result.defines.get(define.0 as usize).is_some_and(|holds| holds != negated)
        }
        ExpectKind::Violation { policy, check, negated } => {
            states(result, *policy, *check).any(is_violation) != *negated
        }
        ExpectKind::Exempt { policy, check } => {
            states(result, *policy, *check).any(|state| state == State::Exempt)
        }
    }
}

fn tag_of(result: &RowResult, tag: TagId) -> Option<&TagResult> {
    result.tags.get(tag.0 as usize)
}

/// The states of a policy's checks, or of one of them.
fn states(result: &RowResult, policy: usize, check: Option<usize>) -> impl Iterator<Item = State> {
    let states = result.checks.get(policy).map(Vec::as_slice).unwrap_or_default();
    let wanted = states.iter().enumerate().filter(move |(at, _)| check.is_none_or(|check| check == *at));
    wanted.map(|(_, state)| *state)
}

/// The violations of a given that no expectation applies to, if it has to list them.
fn unexpected(subject: Subject<'_>, test: &Test, given: usize, result: &RowResult) -> Vec<(usize, usize)> {
    if !test.expects.iter().any(|expect| lists(expect, given)) {
        return Vec::new();
    }
    let about = || test.expects.iter().filter(|expect| applies_to(expect, given));
    let names_policy = |policy: usize| about().any(|expect| path(expect).is_some_and(|(p, _)| p == policy));
    // `no violation` has its own say on what is there all the same.
    let names_check = |policy: usize, check: usize| {
        let violation = |expect: &&Expect| matches!(expect.kind, ExpectKind::Violation { .. });
        let mut paths = about().filter(violation).filter_map(path);
        paths.any(|(p, c)| p == policy && c.is_none_or(|c| c == check))
    };
    let mut found = Vec::new();
    for (policy, states) in result.checks.iter().enumerate() {
        if !subject.owns_policy(policy) && !names_policy(policy) {
            continue;
        }
        for (check, state) in states.iter().enumerate() {
            if is_violation(*state) && !names_check(policy, check) {
                found.push((policy, check));
            }
        }
    }
    found
}

/// The policy, and the check, that an expectation names.
fn path(expect: &Expect) -> Option<(usize, Option<usize>)> {
    match expect.kind {
        ExpectKind::Violation { policy, check, .. } | ExpectKind::Exempt { policy, check } => {
            Some((policy, check))
        }
        ExpectKind::TagIs { .. } | ExpectKind::TagMissing(_) | ExpectKind::Holds { .. } => None,
    }
}
