//! How far reading and writing have got.

use std::path::Path;

/// How far a long piece of work has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// A file is being read.
    Reading {
        /// The file.
        path: &'a Path,
        /// Bytes of it that were read, as it lies on disk.
        bytes: u64,
        /// Its size in bytes, where it has one.
        total: Option<u64>,
        /// Rows read so far.
        rows: u64,
    },
    /// The snapshot is being written.
    Writing {
        /// Resources written so far.
        resources: u64,
        /// All of them.
        total: u64,
    },
}
