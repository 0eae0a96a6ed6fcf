//! Why documents cannot be migrated.

use crate::construct::Place;

/// Why documents cannot be migrated. Constructs without a counterpart are not errors: they are reported as lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MigrateError {
    /// A document is not one of its format, or contradicts itself.
    #[error("{message}")]
    Document {
        /// Where.
        place: Place,
        /// What is wrong.
        message: String,
        /// What to do, if the message does not show it.
        help: Option<String>,
    },
    /// The documents have no policy.
    #[error("the files contain nothing of this format: {expected}")]
    Nothing {
        /// What was expected.
        expected: &'static str,
    },
    /// The generated policies are not valid: an error of this program.
    #[error("the generated policies are not valid, which is an error in tagpol: {file}:{line}: {message}")]
    Invalid {
        /// The generated file.
        file: String,
        /// The line in it, counted from 1.
        line: u32,
        /// The error.
        message: String,
    },
}

impl MigrateError {
    /// A file that cannot be read as its syntax wants it.
    pub(crate) fn invalid(file: &str, line: Option<u32>, message: impl Into<String>) -> Self {
        let place = Place { file: file.to_owned(), pointer: String::new(), line };
        Self::Document { place, message: message.into(), help: None }
    }

    /// Adds what to do.
    #[must_use]
    pub(crate) fn with_help(self, text: impl Into<String>) -> Self {
        match self {
            Self::Document { place, message, .. } => {
                Self::Document { place, message, help: Some(text.into()) }
            }
            other => other,
        }
    }

    /// Returns what to do.
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Document { help, .. } => help.as_deref(),
            Self::Nothing { .. } | Self::Invalid { .. } => None,
        }
    }

    /// Returns where the error is.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Document { place, .. } => Some(place),
            Self::Nothing { .. } | Self::Invalid { .. } => None,
        }
    }
}
