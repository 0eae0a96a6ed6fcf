//! Queries of many selections over an inventory that is computed each time it is read: they read it once.
//!
//! Counts of many checks are aggregates of one selection, whose row is then taken apart. Rows of many checks come from
//! one selection that repeats each resource for each check that takes it.

use super::EVALUATED;
use super::expr::Printer;
use super::text::identifier;
use crate::ir::{Expr, Query, Select};

/// Name of the number of the selection that takes a row.
const BRANCH: &str = "tagpol_branch";

impl Printer<'_> {
    /// Returns a query over the evaluated inventory, which reads it once where all its selections are alike.
    pub(super) fn in_one_pass(self, query: &Query) -> String {
        let branches = query.branches.as_slice();
        let is_plain = |select: &Select| {
            select.group_by.is_empty() && !select.items.iter().any(has_aggregate) && select.filter.is_some()
        };
        let is_total = |select: &Select| {
            select.group_by.is_empty() && select.items.iter().any(has_aggregate) && select.filter.is_none()
        };
        if branches.len() < 2 {
            self.query(query, EVALUATED)
        } else if branches.iter().all(is_total) {
            self.totals_in_one_pass(query)
        } else if branches.iter().all(is_plain) {
            self.rows_in_one_pass(query)
        } else {
            self.query(query, EVALUATED)
        }
    }

    fn totals_in_one_pass(self, query: &Query) -> String {
        let mut totals = Vec::new();
        let mut rows = Vec::new();
        for (number, select) in query.branches.iter().enumerate() {
            let mut fields = Vec::new();
            for (at, (column, item)) in query.columns.iter().zip(&select.items).enumerate() {
                let mut value = self.flat(item);
                if has_aggregate(item) {
                    let name = format!("total_{number}_{at}");
                    totals.push(format!("{value} AS {name}"));
                    value = name;
                }
                // All rows have fields of the same types.
                let ty = self.dialect.count_type(column.ty);
                fields.push((column.name, format!("CAST({value} AS {ty})")));
            }
            rows.push(self.dialect.row_of(&fields));
        }
        let rows = self.dialect.unnested_rows(&rows);
        format!(
            "SELECT found.*\nFROM (SELECT {rows} AS found FROM (\n  SELECT\n    {}\n  FROM {EVALUATED}\n)){}",
            totals.join(",\n    "),
            self.order(query)
        )
    }

    fn rows_in_one_pass(self, query: &Query) -> String {
        let taken = |(number, select): (usize, &Select)| {
            let filter = select.filter.as_ref().map_or_else(|| "true".to_owned(), |filter| self.flat(filter));
            format!("CASE WHEN {filter} THEN {number} END")
        };
        let taken: Vec<String> = query.branches.iter().enumerate().map(taken).collect();
        let item = |(at, column): (usize, &crate::ir::ResultColumn)| {
            let values: Vec<String> = query
                .branches
                .iter()
                .map(|select| select.items.get(at).map_or_else(|| "NULL".to_owned(), |item| self.flat(item)))
                .collect();
            let value = match values.as_slice() {
                [first, others @ ..] if others.iter().all(|other| other == first) => first.clone(),
                many => {
                    let arms =
                        many.iter().enumerate().map(|(number, value)| format!(" WHEN {number} THEN {value}"));
                    format!("CASE {BRANCH}{} END", arms.collect::<String>())
                }
            };
            format!("{value} AS {}", identifier(column.name, self.dialect))
        };
        let items: Vec<String> = query.columns.iter().enumerate().map(item).collect();
        let branches = self.dialect.numbers_as_rows(&taken);
        format!(
            "SELECT\n  {}\nFROM (SELECT *, {branches} AS {BRANCH} FROM {EVALUATED}){}",
            items.join(",\n  "),
            self.order(query)
        )
    }
}

fn has_aggregate(expr: &Expr) -> bool {
    let mut found = matches!(expr, Expr::Aggregate(_));
    expr.for_each_child(|child| found |= has_aggregate(child));
    found
}
