//! The smallest change of tags, over random programs and resources.
//!
//! In: cases of the generators. What is promised: a resource with the change that is advised has no open
//! finding but those that no change fixes, and no finding that it did not have; the change that keeps
//! valid tags does so; and trying every smaller change with the values of the pools finds none.

use std::collections::{BTreeMap, BTreeSet};

use tagpol_explain::change::{Advice, Change, advise};
use tagpol_interp::{Patterns, Resource, State};
use tagpol_sema::Validity;
use tagpol_sema::program::{Pred, TagId};

use super::schema::TAGS;
use super::tests::samples;

type Assignment = BTreeMap<TagId, Option<String>>;

/// Cases that are tried, and the most changes of an answer that brute force is to undercut.
const CASES: usize = 60;
const DEEP: usize = 2;

#[test]
fn advised_changes_make_compliant_and_nothing_smaller_does() {
    let mut seen = [0usize; 4];
    for case in samples(CASES) {
        let patterns = Patterns::default();
        for row in &case.resources {
            let resource = Resource::evaluated(&case.program, &case.options, &patterns, row);
            let advice = advise(&resource);
            let answers = [&advice.smallest, &advice.keeping];
            for changes in answers.into_iter().flatten() {
                assert!(
                    is_compliant(&resource, &assignment(changes), &advice),
                    "{advice:?}\n{row:?}\n{case}"
                );
            }
            check_kept(&resource, &advice);
            let least = advice.smallest.as_ref().map(Vec::len);
            seen[least.unwrap_or(0).min(3)] += 1;
            if advice.gave_up {
                continue;
            }
            let most = match least {
                Some(least) => least.saturating_sub(1).min(DEEP),
                None if advice.open > advice.stuck.len() => 1,
                None => 0,
            };
            let smaller = brute_force(&resource, &advice, most);
            assert_eq!(smaller, None, "{advice:?}\n{row:?}\n{case}");
        }
    }
    assert!(seen[..3].iter().all(|count| *count > 0), "answers of 0, 1, 2 and more changes: {seen:?}");
}

fn assignment(changes: &[Change]) -> Assignment {
    changes.iter().map(|change| (change.tag, change.to.clone())).collect()
}

fn check_kept(resource: &Resource<'_>, advice: &Advice) {
    let policies = &resource.program().policies;
    let mut about = BTreeSet::new();
    for (p, policy) in policies.iter().enumerate() {
        for (check, state) in policy.checks.iter().zip(resource.policy_states(p)) {
            if state == State::Open {
                about.extend(check.tag);
            }
        }
    }
    for change in advice.keeping.iter().flatten() {
        assert!(about.contains(&change.tag) || !resource.holds(&Pred::IsValid(change.tag)), "{change:?}");
    }
}

fn is_compliant(resource: &Resource<'_>, changes: &Assignment, advice: &Advice) -> bool {
    let changed = resource.deciding(changes);
    (0..resource.program().policies.len()).all(|p| {
        let states = resource.policy_states(p).into_iter().zip(changed.policy_states(p));
        states.enumerate().all(|(c, (before, after))| match after {
            State::Open => advice.stuck.contains(&(p, c)),
            State::Pending => before == State::Pending || advice.stuck.contains(&(p, c)),
            State::None | State::Exempt | State::Undetermined => true,
        })
    })
}

/// Tries every change of at most so many tags.
fn brute_force(resource: &Resource<'_>, advice: &Advice, most: usize) -> Option<Assignment> {
    let values: Vec<(TagId, Vec<Option<String>>)> = (0u32..)
        .map(TagId)
        .zip(&TAGS)
        .map(|(id, schema)| {
            let validity = Validity::of(&resource.program().tag(id).ty);
            let texts =
                schema.valid.iter().chain(schema.raw).filter(|text| !text.is_empty() && validity.holds(text));
            let texts: BTreeSet<&str> = texts.copied().collect();
            let texts = texts.into_iter().map(|text| Some(text.to_owned()));
            let is_set = resource.tag(id).is_some_and(|result| result.value.is_some());
            (id, texts.chain(is_set.then_some(None)).collect())
        })
        .collect();
    (0..=most).find_map(|size| extend(resource, advice, &values, size, &mut Assignment::new()))
}

fn extend(
    resource: &Resource<'_>,
    advice: &Advice,
    values: &[(TagId, Vec<Option<String>>)],
    size: usize,
    changes: &mut Assignment,
) -> Option<Assignment> {
    if size == 0 {
        // Where all that is open is stuck, no change is wanted.
        let all = advice.open == advice.stuck.len();
        return (!all && is_compliant(resource, changes, advice)).then(|| changes.clone());
    }
    for (at, (tag, options)) in values.iter().enumerate() {
        for value in options {
            changes.insert(*tag, value.clone());
            let found = extend(resource, advice, &values[at + 1..], size - 1, changes);
            changes.remove(tag);
            if found.is_some() {
                return found;
            }
        }
    }
    None
}
