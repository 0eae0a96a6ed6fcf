//! What an evaluation depends on in addition to program and snapshot.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use tagpol_inventory::Snapshot;
use tagpol_plan::{Rates, Request, StatementLimits, TextLimit};
use tagpol_session::{CancelToken, Pool, Store, StoreError, StoreOptions};
use tagpol_state::StateStore;

/// What an evaluation depends on in addition to program and snapshot.
#[derive(Debug, Clone)]
pub struct Options {
    /// The clock.
    pub now: DateTime<Utc>,
    /// Threads to run on. None: one a core. Results do not depend on it.
    pub threads: Option<usize>,
    /// Folder for what does not fit in memory. None: it must fit.
    pub temp_dir: Option<PathBuf>,
    /// What amounts in other currencies than the snapshot's are worth.
    pub rates: Rates,
    /// What the project remembers: decisions, predictions, when findings were first seen. None: as
    /// if it remembered nothing.
    pub state: Option<StateStore>,
    /// Whether the run is remembered there, by what reads it in detail.
    pub record: bool,
    /// Which findings are read.
    pub findings: FindingSelection,
    /// Whether each distinct value is judged once. Results do not depend on it.
    pub distinct: Distinct,
    /// The longest text that an expression may compute; a longer one is an error.
    pub text_limit: TextLimit,
    /// How much goes into one statement of the database. Results do not depend on it.
    pub limits: StatementLimits,
    /// Where databases are opened.
    pub sessions: Pool,
    /// What ends the evaluation, which then fails with [`StoreError::Cancelled`].
    pub cancel: CancelToken,
}

/// When each distinct value is judged once, not once a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Distinct {
    /// Where there are so many resources that it pays off.
    #[default]
    Large,
    /// Wherever the snapshot lists values.
    Always,
}

/// Which findings of an evaluation are read; all are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FindingSelection {
    /// All.
    #[default]
    All,
    /// Of each check at least the open ones of its [`TOP_FINDINGS`](crate::TOP_FINDINGS) most expensive resources,
    /// ties in the order of ids: much less than all where a snapshot is large.
    TopByCost,
}

impl Options {
    /// Opens a database that can read snapshots and what the project remembers, and no other file.
    ///
    /// # Errors
    /// As [`Pool::open`].
    pub fn open_store<'s>(
        &self,
        snapshots: impl IntoIterator<Item = &'s Snapshot>,
    ) -> Result<Store, StoreError> {
        let of_snapshots = snapshots.into_iter().flat_map(Snapshot::database_files);
        self.sessions.open(&StoreOptions {
            threads: self.threads,
            temp_dir: self.temp_dir.clone(),
            files: of_snapshots.collect(),
            cancel: self.cancel.clone(),
            ..StoreOptions::default()
        })
    }

    /// Returns the usual options at a time.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self {
            now,
            threads: None,
            temp_dir: None,
            rates: Rates::default(),
            state: None,
            record: false,
            findings: FindingSelection::All,
            distinct: Distinct::Large,
            text_limit: TextLimit::default(),
            limits: StatementLimits::default(),
            sessions: Pool::default(),
            cancel: CancelToken::new(),
        }
    }

    /// Returns the request for an evaluation with these options.
    pub fn request(&self) -> Request {
        Request { text_limit: self.text_limit, limits: self.limits, ..Request::at(self.now) }
    }
}
