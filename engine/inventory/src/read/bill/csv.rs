//! Bills as CSV.

use super::cells::Cells;
use super::entries::Bill;
use super::layout::{Kind, Layout, note_columns};
use super::row::Row;
use crate::error::ImportError;
use crate::format::Format;
use crate::read::csv::{CsvRow, headings, read_rows};
use crate::sink::Sink;
use crate::source::Source;

/// Reads a bill; returns the file and the version of the format.
pub(crate) fn read(
    source: Source,
    kind: Kind<'_>,
    bill: &mut Bill,
    sink: &mut Sink<'_>,
) -> Result<(Source, Option<&'static str>), ImportError> {
    let mut header: Option<(usize, Box<dyn Layout>)> = None;
    let source = read_rows(source, sink, |row, sink| match &header {
        None => {
            let names: Vec<String> =
                headings(&row, sink)?.iter().map(|name| name.trim().to_owned()).collect();
            let found = (kind.find)(&names, sink.path())?;
            note_columns(found.as_ref(), &names, sink);
            header = Some((names.len(), found));
            Ok(())
        }
        Some((width, layout)) => {
            sink.count_row();
            read_row(&row, *width, layout.as_ref(), (kind.format, bill), sink)
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
