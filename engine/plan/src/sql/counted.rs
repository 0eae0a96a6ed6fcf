//! What every evaluation counts, where the evaluated inventory is a view: one pass puts resources that are
//! alike in all that is counted into one row, and the queries sum up the rows.

use super::expr::Printer;
use super::{COUNTED, EVALUATED};
use crate::ir::{Aggregate, AttrColumn};

/// Number of resources of a row.
pub(super) const RESOURCES: &str = "counted_resources";
/// Their monthly cost; NULL where none is known.
const COST: &str = "counted_cost";
/// How many of them have a known cost.
const COSTS: &str = "counted_costs";
/// The highest cost of one of them.
pub(super) const HIGHEST: &str = "counted_highest";

/// Returns the statement that keeps the counts.
pub(super) fn keep(printer: Printer<'_>) -> String {
    let columns: Vec<String> = printer.plan.counted().into_iter().map(|id| printer.name(id)).collect();
    let columns = columns.join(",\n  ");
    let (keep, cost) = (printer.dialect.keep_rows(COUNTED), AttrColumn::MonthlyCost.as_str());
    format!(
        "{keep}\nSELECT\n  {columns},\n  count(*) AS {RESOURCES},\n  sum({cost}) AS {COST},\n  \
         count({cost}) AS {COSTS},\n  max({cost}) AS {HIGHEST}\nFROM {EVALUATED}\nGROUP BY\n  {columns}"
    )
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
            let sum = format!("sum({COST}) FILTER (WHERE {})", printer.flat(condition));
            format!("CASE WHEN sum({COSTS}) > 0 THEN coalesce({sum}, 0) END")
        }
    }
}
