//! All rows of the database, of all tenants and projects, and their way back.

use tagpol_state::{Row, StateError, Table, Transaction};

use crate::Database;

/// A part of a copy: a table is followed by its rows.
#[derive(Debug)]
pub enum CopyPart<'a> {
    /// The next table.
    Table(&'a Table),
    /// A row of it, in the order of its columns.
    Row(Row),
}

/// The tables of a database that is being filled.
pub struct Restoring<'t> {
    transaction: &'t mut Transaction,
    tables: Vec<Table>,
}

/// Why rows cannot be put into a database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// It has rows already.
    #[error("the database has rows in the table `{table}`")]
    NotEmpty {
        /// The first table with rows.
        table: String,
    },
    /// A newer version of the program made the copy.
    #[error("the table `{table}` is not known: a newer version of tagpol made the backup")]
    UnknownTable {
        /// The table.
        table: String,
    },
}

impl Database {
    /// Reads all rows in one transaction: other transactions are in the copy as a whole, or not at all. Returns false if no
    /// server has used the database yet.
    ///
    /// # Errors
    /// What `take` returns; [`StateError`].
    pub fn copy<E: From<StateError>>(
        &self,
        mut take: impl FnMut(CopyPart<'_>) -> Result<(), E>,
    ) -> Result<bool, E> {
        let copied = self.store.read_all(|transaction| {
            for table in transaction.tables()? {
                take(CopyPart::Table(&table))?;
                transaction.each_row(&table, |row| take(CopyPart::Row(row)))?;
            }
            Ok::<_, E>(())
        })?;
        Ok(copied.is_some())
    }

    /// Fills the database in one transaction. With `replace` its rows are removed first; without, it must have none.
    ///
    /// # Errors
    /// What `fill` returns; [`RestoreError::NotEmpty`]; [`StateError`]. Nothing has changed then.
    pub fn restore<E: From<StateError> + From<RestoreError>>(
        &self,
        replace: bool,
        fill: impl FnOnce(&mut Restoring<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.store.write_all(|transaction| {
            let tables = transaction.tables()?;
            transaction.lock(&tables)?;
            for table in &tables {
                if replace {
                    transaction.clear(table)?;
                } else if !transaction.is_empty(table)? {
                    return Err(RestoreError::NotEmpty { table: table.name.clone() }.into());
                }
            }
            fill(&mut Restoring { transaction: &mut *transaction, tables })?;
            Ok(transaction.continue_numbers()?)
        })
    }
}

impl Restoring<'_> {
    /// Adds rows to a table.
    ///
    /// # Errors
    /// [`RestoreError::UnknownTable`]; [`StateError`] if the rows do not fit.
    pub fn add<E: From<StateError> + From<RestoreError>>(
        &mut self,
        table: &str,
        columns: &[String],
        rows: &[Row],
    ) -> Result<(), E> {
        let found = self.tables.iter().find(|one| one.name == table);
        let found = found.ok_or_else(|| RestoreError::UnknownTable { table: table.to_owned() })?;
        Ok(self.transaction.add_rows(found, columns, rows)?)
    }
}
