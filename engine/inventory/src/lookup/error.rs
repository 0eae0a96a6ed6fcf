//! Why a lookup table cannot be read.

use std::path::{Path, PathBuf};

use crate::error::ImportError;

/// Why a lookup table cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the table `{}` cannot be read: {reason}", path.display())]
pub struct LookupError {
    /// The file.
    pub path: PathBuf,
    /// Line, from 1, if there is one; of Parquet the row.
    pub line: Option<u64>,
    /// Column on the line in characters, from 1, if there is one.
    pub column: Option<u64>,
    /// What is wrong, without the path.
    pub reason: String,
    /// What the user can do about it.
    pub help: Option<String>,
}

impl LookupError {
    pub(super) fn new(path: &Path, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: None, column: None, reason: reason.into(), help: None }
    }

    pub(super) fn line(self, line: u64) -> Self {
        Self { line: Some(line), ..self }
    }

    pub(super) fn help(self, help: &str) -> Self {
        Self { help: Some(help.to_owned()), ..self }
    }
}

impl From<ImportError> for LookupError {
    fn from(error: ImportError) -> Self {
        let reason = match &error {
            ImportError::NotFound { .. } => "there is no such file".to_owned(),
            ImportError::IsDirectory { .. } => "it is a folder".to_owned(),
            ImportError::Empty { .. } => "it is empty".to_owned(),
            ImportError::Read { source, .. } => source.to_string(),
            ImportError::Truncated { what, .. } => format!("it is cut off: {what} is still open at its end"),
            ImportError::Json { reason, .. } => format!("it is not valid JSON: {reason}"),
            ImportError::Parquet { reason, .. } => format!("it is not readable Parquet: {reason}"),
            other => other.to_string(),
        };
        let help = match &error {
            ImportError::NotFound { .. } | ImportError::IsDirectory { .. } => {
                Some("the path of a table is relative to the file that it is written in".to_owned())
            }
            ImportError::Empty { .. } => Some("a table has at least a line with its headings".to_owned()),
            ImportError::Parquet { .. } => Some("write the file again, or save it as CSV".to_owned()),
            other => other.help(),
        };
        Self {
            path: error.path().map(Path::to_owned).unwrap_or_default(),
            line: error.line(),
            column: error.column(),
            reason,
            help,
        }
    }
}
