//! What a use case is run with.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use tagpol_eval::{Options, TakenOver};
use tagpol_inventory::{Gap, Progress, SourceCoverage, SourceNote};
use tagpol_plan::TextLimit;
use tagpol_session::{CancelToken, Cancelled, Pool};

/// The clock and the limits of a use case, what ends it early, and who receives its progress.
#[derive(Clone, Copy)]
pub struct RunContext<'a> {
    /// The clock: waivers and graces are judged at this time.
    pub now: DateTime<Utc>,
    /// Threads that evaluate. None: one for each core. Results do not depend on it.
    pub threads: Option<usize>,
    /// The longest text that an expression may compute.
    pub text_limit: TextLimit,
    /// Where databases are opened: what use cases that run at the same time share.
    pub sessions: &'a Pool,
    /// What ends the use case early, with [`AppError::Cancelled`](crate::AppError::Cancelled): Ctrl-C, a deadline, a
    /// request that was abandoned. It ends statements of the database at once, and other work between two steps.
    pub cancel: &'a CancelToken,
    /// Who receives progress and notices.
    pub observer: &'a dyn Observer,
}

impl<'a> RunContext<'a> {
    /// Returns a context with the usual limits, which nothing ends early.
    pub fn at(now: DateTime<Utc>, observer: &'a dyn Observer) -> Self {
        Self {
            now,
            threads: None,
            text_limit: TextLimit::default(),
            sessions: Pool::unbounded(),
            cancel: CancelToken::never(),
            observer,
        }
    }

    /// Returns the options of evaluations, without what a project adds: rates and a state store.
    pub fn options(&self) -> Options {
        Options {
            threads: self.threads,
            text_limit: self.text_limit,
            sessions: self.sessions.clone(),
            cancel: self.cancel.clone(),
            ..Options::at(self.now)
        }
    }

    /// Returns an error if the use case is to end.
    pub fn check(&self) -> Result<(), Cancelled> {
        self.cancel.check()
    }
}

/// Receives what happens while a use case runs. Nothing depends on it.
pub trait Observer {
    /// Returns what is called while files are read and a snapshot is written; it is dropped at the end.
    fn import_progress(&self) -> Box<dyn FnMut(&Progress<'_>) + '_> {
        Box::new(|_| {})
    }

    /// Returns what is called with the number of resources that a model was asked about; it is dropped at the end.
    fn prediction_progress(&self) -> Box<dyn FnMut(u64) + '_> {
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
    /// The folder has no manifest, and a folder in it does: the manifest, whose settings do not apply.
    UnusedManifest(PathBuf),
    /// A file of the inventory is only a part of what there is.
    IncompleteSource(Box<Gap>),
    /// A source of fetched resources did not list all that was requested.
    PartialCoverage(Box<SourceCoverage>),
    /// This many more sources did not.
    MorePartialCoverage(u64),
    /// This many more files of the inventory are incomplete.
    MoreIncompleteSources(u64),
    /// Something about a file of the inventory that is not a mistake, but that a reader may not expect.
    SourceNote(Box<SourceNote>),
    /// This many more notes are in the snapshot.
    MoreSourceNotes(u64),
    /// A plan of remediation that was started is applied to its end, although it could not be started any more: the reason.
    StalePlanResumed(String),
    /// A plan of remediation whose application was interrupted cannot be applied to its end any more, since it is undone.
    PlanGivenUp,
    /// The state store of an earlier version was found.
    EarlierState {
        /// What became of it.
        taken: TakenOver,
        /// The store of this version.
        store: String,
    },
}
