//! The columns of a plan that are too many for one statement.
//!
//! They are computed in groups, each of which reads columns of earlier ones. The rows of a group are a table,
//! and the evaluated inventory is a view that joins the tables by resource: a copy would double the memory.

use std::collections::{BTreeMap, BTreeSet};

use super::expr::Printer;
use super::statement::{Base, Evaluate};
use super::{EVALUATED, overlays};
use crate::ir::{AttrColumn, ColumnId, Expr, Field, Plan};

/// Name of what a group reads of the snapshot.
const FIELDS: &str = "fields";

/// The tables with the columns of an evaluated inventory.
pub(super) struct Tables {
    /// The column with the ids of the resources, which every table has.
    id: ColumnId,
    groups: Vec<Group>,
    /// The table of each column.
    table_of: BTreeMap<ColumnId, usize>,
}

/// A group of columns.
struct Group {
    columns: Vec<ColumnId>,
    /// Those of them that later groups or the evaluated inventory read.
    kept: BTreeSet<ColumnId>,
}

impl Tables {
    /// Returns the tables of a plan. None: one statement computes all columns, or distinct values are judged.
    pub(super) fn of(plan: &Plan) -> Option<Self> {
        if !plan.dictionaries.is_empty() {
            return None;
        }
        let columns: BTreeSet<ColumnId> = plan.layers.iter().flatten().copied().collect();
        let lookups: usize = columns.iter().map(|&id| count_lookups(&plan.column(id).expr)).sum();
        if columns.len() <= plan.limits.columns.max(1) && lookups <= plan.limits.lookups.max(1) {
            return None;
        }
        let id = plan.attr_column(AttrColumn::Id)?;
        let groups = groups(plan, columns);
        let tables = (0..).zip(&groups);
        let table_of =
            tables.flat_map(|(number, group)| group.columns.iter().map(move |&column| (column, number)));
        let table_of = table_of.collect();
        Some(Self { id, groups, table_of })
    }

    /// Returns the statements that make the tables, and the evaluated inventory as a view of them.
    pub(super) fn evaluate(&self, printer: Printer<'_>) -> Evaluate {
        let tables = (0..).zip(&self.groups);
        let mut statements: Vec<String> =
            tables.map(|(number, group)| self.table(printer, number, group)).collect();
        let (view, output) = (printer.dialect.name_query(EVALUATED), &printer.plan.output);
        statements.push(format!("{view}\n{}", self.selected(printer, output)));
        let names = (0..self.groups.len()).map(name);
        let forget = names.fold(format!("DROP VIEW {EVALUATED}"), |text, table| {
            text + "; " + &printer.dialect.forget_rows(&table)
        });
        Evaluate { statements, forget }
    }

    /// Returns columns of the evaluated inventory, read from the tables that have them: who reads few columns
    /// of the view makes the database look at all of them.
    pub(super) fn selected<'c>(
        &self,
        printer: Printer<'_>,
        columns: impl IntoIterator<Item = &'c ColumnId> + Clone,
    ) -> String {
        let others = columns.clone().into_iter().filter(|column| **column != self.id);
        let read: BTreeSet<usize> = others.filter_map(|column| self.table_of.get(column)).copied().collect();
        let first = name(read.first().copied().unwrap_or(0));
        let join: String = read.into_iter().skip(1).map(|table| joined(&name(table), &first)).collect();
        let column = |&id: &ColumnId| if id == self.id { format!("{first}.id") } else { printer.name(id) };
        let columns: Vec<String> = columns.into_iter().map(column).collect();
        format!("SELECT\n  {}\nFROM {first}{join}", columns.join(",\n  "))
    }
}

/// Returns columns in groups that keep the limits, each column behind those that it reads. Attributes, which
/// most queries read, are a small group by themselves.
fn groups(plan: &Plan, all: BTreeSet<ColumnId>) -> Vec<Group> {
    let is_attr = |id: ColumnId| matches!(plan.column(id).expr, Expr::Field(Field::Attr(_)));
    let mut groups: Vec<Group> = Vec::new();
    let (mut columns, mut lookups, mut were_attrs) = (plan.limits.columns.max(1), 0, true);
    // Columns are numbered in the order in which they were made, of others that were there.
    for id in all {
        let looked_up = count_lookups(&plan.column(id).expr);
        let is_full =
            columns >= plan.limits.columns.max(1) || lookups + looked_up > plan.limits.lookups.max(1);
        if is_full || (were_attrs && !is_attr(id)) {
            groups.push(Group { columns: Vec::new(), kept: BTreeSet::new() });
            (columns, lookups) = (0, 0);
        }
        were_attrs &= is_attr(id);
        columns += 1;
        lookups += looked_up;
        groups.last_mut().into_iter().for_each(|group| group.columns.push(id));
    }
    let mut wanted: BTreeSet<ColumnId> = plan.output.iter().copied().collect();
    for group in groups.iter_mut().rev() {
        group.kept = group.columns.iter().copied().filter(|id| wanted.contains(id)).collect();
        let own: BTreeSet<ColumnId> = group.columns.iter().copied().collect();
        let read = group.columns.iter().flat_map(|&id| plan.column(id).expr.columns());
        wanted.extend(read.filter(|id| !own.contains(id)));
    }
    groups
}

fn count_lookups(expr: &Expr) -> usize {
    let mut count = usize::from(matches!(expr, Expr::Lookup { .. }));
    expr.for_each_child(|child| count += count_lookups(child));
    count
}

impl Tables {
    /// Returns the statement that makes the table of a group.
    fn table(&self, printer: Printer<'_>, number: usize, group: &Group) -> String {
        let (plan, id) = (printer.plan, self.id);
        let mut fields = vec![id];
        let mut layers: BTreeMap<usize, Vec<ColumnId>> = BTreeMap::new();
        for &column in group.columns.iter().filter(|&&column| column != id) {
            match plan.column(column).layer {
                0 => fields.push(column),
                layer => layers.entry(layer).or_default().push(column),
            }
        }
        let read = layers.values().flatten().flat_map(|&column| plan.column(column).expr.columns());
        let given: BTreeSet<(usize, ColumnId)> = read
            .filter(|column| *column != id)
            .filter_map(|column| Some((*self.table_of.get(&column)?, column)))
            .filter(|(table, _)| *table != number)
            .collect();
        let from = base(printer, &fields, &given);
        let kept = group.kept.iter().filter(|&&column| column != id);
        let kept: String = kept.map(|&column| format!(",\n  {}", printer.name(column))).collect();
        let keep = printer.dialect.keep_rows(&name(number));
        if layers.is_empty() {
            return format!("{keep}\nSELECT\n  id{kept}\nFROM {from}");
        }
        let layers: Vec<Vec<ColumnId>> = layers.into_values().collect();
        let last = printer.layer_name(layers.len() - 1);
        let layers =
            printer.layers(&layers, Base { relation: &from, is_kept: true }, |id| printer.definition(id));
        format!("{keep}\n{layers}\nSELECT\n  id{kept}\nFROM {last}")
    }
}

/// Returns what the columns of a group are computed from: columns of the snapshot, joined with columns of
/// earlier groups by resource. The snapshot's columns are selected first, since those of groups may have the
/// names of others in it.
fn base(printer: Printer<'_>, fields: &[ColumnId], given: &BTreeSet<(usize, ColumnId)>) -> String {
    let fields: Vec<String> = fields.iter().map(|&column| printer.definition(column)).collect();
    let snapshot = overlays::joined(printer.plan, printer.dialect);
    let fields = format!("(SELECT {} FROM {snapshot})", fields.join(", "));
    let tables: BTreeSet<usize> = given.iter().map(|(table, _)| *table).collect();
    if tables.is_empty() {
        return fields;
    }
    let columns: String =
        given.iter().map(|(table, column)| format!(", {}.{}", name(*table), printer.name(*column))).collect();
    let join: String = tables.into_iter().map(|table| joined(&name(table), FIELDS)).collect();
    format!("(SELECT {FIELDS}.*{columns} FROM {fields} AS {FIELDS}{join})")
}

fn name(number: usize) -> String {
    format!("columns_{number}")
}

fn joined(table: &str, with: &str) -> String {
    format!(" JOIN {table} ON {table}.id = {with}.id")
}
