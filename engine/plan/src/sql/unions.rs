//! Queries of many selections.
//!
//! Each selection of a union binds all columns of the relation that it reads, so one statement with a
//! selection for each of `n` checks takes `n²` time and memory to plan. Where there are more selections than
//! [`StatementLimits::selections`](crate::StatementLimits), each statement has a part of them, and its
//! selections read only the columns that this part needs.

use std::collections::BTreeSet;

use super::expr::Printer;
use super::statement::Base;
use super::top_by_cost::{Source, TopByCost};
use super::{COUNTED, EVALUATED, counted, overlays};
use crate::ir::{ColumnId, Plan, Query, QueryKind, Select};

/// Name of what several selections of a query need of the evaluated inventory.
const NEEDED: &str = "needed";

/// The queries that count, in the order in which their counts are kept.
const COUNTING: [QueryKind; 4] =
    [QueryKind::Summary, QueryKind::Checks, QueryKind::Goals, QueryKind::Accounts];

/// Returns the name of the table with the counts of a part of a query that is split.
fn counted_part(kind: QueryKind, part: usize) -> String {
    format!("{COUNTED}_{}_{part}", kind.as_str())
}

impl Plan {
    fn is_view(&self) -> bool {
        !self.dictionaries.is_empty()
    }

    pub(super) fn is_split(&self, query: &Query) -> bool {
        query.branches.len() > self.limits.selections.max(1)
    }

    /// Returns the parts of a query that is split, in the order of its selections.
    pub(super) fn parts<'q>(&self, query: &'q Query) -> impl Iterator<Item = Query> + use<'q> {
        let parts = query.branches.chunks(self.limits.part.max(1));
        parts.map(|branches| Query {
            kind: query.kind,
            columns: query.columns.clone(),
            branches: branches.to_vec(),
            order: query.order.clone(),
        })
    }
}

impl Printer<'_> {
    /// Returns the statements of a query over the relation that it reads.
    pub(super) fn query_of(self, query: &Query) -> Vec<String> {
        if self.dialect.computes_again() {
            return vec![self.in_one_pass(query)];
        }
        if !self.plan.is_split(query) {
            return vec![self.whole(query)];
        }
        self.plan.parts(query).enumerate().map(|(number, part)| self.part(&part, number)).collect()
    }

    fn whole(self, query: &Query) -> String {
        if self.plan.is_view() && query.kind.is_of_every_evaluation() {
            return Printer { groups: true, ..self }.query(query, COUNTED);
        }
        let is_narrow = !self.plan.is_view() && self.tables.is_none();
        if is_narrow || query.branches.len() < 2 {
            return self.query(query, EVALUATED);
        }
        // Each selection would evaluate the inventory, or bind its columns, once more.
        self.over_needed(query, &self.selected(&Query::columns_read(&query.branches)))
    }

    fn part(self, part: &Query, number: usize) -> String {
        if self.plan.is_view() && part.kind.is_of_every_evaluation() {
            return Printer { groups: true, ..self }.query(part, &counted_part(part.kind, number));
        }
        self.over_needed(part, &self.needed(part))
    }

    /// Returns what some selections of a query need of the evaluated inventory.
    pub(super) fn needed(self, part: &Query) -> String {
        let needed = Query::columns_read(&part.branches);
        if self.plan.is_view() { self.computed(needed) } else { self.selected(&needed) }
    }

    /// Returns a query over rows that are computed once.
    fn over_needed(self, query: &Query, rows: &str) -> String {
        let once = self.dialect.computed_once(NEEDED);
        format!("WITH {once} (\n  {}\n)\n{}", rows.replace('\n', "\n  "), self.query(query, NEEDED))
    }

    /// Returns columns of the evaluated inventory.
    fn selected(self, columns: &BTreeSet<ColumnId>) -> String {
        if let Some(tables) = self.tables {
            return tables.selected(self, columns);
        }
        let names: Vec<String> = columns.iter().map(|&id| self.name(id)).collect();
        format!("SELECT\n  {}\nFROM {EVALUATED}", names.join(",\n  "))
    }

    /// Returns columns computed from the snapshot and its dictionaries, without binding the others.
    fn computed(self, columns: BTreeSet<ColumnId>) -> String {
        let names: Vec<String> = columns.iter().map(|&id| self.name(id)).collect();
        let layers = self.plan.layers_of(columns);
        let last = self.layer_name(layers.len().saturating_sub(1));
        let from = overlays::joined(self.plan, self.dialect);
        let layers = self.layers(&layers, Base::snapshot(&from), |id| self.definition(id));
        format!("{layers}\nSELECT\n  {}\nFROM {last}", names.join(",\n  "))
    }

    /// Returns the statements that keep what the queries count, where the evaluated inventory is a view.
    pub(super) fn keep_counts(self) -> Vec<String> {
        let queries = COUNTING.map(|kind| self.plan.query(kind));
        let (split, whole): (Vec<&Query>, Vec<&Query>) =
            queries.into_iter().partition(|query| self.plan.is_split(query));
        let together = whole.into_iter().flat_map(|query| &query.branches);
        let mut statements = vec![counted::keep(self, COUNTED, &self.plan.counted(together), EVALUATED)];
        for query in split {
            for (number, branches) in query.branches.chunks(self.plan.limits.part.max(1)).enumerate() {
                let name = counted_part(query.kind, number);
                statements.push(self.keep_counts_of(&name, branches));
            }
        }
        statements
    }

    fn keep_counts_of(self, name: &str, branches: &[Select]) -> String {
        let rows = self.computed(Query::columns_read(branches).into_iter().chain(self.cost()).collect());
        counted::keep(self, name, &self.plan.counted(branches), &format!("(\n{rows}\n)"))
    }

    fn cost(self) -> Option<ColumnId> {
        self.plan.attr_column(crate::ir::AttrColumn::MonthlyCost)
    }

    /// Returns what finds the findings of the most expensive resources, for each part of the checks.
    pub(super) fn top_by_cost(self) -> Vec<TopByCost> {
        if !self.plan.is_view() {
            return Vec::new();
        }
        let (query, checks) = (self.plan.query(QueryKind::Findings), self.plan.checks.as_slice());
        if !self.plan.is_split(query) {
            let source = Source { checks, first: 0, counted: COUNTED, evaluated: EVALUATED };
            return vec![TopByCost::new(self, query, &source)];
        }
        let size = self.plan.limits.part.max(1);
        let checks = checks.chunks(size);
        let parts = self.plan.parts(query).zip(checks).enumerate().map(|(number, (part, checks))| {
            let rows = self.needed(&part);
            let (counted, evaluated) = (counted_part(QueryKind::Checks, number), format!("(\n{rows}\n)"));
            let first = number * size;
            TopByCost::new(self, &part, &Source { checks, first, counted: &counted, evaluated: &evaluated })
        });
        parts.collect()
    }
}
