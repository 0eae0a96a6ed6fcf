//! FOCUS bills as CSV.

use std::borrow::Cow;

use super::bill::{Bill, Charge, TagCell, Texts};
use super::columns::{Column, Layout};
use crate::error::ImportError;
use crate::format::Format;
use crate::read::Sink;
use crate::read::csv::{CsvRow, ID_NOT_UTF8, NOT_UTF8, cell_text, read_rows};
use crate::reject::Flaw;
use crate::source::Source;
use crate::value::{parse_cost, parse_moment, shorten};

/// Reads a bill; returns the file and the FOCUS version.
pub(crate) fn read(
    source: Source,
    bill: &mut Bill,
    sink: &mut Sink<'_>,
) -> Result<(Source, Option<&'static str>), ImportError> {
    let mut layout: Option<Layout> = None;
    let source = read_rows(source, sink, |row, sink| match &layout {
        None => {
            let names: Vec<String> =
                row.cells.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect();
            layout = Some(Layout::of(&names, sink.path(), Format::FocusCsv)?);
            Ok(())
        }
        Some(layout) => {
            sink.count_row();
            read_row(&row, layout, bill, sink)
        }
    })?;
    Ok((source, layout.map(|layout| layout.version)))
}

/// The cells of a row by their columns.
struct Cells<'a, 'r> {
    row: &'r CsvRow<'a>,
    layout: &'r Layout,
    id: Cow<'r, str>,
}

impl<'r> Cells<'_, 'r> {
    /// Returns a cell; takes note where its bytes had to be replaced.
    fn text(&self, column: Column, sink: &mut Sink<'_>) -> Result<Option<Cow<'r, str>>, ImportError> {
        let cell = self.layout.position(column).and_then(|at| self.row.cells.get(at)).unwrap_or_default();
        let (text, replaced) = cell_text(cell);
        if replaced {
            let shown = text.as_deref().map(shorten).unwrap_or_default();
            sink.reject(Flaw::value(self.row.line, column.as_str(), &self.id, NOT_UTF8, shown))?;
        }
        Ok(text)
    }
}

fn read_row(
    row: &CsvRow<'_>,
    layout: &Layout,
    bill: &mut Bill,
    sink: &mut Sink<'_>,
) -> Result<(), ImportError> {
    if let Some(flaw) = row.wrong_width(layout.width) {
        return sink.reject(flaw);
    }
    let id = layout.position(Column::ResourceId).and_then(|at| row.cells.get(at)).unwrap_or_default();
    let (id, replaced) = cell_text(id);
    if replaced {
        return sink.reject(Flaw::row(row.line, ID_NOT_UTF8, row.shown()));
    }
    let cells = Cells { row, layout, id: id.clone().unwrap_or_default() };
    let start = cells.text(Column::ChargePeriodStart, sink)?.unwrap_or_default();
    let Some(start_micros) = parse_moment(&start) else {
        let reason = format!(
            "its `ChargePeriodStart` is no time such as `2026-09-01T00:00:00Z`: `{}`",
            shorten(&start)
        );
        return sink.reject(Flaw {
            field: Some("ChargePeriodStart".to_owned()),
            ..Flaw::row(row.line, reason, row.shown())
        });
    };
    let end = cells.text(Column::ChargePeriodEnd, sink)?.and_then(|end| parse_moment(&end));
    let cost = match cells.text(layout.cost, sink)? {
        Some(text) if parse_cost(&text).is_some() => parse_cost(&text).unwrap_or_default(),
        other => {
            let shown = other.as_deref().map(shorten).unwrap_or_default();
            let reason = "expected a number; the charge counts as 0";
            sink.reject(Flaw::value(row.line, layout.cost.as_str(), &cells.id, reason, shown))?;
            rust_decimal::Decimal::ZERO
        }
    };
    let account = match cells.text(Column::SubAccountId, sink)? {
        None => cells.text(Column::BillingAccountId, sink)?,
        account => account,
    };
    let texts = Texts {
        name: cells.text(Column::ResourceName, sink)?,
        type_: cells.text(Column::ResourceType, sink)?,
        service: cells.text(Column::ServiceName, sink)?,
        provider: cells.text(Column::ProviderName, sink)?,
        account,
        region: cells.text(Column::RegionId, sink)?,
    };
    let currency = cells.text(Column::BillingCurrency, sink)?;
    let tags = cells.text(Column::Tags, sink)?.map_or(TagCell::None, TagCell::Json);
    let charge = Charge { line: row.line, id, texts, currency, start: start_micros, end, cost, tags };
    bill.add(&charge, sink)
}
