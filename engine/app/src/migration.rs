//! Policies of other tools become a folder of `.tagpol` files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tagpol_files::{FileError, Scratch, read_text, write_new};
pub use tagpol_migrate::{
    Construct, Format, Input, MigrateError, Migration, Outcome, Place, REPORT_FILE, Settings,
};

/// Bytes of one document. Real ones have a few thousand.
pub const MAX_BYTES: u64 = 16 << 20;

/// Why a migration has no result. Nothing is written then.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// A document cannot be read.
    #[error(transparent)]
    Read(FileError),
    /// The documents cannot be migrated.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
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

/// Reads documents and migrates them.
///
/// # Errors
/// [`MigrationError::Read`], [`MigrationError::Migrate`].
pub fn migrate(format: Format, paths: &[PathBuf], settings: &Settings) -> Result<Migration, MigrationError> {
    let read = |path: &PathBuf| {
        let text = read_text(path, MAX_BYTES).map_err(MigrationError::Read)?;
        Ok(Input { name: path.display().to_string(), text })
    };
    let inputs = paths.iter().map(read).collect::<Result<Vec<_>, MigrationError>>()?;
    Ok(tagpol_migrate::migrate(format, &inputs, settings)?)
}

/// Fails if a folder is there and has something in it.
///
/// # Errors
/// [`MigrationError::NotEmpty`], [`MigrationError::Write`].
pub fn check_target(folder: &Path) -> Result<(), MigrationError> {
    match fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
        Ok(true) => Err(MigrationError::NotEmpty { path: folder.to_owned() }),
        Ok(false) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(MigrationError::Write { path: folder.to_owned(), source }),
    }
}

/// Writes the policies and the report into a folder that is empty or not there. All files appear, or none.
///
/// # Errors
/// [`MigrationError::NotEmpty`], [`MigrationError::Write`].
pub fn write(migration: &Migration, folder: &Path) -> Result<(), MigrationError> {
    check_target(folder)?;
    let failed = |source| MigrationError::Write { path: folder.to_owned(), source };
    fs::create_dir_all(folder).map_err(failed)?;
    let scratch = Scratch::inside(folder).map_err(failed)?;
    let report = migration.report();
    let mut files: Vec<(&str, &str)> =
        migration.files.iter().map(|file| (file.name.as_str(), file.text.as_str())).collect();
    // Last, so that whoever waits for the report finds everything that it lists.
    files.push((REPORT_FILE, &report));
    for (name, text) in &files {
        write_new(&scratch.path().join(name), text).map_err(|error| failed(io::Error::other(error)))?;
    }
    let mut moved: Vec<PathBuf> = Vec::new();
    for (name, _) in &files {
        let target = folder.join(name);
        if let Err(error) = fs::rename(scratch.path().join(name), &target) {
            moved.iter().for_each(|path| drop(fs::remove_file(path)));
            return Err(failed(error));
        }
        moved.push(target);
    }
    Ok(())
}
