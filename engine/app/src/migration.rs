//! Policies of other tools become a folder of `.tagpol` files.

use std::path::{Path, PathBuf};

use tagpol_files::{FileError, read_text};
pub use tagpol_migrate::{
    Construct, Format, Input, MigrateError, Migration, Outcome, Place, REPORT_FILE, Settings,
};

use crate::new_folder::{self, NewFolderError};

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
    /// The folder cannot be written.
    #[error(transparent)]
    Folder(#[from] NewFolderError),
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

/// Writes the policies and the report into a folder that is empty or not there. All files appear, or none.
///
/// # Errors
/// [`MigrationError::Folder`].
pub fn write(migration: &Migration, folder: &Path) -> Result<(), MigrationError> {
    let report = migration.report();
    let mut files: Vec<(&str, &str)> =
        migration.files.iter().map(|file| (file.name.as_str(), file.text.as_str())).collect();
    files.push((REPORT_FILE, &report));
    Ok(new_folder::write(folder, &files)?)
}
