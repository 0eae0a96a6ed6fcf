//! Targets for a whole portfolio, and how shared costs are spread.

use rust_decimal::Decimal;

use super::{Attr, ChargeAttr, Loc, Pred, Severity, TagId};

/// `goal NAME { coverage of [T] by cost  at least 90% }`, `goal NAME { at most 5000 USD  for each T }`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Goal {
    /// Its name.
    pub name: String,
    /// Text of the `///` lines above it.
    pub doc: String,
    /// How bad it is to miss it; high if omitted.
    pub severity: Severity,
    /// What is measured, and its target.
    pub target: Target,
    /// The target applies to each value of this, and to the resources without a value. None: to all together.
    pub each: Option<Dimension>,
    /// The resources it refers to. None: all.
    pub scope: Option<Pred>,
    /// Place of the name.
    pub loc: Loc,
}

impl Goal {
    /// Returns the tags that cover a resource; none for a budget.
    pub fn tags(&self) -> &[TagId] {
        match &self.target {
            Target::Coverage(coverage) => &coverage.tags,
            Target::Budget(_) => &[],
        }
    }

    /// Returns what is measured.
    pub fn by(&self) -> Measure {
        match &self.target {
            Target::Coverage(coverage) => coverage.by,
            Target::Budget(_) => Measure::Cost,
        }
    }
}

/// The target of a goal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// A share of resources, or of their cost, has certain tags.
    Coverage(Coverage),
    /// The cost of a month does not exceed an amount.
    Budget(Budget),
}

/// `coverage of [T] by cost  at least 90%`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Coverage {
    /// A resource is covered where each of these is present and valid. At least one.
    pub tags: Vec<TagId>,
    /// What the share is a share of.
    pub by: Measure,
    /// The share that must be covered, from 0 to 1.
    pub at_least: Decimal,
}

/// `at most 5000 USD`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Budget {
    /// The limit of each month; at least 0.
    pub limit: Decimal,
    /// Its currency, ISO 4217.
    pub currency: String,
}

/// What resources and their costs are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// The values of a tag.
    Tag(TagId),
    /// The values of an attribute that is a text.
    Attr(Attr),
    /// The values of what only charges have.
    Charge(ChargeAttr),
}

/// What a share is a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Number of resources.
    Count,
    /// Their monthly cost.
    Cost,
}

impl Measure {
    /// Returns the word of the language for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Cost => "cost",
        }
    }
}

/// `allocate NAME { from resource where …  to every T  split even }`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Allocation {
    /// Its name.
    pub name: String,
    /// Text of the `///` lines above it.
    pub doc: String,
    /// The resources whose cost is shared. None: all.
    pub from: Option<Pred>,
    /// The tag over whose values it is spread.
    pub to: TagId,
    /// Only these values. None: every value that occurs.
    pub among: Option<Vec<String>>,
    /// How.
    pub split: Split,
    /// Place of the name.
    pub loc: Loc,
}

/// How a shared cost is spread.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Split {
    /// As the values' own costs are to each other.
    Proportional,
    /// The same for each.
    Even,
    /// By shares that make a whole, from 0 to 1.
    Fixed(Vec<(String, Decimal)>),
}
