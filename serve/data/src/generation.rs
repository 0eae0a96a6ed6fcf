//! An open generation.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tagpol_eval::{DIALECT, Fields, RunError, read};
use tagpol_plan::sql::serving::{self, Rows, Shape};
use tagpol_session::{Access, Attached, CancelToken, Limits, Store, StoreOptions};

use crate::contents::Contents;
use crate::error::DataError;
use crate::filter::Filter;
use crate::folder::{DATABASE_FILE, Generations};
use crate::sessions::Sessions;

/// How a generation is opened.
#[derive(Debug, Clone, Copy)]
pub struct OpenOptions {
    /// Questions that are answered at the same time; more wait.
    pub sessions: usize,
    /// Threads of all questions together. None: one for each core.
    pub threads: Option<usize>,
    /// Bytes of memory of the database. None: 80% of the machine's.
    pub memory: Option<u64>,
    /// The longest time that a question may take, with waiting.
    pub patience: Duration,
}

impl Default for OpenOptions {
    /// Four questions of at most 5 seconds, and 256 MiB.
    fn default() -> Self {
        Self { sessions: 4, threads: None, memory: Some(256 << 20), patience: Duration::from_secs(5) }
    }
}

/// An open generation, which answers questions of several threads at once. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Generation {
    shared: Arc<Shared>,
}

struct Shared {
    contents: Contents,
    file: PathBuf,
    sessions: Sessions,
    /// Writes to the overlay, and opens sessions for exports.
    writer: Mutex<Store>,
    patience: Duration,
    /// Rows of the overlay.
    overlaid: AtomicU64,
    /// How often the overlay has changed.
    version: AtomicU64,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("id", &self.contents.id).finish_non_exhaustive()
    }
}

impl Generation {
    /// Opens a generation.
    ///
    /// # Errors
    /// [`DataError::UnknownGeneration`], [`DataError::Damaged`].
    pub fn open(generations: &Generations, id: &str, options: &OpenOptions) -> Result<Self, DataError> {
        let folder = generations.existing(id)?;
        let contents = generations.contents(id)?;
        let file = folder.join(DATABASE_FILE);
        let damaged = |error: &dyn std::fmt::Display| DataError::Damaged {
            folder: folder.clone(),
            reason: error.to_string(),
        };
        let writer = Store::in_memory(&StoreOptions {
            threads: options.threads,
            limits: Limits { memory: options.memory, timeout: None },
            attached: vec![Attached {
                file: file.clone(),
                name: serving::DATABASE.to_owned(),
                access: Access::Read,
            }],
            ..StoreOptions::default()
        })
        .map_err(|error| damaged(&error))?;
        let subjects = if contents.has_charges { serving::prepare_subjects(DIALECT) } else { Vec::new() };
        for statement in serving::prepare_overlay(DIALECT).into_iter().chain(subjects) {
            writer.execute(&statement).map_err(|error| damaged(&error))?;
        }
        let sessions = (0..options.sessions.max(1)).map(|_| writer.another_session());
        let shared = Shared {
            contents,
            file,
            sessions: Sessions::new(sessions.collect::<Result<_, _>>()?),
            writer: Mutex::new(writer),
            patience: options.patience,
            overlaid: AtomicU64::new(0),
            version: AtomicU64::new(0),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Returns what the generation says about itself.
    pub fn contents(&self) -> &Contents {
        &self.shared.contents
    }

    pub(crate) fn database_file(&self) -> PathBuf {
        self.shared.file.clone()
    }

    /// Returns how often the overlay has changed: with the id of the generation it identifies what answers show.
    pub fn version(&self) -> u64 {
        self.shared.version.load(Ordering::Acquire)
    }

    /// Returns the number of resources for which something was decided since the generation was built.
    pub fn overlaid(&self) -> u64 {
        self.shared.overlaid.load(Ordering::Acquire)
    }

    /// Asks the database, when it is this question's turn. All statements of a question see the same rows.
    pub(crate) fn ask<T>(&self, f: impl FnOnce(&View<'_>) -> Result<T, DataError>) -> Result<T, DataError> {
        let token = CancelToken::with_timeout(self.shared.patience);
        self.shared.sessions.with(&token, |store| {
            let view = View { store, contents: self.contents(), rows: self.rows() };
            store.read_together(|_| f(&view))
        })
    }

    /// Opens a session of its own, for what is read over a longer time.
    pub(crate) fn open_session(&self) -> Result<Store, DataError> {
        Ok(self.with_writer(|writer| writer.another_session())?)
    }

    /// Returns which rows are read.
    pub(crate) fn rows(&self) -> Rows {
        if self.overlaid() == 0 { Rows::Generation } else { Rows::Overlaid }
    }

    /// Lets nobody else change the overlay meanwhile.
    pub(crate) fn with_writer<T>(&self, f: impl FnOnce(&Store) -> T) -> T {
        f(&self.shared.writer.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes that the overlay has changed.
    pub(crate) fn changed(&self, overlaid: u64) {
        // The rows are visible before the number says so.
        self.shared.overlaid.store(overlaid, Ordering::Release);
        self.shared.version.fetch_add(1, Ordering::AcqRel);
    }
}

/// A connection while a question is answered.
pub(crate) struct View<'v> {
    pub(crate) store: &'v Store,
    pub(crate) contents: &'v Contents,
    pub(crate) rows: Rows,
}

impl View<'_> {
    /// Returns the rows and the columns that there are.
    pub(crate) fn what(&self) -> (Rows, Shape) {
        (self.rows, self.contents.shape())
    }

    /// Prepares a filter.
    pub(crate) fn filter(&self, filter: &Filter) -> Result<serving::Filter, DataError> {
        filter.prepare(self.contents, self.rows, self.store)
    }

    /// Reads a query that returns one row.
    pub(crate) fn one<T>(
        &self,
        query: &'static str,
        sql: &str,
        f: impl Fn(&Fields<'_>) -> Result<T, RunError>,
    ) -> Result<T, DataError> {
        let mut found = None;
        read(self.store, query, sql, |row| {
            found = Some(f(row)?);
            Ok(())
        })?;
        found.ok_or_else(|| DataError::Run(RunError::Answer { query, reason: "no row".to_owned() }))
    }

    /// Reads all rows of a query.
    pub(crate) fn all<T>(
        &self,
        query: &'static str,
        sql: &str,
        f: impl Fn(&Fields<'_>) -> Result<T, RunError>,
    ) -> Result<Vec<T>, DataError> {
        let mut found = Vec::new();
        read(self.store, query, sql, |row| {
            found.push(f(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// Returns the place of a resource, by its id or its key.
    ///
    /// # Errors
    /// [`DataError::UnknownResource`].
    pub(crate) fn place_of(&self, id_or_key: &str) -> Result<u64, DataError> {
        let of_id = self.one("key", &serving::key_of(id_or_key, DIALECT), |row| Ok(row.text("key")))?;
        let keys = [of_id.as_deref(), Some(id_or_key)].into_iter().flatten();
        let found = self.all("places", &serving::places_of(keys, DIALECT), |row| {
            Ok((row.text("key"), row.count("place")?))
        })?;
        // An id that looks like the key of another resource is an id.
        let best = found.iter().find(|(key, _)| *key == of_id).or(found.first());
        best.map(|(_, place)| *place).ok_or_else(|| DataError::UnknownResource { name: id_or_key.to_owned() })
    }
}
