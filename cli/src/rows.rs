//! Rows for other programs: CSV and JSON lines.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::Value;
use tagpol_sink::{csv, json};

use crate::args::RowFormat;
use crate::failure::Failure;

/// Columns of amounts. They are texts in a row, as a double is not exact, and numbers for a spreadsheet.
const AMOUNTS: [&str; 2] = ["cost", "cost_in_violation"];

/// Returns the rows as text. CSV has the heading also where there is no row; a row has a member of the name of
/// each column.
pub(crate) fn text<T: Serialize>(
    format: RowFormat,
    heading: &[&str],
    rows: impl IntoIterator<Item = T>,
) -> Result<String, Failure> {
    let failed = |error: serde_json::Error| Failure::engine(format!("cannot write the rows: {error}"));
    match format {
        RowFormat::Json => {
            let mut text = String::new();
            for row in rows {
                text.push_str(&json::compact(&row).map_err(failed)?);
                text.push('\n');
            }
            Ok(text)
        }
        RowFormat::Csv => {
            let mut writer = csv::Writer::new("\n");
            heading.iter().for_each(|name| writer.value(name));
            writer.end_row();
            for row in rows {
                let row = serde_json::to_value(&row).map_err(failed)?;
                heading.iter().for_each(|name| cell(&mut writer, name, row.get(name)));
                writer.end_row();
            }
            Ok(writer.finish())
        }
    }
}

fn cell(writer: &mut csv::Writer, name: &str, value: Option<&Value>) {
    match value {
        None | Some(Value::Null) => writer.value(""),
        Some(Value::String(amount)) if AMOUNTS.contains(&name) => writer.number(amount),
        Some(Value::String(text)) => writer.value(text),
        Some(number) => writer.number(&number.to_string()),
    }
}

/// Returns a time as texts of other programs have it.
pub(crate) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
