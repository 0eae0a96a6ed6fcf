//! The inventory by the values of tags, which are chosen when an evaluation is looked at.

use tagpol_sema::program::TagId;

use super::expr::Printer;
use super::text::identifier;
use super::{Dialect, EVALUATED};
use crate::ir::Plan;

/// Names of the columns with [`Plan::measures`].
const MEASURES: [&str; 4] = ["resources", "in_scope", "passing", "cost"];

/// Returns a query over the table [`EVALUATED`]: a row for each combination of values of the tags, the
/// most expensive first.
///
/// Its columns are a text for each tag (`value_0`, …; NULL if the tag is missing), the number of
/// resources, how many of them are in the scope of a policy, how many of these have no open or pending finding, and
/// the monthly cost of all (NULL if no cost is known). `rows` limits how many rows there are.
pub fn breakdown(plan: &Plan, dialect: Dialect, tags: &[TagId], rows: u64) -> String {
    let printer = Printer::new(plan, dialect);
    let column = |id: &TagId| plan.tag(*id).map(|tag| identifier(&plan.column(tag.value).name, dialect));
    let values: Vec<String> = tags.iter().filter_map(column).collect();
    let items = values.iter().enumerate().map(|(i, value)| format!("{value} AS value_{i}"));
    let measures = plan.measures.iter().zip(MEASURES);
    let items: Vec<String> =
        items.chain(measures.map(|(expr, name)| format!("{} AS {name}", printer.flat(expr)))).collect();
    let ties: String = (0..values.len()).map(|i| format!(", value_{i} NULLS LAST")).collect();
    let group = if values.is_empty() { String::new() } else { format!("\nGROUP BY {}", values.join(", ")) };
    let items = items.join(",\n  ");
    format!(
        "SELECT\n  {items}\nFROM {EVALUATED}{group}\nORDER BY cost DESC NULLS LAST, resources DESC{ties}\nLIMIT {rows}"
    )
}
