//! Values: literals, tags, attributes and what is computed of them.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{Duration, NativeTags, Regex, RelatedPart, RelationId, TableId, TagId};

/// A value: text, unless said otherwise; may be missing, unless it is a literal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// A literal text, enumeration member included.
    Text(String),
    /// A literal number.
    Number(Decimal),
    /// An amount of money; the currency is ISO 4217.
    Money(Decimal, String),
    /// A literal day.
    Date(NaiveDate),
    /// A literal truth value; as text `true` or `false`.
    Bool(bool),
    /// A literal length of time.
    Duration(Duration),
    /// The virtual value of a tag.
    Tag(TagId),
    /// The raw value of a native key, spelled exactly so.
    Native(String),
    /// The normalized native value of a tag: what source 3 of the precedence gives.
    NativeTag(TagId),
    /// Where a tag's value came from, as [`Source::as_str`](super::Source::as_str) writes it; missing if the tag is.
    SourceOf(TagId),
    /// The confidence of the model from 0 to 1 in a value that it gave, as a number; missing if
    /// the value came from elsewhere.
    ConfidenceOf(TagId),
    /// An attribute of the resource.
    Attr(Attr),
    /// What only charges have; missing for resources.
    Charge(ChargeAttr),
    /// A field of the provider's own JSON: the member of exactly this name, else what the names
    /// between the dots lead to, where `0`, `1`, … are positions in a list. Missing if there
    /// is none or it is null; a value that is not text is its JSON.
    Meta(String),
    /// The cell of a table, in the row whose key is exactly the text; missing if there is no
    /// such row, or its cell is empty.
    Lookup {
        /// The table.
        table: TableId,
        /// Index in [`Table::columns`](super::Table::columns).
        column: usize,
        /// The key.
        key: Box<Self>,
    },
    /// Something of the resource that a relation finds; missing if it finds none.
    Related {
        /// The relation.
        relation: RelationId,
        /// What of it.
        part: RelatedPart,
    },
    /// Parts put together; missing if one is missing.
    Template(Vec<Self>),
    /// A function; missing if its arguments are, except [`Func::Coalesce`].
    Call(Func, Vec<Self>),
    /// `count(native keys)`: how many native tags there are.
    CountNative(NativeTags),
    /// The key or the value that an [`super::Pred::OfNative`] tests, composed; only there.
    Element,
    /// `today`: the day of the clock in UTC.
    Today,
    /// `now`: the clock.
    Now,
    /// A day or a time, and a length of time to add or to take away. A day with a literal number of whole days
    /// stays a day; otherwise it counts as its first moment. Never before year 1 or after 9999: the first or
    /// last moment then.
    Shift {
        /// A date or a time.
        from: Box<Self>,
        /// Whether the length is taken away.
        back: bool,
        /// A length of time.
        by: Box<Self>,
    },
    /// `extract(value, /re/)`: group 1 of the first match, or the whole match where the expression
    /// has no group. Missing if nothing matches.
    Extract(Box<Self>, Regex),
}

impl Value {
    /// Whether it is a literal: the same for every resource, and never missing.
    pub fn is_literal(&self) -> bool {
        matches!(
            self,
            Self::Text(_)
                | Self::Number(_)
                | Self::Money(..)
                | Self::Date(_)
                | Self::Bool(_)
                | Self::Duration(_)
        )
    }
}

/// An attribute of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Attr {
    /// Its id in its cloud. Never missing.
    Id,
    /// Its name.
    Name,
    /// The provider's own short form of its type.
    Type,
    /// `aws`, `azure`, `gcp` or another lower-case name.
    Provider,
    /// Account, subscription or project.
    Account,
    /// Region.
    Region,
    /// When it was created: a time.
    Created,
    /// Now minus created: a length of time.
    Age,
    /// Cost in the month of the snapshot: money in the snapshot's currency.
    MonthlyCost,
    /// The inventory source that told of it.
    Source,
}

impl Attr {
    /// All of them, in the order of the language reference.
    pub const ALL: [Self; 10] = [
        Self::Id,
        Self::Name,
        Self::Type,
        Self::Provider,
        Self::Account,
        Self::Region,
        Self::Created,
        Self::Age,
        Self::MonthlyCost,
        Self::Source,
    ];

    /// Whether its value is a text.
    pub fn is_text(self) -> bool {
        !matches!(self, Self::Created | Self::Age | Self::MonthlyCost)
    }

    /// Returns the name after `resource.`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Type => "type",
            Self::Provider => "provider",
            Self::Account => "account",
            Self::Region => "region",
            Self::Created => "created",
            Self::Age => "age",
            Self::MonthlyCost => "monthly-cost",
            Self::Source => "source",
        }
    }
}

/// What charges have in addition to the attributes of resources. All are texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChargeAttr {
    /// The service of the provider.
    Service,
    /// One of [`ChargeAttr::CATEGORIES`].
    Category,
    /// The account that pays.
    BillingAccount,
}

impl ChargeAttr {
    /// All of them, in the order of the language reference.
    pub const ALL: [Self; 3] = [Self::Service, Self::Category, Self::BillingAccount];

    /// The categories of charges.
    pub const CATEGORIES: [&'static str; 6] = ["usage", "purchase", "tax", "credit", "adjustment", "refund"];

    /// Returns the name after `charge.`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Category => "category",
            Self::BillingAccount => "billing-account",
        }
    }

    /// Returns the name of the column of a snapshot.
    pub fn column(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Category => "category",
            Self::BillingAccount => "billing_account",
        }
    }
}

/// A function of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Func {
    /// `lower(text)`
    Lower,
    /// `upper(text)`
    Upper,
    /// `trim(text)`: white space ([`crate::formats::WHITE_SPACE`]) off both ends.
    Trim,
    /// `length(text)`: its number of characters (Unicode scalar values).
    Length,
    /// `replace(text, from, to)`: every occurrence; an empty `from` changes nothing.
    Replace,
    /// `coalesce(a, b, …)`: the first that is not missing.
    Coalesce,
}
