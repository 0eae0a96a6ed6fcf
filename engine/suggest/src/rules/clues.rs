//! Hints for a person who writes a rule: accounts, types and words of names, each with the values that occur with it.

use rustc_hash::FxHashMap;

use super::mine::{Condition, conditions};
use crate::calibration::outcome::{Outcome, precision};
use crate::features::resource::{Resource, Target, stop_words};
use crate::numerics::random::hash;

/// The most values of a clue.
const MAX_VALUES: usize = 3;

/// The fewest resources of a clue.
const MIN_RESOURCES: usize = 3;

/// A resource that has the tag, or for which a model suggests a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness<'a> {
    /// The resource.
    pub resource: &'a Resource,
    /// The value of the tag; None if it is missing.
    pub value: Option<&'a str>,
    /// What a model suggests if the tag is missing, with the confidence; None without a model or a suggestion.
    pub suggested: Option<(&'a str, f32)>,
}

/// A condition with the values of the resources that meet it.
#[derive(Debug, Clone, PartialEq)]
pub struct Clue {
    /// The condition.
    pub condition: Condition,
    /// The number of resources that meet it and lack the tag.
    pub lacking: usize,
    /// Values, the most frequent first, with the number of resources that have each, and the confidence: the low end of
    /// the interval of their share. If no resource has the tag, they are suggestions of a model.
    pub values: Vec<(String, usize, f64)>,
}

/// Finds the most frequent clues of a tag, at most `most`.
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
        of.into_iter().filter(|(_, having)| having.len() >= MIN_RESOURCES).collect();
    frequent.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
    let clues = frequent.into_iter().filter_map(|(condition, having)| {
        let values = values(&condition, &having, witnesses, &groups);
        let lacks = |at: &&usize| witnesses.get(**at).is_some_and(|one| one.value.is_none());
        let lacking = having.iter().filter(lacks).count();
        (!values.is_empty()).then_some(Clue { condition, lacking, values })
    });
    clues.take(most).collect()
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
            // All resources of an account are of one family, so that each counts on its own.
            let is_account = matches!(condition, Condition::Account(_));
            let group = if is_account { *at as u64 } else { *groups.get(*at)? };
            Some((witnesses.get(*at)?.value?, group))
        })
        .collect();
    if known.is_empty() {
        return suggested(having, witnesses);
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

/// Returns what a model suggests for resources that lack the tag.
fn suggested(having: &[usize], witnesses: &[Witness<'_>]) -> Vec<(String, usize, f64)> {
    let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
    let mut sums: FxHashMap<&str, f64> = FxHashMap::default();
    for (value, confidence) in having.iter().filter_map(|at| witnesses.get(*at)?.suggested) {
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
    sorted.truncate(MAX_VALUES);
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
        let mut witnesses: Vec<Witness<'_>> = own
            .iter()
            .map(|resource| Witness { resource, value: Some("payments"), suggested: None })
            .collect();
        witnesses.push(Witness { resource: &other, value: Some("web"), suggested: None });
        witnesses.extend(lacking.iter().map(|resource| Witness {
            resource,
            value: None,
            suggested: Some(("web", 0.5)),
        }));
        let found = clues(&[], &witnesses, 10);
        let of = |condition: Condition| found.iter().find(|clue| clue.condition == condition).unwrap();
        let account = of(Condition::Account("1".to_owned()));
        let [(value, 20, low), (_, 1, _)] = account.values.as_slice() else { panic!("{account:?}") };
        assert!(value == "payments" && *low > 0.75 && *low < 20.0 / 21.0, "{low}");
        // Without any value the model is asked.
        let lone = of(Condition::Word("lone".to_owned()));
        assert_eq!((lone.lacking, lone.values.as_slice()), (4, [("web".to_owned(), 4, 0.5)].as_slice()));
        assert_eq!(clues(&[], &witnesses, 1).len(), 1);
    }
}
