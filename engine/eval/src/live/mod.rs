//! One snapshot that is evaluated again and again while a program changes.
//!
//! In: a snapshot that stays open, and programs without errors, one after the other. Out: what each policy
//! finds, how many resources each condition is true of, which values occur. Promises the numbers of an
//! evaluation, and that only what a change of the program asks for is computed again: the tags of all
//! resources are kept as long as what makes them stays the same, and what is counted of a policy as long as
//! the policy does (see [`tagpol_plan::sql::staged`]).
//!
//! - `measure`: policies and conditions
//! - `values`: keys, values and resources that occur

mod measure;
mod values;

use std::collections::HashMap;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use tagpol_inventory::Snapshot;
use tagpol_plan::ir::Field;
use tagpol_plan::lower::staged::Kept;
use tagpol_session::{CancelToken, Store};

pub use self::measure::{Measure, Measures};
pub use self::values::{Resource, Subject, TagValue, Value, Values, Violating};
use crate::compile::RELATION;
use crate::error::RunError;
use crate::history::ProjectHistory;
use crate::options::Options;

/// A snapshot that is kept open.
#[derive(Debug)]
pub struct Live {
    store: Store,
    snapshot: Snapshot,
    options: Options,
    history: ProjectHistory,
    tagged: Option<Tagged>,
    tags_version: u64,
    /// Columns of the snapshot that policies have read so far.
    keep: Vec<Field>,
    /// What was run last so that queries of policies can be.
    prepared: Vec<String>,
    /// By what is grouped: the number of the table of the groups, and when it was used last.
    groups: HashMap<String, (u64, u64)>,
    /// By query.
    counts: HashMap<String, Measure>,
    /// Counts tables of groups, and measurements.
    next: u64,
}

/// The tags of all resources, in the database.
#[derive(Debug)]
struct Tagged {
    made_by: Vec<String>,
    tables: Vec<(String, Option<SystemTime>)>,
    kept: Kept,
    names: Vec<String>,
}

impl Live {
    /// Opens a snapshot; what the project remembers is read now, and not again.
    ///
    /// # Errors
    /// The snapshot's, the state store's and the database's.
    pub fn open(snapshot: Snapshot, options: Options) -> Result<Self, RunError> {
        let store = options.open_store([&snapshot])?;
        store.open_snapshot(&snapshot.resources_path(), RELATION)?;
        let history = ProjectHistory::for_options(&options, &store)?;
        Ok(Self {
            store,
            snapshot,
            options,
            history,
            tagged: None,
            tags_version: 0,
            keep: Vec::new(),
            prepared: Vec::new(),
            groups: HashMap::new(),
            counts: HashMap::new(),
            next: 0,
        })
    }

    /// Returns the snapshot.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Returns a number that is another one whenever tags have been computed again.
    pub fn tags_version(&self) -> u64 {
        self.tags_version
    }

    /// Sets the clock.
    pub fn set_now(&mut self, now: DateTime<Utc>) {
        self.options.now = now;
    }

    /// Sets what ends the next computations: the token of a request. They then fail with
    /// [`StoreError::Cancelled`](tagpol_session::StoreError::Cancelled).
    pub fn set_cancel(&mut self, cancel: CancelToken) {
        self.store.set_cancel(cancel.clone());
        self.options.cancel = cancel;
    }
}
