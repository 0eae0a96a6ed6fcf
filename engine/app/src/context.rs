//! What a use case is run with.

use chrono::{DateTime, Utc};
use tagpol_eval::TakenOver;
use tagpol_inventory::{Gap, Progress};
use tagpol_plan::TextLimit;

/// The clock and the limits of a use case, and who is told of its progress.
#[derive(Clone, Copy)]
pub struct RunContext<'a> {
    /// The clock: waivers and graces are judged at this time.
    pub now: DateTime<Utc>,
    /// Threads that evaluate. None: one for each core. Results do not depend on it.
    pub threads: Option<usize>,
    /// The longest text that an expression may compute.
    pub text_limit: TextLimit,
    /// Who is told of progress and notices.
    pub observer: &'a dyn Observer,
}

impl<'a> RunContext<'a> {
    /// Returns a context with the usual limits.
    pub fn at(now: DateTime<Utc>, observer: &'a dyn Observer) -> Self {
        Self { now, threads: None, text_limit: TextLimit::default(), observer }
    }
}

/// Who is told what happens while a use case runs. Nothing depends on it.
pub trait Observer {
    /// Returns what is called while files are read and a snapshot is written; it is dropped at the end.
    fn import_progress(&self) -> Box<dyn FnMut(&Progress<'_>) + '_> {
        Box::new(|_| {})
    }

    /// Takes something worth knowing that does not end the use case.
    fn notice(&self, notice: Notice) {
        let _ = notice;
    }
}

/// An observer that nothing is shown to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {}

/// Something worth knowing that does not end a use case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The policies have this many warnings, and no errors.
    PolicyWarnings(usize),
    /// A file of the inventory is only a part of what there is.
    IncompleteSource(Box<Gap>),
    /// This many more files of the inventory are incomplete.
    MoreIncompleteSources(u64),
    /// The state store of an earlier version was found.
    EarlierState {
        /// What became of it.
        taken: TakenOver,
        /// The store of this version.
        store: String,
    },
}
