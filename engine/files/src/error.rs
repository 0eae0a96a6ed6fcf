//! Why a file was not opened or written.

use std::io;
use std::path::{Path, PathBuf};

/// Why a file was not opened or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// A project's files name something outside of the project.
    #[error("`{}` is outside the project `{}`", path.display(), root.display())]
    Outside {
        /// The path, as it was named.
        path: PathBuf,
        /// The root of the project.
        root: PathBuf,
    },
    /// A part of the path, below the root of the project, is a symbolic link.
    #[error("`{}` is a symbolic link", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// The path leads into the folder in which git keeps its own files.
    #[error("`{}` belongs to git, not to the project", path.display())]
    Git {
        /// The path, as it was named.
        path: PathBuf,
    },
    /// It is a pipe, a device, a socket or a folder.
    #[error("`{}` is {kind}, not a regular file", path.display())]
    NotRegular {
        /// The path.
        path: PathBuf,
        /// What it is, with its article.
        kind: &'static str,
    },
    /// It is not a folder.
    #[error("`{}` is not a folder", path.display())]
    NotFolder {
        /// The path.
        path: PathBuf,
    },
    /// There is no folder to write it into.
    #[error("cannot write `{}`: there is no folder `{}`", path.display(), folder.display())]
    NoFolder {
        /// The file.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
    },
    /// It is larger than what is read into memory at once.
    #[error("`{}` is larger than {} MiB, the limit for this kind of file", path.display(), limit >> 20)]
    TooLarge {
        /// The path.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// It is not UTF-8.
    #[error("`{}` is not UTF-8", path.display())]
    NotUtf8 {
        /// The path.
        path: PathBuf,
        /// All its bytes.
        bytes: Vec<u8>,
    },
    /// Nobody reads the other end of the pipe.
    #[error("no process reads the pipe `{}`", path.display())]
    NoReader {
        /// The pipe.
        path: PathBuf,
    },
    /// The system refuses.
    #[error("cannot {doing} `{}`: {source}", path.display())]
    Io {
        /// What was to be done: `read`, `write`.
        doing: &'static str,
        /// The path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl FileError {
    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self::Io { doing: "read", path: path.to_owned(), source }
    }

    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        Self::Io { doing: "write", path: path.to_owned(), source }
    }

    /// Returns what the user can do about it, if there is anything to say.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Outside { .. } => Some(
                "move it into the project, or move tagpol.toml to a folder that contains both; \
                 an inventory or an output can also be named on the command line",
            ),
            Self::Git { .. } => Some("specify a file of the project"),
            Self::Link { .. } => {
                Some("links inside a project are not followed; put the file or folder itself there")
            }
            Self::NotRegular { .. } => Some("specify a regular file"),
            Self::NoReader { .. } => Some("start the program that reads it first"),
            Self::NotUtf8 { .. } => Some("save it as UTF-8"),
            Self::NoFolder { .. } => Some("make the folder first"),
            Self::NotFolder { .. } | Self::TooLarge { .. } | Self::Io { .. } => None,
        }
    }

    /// Whether the file is simply not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// Returns the reason without the path, for messages that have named the file already.
    pub fn reason(&self) -> String {
        match self {
            Self::Outside { root, .. } => format!(
                "it is outside the project `{}`; copy it into the project, or move tagpol.toml to a folder \
                 that contains both",
                root.display()
            ),
            Self::Link { path } => format!("`{}` is a symbolic link", path.display()),
            Self::Git { .. } => "it belongs to git, not to the project".to_owned(),
            Self::NotRegular { kind, .. } => format!("it is {kind}, not a regular file"),
            Self::NotFolder { .. } => "it is not a folder".to_owned(),
            Self::NoFolder { folder, .. } => format!("there is no folder `{}`", folder.display()),
            Self::TooLarge { limit, .. } => format!("it is larger than {} MiB", limit >> 20),
            Self::NotUtf8 { .. } => "it is not UTF-8".to_owned(),
            Self::NoReader { .. } => "no process reads the pipe".to_owned(),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "there is no such file".to_owned()
            }
            Self::Io { source, .. } => source.to_string(),
        }
    }
}
