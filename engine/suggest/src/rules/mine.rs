//! Rules that people can read, from what resources have in common.
//!
//! A rule is a condition on what can be seen of a resource, and the value that nearly all resources
//! have for which it holds. Conditions are tried from the widest gain on: a rule stands only for
//! resources that lack the tag and that no rule before it reaches, so nothing is said twice.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};
use tagpol_sema::formats::words;

use crate::calibration::probability::{Outcome, Share, precision};
use crate::features::resource::{Resource, Target, stop_words};
use crate::numerics::random::hash;

/// What a condition of a rule asks.
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
    /// Whether it holds for a resource.
    pub fn holds(&self, resource: &Resource) -> bool {
        conditions(resource).contains(self)
    }
}

/// A resource to learn rules from, or that lacks the tag.
#[derive(Debug, Clone, PartialEq)]
pub struct Specimen<'a> {
    /// The resource.
    pub resource: &'a Resource,
    /// The value of the tag; None where it is missing.
    pub value: Option<&'a str>,
    /// Whether an existing rule gives the value: it speaks for no other rule, and against one that
    /// would give another.
    pub by_rule: bool,
}

/// A rule that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct MinedRule {
    /// When it holds.
    pub condition: Condition,
    /// The value.
    pub value: String,
    /// Resources for which it holds and that have the tag.
    pub support: usize,
    /// Share of them that have the value.
    pub precision: Share,
    /// Resources that lack the tag and get the value from this rule, and from none before it.
    pub fills: usize,
    /// What those cost a month.
    pub cost: f64,
    /// A resource for which it holds: id.
    pub example: String,
    /// A resource for which it does not, and whose value is another one: id.
    pub counterexample: Option<String>,
}

/// What a rule must be worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Worth {
    /// Resources that speak for it.
    pub support: usize,
    /// The low end of the interval of its precision.
    pub precision: f64,
    /// The most rules.
    pub rules: usize,
}

impl Default for Worth {
    fn default() -> Self {
        Self { support: 10, precision: 0.9, rules: 40 }
    }
}

/// Resources for which a condition holds: those that have the tag, those that lack it, and those that
/// have it from a rule.
#[derive(Default)]
struct Matches {
    with: Vec<usize>,
    without: Vec<usize>,
    by_rule: Vec<usize>,
}

/// Finds rules for a tag.
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

/// Returns what can be asked of a resource and is true of it.
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

/// Returns the rule of a condition with the resources that it fills, if it is worth it.
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
            // Within an account all are of one family; there each resource is a witness.
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

/// Keeps the rules that reach something that those before them do not.
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

/// A spelling that stands for a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Spelling {
    /// As it is written.
    pub written: String,
    /// What it stands for.
    pub value: String,
    /// Resources that have it.
    pub resources: usize,
    /// Resources that have the value.
    pub known: usize,
}

/// Finds spellings of known values among values that are rare or not valid: each with how often it
/// occurs, and whether it is valid as it stands.
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

/// Returns a far more frequent value that differs in a slip of the pen only.
fn nearest_frequent<'v>(written: &str, count: usize, known: &[(&'v str, usize)]) -> Option<&'v str> {
    let frequent = known.iter().filter(|(value, of)| *value != written && *of >= 5 * count.max(1));
    let near = frequent.filter(|(value, _)| is_slip(written, value));
    near.max_by_key(|(value, of)| (*of, std::cmp::Reverse(*value))).map(|(value, _)| *value)
}

/// Returns what the nearest of the listed words stands for, if all that are as near stand for it.
fn nearest_listed<'v>(written: &str, listed: &[(&str, &'v str)]) -> Option<&'v str> {
    let near: BTreeSet<&str> =
        listed.iter().filter(|(word, _)| is_slip(written, word)).map(|(_, value)| *value).collect();
    let [one] = near.into_iter().collect::<Vec<_>>().try_into().ok()?;
    listed.iter().find(|(_, value)| *value == one).map(|(_, value)| *value)
}

/// Whether two texts differ in letters that are missing, swapped or doubled, and hardly by chance: in
/// short ones nothing may differ but case and punctuation, and digits never.
fn is_slip(written: &str, value: &str) -> bool {
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
    fn spellings_are_slips_of_the_pen_and_no_other_values() {
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
