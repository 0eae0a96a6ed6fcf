//! Results that are a folder of their own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tagpol_files::{Scratch, write_new};

/// Why a folder is not written. It stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum NewFolderError {
    /// The folder has something in it.
    #[error("`{}` is not empty", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The files cannot be written.
    #[error("cannot write to `{}`: {source}", path.display())]
    Write {
        /// The folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

/// Fails if a folder is there and has something in it.
///
/// # Errors
/// [`NewFolderError`].
pub fn check(folder: &Path) -> Result<(), NewFolderError> {
    match fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
        Ok(true) => Err(NewFolderError::NotEmpty { path: folder.to_owned() }),
        Ok(false) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(NewFolderError::Write { path: folder.to_owned(), source }),
    }
}

/// Writes files, by their names, into a folder that is empty or not there. All of them appear, or none; the last one last,
/// so that whoever waits for it finds the others.
///
/// # Errors
/// [`NewFolderError`].
pub(crate) fn write(folder: &Path, files: &[(&str, &str)]) -> Result<(), NewFolderError> {
    check(folder)?;
    let failed = |source| NewFolderError::Write { path: folder.to_owned(), source };
    fs::create_dir_all(folder).map_err(failed)?;
    let scratch = Scratch::inside(folder).map_err(failed)?;
    for (name, text) in files {
        write_new(&scratch.path().join(name), text).map_err(|error| failed(io::Error::other(error)))?;
    }
    let mut moved: Vec<PathBuf> = Vec::new();
    for (name, _) in files {
        let target = folder.join(name);
        if let Err(error) = fs::rename(scratch.path().join(name), &target) {
            moved.iter().for_each(|path| drop(fs::remove_file(path)));
            return Err(failed(error));
        }
        moved.push(target);
    }
    Ok(())
}
