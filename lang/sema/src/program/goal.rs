//! Targets for a whole portfolio, and how shared costs are spread.

use rust_decimal::Decimal;

use super::{Loc, Pred, Severity, TagId};

/// `goal NAME { coverage of [T] by cost  at least 90% }`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Goal {
    /// Its name.
    pub name: String,
    /// Text of the `///` lines above it.
    pub doc: String,
    /// How bad it is to miss it; high if omitted.
    pub severity: Severity,
    /// A resource is covered where each of these is present and valid. At least one.
    pub tags: Vec<TagId>,
    /// What the share is a share of.
    pub by: Measure,
    /// The resources it refers to. None: all.
    pub scope: Option<Pred>,
    /// The share that must be covered, from 0 to 1.
    pub at_least: Decimal,
    /// Place of the name.
    pub loc: Loc,
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
