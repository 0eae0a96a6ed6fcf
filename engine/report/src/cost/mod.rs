//! What is spent: for people, and in exact amounts for programs.

mod csv;
mod format;
mod html;
mod json;
mod notes;
mod parquet;
mod pretty;

pub use csv::csv;
pub use format::CostFormat;
pub use html::html;
pub use json::{COST_SCHEMA_VERSION, json};
pub use parquet::parquet;
pub use pretty::pretty;
use tagpol_session::Decimal;

use tagpol_eval::cost::{Costs, Line, Others, SCALE};

/// A row of a table of costs.
#[derive(Debug, Clone, Copy)]
enum Row<'a> {
    /// A line.
    Values(&'a Line),
    /// The lines that are not listed.
    Others(Others),
}

impl Row<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Values(_) => "resources",
            Self::Others(_) => "others",
        }
    }

    fn value(&self, at: usize) -> Option<&str> {
        match self {
            Self::Values(line) => line.values.get(at)?.as_deref(),
            Self::Others(_) => None,
        }
    }

    fn period(&self) -> Option<&str> {
        match self {
            Self::Values(line) => line.period.as_deref(),
            Self::Others(_) => None,
        }
    }

    /// The part of its own cost in charges that name no resource.
    fn no_resource(&self) -> i128 {
        match self {
            Self::Values(line) => line.no_resource,
            Self::Others(others) => others.no_resource,
        }
    }

    fn resources(&self) -> u64 {
        match self {
            Self::Values(line) => line.resources,
            Self::Others(others) => others.resources,
        }
    }

    /// What it costs itself, what was spread to it, and both together.
    fn amounts(&self) -> [i128; 3] {
        match self {
            Self::Values(line) => [line.own, line.shared, line.total()],
            Self::Others(others) => [others.own, others.shared, others.own + others.shared],
        }
    }
}

/// All rows: the lines, then the others in one.
fn rows(costs: &Costs) -> Vec<Row<'_>> {
    costs.lines.iter().map(Row::Values).chain(costs.others.map(Row::Others)).collect()
}

/// An amount as an exact decimal.
fn exact(units: i128) -> Decimal {
    Decimal { unscaled: units, scale: SCALE }
}

/// Names of the columns of a table, after those of the dimensions.
const COLUMNS: [&str; 7] =
    ["kind", "resources", "own_cost", "shared_cost", "cost", "no_resource_cost", "currency"];

/// Name of the column with the periods, where costs have them; before those of the dimensions.
const PERIOD: &str = "period";

/// Names of all columns. A dimension may be called as one of the others; it then has a prefix.
fn columns(costs: &Costs) -> Vec<String> {
    let taken = |name: &str| name == PERIOD || COLUMNS.contains(&name);
    let dimension = |name: &String| if taken(name) { format!("tag.{name}") } else { name.clone() };
    let period = costs.period.map(|_| PERIOD.to_owned());
    period.into_iter().chain(costs.by.iter().map(dimension)).chain(COLUMNS.map(str::to_owned)).collect()
}
