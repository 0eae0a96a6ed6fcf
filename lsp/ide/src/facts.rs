//! What is known of the real inventory, where one is at hand.
//!
//! Features ask here for numbers beside what the policies say by themselves. Whoever has a snapshot of
//! an inventory answers ([`Facts`]); without one there is [`NoFacts`], and features say nothing of it.
//! An answer must come at once from what is known already: who computes does that elsewhere, and has the
//! editor ask again.

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

    /// Returns how many resources have a value of a tag.
    fn tag(&self, _name: &str) -> Option<Known<Presence>> {
        None
    }

    /// Returns how many resources a named predicate, or the `when` of a rule, is true of.
    fn matches(&self, _item: &str) -> Option<Known<Matches>> {
        None
    }

    /// Returns what a policy finds.
    fn policy(&self, _name: &str) -> Option<Known<PolicyFacts>> {
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
    /// A native key, spelt exactly so.
    Native(String),
    /// A virtual tag.
    Tag(String),
}

/// An answer, with whether it is that of an older text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known<T> {
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
        format!("{} resources{cost}", self.count)
    }
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
    /// What they cost a month, with its currency.
    pub cost: Option<String>,
}

/// What a policy finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFacts {
    /// Resources that it speaks of.
    pub in_scope: u64,
    /// Open findings.
    pub violations: u64,
    /// What the resources with findings cost a month, with its currency.
    pub cost: Option<String>,
}

impl Known<PolicyFacts> {
    /// Returns the numbers in one line: `1204 in scope · 37 violations · $4,120/month`.
    pub fn summary(&self) -> String {
        let PolicyFacts { in_scope, violations, cost } = &self.answer;
        let cost = cost.as_ref().map(|cost| format!(" · {cost}/month")).unwrap_or_default();
        let stale = if self.is_stale { " (of an older text)" } else { "" };
        format!("{in_scope} in scope · {violations} violations{cost}{stale}")
    }
}

impl Known<Presence> {
    /// Returns the numbers in one line, and the most frequent values.
    pub fn summary(&self) -> String {
        let top: Vec<String> =
            self.answer.top.iter().map(|seen| format!("- `{}`: {}", seen.text, seen.summary())).collect();
        let stale = if self.is_stale { " (of an older text)" } else { "" };
        format!("present on {} of {}{stale}\n{}", self.answer.present, self.answer.all, top.join("\n"))
    }
}

impl Known<Matches> {
    /// Returns the numbers in one line.
    pub fn summary(&self) -> String {
        let cost = self.answer.cost.as_ref().map(|cost| format!(", {cost}/month")).unwrap_or_default();
        let stale = if self.is_stale { " (of an older text)" } else { "" };
        format!("matches {} resources{cost}{stale}", self.answer.count)
    }
}
