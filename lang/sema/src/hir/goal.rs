//! Targets for many resources, and how shared costs are spread.

use super::{Expr, Name, NodeId, Quantity, Text, Value};

/// `goal NAME { … }`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Goal {
    /// `severity high`
    pub severity: Vec<Name>,
    /// `coverage of [T] by cost`
    pub coverage: Vec<Coverage>,
    /// `for resource where …`
    pub scopes: Vec<(NodeId, Option<Expr>)>,
    /// Those scopes that are written `for charges where …`.
    pub charges: Vec<NodeId>,
    /// `for each team`
    pub each: Vec<Value>,
    /// `at least 90%`
    pub at_least: Vec<(NodeId, String)>,
    /// `at most 5000 USD`
    pub at_most: Vec<Quantity>,
}

/// `coverage of [T] by cost`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Coverage {
    /// Place of the whole.
    pub id: NodeId,
    /// The tags.
    pub tags: Vec<Value>,
    /// `count` or `cost`
    pub by: Name,
}

/// `allocate NAME { … }`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Allocate {
    /// `from resource where …`
    pub from: Vec<(NodeId, Option<Expr>)>,
    /// `to every T`, `to T in [a, b]`
    pub to: Vec<AllocateTo>,
    /// `split even`
    pub split: Vec<SplitBy>,
}

/// `to every T`, `to T in [a, b]`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AllocateTo {
    /// Place of the whole.
    pub id: NodeId,
    /// The tag.
    pub tag: Name,
    /// Only these values. None: every one.
    pub among: Option<Vec<Value>>,
}

/// `split fixed { a: 60%  b: 40% }`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SplitBy {
    /// Place of the whole.
    pub id: NodeId,
    /// `proportional`, `even` or `fixed`
    pub how: Name,
    /// Shares by value, where there is a block.
    pub shares: Option<Vec<(Text, NodeId, String)>>,
}
