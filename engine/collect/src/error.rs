//! Why nothing could be fetched. What one source could not list is its coverage, not an error.

use std::error::Error;
use std::path::{Path, PathBuf};

/// Why an inventory could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// There are no credentials, or the cloud does not accept them.
    #[error("no credentials for {cloud}: {reason}")]
    Credentials {
        /// The cloud.
        cloud: &'static str,
        /// Why not.
        reason: String,
        /// What to do.
        help: String,
    },
    /// The cloud did not tell who the credentials belong to, or which accounts there are.
    #[error("{what}: {reason}")]
    Start {
        /// What could not be found out.
        what: String,
        /// Why not.
        reason: String,
        /// What to do.
        help: Option<String>,
    },
    /// The options contradict each other.
    #[error("{0}")]
    Options(String),
    /// A name in the options is not known.
    #[error("{message}")]
    Unknown {
        /// What is not known.
        message: String,
        /// The name that was probably meant, or what names there are.
        help: String,
    },
    /// An answer could not be written down.
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The runtime of the requests does not start.
    #[error("cannot start: {0}")]
    Runtime(#[source] std::io::Error),
}

impl CollectError {
    pub(crate) fn write(path: &Path, source: std::io::Error) -> Self {
        Self::Write { path: path.to_owned(), source }
    }

    /// Returns what to do about it.
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Credentials { help, .. } | Self::Unknown { help, .. } => Some(help),
            Self::Start { help, .. } => help.as_deref(),
            Self::Write { .. } | Self::Runtime(_) | Self::Options(_) => None,
        }
    }
}

/// Returns the messages of an error and of its causes.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut causes = vec![error.to_string()];
    let mut below = error.source();
    while let Some(error) = below {
        let text = error.to_string();
        // Some repeat their causes.
        if !causes.iter().any(|before| before.contains(&text)) {
            causes.push(text);
        }
        below = error.source();
    }
    causes.join(": ")
}
