//! Rows that come from elsewhere than a snapshot.

use duckdb::types::{ToSql, ToSqlOutput, Value, ValueRef};
use duckdb::{Appender, appender_params_from_iter};

use crate::error::StoreError;
use crate::quote::quote_identifier;
use crate::store::Store;

/// The type of a column that is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// A 64-bit integer.
    Int,
    /// A floating-point number.
    Double,
    /// A text.
    Text,
}

impl ColumnType {
    fn sql(self) -> &'static str {
        match self {
            Self::Int => "BIGINT",
            Self::Double => "DOUBLE",
            Self::Text => "VARCHAR",
        }
    }
}

/// A value that is loaded.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the names are clear")]
pub enum LoadValue<'a> {
    Null,
    Int(i64),
    Double(f64),
    Text(&'a str),
}

impl ToSql for LoadValue<'_> {
    fn to_sql(&self) -> duckdb::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Value::Null),
            Self::Int(value) => ToSqlOutput::Owned(Value::BigInt(*value)),
            Self::Double(value) => ToSqlOutput::Owned(Value::Double(*value)),
            Self::Text(value) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
        })
    }
}

/// Takes the rows of a table that is being loaded.
pub struct Loader<'s> {
    store: &'s Store,
    appender: Appender<'s>,
    sql: String,
}

impl Loader<'_> {
    /// Adds a row; it has as many values as the table has columns, each of the type of its column or NULL.
    ///
    /// # Errors
    /// [`StoreError::Query`] if the row has other values, or memory ends; [`StoreError::Cancelled`].
    pub fn push(&mut self, row: &[LoadValue<'_>]) -> Result<(), StoreError> {
        // Rows are appended without a statement that could be interrupted.
        self.store.check()?;
        let appended = self.appender.append_row(appender_params_from_iter(row));
        appended.map_err(|error| self.store.failed(&error, &self.sql))
    }
}

impl Store {
    /// Makes a table of rows that `f` hands over one by one. A table of this name is replaced.
    ///
    /// # Errors
    /// What `f` returns; [`StoreError::Query`] if memory ends; [`StoreError::Cancelled`]; [`StoreError::Busy`].
    pub fn load<E: From<StoreError>>(
        &self,
        name: &str,
        columns: &[(&str, ColumnType)],
        f: impl FnOnce(&mut Loader<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let column = |(name, ty): &(&str, ColumnType)| format!("{} {}", quote_identifier(name), ty.sql());
        let list = columns.iter().map(column).collect::<Vec<_>>().join(", ");
        let sql = format!("CREATE OR REPLACE TABLE {} ({list})", quote_identifier(name));
        self.execute(&sql)?;
        let appender = self.connection().appender(name).map_err(|error| self.failed(&error, &sql))?;
        let mut loader = Loader { store: self, appender, sql };
        f(&mut loader)?;
        let flushed = loader.appender.flush();
        Ok(flushed.map_err(|error| self.failed(&error, &loader.sql))?)
    }

    /// Makes a table of texts, one row after the other. A table of this name is replaced.
    ///
    /// Each row must have as many cells as there are columns.
    ///
    /// # Errors
    /// [`StoreError::Query`] where a row has other cells, or memory ends; [`StoreError::Cancelled`];
    /// [`StoreError::Busy`].
    pub fn load_table<'r>(
        &self,
        name: &str,
        columns: &[String],
        rows: impl IntoIterator<Item = &'r [Option<String>]>,
    ) -> Result<(), StoreError> {
        let columns: Vec<(&str, ColumnType)> =
            columns.iter().map(|column| (column.as_str(), ColumnType::Text)).collect();
        self.load(name, &columns, |loader| {
            rows.into_iter().try_for_each(|row| {
                let row: Vec<LoadValue<'_>> =
                    row.iter().map(|cell| cell.as_deref().map_or(LoadValue::Null, LoadValue::Text)).collect();
                loader.push(&row)
            })
        })
    }
}
