//! What is known of the real inventory, where one is at hand.
//!
//! Features ask here for numbers beside what the policies say by themselves. Whoever has a snapshot of
//! an inventory answers ([`Facts`]); without one there is [`NoFacts`], and features say nothing of it.
//! An answer must come at once from what is known already: who computes does that elsewhere, and has the
//! editor ask again.

use std::sync::Arc;

use tagpol_worker_protocol::Learnt;

/// What an inventory tells.
pub trait Facts: Send + Sync {
    /// Returns the native keys that occur, the most frequent first.
    fn keys(&self) -> Vec<Seen> {
        Vec::new()
    }

    /// Returns the values that occur, the most frequent first.
    fn values(&self, _of: &Subject) -> Vec<Seen> {
        Vec::new()
    }

    /// Returns the fields of `resource.meta` that occur, the most frequent first.
    fn meta_paths(&self) -> Vec<Seen> {
        Vec::new()
    }

    /// Returns the files that tables can be, relative to a file of policies.
    fn table_files(&self, _file: &str) -> Vec<String> {
        Vec::new()
    }

    /// Returns the headings of a file that no table names yet, by its path as tables are named.
    fn headings(&self, _path: &str) -> Vec<String> {
        Vec::new()
    }

    /// Returns how many resources have a value of a tag.
    fn tag(&self, _name: &str) -> Option<Versioned<Presence>> {
        None
    }

    /// Returns how many resources a named predicate, or the `when` of a rule, is true of.
    fn matches(&self, _item: &str) -> Option<Versioned<Matches>> {
        None
    }

    /// Returns what a policy finds.
    fn policy(&self, _name: &str) -> Option<Versioned<PolicyFacts>> {
        None
    }

    /// Returns the values of a tag that came from native keys and that its type does not know, the most
    /// frequent first: no `normalize` maps them.
    fn unmapped(&self, _tag: &str) -> Option<Versioned<Vec<Seen>>> {
        None
    }

    /// Returns what was learned from the whole inventory; None if nothing was yet.
    fn learnt(&self) -> Option<Arc<Learnt>> {
        None
    }

    /// Returns how much of an item the tests cover: of the lines from the first to the last, counted from 0,
    /// of a file.
    fn coverage(&self, _file: &str, _lines: std::ops::RangeInclusive<u32>) -> Option<Coverage> {
        None
    }
}

/// No inventory.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFacts;

impl Facts for NoFacts {}

/// What values are asked of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// An attribute of the resource, as it is written: `region`.
    Attribute(String),
    /// A native key, spelled exactly so.
    Native(String),
    /// A virtual tag.
    Tag(String),
}

/// An answer, with whether it is that of an older text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The answer.
    pub answer: T,
    /// Whether the policies changed since.
    pub is_stale: bool,
}

/// A text that occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The text.
    pub text: String,
    /// How many resources have it.
    pub count: u64,
    /// What they cost a month, with its currency: `$4,120`.
    pub cost: Option<String>,
}

impl Seen {
    /// Returns how often it occurs and what that costs, in a few words.
    pub fn summary(&self) -> String {
        let cost = self.cost.as_ref().map(|cost| format!(" · {cost}/month")).unwrap_or_default();
        format!("{}{cost}", several(self.count, "resource"))
    }
}

/// How much tests cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// What happens in some test.
    pub covered: u64,
    /// What can happen.
    pub all: u64,
}

/// Returns a count with commas: `1,204`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns a count with its noun: `1,204 resources`.
pub(crate) fn several(number: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// How many resources have a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// How many have one.
    pub present: u64,
    /// How many there are.
    pub all: u64,
    /// The most frequent values.
    pub top: Vec<Seen>,
}

/// How many resources a condition is true of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matches {
    /// How many.
    pub count: u64,
    /// How many resources there are.
    pub all: u64,
    /// What they cost a month, with its currency.
    pub cost: Option<String>,
}

/// What a policy finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFacts {
    /// Resources that it refers to.
    pub in_scope: u64,
    /// Resources with an open finding.
    pub violations: u64,
    /// What the resources with findings cost a month, with its currency.
    pub cost: Option<String>,
}

impl<T> Versioned<T> {
    /// Returns what is said of an answer to an older text.
    fn stale(&self) -> &'static str {
        if self.is_stale { " (of an older text)" } else { "" }
    }
}

impl Versioned<PolicyFacts> {
    /// Returns the numbers in one line: `1,204 in scope · 37 violations · $4,120/month`.
    pub fn summary(&self) -> String {
        let PolicyFacts { in_scope, violations, cost } = &self.answer;
        let cost = cost.as_ref().map(|cost| format!(" · {cost}/month")).unwrap_or_default();
        let (in_scope, violations) = (grouped(*in_scope), several(*violations, "violation"));
        format!("{in_scope} in scope · {violations}{cost}{}", self.stale())
    }
}

impl Versioned<Presence> {
    /// Returns the numbers in one line, and the most frequent values.
    pub fn summary(&self) -> String {
        let top: Vec<String> =
            self.answer.top.iter().map(|seen| format!("- `{}`: {}", seen.text, seen.summary())).collect();
        let (present, all) = (grouped(self.answer.present), grouped(self.answer.all));
        format!("present on {present} of {all}{}\n{}", self.stale(), top.join("\n"))
    }
}

impl Versioned<Vec<Seen>> {
    /// Returns how many values stand for nothing, and the first of them: ``3 values unmapped: `prd-1`, …``.
    pub fn summary(&self) -> Option<String> {
        /// Values that are named.
        const NAMED: usize = 3;
        let count = u64::try_from(self.answer.len()).unwrap_or(u64::MAX);
        if count == 0 {
            return None;
        }
        let mut names: Vec<String> =
            self.answer.iter().take(NAMED).map(|seen| format!("`{}`", seen.text)).collect();
        if self.answer.len() > NAMED {
            names.push("…".to_owned());
        }
        Some(format!("{} unmapped: {}{}", several(count, "value"), names.join(", "), self.stale()))
    }
}

impl Versioned<Matches> {
    /// Returns what is remarkable about a condition: that it is true of nothing, or of everything.
    pub fn remark(&self) -> Option<String> {
        match (self.answer.count, self.answer.all) {
            (_, 0) => None,
            (0, all) => Some(format!("matches none of {}{}", several(all, "resource"), self.stale())),
            (count, all) if count == all => {
                Some(format!("matches all {}{}", several(all, "resource"), self.stale()))
            }
            _ => None,
        }
    }

    /// Returns the numbers in one line.
    pub fn summary(&self) -> String {
        let cost = self.answer.cost.as_ref().map(|cost| format!(", {cost}/month")).unwrap_or_default();
        format!("matches {}{cost}{}", several(self.answer.count, "resource"), self.stale())
    }
}
