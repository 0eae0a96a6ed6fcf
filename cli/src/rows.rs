//! Rows for other programs: CSV and JSON lines.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::args::RowFormat;
use crate::failure::Failure;

/// Returns the rows as text; CSV has a heading, also where there is no row.
pub(crate) fn text<T: Serialize>(
    format: RowFormat,
    heading: &[&str],
    rows: impl IntoIterator<Item = T>,
) -> Result<String, Failure> {
    let failed = |error: String| Failure::engine(format!("cannot write the rows: {error}"));
    match format {
        RowFormat::Json => {
            let mut text = String::new();
            for row in rows {
                text.push_str(&serde_json::to_string(&row).map_err(|error| failed(error.to_string()))?);
                text.push('\n');
            }
            Ok(text)
        }
        RowFormat::Csv => {
            let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
            writer.write_record(heading).map_err(|error| failed(error.to_string()))?;
            for row in rows {
                writer.serialize(row).map_err(|error| failed(error.to_string()))?;
            }
            let bytes = writer.into_inner().map_err(|error| failed(error.to_string()))?;
            String::from_utf8(bytes).map_err(|error| failed(error.to_string()))
        }
    }
}

/// Returns a time as texts of other programs have it.
pub(crate) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
