//! The file of the store: made whole or not at all, attached, brought to this version.

use std::path::{Path, PathBuf};

use tagpol_files::{Jail, Scratch};

use super::lock::{Attempt, Lock, Patience};
use super::{DATABASE, StateError, StateStore, schema};
use crate::error::StoreError;
use crate::quote::quote_text;
use crate::rows::Cell;
use crate::store::{Store, StoreOptions};

/// What leads from each version of the store to the next one: the first makes version 1 of an
/// empty file. A step that has been released never changes. Each names [`DATABASE`].
const MIGRATIONS: [&str; 1] = [include_str!("v1.sql")];

/// The version that this program writes.
const VERSION: i64 = MIGRATIONS.len() as i64;

/// The file while a [`Store`] has it open.
pub(super) struct Attached<'s> {
    store: &'s Store,
    /// Let go of after the file.
    _lock: Lock,
}

impl<'s> Attached<'s> {
    /// Opens a file that is there for reading.
    pub(super) fn to_read(of: &StateStore, store: &'s Store) -> Result<Self, StateError> {
        let mut patience = Patience::new(of);
        check_files(&of.path)?;
        let lock = Lock::to_read(of, &mut patience)?;
        attach(store, &of.path, " (READ_ONLY)", &mut patience)?;
        let attached = Self { store, _lock: lock };
        match version(store, &of.path)? {
            VERSION => schema::check(store, &of.path, VERSION).map(|()| attached),
            _ => {
                // Only a writer may bring it to this version.
                drop(attached);
                Self::to_write(of, store)
            }
        }
    }

    /// Opens the file for writing; makes it where there is none.
    pub(super) fn to_write(of: &StateStore, store: &'s Store) -> Result<Self, StateError> {
        check_files(&of.path)?;
        make_folder(&of.path)?;
        let mut patience = Patience::new(of);
        let lock = Lock::to_write(of, &mut patience)?;
        if !of.exists() {
            make(&of.path, &mut patience)?;
        }
        attach(store, &of.path, "", &mut patience)?;
        let attached = Self { store, _lock: lock };
        let found = version(store, &of.path)?;
        schema::check(store, &of.path, found)?;
        migrate(store, found)?;
        Ok(attached)
    }

    /// Lets go of the file. What was committed is on disk already; closing tidies it.
    ///
    /// # Errors
    /// [`StateError::Untidy`].
    pub(super) fn close(self, path: &Path) -> Result<(), StateError> {
        let closed = detach(self.store);
        // Nothing is left to drop but the lock.
        closed.map_err(|error| {
            let reason = match error {
                StoreError::Query { message, .. } => original(&message).to_owned(),
                error => error.to_string(),
            };
            StateError::Untidy { path: path.to_owned(), reason }
        })
    }
}

impl Drop for Attached<'_> {
    fn drop(&mut self) {
        let _ = detach(self.store);
    }
}

fn make_folder(path: &Path) -> Result<(), StateError> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let Some(folder) = folder else { return Ok(()) };
    std::fs::create_dir_all(folder).map_err(|source| StateError::Io {
        doing: "make the folder",
        path: folder.to_owned(),
        source,
    })
}

/// Makes the file in a scratch folder first, so that there is never half of one.
fn make(path: &Path, patience: &mut Patience<'_>) -> Result<(), StateError> {
    let io = |source| StateError::Io { doing: "make", path: path.to_owned(), source };
    if log_of(path).symlink_metadata().is_ok() {
        // It belongs to a store that somebody removed; DuckDB would apply it to the new one.
        return Err(StateError::StrayLog { path: log_of(path) });
    }
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let scratch = Scratch::inside(folder).map_err(io)?;
    let unfinished = scratch.path().join("state.duckdb");
    // A database of its own, since the other one may open nothing but the file itself.
    let store = Store::in_memory(&StoreOptions {
        threads: Some(1),
        files: files_of(&unfinished).to_vec(),
        ..StoreOptions::default()
    })?;
    attach(&store, &unfinished, "", patience)?;
    let made = migrate(&store, 0);
    let detached = detach(&store).map_err(|error| explain(error, path));
    made.and(detached)?;
    std::fs::rename(&unfinished, path).map_err(io)
}

/// Returns the files that DuckDB opens to read and write a file.
pub(super) fn files_of(path: &Path) -> [PathBuf; 4] {
    ["", ".wal", ".wal.checkpoint", ".wal.recovery"].map(|suffix| beside(path, suffix))
}

/// Returns the path of the log that DuckDB keeps beside a file.
fn log_of(path: &Path) -> PathBuf {
    beside(path, ".wal")
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Checks that the file and its log are regular files, and no links.
fn check_files(path: &Path) -> Result<(), StateError> {
    let parent = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    let jail = Jail::new(parent);
    files_of(path).iter().try_for_each(|file| jail.target(file).map(drop)).map_err(StateError::File)
}

fn attach(store: &Store, path: &Path, mode: &str, patience: &mut Patience<'_>) -> Result<(), StateError> {
    // An absolute path cannot be taken for an address (`s3:`) or for a home folder (`~`).
    let absolute = std::path::absolute(path).map_err(|source| StateError::Io {
        doing: "find",
        path: path.to_owned(),
        source,
    })?;
    let text = absolute.to_str().ok_or_else(|| StateError::Damaged {
        path: path.to_owned(),
        reason: "its path is not UTF-8".to_owned(),
    })?;
    let sql = format!("ATTACH {} AS {DATABASE}{mode}", quote_text(text));
    patience.until(|| match store.execute(&sql) {
        Ok(()) => Ok(Attempt::Done(())),
        Err(StoreError::Query { message, .. }) if message.contains("Could not set lock") => {
            Ok(Attempt::Busy(process_in(&message)))
        }
        Err(error) => Err(explain(error, path)),
    })
}

fn detach(store: &Store) -> Result<(), StoreError> {
    store.execute(&format!("DETACH DATABASE IF EXISTS {DATABASE}"))
}

/// The end of `CHECKPOINT during DETACH failed. … Original error: Could not write file`.
fn original(message: &str) -> &str {
    message.split_once("Original error: ").map_or(message, |(_, original)| original)
}

/// The number in `Conflicting lock is held in /usr/bin/duckdb (PID 123)`.
fn process_in(message: &str) -> Option<u32> {
    let (_, rest) = message.split_once("(PID ")?;
    rest.split_once(')')?.0.parse().ok()
}

/// Tells apart what the file is to blame for.
fn explain(error: StoreError, path: &Path) -> StateError {
    use std::io::ErrorKind::{FileTooLarge, PermissionDenied, ReadOnlyFilesystem, StorageFull};
    let StoreError::Query { message, .. } = error else { return error.into() };
    let kinds = [
        ("Permission denied", PermissionDenied),
        ("Read-only file system", ReadOnlyFilesystem),
        ("No space left", StorageFull),
        ("File too large", FileTooLarge),
    ];
    match kinds.into_iter().find(|(words, _)| message.contains(words)) {
        Some((_, kind)) => StateError::Io { doing: "open", path: path.to_owned(), source: kind.into() },
        None => StateError::Damaged { path: path.to_owned(), reason: message },
    }
}

/// Returns the version of the attached file; 0 where nothing is in it.
fn version(store: &Store, path: &Path) -> Result<i64, StateError> {
    let damaged = |reason: &str| StateError::Damaged { path: path.to_owned(), reason: reason.to_owned() };
    let tables = format!("SELECT count(*) FROM duckdb_tables() WHERE database_name = '{DATABASE}'");
    let tables = store.query(&tables).map_err(|error| explain(error, path))?;
    if tables.single().and_then(Cell::as_int) == Some(0) {
        return Ok(0);
    }
    schema::check_version_table(store, path)?;
    let found = store.query(&format!("SELECT max(version) FROM {DATABASE}.store_version"));
    let found = found.map_err(|error| explain(error, path))?;
    let found =
        found.single().and_then(Cell::as_int).ok_or_else(|| damaged("it does not tell its version"))?;
    if found > VERSION {
        return Err(StateError::Newer { path: path.to_owned(), found, known: VERSION });
    }
    Ok(found)
}

/// Brings the attached file from a version to this one, one transaction a step.
pub(super) fn migrate(store: &Store, from: i64) -> Result<(), StateError> {
    for (version, step) in (1..).zip(MIGRATIONS).filter(|(version, _)| *version > from) {
        let record = format!("INSERT INTO {DATABASE}.store_version VALUES ({version})");
        let done = store.execute(&format!("BEGIN TRANSACTION; {step}; {record}; COMMIT"));
        if let Err(error) = done {
            let _: Result<(), StoreError> = store.execute("ROLLBACK");
            return Err(error.into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_that_holds_a_lock_is_read_from_the_message() {
        let message =
            "IO Error: Could not set lock on file \"/a\": Conflicting lock is held in /b (PID 42) by c.";
        assert_eq!(process_in(message), Some(42));
        assert_eq!(process_in("IO Error: Could not set lock on file \"/a\""), None);
    }
}
