//! What a project remembers between runs: decisions, when findings were first seen, past runs.
//!
//! In: the path of a DuckDB file, and what is to be remembered. Out: what was remembered before.
//! May assume: nothing of the file, which may be absent, old, new, damaged or in use. Promises:
//!
//! - the file is open for one short transaction only, and a second process waits for it;
//! - what a call has returned for is on disk: a process that is killed at any moment loses nothing
//!   that it had acknowledged, and leaves no half of what it had not;
//! - the trail of decisions is only appended to, its numbers have no gaps;
//! - a file of a newer version is left alone.
//!
//! The parts:
//!
//! - `lock`: one process at a time, and how the others wait
//! - `file`: the file: made whole or not at all, attached, brought to this version
//! - `decisions`: what people set, confirmed, rejected and took back
//! - `predictions`: what the model would say
//! - `findings`: since when each finding is there
//! - `runs`: what became of each run
//! - `schema`: what may be in the file, which may come from a stranger
//!
//! A [`StateStore`] is a path and patience. [`StateStore::read`] and [`StateStore::write`] attach
//! the file to a [`Store`], call a function with it, and let go of it.

mod decisions;
mod error;
mod file;
mod findings;
mod lock;
mod predictions;
mod runs;
mod schema;

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use decisions::{Action, Change, CurrentDecision, Decision, Rejection};
pub use error::StateError;
pub use findings::{Evaluated, FindingKey, Recorded, SeenFinding};
pub use predictions::Prediction;
pub use runs::{GoalRecord, RunRecord};

use crate::error::StoreError;
use crate::store::{Store, StoreOptions};

/// How long a process waits for another one where nobody says.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Name of the file as a database beside the main one of a [`Store`].
const DATABASE: &str = "tagpol_state";

/// The state store of a project: where it is, and how long to wait for it.
#[derive(Clone)]
pub struct StateStore {
    path: PathBuf,
    patience: Duration,
    on_wait: Arc<OnWait>,
}

/// What is told why nothing happens.
type OnWait = dyn Fn(&Waiting<'_>) + Send + Sync;

impl std::fmt::Debug for StateStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, patience, .. } = self;
        f.debug_struct("StateStore").field("path", path).field("patience", patience).finish_non_exhaustive()
    }
}

/// Why nothing happens: another process has the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting<'a> {
    /// The store.
    pub path: &'a Path,
    /// The process that has it, where that is known.
    pub holder: Option<u32>,
}

/// The store while it is open for reading.
pub struct State<'s> {
    store: &'s Store,
}

/// The store while it is open for writing; no other process has it open.
pub struct StateWriter<'s> {
    state: State<'s>,
}

impl<'s> Deref for StateWriter<'s> {
    type Target = State<'s>;

    fn deref(&self) -> &Self::Target {
        &self.state
    }
}

impl StateStore {
    /// Names a store; nothing is read or made yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), patience: PATIENCE, on_wait: Arc::new(|_| {}) }
    }

    /// Sets how long to wait for another process.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Sets what is called, once a transaction, where another process makes this one wait.
    #[must_use]
    pub fn on_wait(self, on_wait: impl Fn(&Waiting<'_>) + Send + Sync + 'static) -> Self {
        Self { on_wait: Arc::new(on_wait), ..self }
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a database that this store can be attached to, for single transactions.
    ///
    /// # Errors
    /// [`StateError::Store`].
    pub fn database(&self) -> Result<Store, StateError> {
        let options =
            StoreOptions { threads: Some(1), files: self.files().collect(), ..StoreOptions::default() };
        Ok(Store::in_memory(&options)?)
    }

    /// Returns the files that a [`Store`] must be able to open to be attached to this one:
    /// see [`StoreOptions::files`](crate::StoreOptions::files).
    pub fn files(&self) -> impl Iterator<Item = PathBuf> + use<> {
        file::files_of(&self.path).into_iter()
    }

    /// Whether there is a file.
    pub fn exists(&self) -> bool {
        // A link that leads nowhere counts, since nothing may be made behind it.
        self.path.symlink_metadata().is_ok()
    }

    /// Opens the store for reading, and closes it again. None where there is none.
    ///
    /// # Errors
    /// What `f` returns; [`StateError`] where the store cannot be opened or is in use too long.
    pub fn read<T, E: From<StateError>>(
        &self,
        store: &Store,
        f: impl FnOnce(&State<'_>) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        if !self.exists() {
            return Ok(None);
        }
        let attached = file::Attached::to_read(self, store)?;
        let read = f(&State { store })?;
        attached.close(&self.path)?;
        Ok(Some(read))
    }

    /// Opens the store for writing, and closes it again. Makes it where there is none.
    ///
    /// # Errors
    /// What `f` returns; [`StateError`] where the store cannot be made or opened, or is in use too
    /// long. What `f` had committed before stays: all of it with [`StateError::Untidy`].
    pub fn write<T, E: From<StateError>>(
        &self,
        store: &Store,
        f: impl FnOnce(&StateWriter<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let attached = file::Attached::to_write(self, store)?;
        let written = f(&StateWriter { state: State { store } })?;
        attached.close(&self.path)?;
        Ok(written)
    }
}

impl State<'_> {
    /// Runs a query over the store.
    fn query(&self, sql: &str) -> Result<crate::rows::Table, StateError> {
        Ok(self.store.query(sql)?)
    }
}

impl StateWriter<'_> {
    /// Runs statements as one transaction: all of them are on disk when this returns, or none.
    fn transact(&self, statements: &[String]) -> Result<(), StateError> {
        self.store.execute("BEGIN TRANSACTION")?;
        let done = statements.iter().try_for_each(|sql| self.store.execute(sql));
        let done = done.and_then(|()| self.store.execute("COMMIT"));
        if let Err(error) = done {
            // A transaction that has failed already may be gone.
            let _: Result<(), StoreError> = self.store.execute("ROLLBACK");
            return Err(error.into());
        }
        Ok(())
    }
}
