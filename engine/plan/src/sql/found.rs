//! Findings as they are read: a row for each resource with one, which has its texts once, whatever the number of
//! its findings. Nothing is sorted: a snapshot has its resources in the order of their ids.

use super::EVALUATED;
use super::expr::Printer;
use crate::ir::{Expr, Query, QueryKind};

/// What findings show of their resource: the first columns of a query for findings, in this order.
pub const FOUND_ATTRIBUTES: [&str; 7] =
    ["resource_id", "name", "type", "provider", "account", "region", "cost"];

/// A query for the findings of some checks: first the [`FOUND_ATTRIBUTES`] of a resource, then what its findings have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The query.
    pub sql: String,
    /// Its checks, in the order of the plan.
    pub checks: Vec<FoundCheck>,
}

/// Where a row has the finding of a check: numbers of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundCheck {
    /// Index of the check in the plan.
    pub check: usize,
    /// The state: 0 if there is no finding.
    pub state: usize,
    /// The value that the check is about. None: it never has one.
    pub value: Option<usize>,
    /// The value that would fix it. None: it is never known.
    pub remedy: Option<usize>,
    /// Since when it is there. None: since the time of the evaluation.
    pub since: Option<usize>,
}

impl Printer<'_> {
    /// Returns the queries for all findings of the evaluated inventory.
    pub(super) fn all_findings(self) -> Vec<Found> {
        let query = self.plan.query(QueryKind::Findings);
        if query.branches.is_empty() {
            return Vec::new();
        }
        if !self.plan.is_split(query) {
            let relation = match self.tables {
                Some(_) => format!("(\n{}\n)", self.needed(query)),
                None => EVALUATED.to_owned(),
            };
            return vec![self.findings_of(query, 0, &relation)];
        }
        let size = self.plan.limits.part.max(1);
        let parts = self.plan.parts(query).enumerate();
        parts
            .map(|(at, part)| self.findings_of(&part, at * size, &format!("(\n{}\n)", self.needed(&part))))
            .collect()
    }

    /// Returns the query for the findings of some checks, the first of which is given by its index, in a relation with
    /// what they need of the evaluated inventory.
    pub(super) fn findings_of(self, part: &Query, first: usize, relation: &str) -> Found {
        let at = |name: &str| part.columns.iter().position(|column| column.name == name);
        let item = |branch: usize, name: &str| part.branches.get(branch)?.items.get(at(name)?);
        let mut columns: Vec<&Expr> = FOUND_ATTRIBUTES.iter().filter_map(|name| item(0, name)).collect();
        let mut place = |expr| {
            columns.iter().position(|known| *known == expr).unwrap_or_else(|| {
                columns.push(expr);
                columns.len() - 1
            })
        };
        let mut checks = Vec::new();
        for branch in 0..part.branches.len() {
            let Some(state) = item(branch, "state") else { continue };
            // The time of the evaluation is the only literal.
            let is_known = |item: &&Expr| !matches!(item, Expr::Null(_) | Expr::Literal(_));
            let mut known = |name| item(branch, name).filter(is_known).map(&mut place);
            let (value, remedy, since) = (known("value"), known("remedy"), known("since"));
            checks.push(FoundCheck { check: first + branch, state: place(state), value, remedy, since });
        }
        let items: Vec<String> = columns.iter().map(|column| self.flat(column)).collect();
        let filters = part.branches.iter().filter_map(|branch| branch.filter.clone());
        let filter = self.dialect.row_filter(&self.flat(&Expr::or(filters.collect::<Vec<_>>())));
        let items = items.join(",\n  ");
        Found { sql: format!("SELECT\n  {items}\nFROM {relation}\nWHERE {filter}"), checks }
    }
}
