//! The rows of a query, with errors that name the query.

use chrono::{DateTime, Utc};
use tagpol_plan::ir::{Origin, StateCode};
use tagpol_sema::program::Source;
use tagpol_session::{Cell, Decimal, Row};

use crate::error::RunError;
use crate::finding::State;

/// The fields of a row, with errors that name the query.
pub struct Fields<'a> {
    pub(crate) row: &'a Row<'a>,
    pub(crate) query: &'static str,
}

impl Fields<'_> {
    /// Returns a text; None if the cell is NULL.
    pub fn text(&self, at: usize) -> Option<String> {
        self.row.get(at).and_then(Cell::as_text).map(str::to_owned)
    }

    /// Returns a count, which is never NULL.
    ///
    /// # Errors
    /// [`RunError::Answer`] for another kind of cell, or a negative number.
    pub fn count(&self, at: usize) -> Result<u64, RunError> {
        let cell = self.row.get(at).and_then(Cell::as_int).and_then(|count| u64::try_from(count).ok());
        cell.ok_or_else(|| self.unexpected(&format!("column {at} is not a count")))
    }

    /// Returns an index, which is never NULL.
    ///
    /// # Errors
    /// As [`Self::count`].
    pub fn index(&self, at: usize) -> Result<usize, RunError> {
        let count = self.count(at)?;
        usize::try_from(count).map_err(|_| self.unexpected("an index out of range"))
    }

    /// Returns a truth value; NULL is false.
    pub fn truth(&self, at: usize) -> bool {
        self.row.get(at).and_then(Cell::as_bool).unwrap_or_default()
    }

    pub(crate) fn time(&self, at: usize) -> Option<DateTime<Utc>> {
        match self.row.get(at) {
            Some(Cell::Timestamp(micros)) => DateTime::from_timestamp_micros(*micros),
            _ => None,
        }
    }

    /// Returns an amount; None if the cell is NULL.
    pub fn money(&self, at: usize) -> Option<Decimal> {
        self.row.get(at).and_then(Cell::as_decimal)
    }

    /// Returns a floating-point number; None if the cell is NULL.
    pub fn number(&self, at: usize) -> Option<f64> {
        match self.row.get(at) {
            Some(Cell::Double(number)) => Some(*number),
            _ => None,
        }
    }

    /// Returns the state of a finding.
    ///
    /// # Errors
    /// [`RunError::Answer`] for a code that is not the code of a state.
    pub fn state(&self, at: usize) -> Result<State, RunError> {
        let code = self.row.get(at).and_then(Cell::as_int).and_then(StateCode::from_code);
        match code {
            Some(StateCode::Open) => Ok(State::Open),
            Some(StateCode::Pending) => Ok(State::Pending),
            Some(StateCode::Exempt) => Ok(State::Exempt),
            Some(StateCode::None) | None => Err(self.unexpected("a finding without a state")),
        }
    }

    /// The source of a tag's value; None if the cell is NULL.
    pub fn source(&self, at: usize) -> Result<Option<Source>, RunError> {
        let Some(code) = self.row.get(at).and_then(Cell::as_int) else { return Ok(None) };
        let source = Source::ALL.into_iter().find(|source| Origin::source_code(*source) == code);
        source.map(Some).ok_or_else(|| self.unexpected("an unknown source"))
    }

    /// Returns the error for a row that the query cannot have returned.
    pub fn unexpected(&self, reason: &str) -> RunError {
        RunError::Answer { query: self.query, reason: reason.to_owned() }
    }
}
