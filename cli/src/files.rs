//! Files that the user named, written whole.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

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

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let failure = Self::usage(error.to_string());
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}
