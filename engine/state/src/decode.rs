//! Rows of a database to values. Every cell that is not what the schema promises is an error with its place.

use chrono::{DateTime, Utc};

use crate::connection::{Cell, Row};
use crate::error::StateError;

/// Reads the cells of a row by position, in the order of the statement.
pub(crate) struct Decoder<'a> {
    store: &'a str,
    table: &'static str,
    columns: &'static [&'static str],
    row: &'a Row,
}

impl<'a> Decoder<'a> {
    /// `columns` are the names of the columns, in the order of the cells. The first ones identify the row.
    pub(crate) fn new(
        store: &'a str,
        table: &'static str,
        columns: &'static [&'static str],
        row: &'a Row,
    ) -> Self {
        Self { store, table, columns, row }
    }

    fn cell(&self, at: usize) -> &'a Cell {
        self.row.get(at).unwrap_or(&Cell::Null)
    }

    /// Returns an error about a cell.
    pub(crate) fn damaged(&self, at: usize, expected: &str) -> StateError {
        let column = self.columns.get(at).copied().unwrap_or("?");
        let first = self.columns.first().copied().unwrap_or("?");
        StateError::Damaged {
            store: self.store.to_owned(),
            reason: format!(
                "in table `{}`, row with {first} = {}, column `{column}` is {}, not {expected}",
                self.table,
                self.cell(0).shown(),
                self.cell(at).shown()
            ),
        }
    }

    pub(crate) fn int(&self, at: usize) -> Result<i64, StateError> {
        match self.cell(at) {
            Cell::Int(value) => Ok(*value),
            _ => Err(self.damaged(at, "an integer")),
        }
    }

    pub(crate) fn count(&self, at: usize) -> Result<u64, StateError> {
        u64::try_from(self.int(at)?).map_err(|_| self.damaged(at, "a count"))
    }

    pub(crate) fn real(&self, at: usize) -> Result<f64, StateError> {
        match self.cell(at) {
            Cell::Real(value) if value.is_finite() => Ok(*value),
            _ => Err(self.damaged(at, "a finite number")),
        }
    }

    pub(crate) fn text(&self, at: usize) -> Result<String, StateError> {
        match self.cell(at) {
            Cell::Text(value) => Ok(value.clone()),
            _ => Err(self.damaged(at, "a text")),
        }
    }

    pub(crate) fn time(&self, at: usize) -> Result<DateTime<Utc>, StateError> {
        let micros = self.int(at)?;
        DateTime::from_timestamp_micros(micros).ok_or_else(|| self.damaged(at, "a time in microseconds"))
    }

    /// Reads a cell that may be NULL.
    pub(crate) fn optional<T>(
        &self,
        at: usize,
        read: impl FnOnce(&Self, usize) -> Result<T, StateError>,
    ) -> Result<Option<T>, StateError> {
        match self.cell(at) {
            Cell::Null => Ok(None),
            _ => read(self, at).map(Some),
        }
    }
}
