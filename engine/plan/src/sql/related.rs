//! The related resources: found by a hash join on their keys, and joined to the snapshot once.

use super::expr::Printer;
use super::names::{candidates_column, related_column};
use super::statement::Base;
use super::text::literal;
use super::{Dialect, RELATED, functions, overlays};
use crate::ir::{AttrColumn, ColumnId, Finder, Plan, RelatedStage};

/// Name of the table of what resources have by themselves.
const BASE: &str = "related_base";

/// Returns the query for what a relation finds for a resource, at most one row: the columns [`candidates_column`] and,
/// for each part that is read, [`related_column`].
pub fn related_to(finder: &Finder, resource: &str, dialect: Dialect) -> String {
    let candidates = candidates_column(finder.relation);
    let parts = finder.parts.iter().map(|(part, _)| format!(", {}", related_column(finder.relation, *part)));
    let (parts, resource) = (parts.collect::<String>(), literal(resource, dialect));
    format!(
        "SELECT {candidates}{parts} FROM {RELATED} WHERE resource = {resource} AND {candidates} IS NOT NULL"
    )
}

/// Returns the query for the resources for which a relation finds several others, one row: `resources`, their number,
/// and `example`, the first of them by id; NULL if there are none.
pub fn ambiguous(finder: &Finder) -> String {
    let candidates = candidates_column(finder.relation);
    format!("SELECT count(*) AS resources, min(resource) AS example FROM {RELATED} WHERE {candidates} > 1")
}

/// Returns the statements that make the table: none if nothing is read of related resources.
pub(super) fn find(plan: &Plan, dialect: Dialect) -> Vec<String> {
    let Some(stage) = &plan.related else { return Vec::new() };
    let base = &stage.base;
    let mut statements: Vec<String> =
        functions(base).into_iter().filter_map(|function| dialect.definition(function)).collect();
    statements.extend(overlays::gather(base, dialect));
    let printer = Printer::new(base, dialect);
    statements.push(printer.related_base(stage));
    statements.push(printer.related(stage));
    if !dialect.computes_again() {
        statements.push(dialect.forget_rows(BASE));
    }
    statements
}

impl Printer<'_> {
    /// A row for each resource: its id, and what relations read of it.
    fn related_base(self, stage: &RelatedStage) -> String {
        let id = self.plan.attr_column(AttrColumn::Id);
        let read = stage.finders.iter().flat_map(|finder| {
            let parts = finder.parts.iter().map(|(_, column)| *column);
            let keys = finder.others.iter().flatten().chain(&finder.these).copied();
            keys.chain([finder.is_other, finder.is_this]).chain(parts)
        });
        let wanted: std::collections::BTreeSet<ColumnId> = id.into_iter().chain(read).collect();
        let layers = self.plan.layers_of(wanted.iter().copied());
        let from = overlays::joined(self.plan, self.dialect);
        let names: Vec<String> = wanted.iter().map(|&column| self.name(column)).collect();
        let last = self.layer_name(layers.len().saturating_sub(1));
        let layers = self.layers(&layers, Base::snapshot(&from), |id| self.definition(id));
        format!("{}\n{layers}\nSELECT\n  {}\nFROM {last}", self.dialect.keep_rows(BASE), names.join(",\n  "))
    }

    /// A row for each resource that something is found for. What is found has one row a key, so that each join
    /// has as many rows as there are resources, however many share a key.
    fn related(self, stage: &RelatedStage) -> String {
        let found: Vec<String> = stage.finders.iter().map(|finder| self.found(finder)).collect();
        let mut columns = Vec::new();
        let mut joins = String::new();
        for finder in &stage.finders {
            let number = finder.relation.0;
            columns.push(format!("found_{number}.candidates AS {}", candidates_column(finder.relation)));
            for (part, column) in &finder.parts {
                let name = related_column(finder.relation, *part);
                columns.push(format!("other_{number}.{} AS {name}", self.name(*column)));
            }
            joins += &format!(
                "\nLEFT JOIN found_{number} ON found_{number}.resource = {BASE}.id\
                 \nLEFT JOIN {BASE} AS other_{number} ON other_{number}.id = found_{number}.other"
            );
        }
        let any: Vec<String> = stage
            .finders
            .iter()
            .map(|finder| format!("found_{}.resource IS NOT NULL", finder.relation.0))
            .collect();
        format!(
            "{}\nWITH\n  {}\nSELECT\n  {BASE}.id AS resource,\n  {}\nFROM {BASE}{joins}\nWHERE {}",
            self.dialect.keep_rows(RELATED),
            found.join(",\n  "),
            columns.join(",\n  "),
            any.join(" OR ")
        )
    }

    fn found(self, finder: &Finder) -> String {
        let number = finder.relation.0;
        let names =
            |columns: &[ColumnId]| columns.iter().map(|&column| self.name(column)).collect::<Vec<_>>();
        let these = names(&finder.these);
        let is_other = self.name(finder.is_other);
        let selected = |others: &Vec<ColumnId>| {
            let keys = names(others).into_iter().enumerate();
            let keys: Vec<String> = keys.map(|(at, other)| format!("{other} AS key_{at}")).collect();
            let filter = self.dialect.row_filter(&is_other);
            format!("SELECT id, {} FROM {BASE} WHERE {filter}", keys.join(", "))
        };
        let selected: Vec<String> = finder.others.iter().map(selected).collect();
        let keys: Vec<String> = (0..these.len()).map(|at| format!("key_{at}")).collect();
        let set: Vec<String> = keys.iter().map(|key| format!("{key} IS NOT NULL")).collect();
        let equal: Vec<String> =
            these.iter().zip(&keys).map(|(this, key)| format!("{BASE}.{this} = keyed.{key}")).collect();
        let note = super::text::comment(&format!("relation `{}`", finder.name));
        format!(
            "{note}\n  found_{number} AS (\n    SELECT {BASE}.id AS resource, keyed.other, keyed.candidates\
             \n    FROM {BASE} JOIN (\n      SELECT {keys}, min(id) AS other, count(*) AS candidates\
             \n      FROM ({selected})\n      WHERE {set}\
             \n      GROUP BY {keys}\n    ) AS keyed ON {equal}\n    WHERE {is_this}\n  )",
            keys = keys.join(", "),
            selected = selected.join(" UNION "),
            set = self.dialect.row_filter(&set.join(" AND ")),
            equal = equal.join(" AND "),
            is_this = self.dialect.row_filter(&format!("{BASE}.{}", self.name(finder.is_this))),
        )
    }
}
