//! Why a project cannot be read.

use std::path::{Path, PathBuf};

/// A mistake in a project's files or settings: what, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ProjectError {
    /// What is wrong.
    pub message: String,
    /// The file that it is about.
    pub path: Option<PathBuf>,
    /// Line and column in it, both from 1; the column counts characters.
    pub position: Option<(usize, usize)>,
    /// What to do about it.
    pub help: Option<String>,
}

impl ProjectError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), path: None, position: None, help: None }
    }

    pub(crate) fn at(self, path: &Path, position: Option<(usize, usize)>) -> Self {
        Self { path: Some(path.to_owned()), position, ..self }
    }

    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    pub(crate) fn io(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::new(format!("cannot {doing} `{}`: {error}", path.display()))
    }

    /// Returns the file with line and column, where there are any: `tagpol.toml:3:1`.
    pub fn place(&self) -> Option<String> {
        let path = self.path.as_ref()?.display();
        Some(match self.position {
            Some((line, column)) => format!("{path}:{line}:{column}"),
            None => path.to_string(),
        })
    }
}
