//! What tells the values of a tag to a person who writes a rule: accounts, types and words of names,
//! each with the values that go with it.

use rustc_hash::FxHashMap;

use crate::calibration::probability::{Outcome, precision};
use crate::features::resource::{Resource, Target, stop_words};
use crate::numerics::random::hash;
use crate::rules::mine::{Condition, conditions};

/// Values that are told of a clue.
const TOLD: usize = 3;

/// Resources that a clue must be seen of.
const FEWEST: usize = 3;

/// A resource that has the tag, or of which a model says a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness<'a> {
    /// The resource.
    pub resource: &'a Resource,
    /// The value of the tag; None where it is missing.
    pub value: Option<&'a str>,
    /// What a model says where it is missing, with its confidence.
    pub said: Option<(&'a str, f32)>,
}

/// Something that resources have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Clue {
    /// What it is.
    pub condition: Condition,
    /// Resources for which it holds and that lack the tag.
    pub lacking: usize,
    /// Values that go with it, the most frequent first, with the resources that have it and the
    /// confidence: the low end of the interval of their share. Where no resource has the tag it is
    /// what a model says.
    pub values: Vec<(String, usize, f64)>,
}

/// Finds the most frequent clues of a tag.
pub fn clues(targets: &[Target], witnesses: &[Witness<'_>], most: usize) -> Vec<Clue> {
    let stop = stop_words(targets);
    let groups: Vec<u64> = witnesses.iter().map(|one| hash(&[&one.resource.family(&stop)])).collect();
    let mut of: FxHashMap<Condition, Vec<usize>> = FxHashMap::default();
    for (at, one) in witnesses.iter().enumerate() {
        for condition in conditions(one.resource) {
            if !matches!(condition, Condition::WordOfType(..)) {
                of.entry(condition).or_default().push(at);
            }
        }
    }
    let mut frequent: Vec<(Condition, Vec<usize>)> =
        of.into_iter().filter(|(_, having)| having.len() >= FEWEST).collect();
    frequent.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
    let told = frequent.into_iter().filter_map(|(condition, having)| {
        let values = values(&condition, &having, witnesses, &groups);
        let lacks = |at: &&usize| witnesses.get(**at).is_some_and(|one| one.value.is_none());
        let lacking = having.iter().filter(lacks).count();
        (!values.is_empty()).then_some(Clue { condition, lacking, values })
    });
    told.take(most).collect()
}

fn values(
    condition: &Condition,
    having: &[usize],
    witnesses: &[Witness<'_>],
    groups: &[u64],
) -> Vec<(String, usize, f64)> {
    let known: Vec<(&str, u64)> = having
        .iter()
        .filter_map(|at| {
            // Within an account all are of one family; there each resource is a witness.
            let is_account = matches!(condition, Condition::Account(_));
            let group = if is_account { *at as u64 } else { *groups.get(*at)? };
            Some((witnesses.get(*at)?.value?, group))
        })
        .collect();
    if known.is_empty() {
        return said(having, witnesses);
    }
    let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
    known.iter().for_each(|(value, _)| *counts.entry(value).or_default() += 1);
    let share_of = |value: &str| {
        let outcome = |(other, group): &(&str, u64)| Outcome {
            probability: 1.0,
            right: *other == value,
            group: *group,
        };
        precision(&known.iter().map(outcome).collect::<Vec<_>>()).low
    };
    most_frequent(counts)
        .into_iter()
        .map(|(value, count)| (value.to_owned(), count, share_of(value)))
        .collect()
}

/// What a model says of all that have something in common and lack the tag.
fn said(having: &[usize], witnesses: &[Witness<'_>]) -> Vec<(String, usize, f64)> {
    let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
    let mut sums: FxHashMap<&str, f64> = FxHashMap::default();
    for (value, confidence) in having.iter().filter_map(|at| witnesses.get(*at)?.said) {
        *counts.entry(value).or_default() += 1;
        *sums.entry(value).or_default() += f64::from(confidence);
    }
    let confidence = |value: &str| sums.get(value).copied().unwrap_or_default() / having.len() as f64;
    let likely = most_frequent(counts).into_iter();
    likely.map(|(value, count)| (value.to_owned(), count, confidence(value))).collect()
}

fn most_frequent(counts: FxHashMap<&str, usize>) -> Vec<(&str, usize)> {
    let mut sorted: Vec<(&str, usize)> = counts.into_iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    sorted.truncate(TOLD);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(name: &str, account: &str) -> Resource {
        Resource {
            id: name.to_owned(),
            name: Some(name.to_owned()),
            account: Some(account.to_owned()),
            ..Resource::default()
        }
    }

    #[test]
    fn clues_are_what_resources_share_with_their_values() {
        let own: Vec<Resource> = (0..20).map(|i| resource(&format!("pay-{i}"), "1")).collect();
        let other = resource("pay-x", "1");
        let lacking: Vec<Resource> = (0..4).map(|i| resource(&format!("lone-{i}"), "2")).collect();
        let mut witnesses: Vec<Witness<'_>> =
            own.iter().map(|resource| Witness { resource, value: Some("payments"), said: None }).collect();
        witnesses.push(Witness { resource: &other, value: Some("web"), said: None });
        witnesses.extend(lacking.iter().map(|resource| Witness {
            resource,
            value: None,
            said: Some(("web", 0.5)),
        }));
        let found = clues(&[], &witnesses, 10);
        let of = |condition: Condition| found.iter().find(|clue| clue.condition == condition).unwrap();
        let account = of(Condition::Account("1".to_owned()));
        let [(value, 20, low), (_, 1, _)] = account.values.as_slice() else { panic!("{account:?}") };
        assert!(value == "payments" && *low > 0.75 && *low < 20.0 / 21.0, "{low}");
        // Where nothing is known the model is asked.
        let lone = of(Condition::Word("lone".to_owned()));
        assert_eq!((lone.lacking, lone.values.as_slice()), (4, [("web".to_owned(), 4, 0.5)].as_slice()));
        assert_eq!(clues(&[], &witnesses, 1).len(), 1);
    }
}
