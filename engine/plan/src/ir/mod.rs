//! The relational plan, which knows no dialect of SQL.
//!
//! A [`Plan`] is a stack of projections over the snapshot and a few queries over the last of them.
//! Each projection is a [`Plan::layers`] entry: a set of columns that read columns of earlier
//! layers only, over the whole inventory at once. Layer 0 reads the snapshot.
//!
//! ```text
//! layer 0   raw_env            native key "Env"
//! layer 1   trimmed_env        trim(raw_env)
//! layer 2   native_..._env     what a `normalize` makes of it
//! layer 3   tag_environment    the first of: set rules, native values, fill rules, default
//! layer 4   check_p__c         0 none, 1 open, 2 pending, 3 exempt
//! ```
//!
//! Promises: conditions are two-valued. Where a comparison could come out NULL, a
//! [`Expr::Truth`] turns it to false before anything else reads it.

mod expr;
mod overlays;
mod print;
mod query;
mod reach;
mod related;
mod tables;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use tagpol_sema::program::{Loc, TableId, TagId};

use crate::layout::StatementLimits;

pub use expr::{Aggregate, Arm, AttrColumn, Comparison, Expr, Field, Function, GlobPart, Literal, Type};
pub use overlays::{OverlayColumn, OverlayKind};
pub use query::{Direction, Order, Query, QueryKind, ResultColumn, Select};
pub use related::{Finder, RelatedStage};
pub use tables::{
    CheckInfo, ComputedText, ComputedTexts, Conflict, GoalInfo, LookupInfo, Origin, Provenance, StateCode,
    TagInfo, Tallies,
};

/// Index of a column in [`Plan::columns`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnId(pub(crate) u32);

/// A column of a projection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Unique in the plan, regardless of case; letters, digits and `_`.
    pub name: String,
    /// What it holds, over columns of earlier layers.
    pub expr: Expr,
    /// Its type.
    pub ty: Type,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Index in [`Plan::layers`].
    pub layer: usize,
    /// What it stands for.
    pub note: Option<Note>,
    /// Where it is looked up. None: it is computed resource by resource.
    pub judged: Option<Judged>,
}

/// How a resource looks up a column of a [`Dictionary`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// The column of layer 0 that it is looked up by.
    pub raw: ColumnId,
    /// Whether it is NULL wherever that one is.
    pub strict: bool,
}

/// What a column or a branch of a query stands for, for the reader of the SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// In words of the language: ``tag `environment` ``.
    pub text: String,
    /// Where it was written.
    pub loc: Option<Loc>,
}

/// The distinct values of one column of the snapshot, and what follows from each of them alone.
///
/// A resource then looks its answers up by its value, so that a regular expression runs a dozen
/// times instead of a million.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dictionary {
    /// The column of layer 0 whose values they are.
    pub raw: ColumnId,
    /// Name of that column in the snapshot.
    pub source: String,
    /// Projections over the values, the first of them over the raw column.
    pub layers: Vec<Vec<ColumnId>>,
    /// The columns that resources look up.
    pub answers: Vec<ColumnId>,
}

/// A program, ready to be printed for one snapshot and one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The clock that the plan was made for, in whole microseconds.
    pub now: DateTime<Utc>,
    /// Name of the relation that layer 0 reads.
    pub relation: String,
    /// All columns.
    pub columns: Vec<Column>,
    /// The columns of each projection, without those that nothing reads.
    pub layers: Vec<Vec<ColumnId>>,
    /// What is known of distinct values. Empty: everything is computed resource by resource.
    pub dictionaries: Vec<Dictionary>,
    /// The columns of the conditions of the request, in its order.
    pub predicates: Vec<ColumnId>,
    /// Columns of the relation that were asked for, in the order of the request.
    pub kept: Vec<ColumnId>,
    /// The columns of the evaluated inventory, in order.
    pub output: Vec<ColumnId>,
    /// What is asked of the evaluated inventory, one query a [`QueryKind`].
    pub queries: Vec<Query>,
    /// What a breakdown by tags counts of each group, see [`crate::sql::breakdown`].
    pub measures: Vec<Expr>,
    /// What the `tag_index` of results means: an entry for each tag of the program.
    pub tags: Vec<TagInfo>,
    /// What the `check_index` of results means: worst severity first, then in the order of
    /// policies and of the checks in them.
    pub checks: Vec<CheckInfo>,
    /// What the `goal_index` of results means: the goals of the program.
    pub goals: Vec<GoalInfo>,
    /// The totals of each resource.
    pub tallies: Tallies,
    /// What the `provenance` of results means.
    pub provenance: Vec<Provenance>,
    /// The relations that must be there in addition to the snapshot, an entry for each table of the
    /// program; of these only [`Plan::tables_read`].
    pub lookups: Vec<LookupInfo>,
    /// What layer 0 reads in addition to the snapshot, where it does.
    pub overlays: Vec<OverlayColumn>,
    /// What finds the related resources that layer 0 reads. None: it reads none.
    pub related: Option<Box<RelatedStage>>,
    /// The texts that may come out longer than allowed.
    pub computed: ComputedTexts,
    /// How much goes into one statement of the plan's SQL.
    pub limits: StatementLimits,
}

impl Plan {
    /// Returns the column.
    pub fn column(&self, id: ColumnId) -> &Column {
        #[expect(clippy::indexing_slicing, reason = "ids are made when a column is added")]
        &self.columns[id.0 as usize]
    }

    /// Returns the query.
    pub fn query(&self, kind: QueryKind) -> &Query {
        #[expect(clippy::expect_used, reason = "lowering makes one query of each kind")]
        self.queries.iter().find(|query| query.kind == kind).expect("a query of each kind")
    }

    /// Returns what is known of a tag.
    pub fn tag(&self, id: TagId) -> Option<&TagInfo> {
        self.tags.get(id.0 as usize)
    }

    /// Returns the columns of the evaluated inventory that selections count by, in order: those that they
    /// read, except the cost, which they sum up.
    pub(crate) fn counted<'s>(&self, selections: impl IntoIterator<Item = &'s Select>) -> Vec<ColumnId> {
        let read = Query::columns_read(selections);
        let is_cost = |id| self.column(id).expr == Expr::Field(Field::Attr(AttrColumn::MonthlyCost));
        self.output.iter().copied().filter(|&id| read.contains(&id) && !is_cost(id)).collect()
    }

    /// Whether a column is computed from some others alone, not from what they are computed from.
    pub(crate) fn follows_from(&self, id: ColumnId, others: &BTreeSet<ColumnId>) -> bool {
        fn reads_only(expr: &Expr, others: &BTreeSet<ColumnId>) -> bool {
            let mut only = match expr {
                Expr::Column(id) => others.contains(id),
                Expr::Field(_) => false,
                _ => true,
            };
            expr.for_each_child(|child| only &= reads_only(child, others));
            only
        }
        self.column(id).judged.is_none() && reads_only(&self.column(id).expr, others)
    }

    /// Returns the column with an attribute of the resources. None: nothing reads it.
    pub(crate) fn attr_column(&self, attr: AttrColumn) -> Option<ColumnId> {
        let wanted = Expr::Field(Field::Attr(attr));
        let at = self.columns.iter().position(|column| column.expr == wanted)?;
        u32::try_from(at).ok().map(ColumnId)
    }

    /// Returns the tables that a column looks up.
    pub fn tables_read(&self) -> BTreeSet<TableId> {
        fn visit(expr: &Expr, found: &mut BTreeSet<TableId>) {
            if let Expr::Lookup { table, .. } = expr {
                found.insert(*table);
            }
            expr.for_each_child(|child| visit(child, found));
        }
        let mut found = BTreeSet::new();
        self.columns.iter().for_each(|column| visit(&column.expr, &mut found));
        found.extend(self.related.iter().flat_map(|related| related.base.tables_read()));
        found
    }

    /// Returns the names of a table's relation and of a column of it.
    pub(crate) fn cell_name(&self, table: TableId, column: usize) -> (&str, &str) {
        let info = self.lookups.get(table.0 as usize);
        let column = info.and_then(|info| info.columns.get(column));
        (info.map_or("", |info| &info.relation), column.map_or("", String::as_str))
    }

    /// Returns the index in [`Plan::checks`] of a check of the program: the index of its policy and
    /// its index in it.
    pub fn check_index(&self, policy: usize, check: usize) -> Option<usize> {
        self.checks.iter().position(|c| c.policy == policy && c.check == check)
    }
}
