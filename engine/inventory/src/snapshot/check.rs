//! Whether the resources of a snapshot are those that its manifest tells of.

use std::fs::File;

use super::open::{Snapshot, damaged};
use crate::error::ImportError;
use crate::read::parquet_cells::open_plain;
use crate::source::read_error;
use crate::value::shorten;

impl Snapshot {
    /// Compares what the manifest says of the resources with the file that holds them, without
    /// reading more than its end: their number, and the columns of native keys.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read, or is not the one that the manifest tells of.
    pub fn check(&self) -> Result<(), ImportError> {
        let path = self.resources_path();
        let file = File::open(&path).map_err(|e| read_error(&path, e))?;
        let unreadable =
            |e: String| damaged(self.dir(), format!("its resources are not readable: {}", shorten(&e)));
        let builder = open_plain(file).map_err(unreadable)?;
        let (rows, listed) =
            (builder.metadata().file_metadata().num_rows(), self.manifest().counts.resources);
        if i64::try_from(listed) != Ok(rows) {
            return Err(damaged(
                self.dir(),
                format!("it has {rows} resources, but its manifest lists {listed}"),
            ));
        }
        let mut columns = self.manifest().keys.iter().filter_map(|key| key.column.as_deref());
        match columns.find(|column| builder.schema().index_of(column).is_err()) {
            Some(column) => {
                let column = shorten(column);
                Err(damaged(self.dir(), format!("it has no column `{column}`, which its manifest lists")))
            }
            None => Ok(()),
        }
    }
}
