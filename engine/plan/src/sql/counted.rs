//! What every evaluation counts, where the evaluated inventory is a view: one pass puts resources that are
//! alike in all that is counted into one row, and the queries sum up the rows.

use std::collections::BTreeSet;

use super::expr::Printer;
use crate::ir::{Aggregate, AttrColumn, Column, ColumnId, Type};

/// Number of resources of a row.
pub(super) const RESOURCES: &str = "counted_resources";
/// Their monthly cost; NULL if none is known.
const COST: &str = "counted_cost";
/// The same before credits: the sum of the positive costs.
const SPEND: &str = "counted_spend";
/// How many of them have a known cost.
const COSTS: &str = "counted_costs";
/// The highest cost of one of them.
pub(super) const HIGHEST: &str = "counted_highest";

/// Bits of a state, or of a source: see [`Type::Code`].
const CODE_BITS: usize = 3;
/// Bits of a word of [`packed`].
const WORD: usize = 62;

/// Returns the statement that keeps the counts of resources of a relation by these columns, in a table. What
/// is grouped by is reported in few words; what follows from it is found out once a group.
pub(super) fn keep(printer: Printer<'_>, table: &str, counted: &[ColumnId], relation: &str) -> String {
    let plan = printer.plan;
    let all: BTreeSet<ColumnId> = counted.iter().copied().collect();
    let (mut derived, told): (Vec<ColumnId>, Vec<ColumnId>) =
        counted.iter().partition(|&&id| plan.follows_from(id, &all));
    let (short, plain): (Vec<ColumnId>, Vec<ColumnId>) =
        told.iter().partition(|&&id| width(plan.column(id)).is_some());
    let names = |ids: &[ColumnId]| ids.iter().map(|&id| printer.name(id)).collect::<Vec<_>>();
    let (words, unpacked) = packed(&short, printer);
    let keys: Vec<String> = names(&plain).into_iter().chain(words).collect();
    let groups: Vec<String> = (1..=keys.len()).map(|number| number.to_string()).collect();
    let keys: String = keys.iter().map(|key| format!("{key},\n  ")).collect();
    let cost = AttrColumn::MonthlyCost.as_str();
    let mut rows = format!(
        "SELECT\n  {keys}count(*) AS {RESOURCES},\n  sum({cost}) AS {COST},\n  \
         sum({cost}) FILTER (WHERE {cost} > 0) AS {SPEND},\n  count({cost}) AS {COSTS},\n  max({cost}) AS {HIGHEST}\nFROM {relation}"
    );
    // Checks that say the same of every resource leave nothing to group by.
    if !groups.is_empty() {
        rows += &format!("\nGROUP BY {}", groups.join(", "));
    }
    let mut layers = vec![unpacked];
    derived.sort_by_key(|&id| plan.column(id).layer);
    for ids in derived.chunk_by(|&one, &other| plan.column(one).layer == plan.column(other).layer) {
        let formula =
            |&id: &ColumnId| format!("{} AS {}", printer.flat(&plan.column(id).expr), printer.name(id));
        layers.push(ids.iter().map(formula).collect());
    }
    for columns in layers.iter().filter(|columns| !columns.is_empty()) {
        rows = format!("SELECT\n  *,\n  {}\nFROM (\n{rows}\n)", columns.join(",\n  "));
    }
    let all: String = names(counted).into_iter().map(|name| format!("{name},\n  ")).collect();
    let keep = printer.dialect.keep_rows(table);
    format!(
        "{keep}\nSELECT\n  {all}{RESOURCES},\n  {COST},\n  {SPEND},\n  {COSTS},\n  {HIGHEST}\nFROM (\n{rows}\n)"
    )
}

/// Returns numbers that hold several columns each, and the columns taken out of them again.
fn packed(columns: &[ColumnId], printer: Printer<'_>) -> (Vec<String>, Vec<String>) {
    let (mut words, mut unpacked): (Vec<Vec<String>>, Vec<String>) = (Vec::new(), Vec::new());
    let mut end = WORD;
    for &id in columns {
        let column = printer.plan.column(id);
        let Some(bits) = width(column) else { continue };
        if end + bits > WORD {
            words.push(Vec::new());
            end = 0;
        }
        let (name, word) = (printer.name(id), words.len() - 1);
        if let Some(parts) = words.last_mut() {
            parts.push(format!("(CAST({name} AS BIGINT) << {end})"));
        }
        let (mask, ty) = ((1 << bits) - 1, printer.dialect.type_name(column.ty));
        unpacked.push(format!("CAST(({} >> {end}) & {mask} AS {ty}) AS {name}", word_name(word)));
        end += bits;
    }
    let named =
        |(number, parts): (usize, Vec<String>)| format!("{} AS {}", parts.join(" | "), word_name(number));
    (words.into_iter().enumerate().map(named).collect(), unpacked)
}

fn word_name(number: usize) -> String {
    format!("counted_word_{number}")
}

/// Returns the bits that the values of a column take; None if it is not a state and no truth, or may be NULL.
fn width(column: &Column) -> Option<usize> {
    match column.ty {
        _ if column.nullable => None,
        Type::Bool => Some(1),
        Type::Code => Some(CODE_BITS),
        _ => None,
    }
}

/// Returns an aggregate over resources as one over such rows; amounts are always the monthly cost.
pub(super) fn aggregate(aggregate: &Aggregate, printer: Printer<'_>) -> String {
    let whole = |sum: String| format!("CAST(coalesce({sum}, 0) AS BIGINT)");
    match aggregate {
        Aggregate::Rows => whole(format!("sum({RESOURCES})")),
        Aggregate::CountIf(condition) => {
            whole(format!("sum({RESOURCES}) FILTER (WHERE {})", printer.flat(condition)))
        }
        Aggregate::SumIntegers(number) => whole(format!("sum({RESOURCES} * ({}))", printer.flat(number))),
        Aggregate::SumMoney(_) => format!("sum({COST})"),
        Aggregate::SumMoneyWhere { condition, .. } => {
            let sum = format!("sum({SPEND}) FILTER (WHERE {})", printer.flat(condition));
            format!("CASE WHEN sum({COSTS}) > 0 THEN coalesce({sum}, 0) END")
        }
    }
}
