//! The cells of one row of a bill, wherever they are stored.

use std::borrow::Cow;

use super::batch::Batch;
use crate::read::csv::{CsvRow, cell_text};
use crate::tags::json_text;
use crate::value::shorten;

/// How the cells of a row are stored.
#[derive(Clone, Copy)]
pub(crate) enum Cells<'r> {
    Csv(&'r CsvRow<'r>),
    Parquet(&'r Batch, usize),
    Json(&'r JsonRow<'r>),
}

impl<'r> Cells<'r> {
    /// Returns a cell as text, and whether bytes of it had to be replaced.
    pub(super) fn text(self, at: usize) -> (Option<Cow<'r, str>>, bool) {
        match self {
            Self::Csv(row) => cell_text(row.cells.get(at).unwrap_or_default()),
            Self::Parquet(batch, row) => (batch.text(at, row).map(Cow::Borrowed), false),
            Self::Json(row) => row.text(at),
        }
    }

    pub(super) fn shown(self) -> Option<String> {
        match self {
            Self::Csv(row) => Some(row.shown()),
            Self::Parquet(..) => None,
            Self::Json(row) => Some(row.shown()),
        }
    }
}

/// The cells of a charge, as JSON, by the places of their columns.
pub(crate) struct JsonRow<'a> {
    pub(super) text: &'a str,
    pub(super) cells: Vec<Option<&'a str>>,
    /// Whether bytes of the row had to be replaced.
    pub(super) replaced: bool,
}

impl<'a> JsonRow<'a> {
    /// Returns a cell as text, and whether characters of it had to be replaced. Lists and objects stay JSON.
    pub(crate) fn text(&self, at: usize) -> (Option<Cow<'a, str>>, bool) {
        let Some(json) = self.cells.get(at).copied().flatten() else { return (None, false) };
        let text = match json.starts_with('"') {
            // A lone half of a character has no text.
            true => json_text(json).ok_or(json),
            false => Ok(Cow::Borrowed(json)),
        };
        match text {
            Err(json) => (Some(Cow::Borrowed(json)), true),
            Ok(text) if text.is_empty() || text == "NULL" => (None, false),
            Ok(text) => {
                let is_replaced = self.replaced && text.contains('\u{fffd}');
                (Some(text), is_replaced)
            }
        }
    }

    /// Returns the start of the row for a reject.
    pub(crate) fn shown(&self) -> String {
        shorten(self.text)
    }
}
