//! A connection to one of the two databases, and one transaction on it.
//!
//! Statements are written once, with parameters `$1`, `$2`, …; the databases differ in how they are opened, how
//! writers exclude each other, and how many rows become the rows of a statement ([`Connection::bulk`]). `{by_tag}` after
//! the table of decisions stands for the hint to use the index by tag: without statistics SQLite would take the
//! primary key, which has all decisions of a project in it, and be quadratic. `{skip_locked}` at the end of a query passes over
//! rows that another transaction of a server has locked, and locks the others.

mod escape;
mod postgres;
mod sqlite;

use std::borrow::Cow;

use tokio::runtime::Runtime;

use crate::error::StateError;
use crate::location::Location;
use crate::patience::Patience;

/// Most rows of a bulk statement, and of a page that is read to be streamed.
pub(crate) const CHUNK: usize = 10_000;

/// What a transaction may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Read one consistent state.
    Read,
    /// Read and write; other writers of the same project wait.
    Write,
}

/// A parameter of a statement. None is NULL.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// An integer.
    Int(Option<i64>),
    /// A finite number.
    Real(Option<f64>),
    /// A text as it is stored: made by `From`, which escapes what the databases cannot store.
    Text(Option<Cow<'a, str>>),
}

impl Value<'_> {
    /// Returns the value without what it borrows.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Int(value) => Value::Int(value),
            Self::Real(value) => Value::Real(value),
            Self::Text(value) => Value::Text(value.map(|text| Cow::Owned(text.into_owned()))),
        }
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<f64> for Value<'_> {
    fn from(value: f64) -> Self {
        Self::Real(Some(value))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Some(escape::stored(value)))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Self::from(value.as_str())
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Self::Text(value.map(escape::stored))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<Option<f64>> for Value<'_> {
    fn from(value: Option<f64>) -> Self {
        Self::Real(value)
    }
}

/// A cell of a result.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// NULL.
    Null,
    /// An integer.
    Int(i64),
    /// A number.
    Real(f64),
    /// A text, without the escapes of the store.
    Text(String),
    /// What this program never stores, described for a message.
    Other(&'static str),
}

impl Cell {
    /// Takes a text as it is stored.
    fn stored_text(text: String) -> Self {
        escape::original(text).map_or(Self::Other("a text with an unknown escape"), Self::Text)
    }

    /// Returns the cell for a message; long texts are cut.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Null => "NULL".to_owned(),
            Self::Int(value) => value.to_string(),
            Self::Real(value) => value.to_string(),
            Self::Text(value) => format!("`{}`", value.chars().take(40).collect::<String>()),
            Self::Other(description) => (*description).to_owned(),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Cell {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

/// Reads a cell from JSON, as SQLite writes it.
struct CellVisitor;

impl serde::de::Visitor<'_> for CellVisitor {
    type Value = Cell;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("null, a number or a text")
    }

    fn visit_unit<E>(self) -> Result<Cell, E> {
        Ok(Cell::Null)
    }

    fn visit_i64<E>(self, value: i64) -> Result<Cell, E> {
        Ok(Cell::Int(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Cell, E> {
        i64::try_from(value).map(Cell::Int).map_err(E::custom)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Cell, E> {
        Ok(Cell::Real(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Cell, E> {
        Ok(Cell::stored_text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Cell, E> {
        Ok(Cell::stored_text(value))
    }
}

/// A row of a result, in the order of the columns.
pub type Row = Vec<Cell>;

/// The values of one column of a bulk statement.
#[derive(Debug)]
pub(crate) enum Column {
    Int(Vec<Option<i64>>),
    Real(Vec<Option<f64>>),
    /// As they are stored.
    Text(Vec<Option<String>>),
}

impl Column {
    /// Returns the number of values.
    fn len(&self) -> usize {
        match self {
            Self::Int(values) => values.len(),
            Self::Real(values) => values.len(),
            Self::Text(values) => values.len(),
        }
    }

    pub(crate) fn ints(values: impl IntoIterator<Item = i64>) -> Self {
        Self::Int(values.into_iter().map(Some).collect())
    }

    pub(crate) fn optional_ints(values: impl IntoIterator<Item = Option<i64>>) -> Self {
        Self::Int(values.into_iter().collect())
    }

    pub(crate) fn reals(values: impl IntoIterator<Item = f64>) -> Self {
        Self::Real(values.into_iter().map(Some).collect())
    }

    pub(crate) fn texts<'t>(values: impl IntoIterator<Item = &'t str>) -> Self {
        Self::optional_texts(values.into_iter().map(Some))
    }

    pub(crate) fn optional_texts<'t>(values: impl IntoIterator<Item = Option<&'t str>>) -> Self {
        Self::Text(
            values.into_iter().map(|value| value.map(|text| escape::stored(text).into_owned())).collect(),
        )
    }
}

/// Rows of a bulk statement, column by column; all columns have the same length.
pub(crate) type Columns = [(&'static str, Column)];

/// A connection with an open transaction.
pub(crate) struct Connection {
    /// Drives the connection; it runs only while a statement does.
    runtime: Runtime,
    kind: Kind,
    /// The store in messages.
    store: String,
    /// What a kept connection compares before its next transaction. None for a server.
    file: Option<sqlite::OpenedFile>,
}

enum Kind {
    Sqlite(sqlx::SqliteConnection),
    Postgres(sqlx::PgConnection),
}

impl Connection {
    /// Opens the database and begins a transaction. None: nothing was stored there yet, and nothing is to be
    /// written.
    pub(crate) fn begin(
        location: &Location,
        access: Access,
        project: (&str, &str),
        patience: &mut Patience<'_>,
    ) -> Result<Option<Self>, StateError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| StateError::Database {
            doing: "open",
            store: location.to_string(),
            reason: error.to_string(),
        })?;
        match location {
            Location::Sqlite(path) => sqlite::begin(runtime, path, access, patience),
            Location::Postgres(server) => postgres::begin(runtime, server, access, project, patience),
        }
    }

    /// Begins another transaction on a connection that was kept. None: the connection is broken, or the store is not
    /// what it was when it was opened, so that it must be opened and checked again.
    pub(crate) fn resume(
        mut self,
        access: Access,
        project: (&str, &str),
        patience: &mut Patience<'_>,
    ) -> Result<Option<Self>, StateError> {
        let resumed = match &self.kind {
            Kind::Sqlite(_) => sqlite::resume(&mut self, access, patience),
            Kind::Postgres(_) => postgres::resume(&mut self, access, project, patience),
        };
        match resumed {
            Ok(true) => Ok(Some(self)),
            Ok(false) => {
                self.rollback();
                Ok(None)
            }
            Err(error) => {
                self.rollback();
                Err(error)
            }
        }
    }

    /// Makes everything that was written durable. The connection can be kept for another transaction.
    pub(crate) fn commit(mut self, patience: &mut Patience<'_>) -> Result<Self, StateError> {
        let committed = match &self.kind {
            Kind::Sqlite(_) => sqlite::commit(&mut self, patience),
            Kind::Postgres(_) => self.execute("COMMIT", &[]).map(drop),
        };
        match committed {
            Ok(()) => Ok(self),
            Err(error) => {
                self.rollback();
                Err(error)
            }
        }
    }

    /// Ends a transaction that only read. None: the connection cannot be used again.
    pub(crate) fn end_reading(mut self) -> Option<Self> {
        match self.execute("ROLLBACK", &[]) {
            Ok(_) => Some(self),
            Err(_) => {
                drop(self.close());
                None
            }
        }
    }

    /// Gives up what was written.
    pub(crate) fn rollback(self) {
        drop(self.give_up());
    }

    /// Drops the connection without waiting for anything, as on a thread that must not block.
    pub(crate) fn abandon(self) {
        let Self { runtime, kind, .. } = self;
        drop(kind);
        runtime.shutdown_background();
    }

    /// Prepares a connection to a file for further transactions.
    pub(crate) fn keep(&mut self, path: &std::path::Path) -> Result<(), StateError> {
        sqlite::keep(self, path)
    }

    /// Whether the database is a server, which other processes on other machines use.
    pub(crate) fn is_server(&self) -> bool {
        matches!(self.kind, Kind::Postgres(_))
    }

    /// Gives up what was written, and returns the runtime for another connection.
    fn give_up(mut self) -> Runtime {
        // The database does so by itself if the connection is gone.
        let _: Result<u64, StateError> = self.execute("ROLLBACK", &[]);
        self.close()
    }

    /// Closes the connection; returns the runtime for another one.
    pub(crate) fn close(self) -> Runtime {
        use sqlx::Connection as _;
        let Self { runtime, kind, .. } = self;
        // Whatever happens here, the transaction is over.
        let _ = match kind {
            Kind::Sqlite(connection) => runtime.block_on(connection.close()),
            Kind::Postgres(connection) => runtime.block_on(connection.close()),
        };
        runtime
    }

    /// Returns the store for messages.
    pub(crate) fn store(&self) -> &str {
        &self.store
    }

    /// Runs a statement; returns the number of rows that it changed.
    pub(crate) fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, StateError> {
        let sql = &self.with_hint(sql);
        let Self { runtime, kind, store, .. } = self;
        match kind {
            Kind::Sqlite(connection) => sqlite::execute(runtime, connection, store, sql, values),
            Kind::Postgres(connection) => postgres::execute(runtime, connection, store, sql, values),
        }
    }

    /// Runs a query; returns all its rows.
    pub(crate) fn query(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, StateError> {
        let sql = &self.with_hint(sql);
        let Self { runtime, kind, store, .. } = self;
        match kind {
            Kind::Sqlite(connection) => sqlite::query(runtime, connection, store, sql, values),
            Kind::Postgres(connection) => postgres::query(runtime, connection, store, sql, values),
        }
    }

    /// Runs a query with many rows; each has the named columns, integers and texts.
    pub(crate) fn query_many(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        columns: &[&str],
    ) -> Result<Vec<Row>, StateError> {
        let Self { runtime, kind, store, .. } = self;
        if let Kind::Sqlite(connection) = kind {
            // One row costs the driver 3 µs; a list of rows as a single text costs a sixth of that.
            let packed = format!("SELECT json_group_array(json_array({})) FROM ({sql})", columns.join(", "));
            let rows = sqlite::query(runtime, connection, store, &packed, values);
            let text = rows.ok().and_then(|rows| rows.into_iter().flatten().next());
            // What JSON cannot express is damage, which the other way reports with its place.
            if let Some(Cell::Text(text)) = text
                && let Ok(rows) = serde_json::from_str(&text)
            {
                return Ok(rows);
            }
        }
        self.query(sql, values)
    }

    /// Runs a query that has one row of one column.
    pub(crate) fn single(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Cell, StateError> {
        let rows = self.query(sql, values)?;
        Ok(rows.into_iter().flatten().next().unwrap_or(Cell::Null))
    }

    /// Runs a statement over rows: `{rows}` in it stands for a query that has them, with the names of the columns.
    /// At most [`CHUNK`] rows.
    pub(crate) fn bulk(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        columns: &Columns,
    ) -> Result<u64, StateError> {
        let Self { runtime, kind, store, .. } = self;
        match kind {
            Kind::Sqlite(connection) => {
                let sql = sql.replace("{rows}", &sqlite::rows(columns, values.len() + 1));
                let json = Value::Text(Some(Cow::Owned(sqlite::json(columns))));
                let values: Vec<Value<'_>> = values.iter().cloned().chain([json]).collect();
                sqlite::execute(runtime, connection, store, &sql, &values)
            }
            Kind::Postgres(connection) => {
                let sql = sql.replace("{rows}", &postgres::rows(columns, values.len() + 1));
                postgres::execute_bulk(runtime, connection, store, &sql, values, columns)
            }
        }
    }

    /// Runs a query over rows, as [`Connection::bulk`].
    pub(crate) fn bulk_query(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        columns: &Columns,
    ) -> Result<Vec<Row>, StateError> {
        let sql = &self.with_hint(sql);
        let Self { runtime, kind, store, .. } = self;
        match kind {
            Kind::Sqlite(connection) => {
                let sql = sql.replace("{rows}", &sqlite::rows(columns, values.len() + 1));
                let json = Value::Text(Some(Cow::Owned(sqlite::json(columns))));
                let values: Vec<Value<'_>> = values.iter().cloned().chain([json]).collect();
                sqlite::query(runtime, connection, store, &sql, &values)
            }
            Kind::Postgres(connection) => {
                let sql = sql.replace("{rows}", &postgres::rows(columns, values.len() + 1));
                postgres::query_bulk(runtime, connection, store, &sql, values, columns)
            }
        }
    }

    fn with_hint(&self, sql: &str) -> String {
        let (hint, skip_locked) = match &self.kind {
            Kind::Sqlite(_) => ("INDEXED BY decisions_by_tag", ""),
            Kind::Postgres(_) => ("", "FOR UPDATE SKIP LOCKED"),
        };
        sql.replace("{by_tag}", hint).replace("{skip_locked}", skip_locked)
    }

    /// Runs statements separated by `;` without parameters or rows.
    pub(crate) fn script(&mut self, sql: &str) -> Result<(), StateError> {
        let Self { runtime, kind, store, .. } = self;
        match kind {
            Kind::Sqlite(connection) => sqlite::script(runtime, connection, store, sql),
            Kind::Postgres(connection) => postgres::script(runtime, connection, store, sql),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Opens an existing SQLite file for reading.
    pub(crate) fn open(path: &std::path::Path) -> Connection {
        let location = Location::Sqlite(path.to_owned());
        let mut patience = Patience::new("test", std::time::Duration::ZERO, &|_| {});
        Connection::begin(&location, Access::Read, ("", ""), &mut patience).unwrap().unwrap()
    }
}
