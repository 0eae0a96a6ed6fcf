//! Costs for spreadsheets, in exact amounts (RFC 4180).

use tagpol_sink::csv::Writer;

use super::{columns, exact, rows};
use tagpol_eval::cost::Costs;

/// Returns a row for each combination of values; an empty value is a missing one.
pub fn csv(costs: &Costs) -> String {
    let mut writer = Writer::new("\r\n");
    columns(costs).iter().for_each(|name| writer.value(name));
    writer.end_row();
    for row in rows(costs) {
        if costs.period.is_some() {
            writer.value(row.period().unwrap_or_default());
        }
        for at in 0..costs.by.len() {
            writer.value(row.value(at).unwrap_or_default());
        }
        writer.value(row.kind());
        writer.number(&row.resources().to_string());
        for units in row.amounts().into_iter().chain([row.no_resource()]) {
            writer.number(&exact(units).to_string());
        }
        writer.value(costs.currency.as_deref().unwrap_or_default());
        writer.end_row();
    }
    writer.finish()
}
