//! Costs for spreadsheets, in exact amounts (RFC 4180).

use std::io;

use super::{columns, exact, rows};
use crate::cost::Costs;
use crate::report::csv::harmless;

/// Returns a row for each combination of values and one for the charges that name no resource. An empty
/// value is a missing one; `kind` tells the charges from resources without values.
///
/// # Errors
/// None in fact: it is written to memory.
pub fn csv(costs: &Costs) -> io::Result<String> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(columns(costs))?;
    for row in rows(costs) {
        for at in 0..costs.by.len() {
            writer.write_field(harmless(row.value(at).unwrap_or_default()).as_bytes())?;
        }
        writer.write_field(row.kind())?;
        writer.write_field(row.resources().to_string())?;
        for units in row.amounts() {
            writer.write_field(exact(units).to_string())?;
        }
        writer.write_field(costs.snapshot.currency.as_deref().unwrap_or_default())?;
        writer.write_record(None::<&[u8]>)?;
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    String::from_utf8(bytes).map_err(io::Error::other)
}
