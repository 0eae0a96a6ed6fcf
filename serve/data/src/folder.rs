//! Generations on disk: one folder each, whose name begins with a dot until it is whole.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::contents::{Contents, VERSION};
use crate::error::DataError;

/// Name of the database in the folder of a generation.
pub(crate) const DATABASE_FILE: &str = "serving.duckdb";

/// Name of the file with its contents.
pub(crate) const CONTENTS_FILE: &str = "generation.json";

/// Name of the file that is locked while a generation is written.
const LOCK_FILE: &str = "lock";

/// How old a folder is at least that nobody writes any more: between its making and its locking is a moment.
const LEAST_AGE: Duration = Duration::from_secs(60);

/// How old a folder is that nobody writes any more, on a file system that cannot lock: longer than a build may take.
const AGE_WITHOUT_LOCKS: Duration = Duration::from_secs(2 * 60 * 60);

/// The folder of the generations of one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generations {
    folder: PathBuf,
}

impl Generations {
    /// Names the folder, which need not exist yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the ids of all whole generations, the oldest first.
    ///
    /// # Errors
    /// [`DataError::File`].
    pub fn list(&self) -> Result<Vec<String>, DataError> {
        let mut ids: Vec<String> = self.names()?.into_iter().filter(|name| !name.starts_with('.')).collect();
        ids.retain(|id| self.folder_of(id).join(CONTENTS_FILE).is_file());
        ids.sort();
        Ok(ids)
    }

    /// Returns the id of the newest generation. None: there is none.
    ///
    /// # Errors
    /// [`DataError::File`].
    pub fn newest(&self) -> Result<Option<String>, DataError> {
        Ok(self.list()?.pop())
    }

    /// Reads what a generation says about itself.
    ///
    /// # Errors
    /// [`DataError::UnknownGeneration`], [`DataError::Damaged`].
    pub fn contents(&self, id: &str) -> Result<Contents, DataError> {
        let folder = self.existing(id)?;
        let damaged = |reason: String| DataError::Damaged { folder: folder.clone(), reason };
        let text = fs::read_to_string(folder.join(CONTENTS_FILE)).map_err(|e| damaged(e.to_string()))?;
        let contents: Contents = serde_json::from_str(&text).map_err(|e| damaged(e.to_string()))?;
        match contents.version {
            VERSION => Ok(contents),
            other => Err(damaged(format!("it has version {other}, expected {VERSION}"))),
        }
    }

    /// Removes a generation. A process that has it open keeps reading it, where the system allows that.
    ///
    /// # Errors
    /// [`DataError::UnknownGeneration`], [`DataError::File`].
    pub fn remove(&self, id: &str) -> Result<(), DataError> {
        let folder = self.existing(id)?;
        // Under another name first, so that a removal that is cut short leaves nothing that looks whole.
        let hidden = self.folder.join(format!(".{id}.removed"));
        fs::rename(&folder, &hidden).map_err(|source| file(&folder, source))?;
        remove_folder(&hidden)
    }

    /// Removes what writers that were killed have left, and what is left of removed generations. What another process is
    /// writing stays: it has a lock, which ends with its process. What is a minute old or less stays as well.
    ///
    /// # Errors
    /// [`DataError::File`].
    pub fn sweep(&self, now: SystemTime) -> Result<(), DataError> {
        for name in self.names()?.into_iter().filter(|name| name.starts_with('.')) {
            let folder = self.folder.join(name);
            if folder.is_dir() && is_abandoned(&folder, now) {
                remove_folder(&folder)?;
            }
        }
        Ok(())
    }

    /// Removes generations that no process shows any more: all but the newest `kept`, and those that were the newest one within
    /// the last `grace`, which must be longer than replicas need to notice a newer one.
    ///
    /// # Errors
    /// [`DataError::File`].
    pub fn remove_old(&self, kept: usize, grace: Duration, now: SystemTime) -> Result<(), DataError> {
        let ids = self.list()?;
        for pair in ids.windows(2).take(ids.len().saturating_sub(kept)) {
            let [id, next] = pair else { continue };
            let was_replaced =
                age(&self.folder_of(next).join(CONTENTS_FILE), now).is_some_and(|age| age > grace);
            if !was_replaced {
                continue;
            }
            match self.remove(id) {
                // Another process may be removing it as well.
                Err(error) if self.existing(id).is_ok() => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Returns the folder of a generation that exists.
    pub(crate) fn existing(&self, id: &str) -> Result<PathBuf, DataError> {
        let is_name = !id.is_empty() && !id.starts_with('.') && !id.contains(['/', '\\']);
        let folder = self.folder_of(id);
        if is_name && folder.join(CONTENTS_FILE).is_file() {
            return Ok(folder);
        }
        Err(DataError::UnknownGeneration { id: id.to_owned(), folder: self.folder.clone() })
    }

    fn folder_of(&self, id: &str) -> PathBuf {
        self.folder.join(id)
    }

    fn names(&self) -> Result<Vec<String>, DataError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(file(&self.folder, source)),
        };
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        names.collect::<io::Result<_>>().map_err(|source| file(&self.folder, source))
    }

    /// Makes the folder in which a generation is written.
    pub(crate) fn begin(&self, id: &str) -> Result<Draft, DataError> {
        fs::create_dir_all(&self.folder).map_err(|source| file(&self.folder, source))?;
        // Other processes, on other machines too, may be writing one of the same time.
        for number in 0u32.. {
            let folder = self.folder.join(format!(".{id}.{number}"));
            match fs::create_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(file(&folder, source)),
                Ok(()) => {
                    let path = folder.join(LOCK_FILE);
                    let lock = File::create(&path).map_err(|source| file(&path, source))?;
                    // Without locks, the age of the folder decides.
                    let _ = lock.try_lock();
                    return Ok(Draft { folder, lock: Some(lock), is_finished: false });
                }
            }
        }
        Err(file(&self.folder, io::ErrorKind::AlreadyExists.into()))
    }

    /// Makes a generation visible that has been written into a folder of [`Self::begin`]. Its id becomes another one if one
    /// of this id has become visible meanwhile, unless the id `is_given`: then that one stands for both.
    pub(crate) fn finish(
        &self,
        mut draft: Draft,
        contents: &mut Contents,
        is_given: bool,
    ) -> Result<(), DataError> {
        drop(draft.lock.take());
        let written = draft.folder.clone();
        let path = written.join(DATABASE_FILE);
        File::open(&path).and_then(|opened| opened.sync_all()).map_err(|source| file(&path, source))?;
        let lock = written.join(LOCK_FILE);
        fs::remove_file(&lock).map_err(|source| file(&lock, source))?;
        loop {
            write_contents(&written, contents)?;
            let folder = self.folder_of(&contents.id);
            match fs::rename(&written, &folder) {
                Ok(()) => {
                    draft.is_finished = true;
                    return Ok(());
                }
                Err(error) if is_taken(&error) && is_given => return Ok(()),
                Err(error) if is_taken(&error) => contents.id = after(&contents.id),
                Err(source) => return Err(file(&folder, source)),
            }
        }
    }
}

/// A generation that is being written. Its lock ends with it, or with its process, and so does its folder, unless it was
/// finished or the process was killed.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The folder that it is written into.
    pub(crate) folder: PathBuf,
    lock: Option<File>,
    /// Whether the folder has another name now, so that its old one may be that of another writer.
    is_finished: bool,
}

impl Drop for Draft {
    fn drop(&mut self) {
        drop(self.lock.take());
        if !self.is_finished {
            // What cannot be removed now is swept later.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Returns the id after an id that is taken: the same time, and the next number.
pub(crate) fn after(id: &str) -> String {
    let (time, number) = id.split_once('-').unwrap_or((id, ""));
    format!("{time}-{:04}", number.parse::<u32>().unwrap_or(1) + 1)
}

fn write_contents(folder: &Path, contents: &Contents) -> Result<(), DataError> {
    let path = folder.join(CONTENTS_FILE);
    let text = serde_json::to_string_pretty(contents)
        .map_err(|e| DataError::Damaged { folder: folder.to_owned(), reason: e.to_string() })?;
    fs::write(&path, text).and_then(|()| File::open(&path)?.sync_all()).map_err(|source| file(&path, source))
}

/// Whether a folder cannot be renamed to because there is one already.
fn is_taken(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty)
}

/// Whether nobody writes into a folder any more.
fn is_abandoned(folder: &Path, now: SystemTime) -> bool {
    let Some(age) = age(folder, now).filter(|age| *age > LEAST_AGE) else { return false };
    match File::open(folder.join(LOCK_FILE)).map(|lock| lock.try_lock()) {
        Ok(Ok(())) | Err(_) => true,
        Ok(Err(TryLockError::WouldBlock)) => false,
        Ok(Err(TryLockError::Error(_))) => age > AGE_WITHOUT_LOCKS,
    }
}

/// Returns how long ago a file or folder was changed. None: it is not there, or was changed in the future.
fn age(path: &Path, now: SystemTime) -> Option<Duration> {
    now.duration_since(fs::metadata(path).ok()?.modified().ok()?).ok()
}

/// Removes a folder, which another process may remove at the same time.
fn remove_folder(folder: &Path) -> Result<(), DataError> {
    match fs::remove_dir_all(folder) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(file(folder, source)),
        _ => Ok(()),
    }
}

fn file(path: &Path, source: io::Error) -> DataError {
    DataError::File { path: path.to_owned(), source }
}
