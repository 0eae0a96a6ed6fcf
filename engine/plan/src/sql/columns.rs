//! The columns of a plan that are too many for one statement.
//!
//! They are computed in groups, each of which reads columns of earlier ones. The rows of a group are a table
//! for as long as the others are computed; in the end the tables are joined by resource.

use std::collections::{BTreeMap, BTreeSet};

use super::expr::Printer;
use super::statement::Base;
use super::{EVALUATED, known};
use crate::ir::{AttrColumn, ColumnId, Expr, Plan};

/// Name of what a group reads of the snapshot.
const FIELDS: &str = "fields";

/// A group of columns.
struct Group {
    columns: Vec<ColumnId>,
    /// Those of them that later groups or the evaluated inventory read.
    kept: BTreeSet<ColumnId>,
}

/// Returns the statements that make the evaluated inventory by several tables. None: one statement can.
pub(super) fn evaluate(printer: Printer<'_>) -> Option<Vec<String>> {
    let plan = printer.plan;
    let id = plan.attr_column(AttrColumn::Id)?;
    let groups = groups(plan);
    if groups.len() < 2 {
        return None;
    }
    let group_of: BTreeMap<ColumnId, usize> = groups
        .iter()
        .enumerate()
        .flat_map(|(number, group)| group.columns.iter().map(move |&column| (column, number)))
        .collect();
    let mut statements: Vec<String> =
        (0..).zip(&groups).map(|(number, group)| table(printer, id, number, group, &group_of)).collect();
    let tables: Vec<String> = (0..groups.len()).map(name).collect();
    let join: String = tables.iter().skip(1).map(|table| joined(table, &name(0))).collect();
    let output: Vec<String> = plan
        .output
        .iter()
        .map(|&column| if column == id { format!("{}.id", name(0)) } else { printer.name(column) })
        .collect();
    let keep = printer.dialect.keep_rows(EVALUATED);
    statements.push(format!("{keep}\nSELECT\n  {}\nFROM {}{join}", output.join(",\n  "), name(0)));
    statements.extend(tables.iter().map(|table| format!("DROP TABLE {table}")));
    Some(statements)
}

/// Returns the columns in groups that keep the limits, each column behind those that it reads.
fn groups(plan: &Plan) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let (mut columns, mut lookups) = (plan.limits.columns.max(1), 0);
    // Columns are numbered in the order in which they were made, of others that were there.
    for id in plan.layers.iter().flatten().copied().collect::<BTreeSet<_>>() {
        let looked_up = count_lookups(&plan.column(id).expr);
        if columns >= plan.limits.columns.max(1) || lookups + looked_up > plan.limits.lookups.max(1) {
            groups.push(Group { columns: Vec::new(), kept: BTreeSet::new() });
            (columns, lookups) = (0, 0);
        }
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

/// Returns the statement that makes the table of a group.
fn table(
    printer: Printer<'_>,
    id: ColumnId,
    number: usize,
    group: &Group,
    group_of: &BTreeMap<ColumnId, usize>,
) -> String {
    let plan = printer.plan;
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
        .filter_map(|column| Some((*group_of.get(&column)?, column)))
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

/// Returns what the columns of a group are computed from: columns of the snapshot, joined with columns of
/// earlier groups by resource. The snapshot's columns are selected first, since those of groups may have the
/// names of others in it.
fn base(printer: Printer<'_>, fields: &[ColumnId], given: &BTreeSet<(usize, ColumnId)>) -> String {
    let fields: Vec<String> = fields.iter().map(|&column| printer.definition(column)).collect();
    let snapshot = known::beside(printer.plan, printer.dialect);
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
