//! Failures of the database, in words that a user can act on.

use std::path::PathBuf;

use crate::cancel::Cancelled;

/// Characters of a statement that an error shows.
const SHOWN: usize = 160;

/// Why a session did not do what was requested.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database could not be made ready.
    #[error("DuckDB does not start: {message}")]
    Start {
        /// The message of DuckDB.
        message: String,
    },
    /// The shared library that was found is not the one that this program was made for.
    #[error(
        "found DuckDB {found}, expected {wanted}: another library comes first in the search path of the \
         dynamic linker; run `make setup`, and see what `LD_LIBRARY_PATH` names"
    )]
    Version {
        /// The version that the library reports.
        found: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// A statement failed.
    #[error("DuckDB: {message} (in `{statement}`)")]
    Query {
        /// The message of DuckDB.
        message: String,
        /// The beginning of the statement.
        statement: String,
    },
    /// A statement failed on one of several threads, and DuckDB does not report why.
    #[error(
        "a statement failed on one of its threads, and DuckDB does not report why; with one thread it does (in `{statement}`)"
    )]
    UnknownFailure {
        /// The beginning of the statement.
        statement: String,
    },
    /// The file of a snapshot is damaged, missing, or not a snapshot.
    #[error("`{}` is not a readable snapshot: {reason}", path.display())]
    Snapshot {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A result column has a type that has no [`Cell`](crate::Cell).
    #[error("column `{column}` is of type {ty}, which cannot be read: cast it to VARCHAR")]
    ColumnType {
        /// Name of the column.
        column: String,
        /// Its Arrow type.
        ty: String,
    },
    /// A second statement was sent while the rows of a first one were still being read.
    #[error("a statement was sent while the rows of another one were being read (in `{statement}`)")]
    Busy {
        /// The beginning of the second statement.
        statement: String,
    },
    /// A statement needs more memory than it may use.
    #[error("the database needs more than its memory limit of {}", size(*limit))]
    Memory {
        /// The limit in bytes.
        limit: u64,
    },
    /// The session took longer than it may.
    #[error("the database took longer than its time limit of {} s", timeout.as_secs())]
    Timeout {
        /// The limit.
        timeout: std::time::Duration,
    },
    /// The token of the session is cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl StoreError {
    /// Wraps a failure of the statement `sql`.
    pub(crate) fn query(error: &duckdb::Error, sql: &str) -> Self {
        Self::Query { message: message(error), statement: shorten(sql) }
    }
}

/// Returns a number of bytes for people: `512 MiB`, `19.2 GiB`.
fn size(bytes: u64) -> String {
    let tenths = |unit: u32| (u128::from(bytes) * 10) >> unit;
    match tenths(30) {
        0..10 => format!("{} MiB", bytes >> 20),
        tenths => format!("{}.{} GiB", tenths / 10, tenths % 10),
    }
}

/// Returns the first paragraph of DuckDB's message.
///
/// What follows it repeats the statement, or advises settings that are locked here.
pub(crate) fn message(error: &duckdb::Error) -> String {
    if let duckdb::Error::DuckDBFailure(_, None) = error {
        return "there is no statement in the text".to_owned();
    }
    let text = error.to_string();
    text.split("\n\n").next().unwrap_or_default().trim().to_owned()
}

/// Returns the beginning of a statement in one line.
pub(crate) fn shorten(sql: &str) -> String {
    let mut words = sql.split_whitespace();
    let mut line = String::new();
    for word in words.by_ref() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > SHOWN {
            break;
        }
    }
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => {
            line.truncate(end);
            line.push('…');
        }
        None if words.next().is_some() => line.push('…'),
        None => {}
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_shown_in_one_short_line() {
        assert_eq!(shorten("SELECT 1\n  FROM t"), "SELECT 1 FROM t");
        assert_eq!(shorten(""), "");
        let long = shorten(&format!("SELECT '{}'", "é".repeat(500)));
        assert_eq!(long.chars().count(), SHOWN + 1);
        assert!(long.ends_with('…'));
        assert!(shorten(&"SELECT a, ".repeat(500)).ends_with('…'));
    }
}
