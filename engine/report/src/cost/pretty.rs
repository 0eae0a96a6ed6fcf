//! Costs for people: in cents that add up.

use std::fmt::Write as _;

use anstyle::{Effects, Style};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::notes::notes;
use super::{Row, exact, rows};
use crate::goals::goal_text;
use crate::text::{clean, count, money, percent_of, several, shorten};
use tagpol_eval::cost::{Amount, Costs, Period, SCALE, rounded};

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
        if !shared.matched {
            let _ = writeln!(
                out,
                "  {}: nothing to distribute; no resource or charge matches",
                clean(&shared.name)
            );
            continue;
        }
        let _ = write!(
            out,
            "  {}: {} spread over {}",
            clean(&shared.name),
            amount(shared.cost),
            clean(&shared.to)
        );
        if shared.kept != 0 {
            let _ =
                write!(out, ", {} is not spread: there is nothing to spread it over", amount(shared.kept));
        }
        out.push('\n');
    }
    if !costs.budgets.is_empty() {
        let _ = writeln!(out, "\n{BOLD}Budgets{BOLD:#}");
    }
    for budget in &costs.budgets {
        let _ = writeln!(out, "  {}: {}", clean(&budget.name), goal_text(budget));
    }
    let notes = notes(costs);
    if !notes.is_empty() {
        out.push('\n');
    }
    for note in notes {
        let _ = writeln!(out, "  {DIM}{note}{DIM:#}");
    }
    out
}

/// Whether a shared cost was spread to or from a row.
pub(super) fn has_shares(rows: &[Row<'_>]) -> bool {
    rows.iter().any(|row| row.amounts()[1] != 0)
}

pub(super) fn heading(costs: &Costs) -> String {
    let month = costs.month().map_or("costs".to_owned(), |month| format!("costs of {}", clean(&month)));
    let currency =
        costs.currency.as_ref().map(|currency| format!(" in {}", clean(currency))).unwrap_or_default();
    let amount = match costs.amount {
        Amount::Effective => String::new(),
        other => format!(" ({})", other.as_str()),
    };
    let usage = if costs.by_usage_date { ", by usage date" } else { "" };
    format!("{month}{currency}{amount}, by {}{usage}", clean(&costs.by.join(" and ")))
}

/// Returns the names of the columns before the figures.
pub(super) fn label_names(costs: &Costs) -> Vec<String> {
    let period = costs.period.map(|period| match period {
        Period::Month => "month".to_owned(),
        Period::Day => "day".to_owned(),
    });
    period.into_iter().chain(costs.by.iter().map(|name| clean(name))).collect()
}

fn table(costs: &Costs, rows: &[Row<'_>], has_shares: bool) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let figures: &[&str] =
        if has_shares { &["resources", "own", "shared", "cost", ""] } else { &["resources", "cost", ""] };
    let names = label_names(costs);
    let width = names.len();
    table.set_header(names.into_iter().chain(figures.iter().map(|name| (*name).to_owned())));
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
    let mut cells = vec![String::new(); width];
    if let Some(first) = cells.first_mut() {
        "total".clone_into(first);
    }
    cells.push(count(costs.resources));
    if has_shares {
        cells.extend([cell(&own, end), cell(&shared, end)]);
    }
    cells.extend([cell(&total, end), String::new()]);
    table.add_row(cells);
    for at in width..width + figures.len() {
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
    if let Row::Others(others) = row {
        let mut cells = vec![String::new(); label_names(costs).len()];
        if let Some(first) = cells.first_mut() {
            *first = format!("(others: {})", several(others.lines as u64, "line"));
        }
        return cells;
    }
    let value = |at: usize| row.value(at).map_or("(missing)".to_owned(), |value| clean(&shorten(value, 40)));
    let period = costs.period.map(|_| row.period().unwrap_or_default().to_owned());
    period.into_iter().chain((0..costs.by.len()).map(value)).collect()
}

pub(super) fn amount(costs: &Costs, units: i128) -> String {
    let currency = clean(costs.currency.as_deref().unwrap_or_default());
    format!("{} {currency}", money(exact(units))).trim_end().to_owned()
}

/// A share of the whole in percent, rounded; nothing where there is no whole.
pub(super) fn share(part: i128, whole: i128) -> String {
    percent_of(part, whole).unwrap_or_default()
}
