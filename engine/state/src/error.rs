//! What can go wrong with what a project remembers.

use std::path::PathBuf;
use std::time::Duration;

/// Why the state store did not do what was requested.
///
/// `store` is the path of a SQLite file, or the address of a PostgreSQL database without its password.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another process is using it, and did not finish in time.
    #[error("the state store `{store}` is in use by another process; waited {} s", waited.as_secs_f32())]
    Locked {
        /// The store.
        store: String,
        /// How long this process waited.
        waited: Duration,
    },
    /// A newer program made it.
    #[error("the state store `{store}` has version {found}, and this tagpol supports versions up to {known}")]
    Newer {
        /// The store.
        store: String,
        /// Its version.
        found: i64,
        /// The newest version that this program supports.
        known: i64,
    },
    /// It is not a state store, or something else wrote to it, or it is damaged.
    #[error("the state store `{store}` is damaged: {reason}")]
    Damaged {
        /// The store.
        store: String,
        /// What is wrong with it: table, row and column if it is about a row.
        reason: String,
    },
    /// The system refused to create, read or write a file.
    #[error("cannot {doing} `{}`: {source}", path.display())]
    Io {
        /// What was to be done, as a verb.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// It, or a file next to it that belongs to it, is not a regular file, or is reached through a link.
    #[error(transparent)]
    File(tagpol_files::FileError),
    /// A database server cannot be reached, or the connection broke.
    #[error("cannot reach the state store `{store}`: {reason}")]
    Unreachable {
        /// The store.
        store: String,
        /// Why not.
        reason: String,
    },
    /// A database server refused the user, the database or a permission.
    #[error("the server of the state store `{store}` refused: {reason}")]
    Refused {
        /// The store.
        store: String,
        /// What the server answered.
        reason: String,
    },
    /// The database failed in another way.
    #[error("cannot {doing} the state store `{store}`: {reason}")]
    Database {
        /// What was to be done, as a verb.
        doing: &'static str,
        /// The store.
        store: String,
        /// What the database reported.
        reason: String,
    },
    /// The rows to remember could not be read.
    #[error("{0}")]
    Source(Box<dyn std::error::Error + Send + Sync>),
}

impl StateError {
    /// Whether the place is one that cannot be written to.
    pub fn is_read_only(&self) -> bool {
        use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        matches!(self, Self::Io { source, .. } if matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem))
    }

    /// Returns what the user can do about it, if anything helps.
    pub fn help(&self) -> Option<String> {
        use std::io::ErrorKind::{FileTooLarge, StorageFull};
        let help = match self {
            Self::Locked { .. } => {
                "try again after the other process has ended, or wait longer with `--wait SECONDS`"
            }
            Self::Newer { .. } => "use the version of tagpol that wrote it, or a newer one",
            Self::Damaged { .. } => {
                "restore it from a copy, or move it away to start with an empty one; `state` in tagpol.toml or \
                 the variable TAGPOL_STATE names it"
            }
            Self::Io { source, .. } if matches!(source.kind(), StorageFull | FileTooLarge) => {
                "nothing of this change was kept; free some disk space and run the command again"
            }
            Self::Io { .. } if self.is_read_only() => {
                "`state` in tagpol.toml or the variable TAGPOL_STATE can name a file in another folder"
            }
            Self::File(error) => return error.help().map(str::to_owned),
            Self::Unreachable { .. } => {
                "check that the server is running, that the host and port are right, and that a firewall or \
                 TLS setting (`?sslmode=`) does not block the connection"
            }
            Self::Refused { .. } => {
                "check user, password (PGPASSWORD or the address in TAGPOL_STATE) and database, and that the \
                 user may create the schema `tagpol` or use it"
            }
            Self::Io { .. } | Self::Database { .. } | Self::Source(_) => return None,
        };
        Some(help.to_owned())
    }
}
