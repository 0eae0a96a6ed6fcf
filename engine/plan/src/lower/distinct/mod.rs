//! Each distinct value is judged once, not once a resource.
//!
//! In: the columns of a plan, which compute everything resource by resource, and what the snapshot
//! knows of its values. Out: columns of the same names that hold the same, and the dictionaries that
//! they look up. Two things change.
//!
//! A column that follows from one column of the snapshot alone, and that one has few distinct values,
//! is computed over these values ([`Dictionary`]). Resources look it up.
//!
//! ```text
//! native_environment_env = case { lower(trim(raw_env)) in ["prod", …] -> "production" } …
//! ```
//!
//! A condition that refers to one tag alone is a *fact* of the tag's value. What can give the tag its
//! value says with the value which facts are true of it, so that nothing is asked of the value that
//! won, which differs from resource to resource.
//!
//! ```text
//! tag_environment   = first(native_environment_env,   rule_from_name, …)
//! facts_environment = first(facts_environment_env,    case { … -> bits of "production" }, …)
//! tag_environment == "production"   becomes   bit 0 of facts_environment
//! ```
//!
//! - `reads`: what a column follows from
//! - `facts`: conditions become bits, and tags get columns of them
//! - `place`: which column is computed where, and what nothing reads any more

mod facts;
mod place;
mod reads;

use std::collections::{BTreeMap, BTreeSet};

use super::columns::Columns;
use crate::ir::{ColumnId, Dictionary, Expr, TagInfo};
use crate::layout::KnownValues;
use facts::Facts;
use reads::Traits;

/// Rewrites the columns and returns the dictionaries that they look up.
pub(super) fn dictionary_encode(
    columns: &mut Columns,
    known: &KnownValues,
    tags: &[TagInfo],
    output: &[ColumnId],
) -> Vec<Dictionary> {
    let tags = tags.iter().map(|tag| tag.value).collect();
    let mut distinct = Distinct { columns, known, tags, traits: Vec::new(), facts: BTreeMap::new() };
    distinct.examine();
    distinct.replace_conditions();
    distinct.fill_facts();
    distinct.place(output)
}

/// The state of rewriting.
struct Distinct<'c> {
    columns: &'c mut Columns,
    known: &'c KnownValues,
    /// The columns with the values of tags.
    tags: BTreeSet<ColumnId>,
    /// By column: what it follows from, as it was before anything was rewritten.
    traits: Vec<Traits>,
    /// By what they apply to: a tag's value, or a raw column with a dictionary.
    facts: BTreeMap<ColumnId, Facts>,
}

impl Distinct<'_> {
    fn expr(&self, id: ColumnId) -> Expr {
        self.columns.columns.get(id.0 as usize).map_or(Expr::bool(false), |column| column.expr.clone())
    }

    fn set_expr(&mut self, id: ColumnId, expr: Expr) {
        if let Some(column) = self.columns.columns.get_mut(id.0 as usize) {
            column.expr = expr;
        }
    }

    fn ids(&self) -> impl Iterator<Item = ColumnId> + use<> {
        (0u32..).zip(&self.columns.columns).map(|(id, _)| ColumnId(id)).collect::<Vec<_>>().into_iter()
    }
}
