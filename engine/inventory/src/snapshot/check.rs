//! Whether the resources of a snapshot are those that its manifest tells of.

use std::fs::File;
use std::path::Path;

use super::manifest::KeyCount;
use super::open::{Snapshot, damaged};
use crate::error::ImportError;
use crate::read::parquet_cells::open_plain;
use crate::source::read_error;
use crate::value::shorten;

impl Snapshot {
    /// Compares what the manifest says of the resources and charges with the files that hold them, without
    /// reading more than their ends: their number, and the columns of native keys.
    ///
    /// # Errors
    ///
    /// Where a file cannot be read, or is not the one that the manifest tells of.
    pub fn check(&self) -> Result<(), ImportError> {
        let manifest = self.manifest();
        let (resources, has_unknown) = (manifest.counts.resources, manifest.counts.unknown > 0);
        self.check_file((&self.resources_path(), "resources"), resources, (&manifest.keys, has_unknown))?;
        if let (Some(info), Some([subjects, charges])) = (&manifest.charges, self.charges_paths()) {
            self.check_file((&subjects, "subjects of charges"), info.subjects, (&info.keys, false))?;
            self.check_file((&charges, "charges"), info.charges, (&[], false))?;
        }
        Ok(())
    }

    fn check_file(
        &self,
        (path, what): (&Path, &str),
        listed: u64,
        (keys, has_unknown): (&[KeyCount], bool),
    ) -> Result<(), ImportError> {
        let file = File::open(path).map_err(|e| read_error(path, e))?;
        let unreadable =
            |e: String| damaged(self.dir(), format!("its {what} are not readable: {}", shorten(&e)));
        let builder = open_plain(file).map_err(unreadable)?;
        let rows = builder.metadata().file_metadata().num_rows();
        if i64::try_from(listed) != Ok(rows) {
            return Err(damaged(
                self.dir(),
                format!("it has {rows} {what}, but its manifest lists {listed}"),
            ));
        }
        let unknown: &[&str] = if has_unknown { &["unknown_keys", "unknown_tags"] } else { &[] };
        let keys = keys.iter().filter_map(|key| key.column.as_deref());
        let mut columns = keys.chain(unknown.iter().copied());
        match columns.find(|column| builder.schema().index_of(column).is_err()) {
            Some(column) => {
                let column = shorten(column);
                Err(damaged(self.dir(), format!("it has no column `{column}`, which its manifest lists")))
            }
            None => Ok(()),
        }
    }
}
