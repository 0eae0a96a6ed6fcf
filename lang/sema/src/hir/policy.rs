//! Policies, those with parameters, and waivers.

use super::{Action, Expr, Name, NodeId, Quantity, Text, Value};

/// `policy NAME { … }`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Policy {
    /// `severity high`
    pub severity: Vec<Name>,
    /// `for resource where …`; an inner None is `for resource` alone.
    pub scopes: Vec<(NodeId, Option<Expr>)>,
    /// All checks.
    pub checks: Vec<Check>,
    /// `grace 24 hours`
    pub grace: Vec<Length>,
    /// `escalate to "…" after …`
    pub escalate: Vec<(NodeId, Text, Option<Length>)>,
    /// `control soc2 "CC6.1"`
    pub controls: Vec<(Name, Text)>,
    /// `remediate set T = V`
    pub remedies: Vec<Action>,
}

/// A length of time, or the name of a parameter for one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Length {
    /// `24 hours`
    Quantity(Quantity),
    /// `wait`
    Name(Name),
}

impl Length {
    /// Returns its place.
    pub fn id(&self) -> NodeId {
        match self {
            Self::Quantity(quantity) => quantity.id,
            Self::Name(name) => name.id,
        }
    }
}

/// `policy NAME(required: tag, level: severity = high) { … }`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Template {
    /// At least one.
    pub params: Vec<Param>,
    /// The policy, whose names may be those of parameters.
    pub policy: Policy,
}

/// `level: severity = high`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// The word for its type.
    pub ty: Name,
    /// What it is where an instance gives none.
    pub default: Option<Value>,
}

/// `policy NAME = OTHER(owner, level: high)`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Instance {
    /// The policy with parameters.
    pub template: Name,
    /// What its parameters are.
    pub arguments: Vec<Argument>,
}

/// `level: high`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Argument {
    /// The parameter. None: the one at this position.
    pub name: Option<Name>,
    /// The value.
    pub value: Value,
}

/// One condition of a `require` or `forbid`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Check {
    /// Place of the condition.
    pub id: NodeId,
    /// `require`, not `forbid`.
    pub require: bool,
    /// `label:`
    pub label: Option<Name>,
    /// The condition.
    pub expr: Expr,
    /// `else "…"`
    pub message: Option<Text>,
}

/// `POLICY/CHECK`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CheckPath {
    /// Place of the whole.
    pub id: NodeId,
    /// The policy.
    pub policy: Name,
    /// The check.
    pub check: Option<Name>,
}

/// `exempt POLICY/CHECK, … { … }`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Exempt {
    /// What it waives; at least one.
    pub paths: Vec<CheckPath>,
    /// `for resource where …`
    pub scopes: Vec<(NodeId, Option<Expr>)>,
    /// `until 2027-03-31`
    pub until: Vec<(NodeId, String)>,
    /// `because "…"`
    pub because: Vec<Text>,
}
