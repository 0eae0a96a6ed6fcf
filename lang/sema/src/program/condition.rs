//! Conditions and how they compare.

use super::{Attr, DefineId, Regex, TagId, Value};

/// A condition. Two-valued: it is never unknown, and each comparison with a missing value is false.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Pred {
    /// Always or never.
    Const(bool),
    /// All of them; true if empty.
    And(Vec<Self>),
    /// Any of them; false if empty.
    Or(Vec<Self>),
    /// Plain negation: true if the inner one is false for whatever reason.
    Not(Box<Self>),
    /// A `define`d predicate.
    Named(DefineId),
    /// There is a value.
    IsSet(Value),
    /// There is none.
    IsMissing(Value),
    /// Whether there is a value, or which one, is known only later: after a Terraform plan is applied.
    IsUnknown(Value),
    /// There is a value, and it is valid for the tag's declared type.
    IsValid(TagId),
    /// There is a value, and it has this form.
    IsFormat(Value, Format),
    /// `==` and its kin. False if either side is missing, or not of the form that `by` wants.
    Compare {
        /// The operator.
        op: CmpOp,
        /// Left side.
        left: Value,
        /// Right side.
        right: Value,
        /// How the two are compared.
        by: CompareAs,
    },
    /// `in` and `not in`: equality with any of (none of) the literals. False if missing.
    In {
        /// The value looked for.
        value: Value,
        /// Literals, none of them missing; at least one.
        list: Vec<Value>,
        /// True for `not in`.
        negated: bool,
        /// How the two are compared.
        by: CompareAs,
    },
    /// A test of text against any of the patterns.
    Text {
        /// Which test.
        op: TextOp,
        /// The text; false if missing.
        value: Value,
        /// At least one; any of them makes it true.
        patterns: Vec<String>,
    },
    /// A test of text against a text that is computed for each resource. An empty operand is at the
    /// beginning, in the middle and at the end of every text.
    ComputedText {
        /// [`TextOp::Contains`], [`TextOp::StartsWith`] or [`TextOp::EndsWith`].
        op: TextOp,
        /// The text; false if missing.
        value: Value,
        /// What is looked for; false if missing.
        operand: Value,
    },
    /// `matches /re/` (the whole value) or `contains /re/` (a part of it).
    Matches {
        /// The text; false if missing.
        value: Value,
        /// The expression.
        regex: Regex,
        /// Whether the whole value must match.
        whole: bool,
    },
    /// `any native key …` or `every native value …`: a test of the native tags of a resource, one by one.
    OfNative {
        /// Whether it must hold of every one, and not just of any. True of none for every, false for any.
        every: bool,
        /// Which native tags.
        tags: NativeTags,
        /// A test of [`Value::Element`] with literals. Reads nothing else.
        test: Box<Self>,
    },
    /// `within last D` or `within next D`, both ends included.
    ///
    /// A date `d` is within last D where `date(now - D) <= d <= date(now)`, within next D where
    /// `date(now) <= d <= date(now + D)`; a time compares as it is. False for what is not a date.
    Within {
        /// A date (a tag, or text) or a time (an attribute).
        value: Value,
        /// Before or after now.
        direction: Direction,
        /// How far.
        span: Duration,
    },
}

impl Pred {
    /// Returns the attribute that the condition begins with, if it begins with one.
    pub fn subject(&self) -> Option<Attr> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.first()?.subject(),
            Self::Not(inner) => inner.subject(),
            leaf => match leaf.value()? {
                Value::Attr(attr) => Some(*attr),
                _ => None,
            },
        }
    }

    /// Returns the value that a single condition is about: the one on its left.
    pub(crate) fn value(&self) -> Option<&Value> {
        match self {
            Self::IsSet(value)
            | Self::IsMissing(value)
            | Self::IsUnknown(value)
            | Self::IsFormat(value, _)
            | Self::Compare { left: value, .. }
            | Self::In { value, .. }
            | Self::Text { value, .. }
            | Self::ComputedText { value, .. }
            | Self::Matches { value, .. }
            | Self::Within { value, .. } => Some(value),
            Self::Not(inner) => inner.value(),
            Self::And(_)
            | Self::Or(_)
            | Self::Const(_)
            | Self::Named(_)
            | Self::IsValid(_)
            | Self::OfNative { .. } => None,
        }
    }
}

/// The forms that `is email` and its kin ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// [`crate::formats::EMAIL`]
    Email,
    /// [`crate::formats::is_date`]
    Date,
    /// [`crate::formats::NUMBER`]
    Number,
    /// [`crate::formats::URL`]
    Url,
    /// [`crate::formats::DURATION`]
    Duration,
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are clear")]
pub enum CmpOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareAs {
    /// By the bytes of their UTF-8.
    Text,
    /// As IEEE doubles; text that is not a number ([`crate::formats::NUMBER`]) makes it false.
    Number,
    /// Exactly, in the snapshot's currency.
    Money,
    /// As days; text that is not a date makes it false. A time counts as its day in UTC.
    Date,
    /// As times, to the microsecond.
    Time,
    /// As lengths of time; text that is none ([`crate::formats::DURATION`]) makes it false.
    Duration,
}

/// Some of the native tags of a resource. Those that the cloud itself adds
/// ([`crate::formats::is_provider_key`]) are not among them, except where a tag reads them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NativeTags {
    /// What of them is tested.
    pub part: NativePart,
    /// Only those that this tag reads: spellings of the keys of its `normalize` items that are in force.
    pub of: Option<TagId>,
    /// Only those that no tag of the program reads, whether the `normalize` is in force or not.
    pub unknown: bool,
}

/// What is tested of a native tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NativePart {
    /// Its key, as it is spelled.
    Key,
    /// Its value, as found.
    Value,
}

/// A test of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextOp {
    /// The text holds the pattern somewhere.
    Contains,
    /// It begins with it.
    StartsWith,
    /// It ends with it.
    EndsWith,
    /// The whole matches a glob: `*` any text, `?` one character, the rest as it is.
    Like,
    /// One of its words is the pattern, see [`crate::formats::words`].
    HasWord,
}

/// Direction in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Up to now.
    Last,
    /// From now on.
    Next,
}

/// A length of time in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Duration {
    /// Never negative; at most 100 years.
    pub seconds: i64,
}
