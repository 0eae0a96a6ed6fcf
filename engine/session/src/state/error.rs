//! What can go wrong with the store of a project.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::StoreError;

/// Why the state store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another process has it, and did not let go of it in time.
    #[error(
        "`{}` is in use{}; waited {} s",
        path.display(),
        holder.map_or_else(String::new, |pid| format!(" by process {pid}")),
        waited.as_secs_f32()
    )]
    Locked {
        /// The file.
        path: PathBuf,
        /// The process that has it, where that is known.
        holder: Option<u32>,
        /// How long this one has waited.
        waited: Duration,
    },
    /// A newer program made it.
    #[error("`{}` is of version {found}, and this tagpol knows versions up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that is known here.
        known: i64,
    },
    /// It is no DuckDB file, or one that something else made or damaged.
    #[error("`{}` is no readable state store: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file or folder could not be made, read or written.
    #[error("cannot {doing} `{}`: {source}", path.display())]
    Io {
        /// What was to be done.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// All that was to be written is on disk, and the next writer will find it; but closing the file
    /// could not put it where it belongs, as on a full disk.
    #[error("`{}` could not be tidied up: {reason}", path.display())]
    Untidy {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// It, or a file beside it that belongs to it, is not a regular file.
    #[error(transparent)]
    File(tagpol_files::FileError),
    /// There is the log of a store, and no store.
    #[error("`{}` is the log of a store that is not there any more", path.display())]
    StrayLog {
        /// The log.
        path: PathBuf,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StateError {
    /// The numbers of a table have come to their end, which only somebody else's rows can have done.
    pub(super) fn no_number(table: &str) -> Self {
        let reason = format!("no number is left after the last one in its table `{table}`");
        Self::Damaged { path: PathBuf::from("the state store"), reason }
    }

    /// Whether the place is one that nothing may be written to.
    pub fn is_read_only(&self) -> bool {
        use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        matches!(self, Self::Io { source, .. } if matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem))
    }
}
