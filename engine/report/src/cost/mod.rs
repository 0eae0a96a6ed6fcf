//! What is spent: for people, and in exact amounts for programs.

mod csv;
mod format;
mod html;
mod json;
mod parquet;
mod pretty;

pub use csv::csv;
pub use format::CostFormat;
pub use html::html;
pub use json::{COST_SCHEMA_VERSION, json};
pub use parquet::parquet;
pub use pretty::pretty;
use tagpol_session::Decimal;

use tagpol_eval::cost::{Line, Others, SCALE};

/// A row of a table of costs.
#[derive(Debug, Clone, Copy)]
enum Row<'a> {
    /// A line.
    Values(&'a Line),
    /// The lines that are not listed.
    Others(Others),
    /// The charges that name no resource.
    NoResource(i128),
}

impl Row<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Values(_) => "resources",
            Self::Others(_) => "others",
            Self::NoResource(_) => "no-resource",
        }
    }

    fn value(&self, at: usize) -> Option<&str> {
        match self {
            Self::Values(line) => line.values.get(at)?.as_deref(),
            Self::Others(_) | Self::NoResource(_) => None,
        }
    }

    fn resources(&self) -> u64 {
        match self {
            Self::Values(line) => line.resources,
            Self::Others(others) => others.resources,
            Self::NoResource(_) => 0,
        }
    }

    /// What it costs itself, what was spread to it, and both together.
    fn amounts(&self) -> [i128; 3] {
        match self {
            Self::Values(line) => [line.own, line.shared, line.total()],
            Self::Others(others) => [others.own, others.shared, others.own + others.shared],
            Self::NoResource(cost) => [*cost, 0, *cost],
        }
    }
}

/// All rows: the lines, the others in one, then the charges that name no resource.
fn rows(costs: &tagpol_eval::cost::Costs) -> Vec<Row<'_>> {
    let none = costs.no_resource.map(Row::NoResource);
    costs.lines.iter().map(Row::Values).chain(costs.others.map(Row::Others)).chain(none).collect()
}

/// An amount as an exact decimal.
fn exact(units: i128) -> Decimal {
    Decimal { unscaled: units, scale: SCALE }
}

/// Names of the columns of a table, after those of the dimensions.
const COLUMNS: [&str; 6] = ["kind", "resources", "own_cost", "shared_cost", "cost", "currency"];

/// Names of all columns. A dimension may be called as one of the others; it then has a prefix.
fn columns(costs: &tagpol_eval::cost::Costs) -> Vec<String> {
    let dimension =
        |name: &String| if COLUMNS.contains(&name.as_str()) { format!("tag.{name}") } else { name.clone() };
    costs.by.iter().map(dimension).chain(COLUMNS.map(str::to_owned)).collect()
}
