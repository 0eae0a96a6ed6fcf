//! Costs for people: in cents that add up.

use std::fmt::Write as _;

use anstyle::{Effects, Style};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::{Row, exact, rows};
use crate::text::{clean, count, money, percent_of, several, shorten};
use tagpol_eval::cost::{Costs, SCALE, rounded};

const BOLD: Style = Style::new().effects(Effects::BOLD);
const DIM: Style = Style::new().effects(Effects::DIMMED);

/// A cent, in units.
const CENT: i128 = 10_i128.pow(SCALE as u32 - 2);

/// Returns a table with a line for each combination of values, whose columns add up to the totals
/// below them: amounts are rounded together, so that no cent is lost. In colors, which the writer may
/// strip.
pub fn pretty(costs: &Costs) -> String {
    let rows = rows(costs);
    let has_shares = has_shares(&rows);
    let mut out = format!("{DIM}{}{DIM:#}\n\n", heading(costs));
    let table = table(costs, &rows, has_shares);
    out.extend(table.lines().map(|line| format!(" {}\n", line.trim_end())));
    if !costs.shared.is_empty() {
        let _ = writeln!(out, "\n{BOLD}Shared costs{BOLD:#}");
    }
    for shared in &costs.shared {
        let amount = |units| amount(costs, units);
        let _ = write!(
            out,
            "  {}: {} spread over {}",
            clean(&shared.name),
            amount(shared.cost),
            clean(&shared.to)
        );
        if shared.kept != 0 {
            let _ = write!(
                out,
                ", {} is not spread: there are no resources to spread it over",
                amount(shared.kept)
            );
        }
        out.push('\n');
    }
    out
}

/// Whether a shared cost was spread to or from a row.
pub(super) fn has_shares(rows: &[Row<'_>]) -> bool {
    rows.iter().any(|row| row.amounts()[1] != 0)
}

pub(super) fn heading(costs: &Costs) -> String {
    let info = &costs.snapshot;
    let month = info.month.as_ref().map_or("costs".to_owned(), |month| format!("costs of {}", clean(month)));
    let currency =
        info.currency.as_ref().map(|currency| format!(" in {}", clean(currency))).unwrap_or_default();
    format!("{month}{currency}, by {}", clean(&costs.by.join(" and ")))
}

fn table(costs: &Costs, rows: &[Row<'_>], has_shares: bool) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let figures: &[&str] =
        if has_shares { &["resources", "own", "shared", "cost", ""] } else { &["resources", "cost", ""] };
    table.set_header(
        costs.by.iter().map(|name| clean(name)).chain(figures.iter().map(|name| (*name).to_owned())),
    );
    let column = |at: usize| {
        let amounts: Vec<i128> = rows.iter().filter_map(|row| row.amounts().get(at).copied()).collect();
        cents(&amounts)
    };
    let (own, shared, total) = (column(0), column(1), column(2));
    let cell = |column: &[String], at: usize| column.get(at).cloned().unwrap_or_default();
    for (at, row) in rows.iter().enumerate() {
        let mut cells = labels(costs, row);
        cells.push(count(row.resources()));
        if has_shares {
            cells.extend([cell(&own, at), cell(&shared, at)]);
        }
        cells.extend([cell(&total, at), share(row.amounts()[2], costs.total())]);
        table.add_row(cells);
    }
    let end = rows.len();
    let mut cells = vec![String::new(); costs.by.len()];
    if let Some(first) = cells.first_mut() {
        "total".clone_into(first);
    }
    cells.push(count(rows.iter().map(Row::resources).sum()));
    if has_shares {
        cells.extend([cell(&own, end), cell(&shared, end)]);
    }
    cells.extend([cell(&total, end), String::new()]);
    table.add_row(cells);
    for at in costs.by.len()..costs.by.len() + figures.len() {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The amounts in cents that add up, and their sum behind them.
pub(super) fn cents(amounts: &[i128]) -> Vec<String> {
    let parts = rounded(amounts, CENT);
    let sum = parts.iter().sum::<i128>();
    parts.into_iter().chain([sum]).map(|cents| money(exact(cents.saturating_mul(CENT)))).collect()
}

pub(super) fn labels(costs: &Costs, row: &Row<'_>) -> Vec<String> {
    let label = match row {
        Row::Values(_) => None,
        Row::Others(others) => Some(format!("(others: {})", several(others.lines as u64, "line"))),
        Row::NoResource(_) => Some("(no resource)".to_owned()),
    };
    if let Some(label) = label {
        let mut cells = vec![String::new(); costs.by.len()];
        cells.first_mut().into_iter().for_each(|first| first.clone_from(&label));
        return cells;
    }
    let value = |at: usize| row.value(at).map_or("(missing)".to_owned(), |value| clean(&shorten(value, 40)));
    (0..costs.by.len()).map(value).collect()
}

pub(super) fn amount(costs: &Costs, units: i128) -> String {
    let currency = clean(costs.snapshot.currency.as_deref().unwrap_or_default());
    format!("{} {currency}", money(exact(units))).trim_end().to_owned()
}

/// A share of the whole in percent, rounded; nothing where there is no whole.
pub(super) fn share(part: i128, whole: i128) -> String {
    percent_of(part, whole).unwrap_or_default()
}
