//! Rows that come from elsewhere than a snapshot.

use duckdb::appender_params_from_iter;

use crate::error::StoreError;
use crate::quote::quote_identifier;
use crate::store::Store;

impl Store {
    /// Makes a table of texts, one row after the other. A table of this name is replaced.
    ///
    /// Each row must have as many cells as there are columns.
    ///
    /// # Errors
    /// [`StoreError::Query`] where a row has other cells, or memory ends; [`StoreError::Interrupted`];
    /// [`StoreError::Busy`].
    pub fn load_table<'r>(
        &self,
        name: &str,
        columns: &[String],
        rows: impl IntoIterator<Item = &'r [Option<String>]>,
    ) -> Result<(), StoreError> {
        let column = |column: &String| format!("{} VARCHAR", quote_identifier(column));
        let list = columns.iter().map(column).collect::<Vec<_>>().join(", ");
        let sql = format!("CREATE OR REPLACE TABLE {} ({list})", quote_identifier(name));
        self.execute(&sql)?;
        let failed = |error: duckdb::Error| self.failed(&error, &sql);
        let mut appender = self.connection().appender(name).map_err(failed)?;
        for row in rows {
            appender.append_row(appender_params_from_iter(row)).map_err(failed)?;
        }
        appender.flush().map_err(failed)
    }
}
