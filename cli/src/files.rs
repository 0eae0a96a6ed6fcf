//! Files that the user named, written whole.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use tagpol_app::files::{FileError, Scratch};

use crate::failure::Failure;

/// Writes a file whole or not at all; pipes and devices are written to.
pub(crate) fn write_whole(path: &Path, text: &str) -> Result<(), Failure> {
    write_whole_with(path, |file| file.write_all(text.as_bytes()))
}

/// Writes a file in the same way, as it is made.
pub(crate) fn write_whole_with(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), Failure> {
    Ok(tagpol_app::files::write_whole(path, write)?)
}

/// Makes a temporary folder that is gone after the run, however it ends.
pub(crate) fn scratch() -> Result<Scratch, Failure> {
    Scratch::new().map_err(|error| Failure::engine(format!("cannot make a temporary folder: {error}")))
}

/// The path without `.` and, as far as it goes, `..`.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match (part, normal.components().next_back()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                normal.pop();
            }
            (part, _) => normal.push(part),
        }
    }
    normal
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let failure = Self::usage(error.to_string());
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}
