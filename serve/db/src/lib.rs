//! What the server stores next to the state of projects: people, sessions, tokens, audit, jobs.
//!
//! In: values of `tagpol-serve-core`, and a [`StateStore`]: all tables are in the database of the state, so that a decision,
//! its audit entry, its job and its notification are one transaction. Out: rows as values. Assumes: nothing of the
//! database, which may be new, old, damaged or in use. Promises, on SQLite and PostgreSQL:
//!
//! - a [`Repository`] is a transaction, and exists for one tenant: it can neither read nor write rows of another one;
//! - what [`Database::write`] acknowledges is on disk, and what fails leaves nothing;
//! - secrets are stored as hashes, or sealed;
//! - the audit trail of a tenant is append-only, and each entry has a hash of the one before.
//!
//! The parts:
//!
//! - `schema`: the tables
//! - `people`: tenants, users, roles; `identities`: accounts at identity providers; `sign_in`: sessions, one-time links,
//!   failed attempts; `tokens`: API tokens, refresh tokens; `keys`: signing keys
//! - `access`: which requests were made; `audit`: the trail; `foreign`: decisions of the command line in it; `names`: who its actors are
//! - `idempotency`: requests that were answered
//! - `jobs`, `schedules`: what is to be done later
//! - `channels`, `rules`, `alerts`, `deliveries`: who is notified of what, and the messages, which are written in the
//!   transaction of what they announce and delivered by jobs
//! - `backup`: all rows
//! - `privacy`: what is stored about a person
//! - `retention`: what is deleted after its time
//! - `views`: saved filters; `conversations`: what people asked; `watch`: what happened since
//! - `bulk`: changes of many resources, from their preview to their undoing
//! - `evaluations`: which evaluation of a project all replicas show
//!
//! Calls block. A caller on an asynchronous runtime uses a thread that may block.

mod access;
mod alerts;
mod audit;
mod backup;
mod bulk;
mod channels;
mod conversations;
mod deliveries;
mod evaluations;
mod foreign;
mod idempotency;
mod identities;
mod jobs;
mod keys;
mod names;
mod people;
mod privacy;
mod retention;
mod rows;
mod rules;
mod schedules;
mod schema;
mod sign_in;
mod tokens;
mod views;
mod watch;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tagpol_serve_core::Source;
use tagpol_state::{StateError, StateStore, StateWriter, Transaction};

pub use access::{Access, AccessFilter, NewAccess};
pub use alerts::Alert;
pub use audit::{AuditFilter, NewEntry};
pub use backup::{CopyPart, RestoreError, Restoring};
pub use bulk::{Bulk, BulkItem};
pub use channels::{Channel, NewChannel, Stream};
pub use conversations::StoredConversation;
pub use deliveries::{Delivery, DeliveryFilter, NewDelivery};
pub use evaluations::Evaluation;
pub use idempotency::{Answered, Lookup};
pub use jobs::{Attempt, Claimed, Job, JobFilter, NewJob};
pub use people::{Member, Tenant, User, UserStatus};
pub use privacy::{Erased, Subject, SubjectMessage};
pub use retention::{RETENTION, cutoff};
pub use rules::{AlertRule, Decided, NewRule};
pub use schedules::Schedule;
pub use sign_in::Session;
pub use tagpol_state::{Cell, Row, Table};
pub use tokens::{ApiToken, NewToken, Refreshed};
pub use views::{NewView, View};

/// Connections that stay open: about as many as requests are answered at the same time.
const KEPT_CONNECTIONS: usize = 16;

/// The name under which rows that belong to no project lock each other in PostgreSQL. No project has it.
const NO_PROJECT: &str = "\u{1}server";

/// The database of the server.
#[derive(Clone)]
pub struct Database {
    store: StateStore,
    source: Arc<dyn Source>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Database").field(&self.store).finish()
    }
}

/// Whose rows a transaction is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The tenant.
    pub tenant: String,
    /// The project. None: the transaction is about the tenant as a whole, and has no state.
    pub project: Option<ProjectScope>,
}

/// A project, and the names under which the command line keeps its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectScope {
    /// Its id in the tenant.
    pub id: String,
    /// The tenant of its state: empty for projects that the command line shares.
    pub state_tenant: String,
    /// The project of its state.
    pub state_project: String,
}

impl Scope {
    /// Names a tenant as a whole.
    pub fn tenant(tenant: &str) -> Self {
        Self { tenant: tenant.to_owned(), project: None }
    }

    /// Names a project of a tenant.
    pub fn project(tenant: &str, project: ProjectScope) -> Self {
        Self { tenant: tenant.to_owned(), project: Some(project) }
    }
}

/// A transaction on the rows of one tenant. Dropping it without an acknowledgement of [`Database::write`] gives up what
/// was written.
pub struct Repository<'t> {
    transaction: &'t mut Transaction,
    tenant: &'t str,
    /// Empty: no project.
    project: &'t str,
    source: &'t dyn Source,
}

impl Database {
    /// Opens the database of a store, and creates or upgrades its tables.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open(store: StateStore, source: Arc<dyn Source>) -> Result<Self, StateError> {
        let store = store.with_companion(schema::companion()).keeping_connections(KEPT_CONNECTIONS);
        store.write_all(|_| Ok::<_, StateError>(()))?;
        Ok(Self { store, source })
    }

    /// Names the database of a store, which must have the tables already.
    pub fn existing(store: StateStore, source: Arc<dyn Source>) -> Self {
        Self { store: store.with_companion(schema::companion()), source }
    }

    /// Returns the store of a project's state, with the connections of this database.
    pub fn state(&self, project: &ProjectScope) -> StateStore {
        self.store.clone().for_project(&project.state_tenant, &project.state_project)
    }

    /// Returns the clock and the random bytes.
    pub fn source(&self) -> &Arc<dyn Source> {
        &self.source
    }

    /// Reads in one transaction.
    ///
    /// # Errors
    /// What `f` returns; [`StateError`] if the database cannot be used.
    pub fn read<T, E: From<StateError>>(
        &self,
        scope: &Scope,
        f: impl FnOnce(&mut Repository<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let read = self.read_if_exists(scope, f)?;
        // The tables were created when the database was opened.
        read.ok_or_else(|| {
            let store = self.store.location().to_string();
            StateError::Damaged { store, reason: "the tables of the server are gone".to_owned() }.into()
        })
    }

    /// As [`Self::read`]; None if the tables were never created.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_if_exists<T, E: From<StateError>>(
        &self,
        scope: &Scope,
        f: impl FnOnce(&mut Repository<'_>) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        self.of(scope).read_all(|transaction| f(&mut self.repository(scope, transaction)))
    }

    /// Writes in one transaction: when this returns, everything that `f` wrote is on disk.
    ///
    /// # Errors
    /// What `f` returns; [`StateError`] if the database cannot be used. Nothing is written then.
    pub fn write<T, E: From<StateError>>(
        &self,
        scope: &Scope,
        f: impl FnOnce(&mut Repository<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.of(scope).write_all(|transaction| f(&mut self.repository(scope, transaction)))
    }

    fn of(&self, scope: &Scope) -> StateStore {
        match &scope.project {
            Some(project) => self.state(project),
            None => self.store.clone().for_project(&scope.tenant, NO_PROJECT),
        }
    }

    fn repository<'t>(&'t self, scope: &'t Scope, transaction: &'t mut Transaction) -> Repository<'t> {
        let project = scope.project.as_ref().map_or("", |project| &project.id);
        Repository { transaction, tenant: &scope.tenant, project, source: &*self.source }
    }
}

impl Repository<'_> {
    /// Returns the state of the project: decisions, findings, runs. The scope must name a project.
    pub fn state(&mut self) -> &mut dyn StateWriter {
        self.transaction.state()
    }

    /// Returns the tenant.
    pub fn tenant(&self) -> &str {
        self.tenant
    }

    /// Returns the project. Empty: none.
    pub fn project(&self) -> &str {
        self.project
    }

    /// Goes on in a tenant, in a transaction that is about none yet: for signing somebody in. In any other transaction the
    /// tenant stays.
    pub fn in_tenant<T>(&mut self, tenant: &str, f: impl FnOnce(&mut Repository<'_>) -> T) -> T {
        let tenant = if self.tenant.is_empty() { tenant } else { self.tenant };
        f(&mut Repository { transaction: self.transaction, tenant, project: "", source: self.source })
    }

    fn now(&self) -> DateTime<Utc> {
        self.source.now()
    }
}
