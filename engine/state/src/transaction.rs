//! A transaction on the state of a project and on the tables of a companion.

use crate::connection::{Connection, Row, Value};
use crate::error::StateError;
use crate::session::Session;
use crate::writer::StateWriter;

/// A transaction: everything in it takes effect together, or not at all.
///
/// Statements have parameters `$1`, `$2`, …, and mean the same in both databases. `{skip_locked}` at the end of a query
/// passes over rows that another transaction has locked and locks the others, where several transactions can write at
/// the same time.
pub struct Transaction {
    session: Session,
}

impl Transaction {
    pub(crate) fn new(session: Session) -> Self {
        Self { session }
    }

    pub(crate) fn into_session(self) -> Session {
        self.session
    }

    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.session.connection
    }

    /// Returns the state of the project.
    pub fn state(&mut self) -> &mut dyn StateWriter {
        &mut self.session
    }

    /// Returns the store for messages, without a password.
    pub fn store(&self) -> &str {
        self.session.connection.store()
    }

    /// Runs a statement on tables of the companion; returns the number of rows that it changed.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, StateError> {
        self.session.connection.execute(sql, values)
    }

    /// Runs a query on tables of the companion; returns all its rows.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn query(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, StateError> {
        self.session.connection.query(sql, values)
    }
}
