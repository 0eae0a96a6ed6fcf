//! Where the state of a project is, and its transactions.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::connection::{Access, Connection};
use crate::error::StateError;
use crate::kept::KeptConnections;
use crate::location::Location;
use crate::patience::Patience;
use crate::reader::StateReader;
use crate::schema::companion::{self, Companion};
use crate::session::Session;
use crate::transaction::Transaction;
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
    companion: Option<Arc<Companion>>,
    kept: Option<Arc<KeptConnections>>,
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
        Self {
            location,
            tenant,
            project,
            actor: None,
            folder,
            patience: PATIENCE,
            on_wait: Arc::new(|_| {}),
            companion: None,
            kept: None,
        }
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

    /// Adds the tables of a companion, which transactions then check, create and upgrade.
    #[must_use]
    pub fn with_companion(self, companion: Companion) -> Self {
        Self { companion: Some(Arc::new(companion)), kept: None, ..self }
    }

    /// Keeps up to a number of connections open between transactions, shared by the clones of this value. The store is
    /// checked when a connection is opened, and not for each transaction.
    #[must_use]
    pub fn keeping_connections(self, most: usize) -> Self {
        Self { kept: Some(Arc::new(KeptConnections::new(most))), ..self }
    }

    /// Returns the tenant and the project whose rows are read and written.
    pub fn project(&self) -> (&str, &str) {
        (&self.tenant, &self.project)
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
        self.read_all(|transaction| f(transaction.state()))
    }

    /// As [`Self::read`], with the tables of the companion. None if these were never created.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_all<T, E: From<StateError>>(
        &self,
        f: impl FnOnce(&mut Transaction) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let store = self.location.to_string();
        let mut patience = Patience::new(&store, self.patience, &*self.on_wait);
        let Some(connection) = self.begin(Access::Read, &mut patience)? else { return Ok(None) };
        let mut transaction = Transaction::new(self.session(connection));
        let read = f(&mut transaction);
        let connection = transaction.into_session().connection;
        match &self.kept {
            Some(kept) if read.is_ok() => {
                if let Some(connection) = connection.end_reading() {
                    kept.put(connection);
                }
            }
            _ => connection.rollback(),
        }
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
        self.write_all(|transaction| f(transaction.state()))
    }

    /// As [`Self::write`], with the tables of the companion.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn write_all<T, E: From<StateError>>(
        &self,
        f: impl FnOnce(&mut Transaction) -> Result<T, E>,
    ) -> Result<T, E> {
        let store = self.location.to_string();
        let mut patience = Patience::new(&store, self.patience, &*self.on_wait);
        let connection = self.begin(Access::Write, &mut patience)?;
        let connection = connection.ok_or_else(|| StateError::Database {
            doing: "create",
            store: store.clone(),
            reason: "it was not created".to_owned(),
        })?;
        let mut transaction = Transaction::new(self.session(connection));
        let written = f(&mut transaction);
        let connection = transaction.into_session().connection;
        match written {
            Ok(written) => {
                let connection = connection.commit(&mut patience)?;
                match &self.kept {
                    Some(kept) => kept.put(connection),
                    None => drop(connection.close()),
                }
                Ok(written)
            }
            Err(error) => {
                connection.rollback();
                Err(error)
            }
        }
    }

    /// Returns the catalog of the companion's tables, as [`CompanionSchema`](crate::CompanionSchema) contains it. Empty
    /// if there are none.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn companion_catalog(&self) -> Result<String, StateError> {
        let without = Self { companion: None, kept: None, ..self.clone() };
        let mut patience = Patience::new("", self.patience, &*self.on_wait);
        let Some(mut connection) = without.begin(Access::Read, &mut patience)? else {
            return Ok(String::new());
        };
        let catalog = companion::catalog(&mut connection);
        connection.rollback();
        catalog
    }

    /// Begins a transaction, on a connection that was kept if there is one.
    fn begin(&self, access: Access, patience: &mut Patience<'_>) -> Result<Option<Connection>, StateError> {
        let project = (self.tenant.as_str(), self.project.as_str());
        while let Some(connection) = self.kept.as_ref().and_then(|kept| kept.take()) {
            if let Some(connection) = connection.resume(access, project, patience)? {
                return Ok(Some(connection));
            }
        }
        let Some(mut connection) = Connection::begin(&self.location, access, project, patience)? else {
            return Ok(None);
        };
        match self.prepare(&mut connection, access) {
            Ok(true) => Ok(Some(connection)),
            Ok(false) => {
                connection.rollback();
                Ok(None)
            }
            Err(error) => {
                connection.rollback();
                Err(error)
            }
        }
    }

    /// Prepares a new connection. False: the companion's tables do not exist, and nothing is to be written.
    fn prepare(&self, connection: &mut Connection, access: Access) -> Result<bool, StateError> {
        let is_ready = match &self.companion {
            Some(companion) => companion.prepare(connection, access)?,
            None => true,
        };
        if self.kept.is_some()
            && let Location::Sqlite(path) = &self.location
        {
            connection.keep(path)?;
        }
        Ok(is_ready)
    }

    fn session(&self, connection: Connection) -> Session {
        Session { connection, tenant: self.tenant.clone(), project: self.project.clone() }
    }
}
