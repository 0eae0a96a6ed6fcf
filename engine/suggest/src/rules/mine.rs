//! Rules that people can read, from what resources have in common (association rules, Agrawal et al. 1993).
//!
//! A rule is a condition, and the value that nearly all resources have that meet it. Conditions that fill the most resources
//! come first, and each rule counts only resources that no rule before it fills.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};
use tagpol_sema::formats::words;

use crate::calibration::outcome::{Outcome, Share, precision};
use crate::features::resource::{Resource, Target, stop_words};
use crate::numerics::random::hash;

/// The condition of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Condition {
    /// The account is this one.
    Account(String),
    /// The name has this word.
    Word(String),
    /// The type is this one.
    Type(String),
    /// The name has this word, and the type is this one.
    WordOfType(String, String),
}

impl Condition {
    /// Whether a resource meets the condition.
    pub fn holds(&self, resource: &Resource) -> bool {
        conditions(resource).contains(self)
    }
}

/// A resource that has the tag, or lacks it.
#[derive(Debug, Clone, PartialEq)]
pub struct Specimen<'a> {
    /// The resource.
    pub resource: &'a Resource,
    /// The value of the tag; None if it is missing.
    pub value: Option<&'a str>,
    /// Whether an existing rule gives the value: it does not count as evidence for another rule, but it does against one
    /// that would give another value.
    pub by_rule: bool,
}

/// A proposed rule.
#[derive(Debug, Clone, PartialEq)]
pub struct MinedRule {
    /// The condition.
    pub condition: Condition,
    /// The value.
    pub value: String,
    /// The number of resources that meet the condition and have the tag.
    pub support: usize,
    /// The share of them that have the value.
    pub precision: Share,
    /// The number of resources that lack the tag and get the value from this rule, and from none before it.
    pub fills: usize,
    /// The cost of those a month, in the currency of the inventory.
    pub cost: f64,
    /// The id of a resource that meets the condition.
    pub example: String,
    /// The id of a resource that does not meet it and has another value; None if there is none.
    pub counterexample: Option<String>,
}

/// The least evidence for a rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Worth {
    /// The least number of resources that meet the condition and have the tag.
    pub support: usize,
    /// The least low end of the interval of its precision, from 0 to 1.
    pub precision: f64,
    /// The most rules.
    pub rules: usize,
}

impl Default for Worth {
    fn default() -> Self {
        Self { support: 10, precision: 0.9, rules: 40 }
    }
}

/// Numbers of the resources that meet a condition: those that have the tag, those that lack it, and those that have it from
/// a rule.
#[derive(Default)]
struct Matches {
    with: Vec<usize>,
    without: Vec<usize>,
    by_rule: Vec<usize>,
}

/// Proposes rules for a tag, those that fill the most resources first.
pub fn mine(targets: &[Target], specimens: &[Specimen<'_>], worth: Worth) -> Vec<MinedRule> {
    let stop = stop_words(targets);
    let groups: Vec<u64> = specimens.iter().map(|one| hash(&[&one.resource.family(&stop)])).collect();
    let mut matches: FxHashMap<Condition, Matches> = FxHashMap::default();
    for (at, one) in specimens.iter().enumerate() {
        for condition in conditions(one.resource) {
            let matches = matches.entry(condition).or_default();
            let list = match one.value {
                Some(_) if one.by_rule => &mut matches.by_rule,
                Some(_) => &mut matches.with,
                None => &mut matches.without,
            };
            list.push(at);
        }
    }
    let mut found: Vec<(MinedRule, Vec<usize>)> = matches
        .into_iter()
        .filter(|(_, matches)| matches.with.len() >= worth.support && !matches.without.is_empty())
        .filter_map(|(condition, matches)| rule(condition, matches, specimens, &groups, worth))
        .collect();
    found.sort_by(|(a, _), (b, _)| b.fills.cmp(&a.fills).then_with(|| a.condition.cmp(&b.condition)));
    chosen(found, specimens, worth)
}

/// Returns all conditions that a resource meets.
pub(crate) fn conditions(resource: &Resource) -> BTreeSet<Condition> {
    let mut conditions = BTreeSet::new();
    conditions.extend(resource.account.clone().map(Condition::Account));
    conditions.extend(resource.type_.clone().map(Condition::Type));
    for word in words(resource.name.as_deref().unwrap_or_default()) {
        if word.chars().count() < 2 || !word.is_ascii() {
            continue;
        }
        if let Some(type_) = &resource.type_ {
            conditions.insert(Condition::WordOfType(word.clone(), type_.clone()));
        }
        conditions.insert(Condition::Word(word));
    }
    conditions
}

/// Returns the rule for a condition with the resources that it fills; None without enough evidence.
fn rule(
    condition: Condition,
    matches: Matches,
    specimens: &[Specimen<'_>],
    groups: &[u64],
    worth: Worth,
) -> Option<(MinedRule, Vec<usize>)> {
    let values = matches.with.iter().filter_map(|at| specimens.get(*at)?.value);
    let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    let (value, _) = counts.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(a.0)))?;
    let has = |at: &usize| specimens.get(*at).is_some_and(|one| one.value == Some(value));
    let against = matches.by_rule.iter().filter(|at| !has(at));
    let outcomes: Vec<Outcome> = matches
        .with
        .iter()
        .chain(against)
        .filter_map(|at| {
            let right = has(at);
            // All resources of an account are of one family, so that each counts on its own.
            let group = match condition {
                Condition::Account(_) => *at as u64,
                _ => *groups.get(*at)?,
            };
            Some(Outcome { probability: 1.0, right, group })
        })
        .collect();
    let precision = precision(&outcomes);
    (precision.low >= worth.precision).then(|| {
        let example = matches.with.iter().find(|at| has(at));
        let rule = MinedRule {
            condition,
            value: value.to_owned(),
            support: matches.with.len(),
            precision,
            fills: matches.without.len(),
            cost: 0.0,
            example: example
                .and_then(|at| specimens.get(*at))
                .map(|one| one.resource.id.clone())
                .unwrap_or_default(),
            counterexample: None,
        };
        (rule, matches.without)
    })
}

/// Keeps the rules that fill resources which no rule before them fills.
fn chosen(found: Vec<(MinedRule, Vec<usize>)>, specimens: &[Specimen<'_>], worth: Worth) -> Vec<MinedRule> {
    let mut reached: FxHashSet<usize> = FxHashSet::default();
    let mut rules: Vec<MinedRule> = Vec::new();
    for (mut rule, without) in found {
        let new: Vec<usize> = without.into_iter().filter(|at| !reached.contains(at)).collect();
        if new.is_empty() || rules.len() >= worth.rules {
            continue;
        }
        rule.fills = new.len();
        rule.cost = new.iter().filter_map(|at| specimens.get(*at)?.resource.monthly_cost).sum();
        let other = specimens.iter().find(|one| {
            one.value.is_some_and(|value| value != rule.value)
                && !conditions(one.resource).contains(&rule.condition)
        });
        rule.counterexample = other.map(|one| one.resource.id.clone());
        reached.extend(new);
        rules.push(rule);
    }
    rules
}

/// A misspelled value.
#[derive(Debug, Clone, PartialEq)]
pub struct Spelling {
    /// The value as it is written.
    pub written: String,
    /// The value that it stands for.
    pub value: String,
    /// The number of resources that have the misspelled value.
    pub resources: usize,
    /// The number of resources that have the right one.
    pub known: usize,
}

/// Finds misspelled values among values that are rare or not valid. `values` are given with the number of resources that
/// have each, and whether they are valid.
pub fn spellings(target: &Target, values: &[(&str, usize, bool)]) -> Vec<Spelling> {
    let known: Vec<(&str, usize)> =
        values.iter().filter(|(_, _, valid)| *valid).map(|(value, count, _)| (*value, *count)).collect();
    let allowed = target.allowed.iter().map(|value| (value.as_str(), value.as_str()));
    let synonyms = target.synonyms.iter().map(|(word, value)| (word.as_str(), value.as_str()));
    let listed: Vec<(&str, &str)> = allowed.chain(synonyms).collect();
    let mut found: Vec<Spelling> = Vec::new();
    for (written, count, valid) in values {
        let near = if target.allowed.is_empty() {
            nearest_frequent(written, *count, &known)
        } else if *valid {
            None
        } else {
            nearest_listed(written, &listed)
        };
        if let Some(value) = near {
            let known = known.iter().find(|(other, _)| *other == value).map_or(0, |(_, count)| *count);
            found.push(Spelling {
                written: (*written).to_owned(),
                value: value.to_owned(),
                resources: *count,
                known,
            });
        }
    }
    found.sort_by(|a, b| b.resources.cmp(&a.resources).then_with(|| a.written.cmp(&b.written)));
    found
}

/// Returns a far more frequent value that differs by a typo only.
fn nearest_frequent<'v>(written: &str, count: usize, known: &[(&'v str, usize)]) -> Option<&'v str> {
    let frequent = known.iter().filter(|(value, of)| *value != written && *of >= 5 * count.max(1));
    let near = frequent.filter(|(value, _)| is_typo(written, value));
    near.max_by_key(|(value, of)| (*of, std::cmp::Reverse(*value))).map(|(value, _)| *value)
}

/// Returns the value of the listed word that differs by a typo only; None if such words have several values.
fn nearest_listed<'v>(written: &str, listed: &[(&str, &'v str)]) -> Option<&'v str> {
    let near: BTreeSet<&str> =
        listed.iter().filter(|(word, _)| is_typo(written, word)).map(|(_, value)| *value).collect();
    let [one] = near.into_iter().collect::<Vec<_>>().try_into().ok()?;
    listed.iter().find(|(_, value)| *value == one).map(|(_, value)| *value)
}

/// Whether two texts differ by a typo: a few letters that are missing, swapped or doubled (optimal string alignment
/// distance). Short texts may differ in case and punctuation only, and digits never, since `app-1` is not `app-2`.
fn is_typo(written: &str, value: &str) -> bool {
    let (a, b) = (crate::features::resource::fold(written), crate::features::resource::fold(value));
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    if a.is_empty() || b.is_empty() || digits(&a) != digits(&b) {
        return false;
    }
    let most = match a.chars().count().min(b.chars().count()) {
        0..=4 => 0,
        5..=8 => 1,
        _ => 2,
    };
    strsim::osa_distance(&a, &b) <= most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(id: &str, account: &str, cost: f64) -> Resource {
        Resource {
            id: id.to_owned(),
            name: Some(id.to_owned()),
            account: Some(account.to_owned()),
            type_: Some("vm".to_owned()),
            monthly_cost: Some(cost),
            ..Resource::default()
        }
    }

    #[test]
    fn a_rule_is_what_nearly_all_have_and_some_lack() {
        let with: Vec<Resource> = (0..60).map(|i| resource(&format!("pay-{i}"), "1", 1.0)).collect();
        let others: Vec<Resource> = (0..60).map(|i| resource(&format!("web-{i}"), "2", 1.0)).collect();
        let lacking: Vec<Resource> = (0..5).map(|i| resource(&format!("pay-x{i}"), "1", 10.0)).collect();
        let all = [(&with, Some("payments")), (&others, Some("web")), (&lacking, None)];
        let specimen = |resource, value| Specimen { resource, value, by_rule: false };
        let mut specimens: Vec<Specimen<'_>> = Vec::new();
        for (resources, value) in all {
            specimens.extend(resources.iter().map(|resource| specimen(resource, value)));
        }
        let rules = mine(&[], &specimens, Worth::default());
        let [rule] = rules.as_slice() else { panic!("{rules:?}") };
        assert_eq!(rule.condition, Condition::Account("1".to_owned()));
        assert_eq!((rule.value.as_str(), rule.support, rule.fills), ("payments", 60, 5));
        assert!((rule.cost - 50.0).abs() < 1e-9);
        assert!(rule.example.starts_with("pay-"));
        assert_eq!(rule.counterexample.as_deref(), Some("web-0"));
        // What a rule gives speaks for no other one, and against one that gives something else.
        let by_rule = |value| {
            let mut specimens = specimens.clone();
            for one in specimens.iter_mut().take(10) {
                *one = Specimen { value: Some(value), by_rule: true, ..one.clone() };
            }
            mine(&[], &specimens, Worth::default())
        };
        assert_eq!(by_rule("payments").first().map(|rule| rule.support), Some(50));
        assert_eq!(by_rule("web"), []);
        // Where nothing is missing there is nothing to say.
        specimens.truncate(120);
        assert_eq!(mine(&[], &specimens, Worth::default()), []);
    }

    #[test]
    fn spellings_are_typos_and_not_other_values() {
        let target = |allowed: &[&str]| Target {
            name: "t".to_owned(),
            keys: Vec::new(),
            allowed: allowed.iter().map(|value| (*value).to_owned()).collect(),
            synonyms: Vec::new(),
        };
        let pairs =
            |found: Vec<Spelling>| found.into_iter().map(|one| (one.written, one.value)).collect::<Vec<_>>();
        let free = [
            ("platform", 40, true),
            ("platfrom", 2, true),
            ("platform-2", 3, true),
            ("core", 9, true),
            ("cors", 1, true),
        ];
        assert_eq!(pairs(spellings(&target(&[]), &free)), [("platfrom".to_owned(), "platform".to_owned())]);
        let one_of = [("production", 9, true), ("prodution", 3, false), ("whatever", 1, false)];
        let found = spellings(&target(&["production", "staging"]), &one_of);
        assert_eq!(pairs(found), [("prodution".to_owned(), "production".to_owned())]);
    }
}
