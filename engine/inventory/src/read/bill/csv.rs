//! Bills as CSV.

use std::collections::BTreeMap;

use super::{Bill, Cells, Layout, Row, layout, note_columns};
use crate::error::ImportError;
use crate::format::Format;
use crate::read::csv::{CsvRow, headings, read_rows};
use crate::read::{Sink, plain_bill};
use crate::source::Source;

/// Reads a bill; returns the file and the version of the format. `meanings` has those of columns that the project
/// names, which count in bills without a format of their own.
pub(crate) fn read(
    source: Source,
    (format, meanings): (Format, &BTreeMap<String, String>),
    bill: &mut Bill,
    sink: &mut Sink<'_>,
) -> Result<(Source, Option<&'static str>), ImportError> {
    let mut header: Option<(usize, Box<dyn Layout>)> = None;
    let source = read_rows(source, sink, |row, sink| match &header {
        None => {
            let names: Vec<String> =
                headings(&row, sink)?.iter().map(|name| name.trim().to_owned()).collect();
            let found = match format {
                Format::CsvBill => layout(format, &plain_bill::renamed(&names, meanings), sink.path())?,
                _ => layout(format, &names, sink.path())?,
            };
            note_columns(found.as_ref(), &names, sink);
            header = Some((names.len(), found));
            Ok(())
        }
        Some((width, layout)) => {
            sink.count_row();
            read_row(&row, *width, layout.as_ref(), (format, bill), sink)
        }
    })?;
    Ok((source, header.and_then(|(_, layout)| layout.version())))
}

fn read_row(
    row: &CsvRow<'_>,
    width: usize,
    layout: &dyn Layout,
    (format, bill): (Format, &mut Bill),
    sink: &mut Sink<'_>,
) -> Result<(), ImportError> {
    if let Some(flaw) = row.wrong_width(width) {
        return sink.reject(flaw);
    }
    match layout.charge(&mut Row::new(row.line, Cells::Csv(row), sink))? {
        Some(charge) => bill.add(charge, format, sink),
        None => Ok(()),
    }
}
