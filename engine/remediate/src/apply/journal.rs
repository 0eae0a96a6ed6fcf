//! What was done of a plan, on disk before it is done.
//!
//! A journal is a file of lines of JSON, each synced before the next step: the resources of a batch before the cloud is
//! asked to change them, and what became of each afterwards. Whoever reads it after a crash knows which resources may have
//! been changed. The file is locked while a plan is applied.
//!
//! ```text
//! not started   nothing was sent, whatever else is in the file: the plan is applied as if there were none, or not at all
//! started       something may have been sent: the plan is applied to its end, or given up and undone
//! finished      applied to its end: it can be undone
//! given up      interrupted, and then undone: it cannot be applied to its end any more
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Outcome;
use crate::plan_file::time;

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It cannot be read or written.
    #[error("cannot use the journal `{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another process applies the same plan.
    #[error("another process is applying this plan")]
    Locked,
    /// A line is not one of a journal.
    #[error("line {line} of the journal `{}` is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
}

/// A line of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", deny_unknown_fields)]
enum Record {
    /// The plan is applied.
    Start {
        plan: String,
        #[serde(with = "time")]
        at: DateTime<Utc>,
    },
    /// The cloud is about to be asked to change these resources.
    Batch { resources: Vec<String> },
    /// What became of a resource.
    Done { resource: String, outcome: Outcome },
    /// All resources were tried and read again.
    Finish {
        #[serde(with = "time")]
        at: DateTime<Utc>,
    },
    /// A plan that undoes what was done was made, and this one was not applied to its end.
    GiveUp {
        #[serde(with = "time")]
        at: DateTime<Utc>,
    },
}

/// What a journal contains.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    /// What became of resources, by id.
    pub outcomes: BTreeMap<String, Outcome>,
    /// Resources that the cloud was asked to change, by id.
    pub attempted: BTreeSet<String>,
    /// When the plan was applied to its end. None: it was not started, or interrupted.
    pub finished: Option<DateTime<Utc>>,
    /// When it was given up after an interruption, so that it can only be undone.
    pub given_up: Option<DateTime<Utc>>,
}

impl Recorded {
    /// Whether a cloud may have been asked to change something.
    pub fn is_started(&self) -> bool {
        !self.attempted.is_empty()
    }

    /// Returns the resources that may have some of their changes: the cloud was asked for them, and nobody has read the
    /// tags since.
    pub fn uncertain(&self) -> impl Iterator<Item = &str> {
        let is_uncertain = |id: &&String| {
            self.finished.is_none() && matches!(self.outcomes.get(*id), None | Some(Outcome::Failed { .. }))
        };
        self.attempted.iter().filter(is_uncertain).map(String::as_str)
    }
}

/// The journal of a plan, open and locked.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
}

/// Returns the path of the journal of a plan in a folder.
pub fn journal_path(folder: &Path, content_hash: &str) -> PathBuf {
    folder.join(format!("{content_hash}.journal"))
}

/// Reads the journal of a plan; nothing is recorded if there is none.
///
/// # Errors
/// [`JournalError`].
pub fn read_journal(folder: &Path, content_hash: &str) -> Result<Recorded, JournalError> {
    let path = journal_path(folder, content_hash);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(recorded(&path, &text)?.0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Recorded::default()),
        Err(source) => Err(JournalError::Io { path, source }),
    }
}

/// Gives up a plan that was started and not applied to its end, and returns what is recorded of it. Others stay as they are.
///
/// # Errors
/// [`JournalError`].
pub fn give_up(folder: &Path, content_hash: &str, now: DateTime<Utc>) -> Result<Recorded, JournalError> {
    let is_interrupted =
        |recorded: &Recorded| recorded.is_started() && recorded.finished.or(recorded.given_up).is_none();
    let recorded = read_journal(folder, content_hash)?;
    if !is_interrupted(&recorded) {
        return Ok(recorded);
    }
    // It may have been applied to its end before it is locked.
    let (mut journal, mut recorded) = Journal::open(folder, content_hash, now)?;
    if is_interrupted(&recorded) {
        journal.write(&Record::GiveUp { at: now })?;
        recorded.given_up = Some(now);
    }
    Ok(recorded)
}

impl Journal {
    /// Opens the journal of a plan, and returns what it contains. What it contains of a plan that was not started is removed:
    /// all resources are looked at again.
    pub(super) fn open(
        folder: &Path,
        content_hash: &str,
        now: DateTime<Utc>,
    ) -> Result<(Self, Recorded), JournalError> {
        let path = journal_path(folder, content_hash);
        let io = |source| JournalError::Io { path: path.clone(), source };
        std::fs::create_dir_all(folder).map_err(io)?;
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::Locked),
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(io)?;
        let (recorded, whole) = recorded(&path, &text)?;
        let is_new = !recorded.is_started() && recorded.finished.is_none();
        let (recorded, whole) = if is_new { (Recorded::default(), 0) } else { (recorded, whole) };
        // A line that a crash cut off was never acted on.
        file.set_len(whole as u64).and_then(|()| file.seek(SeekFrom::End(0))).map_err(io)?;
        let mut journal = Self { path: path.clone(), file };
        if is_new {
            journal.write(&Record::Start { plan: content_hash.to_owned(), at: now })?;
            // So that the file itself survives a crash of the machine.
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
        }
        Ok((journal, recorded))
    }

    /// Records that the cloud is about to be asked to change resources.
    pub(super) fn batch<'r>(
        &mut self,
        resources: impl IntoIterator<Item = &'r str>,
    ) -> Result<(), JournalError> {
        let resources = resources.into_iter().map(str::to_owned).collect();
        self.write(&Record::Batch { resources })
    }

    /// Records what became of resources.
    pub(super) fn done(&mut self, outcomes: &[(String, Outcome)]) -> Result<(), JournalError> {
        let records = outcomes
            .iter()
            .map(|(resource, outcome)| Record::Done { resource: resource.clone(), outcome: outcome.clone() });
        self.write_all(&records.collect::<Vec<_>>())
    }

    /// Records that the plan was applied to its end.
    pub(super) fn finish(&mut self, now: DateTime<Utc>) -> Result<(), JournalError> {
        self.write(&Record::Finish { at: now })
    }

    fn write(&mut self, record: &Record) -> Result<(), JournalError> {
        self.write_all(std::slice::from_ref(record))
    }

    fn write_all(&mut self, records: &[Record]) -> Result<(), JournalError> {
        let lines = records.iter().map(|record| serde_json::to_string(record).unwrap_or_default() + "\n");
        let text: String = lines.collect();
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(|source| JournalError::Io { path: self.path.clone(), source })
    }
}

/// Reads the lines of a journal; returns also the length of those that are whole.
fn recorded(path: &Path, text: &str) -> Result<(Recorded, usize), JournalError> {
    let mut recorded = Recorded::default();
    let mut whole = 0;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        if !line.ends_with('\n') {
            break;
        }
        let record = serde_json::from_str(line).map_err(|error| JournalError::Damaged {
            path: path.to_owned(),
            line: number,
            reason: error.to_string(),
        })?;
        whole += line.len();
        match record {
            Record::Start { .. } => {}
            Record::Batch { resources } => recorded.attempted.extend(resources),
            Record::Done { resource, outcome } => drop(recorded.outcomes.insert(resource, outcome)),
            Record::Finish { at } => recorded.finished = Some(at),
            Record::GiveUp { at } => recorded.given_up = Some(at),
        }
    }
    Ok((recorded, whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cut_off_is_dropped_and_the_rest_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let now = DateTime::from_timestamp(1_796_000_000, 0).unwrap();
        let (mut journal, before) = Journal::open(folder.path(), "h", now).unwrap();
        assert_eq!(before, Recorded::default());
        assert!(matches!(Journal::open(folder.path(), "h", now), Err(JournalError::Locked)));
        journal.batch(["a", "b"]).unwrap();
        journal.done(&[("a".to_owned(), Outcome::Applied)]).unwrap();
        drop(journal);
        let path = journal_path(folder.path(), "h");
        let text = std::fs::read_to_string(&path).unwrap();
        for cut in 0..text.len() {
            std::fs::write(&path, text.split_at(cut).0).unwrap();
            let (mut journal, recorded) = Journal::open(folder.path(), "h", now).unwrap();
            assert!(recorded.finished.is_none());
            journal.finish(now).unwrap();
            drop(journal);
            assert_eq!(read_journal(folder.path(), "h").unwrap().finished, Some(now), "{cut}");
        }
        std::fs::write(&path, "{}\n").unwrap();
        assert!(matches!(read_journal(folder.path(), "h"), Err(JournalError::Damaged { line: 1, .. })));
        assert_eq!(read_journal(folder.path(), "other").unwrap(), Recorded::default());
    }

    #[test]
    fn a_plan_is_started_by_the_first_request_that_writes() {
        let folder = tempfile::tempdir().unwrap();
        let now = DateTime::from_timestamp(1_796_000_000, 0).unwrap();
        let open = || Journal::open(folder.path(), "h", now).unwrap();
        let failed = || Outcome::Failed { reason: "x".to_owned() };
        // What was found out without a request that writes is found out again.
        open().0.done(&[("a".to_owned(), failed())]).unwrap();
        assert!(!read_journal(folder.path(), "h").unwrap().is_started());
        assert_eq!(give_up(folder.path(), "h", now).unwrap().given_up, None);
        let (mut journal, recorded) = open();
        assert_eq!(recorded, Recorded::default());
        journal.batch(["a", "b", "c"]).unwrap();
        journal.done(&[("a".to_owned(), Outcome::Applied), ("b".to_owned(), failed())]).unwrap();
        assert!(matches!(give_up(folder.path(), "h", now), Err(JournalError::Locked)));
        drop(journal);
        let recorded = open().1;
        assert!(recorded.is_started() && recorded.finished.is_none());
        assert_eq!(recorded.uncertain().collect::<Vec<_>>(), ["b", "c"]);
        for _ in 0..2 {
            assert_eq!(give_up(folder.path(), "h", now).unwrap().given_up, Some(now));
        }
        // Applied to its end, it is not given up, and all tags have been read.
        let (mut journal, _) = Journal::open(folder.path(), "other", now).unwrap();
        journal.batch(["a"]).unwrap();
        journal.finish(now).unwrap();
        drop(journal);
        let recorded = give_up(folder.path(), "other", now).unwrap();
        assert_eq!((recorded.given_up, recorded.uncertain().count()), (None, 0));
    }
}
