//! Unit tests.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::{Attr, DefineId, Loc, TagId, Value};

/// A unit test.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Test {
    /// Its text.
    pub name: String,
    /// The clock it runs at. None: the run's.
    pub at: Option<DateTime<Utc>>,
    /// At least one.
    pub givens: Vec<Given>,
    /// At least one.
    pub expects: Vec<Expect>,
    /// Place of the name.
    pub loc: Loc,
}

/// A made-up resource of a test.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Given {
    /// How `expect … for NAME` refers to it.
    pub label: Option<String>,
    /// Attributes that are text, at most once each.
    pub attrs: Vec<(Attr, String)>,
    /// `monthly-cost`, with its currency as ISO 4217.
    pub monthly_cost: Option<(Decimal, String)>,
    /// `created`.
    pub created: Option<DateTime<Utc>>,
    /// Native tags; keys differ.
    pub tags: Vec<(String, String)>,
    /// Fields of the provider's own JSON: the path to each, its names separated by dots, and a text,
    /// number or truth value. Paths differ, and none leads through another.
    pub meta: Vec<(String, Value)>,
}

/// What a test expects.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Expect {
    /// Index in [`Test::givens`]. None: all of them.
    pub given: Option<usize>,
    /// What.
    pub kind: ExpectKind,
    /// As it was written, in one line.
    pub text: String,
    /// Place of the expectation.
    pub loc: Loc,
}

/// The kinds of expectation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ExpectKind {
    /// `expect T == V [from rule R]`; the rule is an index in [`Program::rules`](super::Program::rules).
    TagIs {
        /// The tag.
        tag: TagId,
        /// Its value.
        value: String,
        /// The rule it came from.
        rule: Option<usize>,
    },
    /// `expect T is missing`.
    TagMissing(TagId),
    /// `expect [not] PREDICATE`.
    Holds {
        /// The predicate.
        define: DefineId,
        /// True for `not`.
        negated: bool,
    },
    /// `expect [no] violation P[/C]`: an open or pending finding.
    Violation {
        /// Index in [`Program::policies`](super::Program::policies).
        policy: usize,
        /// Index in [`Policy::checks`](super::Policy::checks). None: any of them.
        check: Option<usize>,
        /// True for `no violation`.
        negated: bool,
    },
    /// `expect exempt P/C`: a finding that is waived.
    Exempt {
        /// Index in [`Program::policies`](super::Program::policies).
        policy: usize,
        /// Index in [`Policy::checks`](super::Policy::checks). None: any of them.
        check: Option<usize>,
    },
}
