//! Where the state of a project is, and its transactions.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::connection::{Access, Connection};
use crate::error::StateError;
use crate::location::Location;
use crate::patience::Patience;
use crate::reader::StateReader;
use crate::session::Session;
use crate::writer::StateWriter;

/// How long a process waits for another one by default.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The state store of a project: where it is, whose it is, and how long to wait for it.
#[derive(Clone)]
pub struct StateStore {
    location: Location,
    tenant: String,
    project: String,
    actor: Option<String>,
    folder: PathBuf,
    patience: Duration,
    on_wait: Arc<OnWait>,
}

/// Called when a process waits longer than a moment.
type OnWait = dyn Fn(&Waiting<'_>) + Send + Sync;

impl std::fmt::Debug for StateStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StateStore")
            .field("location", &self.location)
            .field("tenant", &self.tenant)
            .field("project", &self.project)
            .finish_non_exhaustive()
    }
}

/// Why nothing happens: another process is using the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting<'a> {
    /// The store, without a password.
    pub store: &'a str,
}

impl StateStore {
    /// Names a SQLite file; nothing is read or created yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::at(Location::Sqlite(path.into()))
    }

    /// Names a store; nothing is read or created yet.
    pub fn at(location: Location) -> Self {
        let folder = match &location {
            Location::Sqlite(path) => path.parent().unwrap_or(Path::new("")).to_owned(),
            Location::Postgres(_) => PathBuf::from(".tagpol"),
        };
        let (tenant, project) = (String::new(), String::new());
        Self { location, tenant, project, actor: None, folder, patience: PATIENCE, on_wait: Arc::new(|_| {}) }
    }

    /// Sets whose rows are read and written. A database may have those of several tenants and projects; the default
    /// is the empty name of each.
    #[must_use]
    pub fn for_project(self, tenant: impl Into<String>, project: impl Into<String>) -> Self {
        Self { tenant: tenant.into(), project: project.into(), ..self }
    }

    /// Sets who runs this process, as recorded with runs.
    #[must_use]
    pub fn with_actor(self, actor: Option<String>) -> Self {
        Self { actor, ..self }
    }

    /// Sets the folder of files that belong to the project's state but not to its database. By default that of the
    /// SQLite file.
    #[must_use]
    pub fn with_folder(self, folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), ..self }
    }

    /// Sets how long to wait for another process.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Sets what is called when another process makes this one wait.
    #[must_use]
    pub fn on_wait(self, on_wait: impl Fn(&Waiting<'_>) + Send + Sync + 'static) -> Self {
        Self { on_wait: Arc::new(on_wait), ..self }
    }

    /// Returns where it is.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Returns the folder of files that belong to the project's state but not to its database.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns who runs this process. None: unknown.
    pub fn actor(&self) -> Option<&str> {
        self.actor.as_deref()
    }

    /// Whether there is a file. A database on a server is taken to exist.
    pub fn exists(&self) -> bool {
        match &self.location {
            // A link that leads nowhere counts, since nothing may be created behind it.
            Location::Sqlite(path) => path.symlink_metadata().is_ok(),
            Location::Postgres(_) => true,
        }
    }

    /// Reads in one transaction. None if nothing was ever written.
    ///
    /// # Errors
    /// What `f` returns; [`StateError`] if the store cannot be opened or is in use for too long.
    pub fn read<T, E: From<StateError>>(
        &self,
        f: impl FnOnce(&mut dyn StateReader) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let store = self.location.to_string();
        let mut patience = Patience::new(&store, self.patience, &*self.on_wait);
        let project = (self.tenant.as_str(), self.project.as_str());
        let Some(connection) = Connection::begin(&self.location, Access::Read, project, &mut patience)?
        else {
            return Ok(None);
        };
        let mut session = self.session(connection);
        let read = f(&mut session);
        session.connection.rollback();
        read.map(Some)
    }

    /// Writes in one transaction: when this returns, everything that `f` wrote is on disk. Creates the store if there
    /// is none.
    ///
    /// # Errors
    /// What `f` returns; [`StateError`] if the store cannot be created or opened, or is in use for too long. Nothing
    /// is written then.
    pub fn write<T, E: From<StateError>>(
        &self,
        f: impl FnOnce(&mut dyn StateWriter) -> Result<T, E>,
    ) -> Result<T, E> {
        let store = self.location.to_string();
        let mut patience = Patience::new(&store, self.patience, &*self.on_wait);
        let project = (self.tenant.as_str(), self.project.as_str());
        let connection = Connection::begin(&self.location, Access::Write, project, &mut patience)?;
        let connection = connection.ok_or_else(|| StateError::Database {
            doing: "create",
            store: store.clone(),
            reason: "it was not created".to_owned(),
        })?;
        let mut session = self.session(connection);
        match f(&mut session) {
            Ok(written) => {
                session.connection.commit(&mut patience)?;
                Ok(written)
            }
            Err(error) => {
                session.connection.rollback();
                Err(error)
            }
        }
    }

    fn session(&self, connection: Connection) -> Session {
        Session { connection, tenant: self.tenant.clone(), project: self.project.clone() }
    }
}
