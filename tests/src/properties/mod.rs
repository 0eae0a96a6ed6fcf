//! What holds for any bytes that a reader is given, or for any texts that an output is made of.
//!
//! Each function takes the input of one fuzz target, whose form is in its documentation, and panics if
//! its property does not hold. What they have in common: the same bytes twice give the same result,
//! and whatever is wrong with them is an error with a message.

mod events;
mod inventory;
mod lsp;
mod manifest;
mod parquet;
mod sinks;
mod snapshot;
mod state;
mod table;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use tempfile::TempDir;

pub use events::events;
pub use inventory::inventory;
pub use lsp::lsp;
pub use manifest::manifest;
pub use parquet::parquet;
pub use sinks::sinks;
pub use snapshot::snapshot;
pub use state::state;
pub use table::table;

/// A property of bytes.
pub type Property = fn(&[u8]);

/// All of them, with the names of their fuzz targets.
pub const ALL: [(&str, Property); 9] = [
    ("events", events),
    ("inventory", inventory),
    ("parquet", parquet),
    ("snapshot", snapshot),
    ("state", state),
    ("table", table),
    ("manifest", manifest),
    ("lsp", lsp),
    ("sinks", sinks),
];

/// A folder that is gone with the value.
struct Scratch(TempDir);

impl Scratch {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, content).expect("writes into a temporary folder");
        path
    }
}

/// The clock of all properties.
fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_355_101, 0).expect("a time")
}

/// Asserts that two runs over the same bytes end alike, and returns what they gave.
fn same<T: PartialEq + std::fmt::Debug, E: std::fmt::Display>(
    first: Result<T, E>,
    second: Result<T, E>,
) -> Option<T> {
    match (first, second) {
        (Ok(first), Ok(second)) => {
            assert_eq!(first, second, "the same bytes give the same result");
            Some(first)
        }
        (Err(first), Err(second)) => {
            assert!(!first.to_string().is_empty(), "an error has a message");
            assert_eq!(first.to_string(), second.to_string(), "the same bytes give the same error");
            None
        }
        (first, second) => panic!(
            "the same bytes give a result and an error: {:?}, {:?}",
            first.map_err(|error| error.to_string()),
            second.map_err(|error| error.to_string())
        ),
    }
}
