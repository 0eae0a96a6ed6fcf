//! Rows of the database to values. A cell that is not what the schema promises is an error with its place.

use chrono::{DateTime, Utc};
use tagpol_state::{Cell, Row, StateError, Value};

/// Reads the cells of a row in their order.
pub(crate) struct Cells<'r> {
    table: &'static str,
    row: &'r Row,
    at: usize,
}

impl<'r> Cells<'r> {
    pub(crate) fn new(table: &'static str, row: &'r Row) -> Self {
        Self { table, row, at: 0 }
    }

    fn next(&mut self) -> &'r Cell {
        let cell = self.row.get(self.at).unwrap_or(&Cell::Null);
        self.at += 1;
        cell
    }

    /// Returns an error about the cell that was read last.
    pub(crate) fn damaged(&self, expected: &str) -> StateError {
        StateError::Damaged {
            store: String::new(),
            reason: format!("column {} of a row of table `{}` is not {expected}", self.at, self.table),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String, StateError> {
        match self.next() {
            Cell::Text(text) => Ok(text.clone()),
            _ => Err(self.damaged("a text")),
        }
    }

    pub(crate) fn optional_text(&mut self) -> Result<Option<String>, StateError> {
        match self.next() {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text.clone())),
            _ => Err(self.damaged("a text or NULL")),
        }
    }

    pub(crate) fn int(&mut self) -> Result<i64, StateError> {
        match self.next() {
            Cell::Int(value) => Ok(*value),
            _ => Err(self.damaged("an integer")),
        }
    }

    pub(crate) fn flag(&mut self) -> Result<bool, StateError> {
        Ok(self.int()? != 0)
    }

    pub(crate) fn time(&mut self) -> Result<DateTime<Utc>, StateError> {
        let micros = self.int()?;
        DateTime::from_timestamp_micros(micros).ok_or_else(|| self.damaged("a time in microseconds"))
    }

    pub(crate) fn optional_time(&mut self) -> Result<Option<DateTime<Utc>>, StateError> {
        match self.next() {
            Cell::Null => Ok(None),
            Cell::Int(micros) => DateTime::from_timestamp_micros(*micros)
                .map(Some)
                .ok_or_else(|| self.damaged("a time in microseconds")),
            _ => Err(self.damaged("a time or NULL")),
        }
    }

    /// Reads a text by a function that knows its values.
    pub(crate) fn parsed<T>(
        &mut self,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StateError> {
        let text = self.text()?;
        parse(&text).ok_or_else(|| self.damaged(expected))
    }
}

/// Returns a time as it is stored.
pub(crate) fn time(at: DateTime<Utc>) -> Value<'static> {
    Value::from(at.timestamp_micros())
}

/// Returns a time as it is stored, or NULL.
pub(crate) fn optional_time(at: Option<DateTime<Utc>>) -> Value<'static> {
    Value::from(at.map(|at| at.timestamp_micros()))
}

/// Returns a number of rows as SQL counts.
pub(crate) fn limit(limit: usize) -> Value<'static> {
    Value::from(i64::try_from(limit).unwrap_or(i64::MAX))
}

/// Returns the numbers of some values in a statement: `$2, $3`.
pub(crate) fn numbers(first: usize, count: usize) -> String {
    (first..first + count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}
