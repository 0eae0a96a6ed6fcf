//! Filters of Cloud Custodian, as conditions.
//!
//! What a filter means is what `c7n.filters.core` and `c7n.tags` do, with their surprises: `absent` is also true for a
//! tag with the value `absent`, `empty` for a missing tag, `op: regex` ignores case and matches at the beginning, and
//! `value_type: normalize` changes the value of the resource, and not the one of the filter.

use super::marked::marked;
use super::values;
use crate::construct::{Constructs, Outcome};
use crate::document::{Cursor, Value};
use crate::policy::condition::{Comparison, Condition, Subject, Test};

/// What the reasons of lost filters do to a policy.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Effects {
    /// The policy selects more resources than the source.
    pub(super) broader: bool,
    /// It selects fewer.
    pub(super) narrower: bool,
}

/// Reads the filters of one policy.
pub(super) struct Filters<'d> {
    pub(super) constructs: &'d mut Constructs,
    pub(super) provider: String,
    /// What comes before the name of each construct.
    pub(super) policy: String,
    pub(super) effects: Effects,
}

/// A condition, and how it differs from the filter.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) condition: Condition,
    pub(super) outcome: Outcome,
    pub(super) reason: Option<String>,
}

impl Read {
    pub(super) fn exact(condition: Condition) -> Self {
        Self { condition, outcome: Outcome::Exact, reason: None }
    }

    pub(super) fn other(condition: Condition, outcome: Outcome, reason: impl Into<String>) -> Self {
        Self { condition, outcome, reason: Some(reason.into()) }
    }
}

impl Filters<'_> {
    /// Reads a list of filters, all of which must select a resource. None: nothing of them can be migrated.
    pub(super) fn all(&mut self, filters: &Cursor<'_>, positive: bool) -> Option<Condition> {
        let children = filters.one_or_more();
        if children.is_empty() {
            return Some(Condition::Always(true));
        }
        self.group(&children, positive, true).map(Condition::All)
    }

    /// Reads the filters of a group. What is lost drops out, which widens an `and` and narrows an `or`.
    fn group(&mut self, children: &[Cursor<'_>], positive: bool, all: bool) -> Option<Vec<Condition>> {
        let read: Vec<Option<Condition>> =
            children.iter().map(|child| self.filter(child, positive)).collect();
        let lost = read.iter().any(Option::is_none);
        let kept: Vec<Condition> = read.into_iter().flatten().collect();
        if kept.is_empty() {
            return None;
        }
        if lost {
            // In a negation the effect is the opposite one.
            if all == positive { self.effects.broader = true } else { self.effects.narrower = true }
        }
        Some(kept)
    }

    /// Reads one filter. None: it is lost, which has been reported.
    fn filter(&mut self, filter: &Cursor<'_>, positive: bool) -> Option<Condition> {
        if let Some(name) = filter.text() {
            return self.other(name, filter);
        }
        let entries: Vec<_> = filter.entries().collect();
        if let ([(key, value)], false) = (entries.as_slice(), entries.iter().any(|(key, _)| *key == "type")) {
            return match *key {
                "and" => self.all(value, positive),
                "or" => self.group(&value.one_or_more(), positive, false).map(Condition::Any),
                "not" => self.all(value, !positive).map(Condition::not),
                key => {
                    let read = values::short(key, value, &self.provider);
                    self.report(&format!("{key}: {}", shown(value)), filter, read, positive)
                }
            };
        }
        let Some(kind) = filter.get("type").and_then(|kind| kind.text()) else {
            let reason = "a filter is an object with a `type`, or with one member";
            self.constructs.lost(format!("{}: filter", self.policy), filter.place(), reason);
            return None;
        };
        match kind {
            "and" | "or" | "not" => {
                let reason = "a group is written with its operator as the only member";
                self.constructs.lost(format!("{}: filter {kind}", self.policy), filter.place(), reason);
                None
            }
            "value" => {
                let key = filter.get("key").and_then(|key| key.text()).unwrap_or_default();
                let op = filter.get("op").and_then(|op| op.text()).unwrap_or("eq");
                let read = values::value_filter(filter, &self.provider);
                self.report(&format!("{key} {op}"), filter, read, positive)
            }
            "marked-for-op" => {
                let read = marked(filter, &self.provider);
                self.report("marked-for-op", filter, read, positive)
            }
            "tag-count" => {
                let read = tag_count(filter);
                self.report("tag-count", filter, read, positive)
            }
            kind => self.other(kind, filter),
        }
    }

    /// Reports a filter, and what its differences do to the policy.
    fn report(
        &mut self,
        name: &str,
        filter: &Cursor<'_>,
        read: Result<Read, String>,
        positive: bool,
    ) -> Option<Condition> {
        let name = format!("{}: filter {name}", self.policy);
        match read {
            Ok(read) => {
                match (read.outcome, positive) {
                    (Outcome::Broader, true) | (Outcome::Narrower, false) => self.effects.broader = true,
                    (Outcome::Narrower, true) | (Outcome::Broader, false) => self.effects.narrower = true,
                    _ => {}
                }
                self.constructs.add(name, read.outcome, filter.place(), None, read.reason);
                Some(read.condition)
            }
            Err(reason) => {
                self.constructs.lost(name, filter.place(), reason);
                None
            }
        }
    }

    /// Reports a filter of a kind that has no counterpart.
    fn other(&mut self, kind: &str, filter: &Cursor<'_>) -> Option<Condition> {
        let reason = match kind {
            "offhour" | "onhour" => {
                "the filter depends on the hour of the day, which policies of tagpol cannot"
            }
            "metrics" => "the filter asks for measurements of the resource, which inventories do not have",
            "event" => "the filter reads an event, and tagpol evaluates inventories",
            "taggable" => "the filter asks what Terraform can tag, which inventories do not have",
            _ => "tagpol has no counterpart of this filter",
        };
        self.constructs.lost(format!("{}: filter {kind}", self.policy), filter.place(), reason);
        None
    }
}

/// Writes a value in a few characters, for the name of a construct.
fn shown(value: &Cursor<'_>) -> String {
    match &value.node.value {
        Value::Null => "null".to_owned(),
        Value::List(_) => "[…]".to_owned(),
        Value::Map(_) => "{…}".to_owned(),
        _ => value.scalar().unwrap_or_default(),
    }
}

/// Reads `tag-count`: how many tags a resource has, without those of AWS.
fn tag_count(filter: &Cursor<'_>) -> Result<Read, String> {
    if let Some((member, _)) = filter.entries().find(|(member, _)| !["type", "count", "op"].contains(member))
    {
        return Err(format!("the member `{member}` is not known"));
    }
    let count = filter.get("count").and_then(|count| count.scalar()).unwrap_or_else(|| "10".to_owned());
    let op = filter.get("op").and_then(|op| op.text()).unwrap_or("gte").to_owned();
    count_condition(&op, &count)
}

/// Compares the number of tags.
pub(super) fn count_condition(op: &str, count: &str) -> Result<Read, String> {
    let count = count.parse::<u32>().map_err(|_| "a whole number of tags is expected")?.to_string();
    let compare = |comparison| Condition::Test(Subject::KeyCount, Test::Compare(comparison, count.clone()));
    let equals = || {
        let number = crate::policy::condition::Literal::Number(count.clone());
        Condition::Test(Subject::KeyCount, Test::Equals(number))
    };
    let (condition, outcome) = match op {
        "ge" | "gte" => (compare(Comparison::AtLeast), Outcome::Narrower),
        "gt" | "greater-than" => (compare(Comparison::More), Outcome::Narrower),
        "le" | "lte" => (compare(Comparison::AtMost), Outcome::Broader),
        "lt" | "less-than" => (compare(Comparison::Less), Outcome::Broader),
        "eq" | "equal" => (equals(), Outcome::Broader),
        "ne" | "not-equal" => (equals().not(), Outcome::Narrower),
        op => return Err(format!("`op: {op}` has no meaning for a number of tags")),
    };
    Ok(Read::other(
        condition,
        outcome,
        "tagpol does not count tags that clouds add by themselves: `aws:` in any case, `hidden-`, `goog-`, …",
    ))
}
