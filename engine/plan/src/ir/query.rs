//! Queries over the evaluated inventory.

use std::collections::BTreeSet;

use super::{ColumnId, Expr, Note, Type};

/// What is asked of the evaluated inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QueryKind {
    /// One row: totals of the inventory.
    Summary,
    /// A row for each check, with its counts.
    Checks,
    /// A row for each finding.
    Findings,
    /// A row for each goal, with what it covers.
    Goals,
    /// A row for each account of a provider, the worst first.
    Accounts,
    /// A row for each tag that a resource has.
    Tags,
    /// A row for each tag of a resource where an equal candidate lost.
    Conflicts,
    /// A row for each tag, source of its values and validity, one more where the tag is missing.
    Coverage,
    /// A row for each finding that is waived, with what waives it.
    Waivers,
}

impl QueryKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Summary,
        Self::Checks,
        Self::Findings,
        Self::Goals,
        Self::Accounts,
        Self::Tags,
        Self::Conflicts,
        Self::Coverage,
        Self::Waivers,
    ];

    /// Whether every evaluation asks it, and it only counts and sums up.
    pub(crate) fn is_of_every_evaluation(self) -> bool {
        matches!(self, Self::Summary | Self::Checks | Self::Goals | Self::Accounts)
    }

    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Checks => "checks",
            Self::Findings => "findings",
            Self::Goals => "goals",
            Self::Accounts => "accounts",
            Self::Tags => "tags",
            Self::Conflicts => "conflicts",
            Self::Coverage => "coverage",
            Self::Waivers => "waivers",
        }
    }
}

/// A query: the union of its branches, in a stable order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Which one it is.
    pub kind: QueryKind,
    /// Its columns.
    pub columns: Vec<ResultColumn>,
    /// Rows of each branch, duplicates kept. No branch: no rows.
    pub branches: Vec<Select>,
    /// What the rows are ordered by; a total order wherever there can be more than one row.
    pub order: Vec<Order>,
}

impl Query {
    /// Returns the columns of the evaluated inventory that some selections read.
    pub(crate) fn columns_read<'s>(branches: impl IntoIterator<Item = &'s Select>) -> BTreeSet<ColumnId> {
        let exprs = |select: &'s Select| select.items.iter().chain(&select.filter).chain(&select.group_by);
        branches.into_iter().flat_map(exprs).flat_map(Expr::columns).collect()
    }
}

/// A column of a query's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultColumn {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// What it holds, in one line.
    pub doc: &'static str,
}

/// A selection from the evaluated inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select {
    /// One expression for each column of the query.
    pub items: Vec<Expr>,
    /// The rows it takes. None: all.
    pub filter: Option<Expr>,
    /// What the rows are grouped by. Empty and an aggregate among the items: one row.
    pub group_by: Vec<Expr>,
    /// What the branch stands for.
    pub note: Option<Note>,
}

/// A key of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Name of a column of the query. NULLs come last.
    pub column: &'static str,
    /// Which end comes first.
    pub direction: Direction,
}

/// Direction of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The least first.
    Ascending,
    /// The greatest first.
    Descending,
}
