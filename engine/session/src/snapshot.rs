//! The file of a snapshot, as a view.

use std::path::Path;

use crate::error::StoreError;
use crate::quote::{quote_identifier, quote_text};
use crate::rows::{Cell, Table};
use crate::store::Store;

/// A column of a file of a snapshot: its name and its DuckDB type.
type Column = (&'static str, &'static str);

/// The columns that what charges are for has in addition to [`SNAPSHOT_COLUMNS`].
const SUBJECT_COLUMNS: [Column; 4] =
    [("subject", "BIGINT"), ("service", "VARCHAR"), ("category", "VARCHAR"), ("billing_account", "VARCHAR")];

/// The columns of charges.
const CHARGE_COLUMNS: [Column; 9] = [
    ("subject", "BIGINT"),
    ("month", "DATE"),
    ("day", "DATE"),
    ("currency", "VARCHAR"),
    ("correction", "BOOLEAN"),
    ("effective", "DECIMAL(38,18)"),
    ("billed", "DECIMAL(38,18)"),
    ("contracted", "DECIMAL(38,18)"),
    ("list", "DECIMAL(38,18)"),
];

/// The columns that every snapshot has, with their DuckDB types.
///
/// The promoted columns `key_0`, `key_1`, … come after them.
pub const SNAPSHOT_COLUMNS: [(&str, &str); 11] = [
    ("id", "VARCHAR"),
    ("name", "VARCHAR"),
    ("type", "VARCHAR"),
    ("provider", "VARCHAR"),
    ("account", "VARCHAR"),
    ("region", "VARCHAR"),
    ("source", "VARCHAR"),
    ("created", "TIMESTAMP"),
    ("monthly_cost", "DECIMAL(38,12)"),
    ("meta", "VARCHAR"),
    ("tags", "MAP(VARCHAR, VARCHAR)"),
];

impl Store {
    /// Makes the resources of a snapshot readable as the view `as_view`.
    ///
    /// Only the footer of the file is read now, so damage further in shows when a statement gets
    /// there. A view of this name is replaced.
    ///
    /// # Errors
    /// [`StoreError::Snapshot`] if the file is missing, is not a Parquet file, or lacks a column
    /// of [`SNAPSHOT_COLUMNS`]; [`StoreError::Cancelled`]; [`StoreError::Busy`].
    pub fn open_snapshot(&self, parquet: &Path, as_view: &str) -> Result<(), StoreError> {
        self.open_parquet(parquet, as_view, &[&SNAPSHOT_COLUMNS])
    }

    fn open_parquet(&self, parquet: &Path, as_view: &str, expected: &[&[Column]]) -> Result<(), StoreError> {
        let unreadable = |reason| StoreError::Snapshot { path: parquet.to_owned(), reason };
        let sql = scan_of(parquet).map_err(unreadable)?;
        let columns = self.query(&format!("DESCRIBE {sql}")).map_err(|e| about_file(e, parquet))?;
        expected.iter().try_for_each(|expected| check_columns(&columns, expected)).map_err(unreadable)?;
        let view = quote_identifier(as_view);
        self.execute(&format!("CREATE OR REPLACE VIEW {view} AS {sql}")).map_err(|e| about_file(e, parquet))
    }
}

impl Store {
    /// Makes what charges are for readable as the view `subjects_view`, and the charges as `charges_view`.
    ///
    /// # Errors
    /// As [`Store::open_snapshot`].
    pub fn open_charges(
        &self,
        [subjects, charges]: [&Path; 2],
        [subjects_view, charges_view]: [&str; 2],
    ) -> Result<(), StoreError> {
        self.open_parquet(subjects, subjects_view, &[&SNAPSHOT_COLUMNS, &SUBJECT_COLUMNS])?;
        self.open_parquet(charges, charges_view, &[&CHARGE_COLUMNS])
    }
}

impl Store {
    /// Makes the distinct values of a snapshot readable as the table `as_table`.
    ///
    /// # Errors
    /// [`StoreError::Snapshot`] if the file is missing or is not a Parquet file with the columns
    /// `source` and `value`; [`StoreError::Cancelled`]; [`StoreError::Busy`].
    pub fn open_values(&self, parquet: &Path, as_table: &str) -> Result<(), StoreError> {
        let unreadable = |reason| StoreError::Snapshot { path: parquet.to_owned(), reason };
        let sql = scan_of(parquet).map_err(unreadable)?;
        let table = quote_identifier(as_table);
        let sql = format!("CREATE OR REPLACE TEMP TABLE {table} AS SELECT source, value FROM ({sql})");
        self.execute(&sql).map_err(|e| about_file(e, parquet))
    }
}

/// Returns the statement that reads exactly this file and takes nothing from its path.
fn scan_of(parquet: &Path) -> Result<String, String> {
    // An absolute path cannot be taken for an address (`s3:`) or for a home folder (`~`).
    let path = std::path::absolute(parquet).map_err(|e| e.to_string())?;
    let path = path.to_str().ok_or("its path is not UTF-8")?;
    if !parquet.is_file() {
        return Err("there is no such file".to_owned());
    }
    // A file that is there is taken before its path is understood as a pattern, and what a pattern would
    // match in addition cannot be opened.
    Ok(format!("SELECT * FROM read_parquet({}, hive_partitioning = false)", quote_text(path)))
}

fn about_file(error: StoreError, parquet: &Path) -> StoreError {
    match error {
        StoreError::Query { message, .. } => {
            StoreError::Snapshot { path: parquet.to_owned(), reason: message }
        }
        other => other,
    }
}

/// Compares the result of `DESCRIBE` with [`SNAPSHOT_COLUMNS`].
fn check_columns(described: &Table, expected: &[Column]) -> Result<(), String> {
    let text = |cell: Option<&Cell>| cell.and_then(Cell::as_text).unwrap_or_default().to_owned();
    let found: Vec<(String, String)> =
        described.rows.iter().map(|row| (text(row.first()), text(row.get(1)))).collect();
    for &(name, ty) in expected {
        match found.iter().find(|(column, _)| column == name) {
            None => {
                return Err(format!("it has no column `{name}`; import the inventory again"));
            }
            Some((_, other)) if *other != ty => {
                return Err(format!(
                    "its column `{name}` is {other}, expected {ty}; import the inventory again"
                ));
            }
            Some(_) => {}
        }
    }
    Ok(())
}
