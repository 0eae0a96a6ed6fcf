//! The rows of a query, decoded by the names of its columns.

use std::cell::{Cell as Slot, RefCell};

use chrono::{DateTime, Utc};
use tagpol_plan::ir::{Origin, StateCode};
use tagpol_sema::program::Source;
use tagpol_session::{Cell, Decimal, Row, Store};

use crate::error::RunError;
use crate::finding::State;

/// Reads the rows of a query as they come. `query` is its name in errors.
///
/// # Errors
/// Those of the database and of `f`, and [`RunError::Answer`] if `f` reads a column that the query lacks.
pub fn read(
    store: &Store,
    query: &'static str,
    sql: &str,
    mut f: impl FnMut(&Fields<'_>) -> Result<(), RunError>,
) -> Result<(), RunError> {
    store.for_each(sql, |row| decode(query, row, &mut f))
}

/// Hands a row of a query to `f`.
pub(crate) fn decode(
    query: &'static str,
    row: &Row<'_>,
    f: &mut impl FnMut(&Fields<'_>) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let fields = Fields { row, query, next: Slot::new(0), unknown: RefCell::default() };
    f(&fields)?;
    match fields.unknown.take() {
        None => Ok(()),
        Some(column) => Err(fields.unexpected(&format!("no column `{column}`"))),
    }
}

/// The fields of a row, with errors that name the query.
///
/// A column that is not there reads as NULL, and is an error of the query once the row has been read: whoever
/// reads it spelled it differently from the plan.
pub struct Fields<'a> {
    row: &'a Row<'a>,
    query: &'static str,
    /// The column after the one that was read last. Columns are mostly read in their order, and a search for each
    /// would take longer than all else that is done with a finding.
    next: Slot<usize>,
    unknown: RefCell<Option<String>>,
}

impl Fields<'_> {
    fn cell(&self, column: &str) -> Option<&Cell> {
        let (columns, next) = (self.row.columns(), self.next.get());
        let is_next = columns.get(next).is_some_and(|name| name == column);
        let place = if is_next { Some(next) } else { columns.iter().position(|name| name == column) };
        let Some(place) = place else {
            self.unknown.replace(Some(column.to_owned()));
            return None;
        };
        self.next.set(place + 1);
        self.row.get(place)
    }

    /// Returns a text; None if the cell is NULL.
    pub fn text(&self, column: &str) -> Option<String> {
        self.cell(column).and_then(Cell::as_text).map(str::to_owned)
    }

    /// Returns a count, which is never NULL.
    ///
    /// # Errors
    /// [`RunError::Answer`] for another kind of cell, or a negative number.
    pub fn count(&self, column: &str) -> Result<u64, RunError> {
        let cell = self.cell(column).and_then(Cell::as_int).and_then(|count| u64::try_from(count).ok());
        cell.ok_or_else(|| self.unexpected(&format!("column `{column}` is not a count")))
    }

    /// Returns an index, which is never NULL.
    ///
    /// # Errors
    /// As [`Self::count`].
    pub fn index(&self, column: &str) -> Result<usize, RunError> {
        let count = self.count(column)?;
        usize::try_from(count).map_err(|_| self.unexpected("an index out of range"))
    }

    /// Returns an index; None if the cell is NULL.
    ///
    /// # Errors
    /// As [`Self::count`].
    pub fn optional_index(&self, column: &str) -> Result<Option<usize>, RunError> {
        match self.cell(column) {
            None | Some(Cell::Null) => Ok(None),
            Some(_) => self.index(column).map(Some),
        }
    }

    /// Returns a truth value; NULL is false.
    pub fn truth(&self, column: &str) -> bool {
        self.cell(column).and_then(Cell::as_bool).unwrap_or_default()
    }

    /// Returns a time; None if the cell is NULL.
    pub fn time(&self, column: &str) -> Option<DateTime<Utc>> {
        match self.cell(column) {
            Some(Cell::Timestamp(micros)) => DateTime::from_timestamp_micros(*micros),
            _ => None,
        }
    }

    /// Returns an amount; None if the cell is NULL.
    pub fn money(&self, column: &str) -> Option<Decimal> {
        self.cell(column).and_then(Cell::as_decimal)
    }

    /// Returns a floating-point number; None if the cell is NULL.
    pub fn number(&self, column: &str) -> Option<f64> {
        match self.cell(column) {
            Some(Cell::Double(number)) => Some(*number),
            _ => None,
        }
    }

    /// Returns the state of a finding.
    ///
    /// # Errors
    /// [`RunError::Answer`] for a code that is not the code of a state.
    pub fn state(&self, column: &str) -> Result<State, RunError> {
        self.state_if_any(column)?.ok_or_else(|| self.unexpected("a finding without a state"))
    }

    /// Returns the state of a finding; None if there is no finding.
    ///
    /// # Errors
    /// [`RunError::Answer`] for a code that is not a [`StateCode`].
    pub fn state_if_any(&self, column: &str) -> Result<Option<State>, RunError> {
        let code = self.cell(column).and_then(Cell::as_int).and_then(StateCode::from_code);
        code.map(State::of_code).ok_or_else(|| self.unexpected(&format!("column `{column}` is not a state")))
    }

    /// Returns the source of a tag's value; None if the cell is NULL.
    ///
    /// # Errors
    /// [`RunError::Answer`] for a code that is not the code of a source.
    pub fn source(&self, column: &str) -> Result<Option<Source>, RunError> {
        let Some(code) = self.cell(column).and_then(Cell::as_int) else { return Ok(None) };
        let source = Source::ALL.into_iter().find(|source| Origin::source_code(*source) == code);
        source.map(Some).ok_or_else(|| self.unexpected("an unknown source"))
    }

    /// Returns the error for a row that the query cannot have returned.
    pub fn unexpected(&self, reason: &str) -> RunError {
        RunError::Answer { query: self.query, reason: reason.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use tagpol_session::StoreOptions;

    use super::*;

    #[test]
    fn columns_are_found_by_name_in_any_order() {
        let store = Store::in_memory(&StoreOptions::default()).unwrap();
        let mut found = None;
        read(&store, "test", "VALUES (1, 'x', true)", |row| {
            found = Some((row.truth("col2"), row.text("col1"), row.count("col0")?));
            Ok(())
        })
        .unwrap();
        assert_eq!(found, Some((true, Some("x".to_owned()), 1)));
    }

    #[test]
    fn a_column_that_the_query_lacks_is_an_error_and_not_null() {
        let store = Store::in_memory(&StoreOptions::default()).unwrap();
        let read = |column: &str| {
            read(&store, "test", "VALUES (1)", |row| {
                row.text(column);
                Ok(())
            })
        };
        assert!(read("col0").is_ok());
        let error = read("owner").unwrap_err().to_string();
        assert_eq!(error, "unexpected database result for `test`: no column `owner`");
    }
}
