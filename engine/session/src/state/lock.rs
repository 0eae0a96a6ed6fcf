//! One process at a time, and how the others wait.
//!
//! DuckDB locks its file too, but not between two databases of one process, and only once the file
//! has been made. So a file beside it is locked first; the system lets go of it when its process
//! ends, however it ends.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tagpol_files::FileError;

use super::{StateError, StateStore, Waiting};

/// How long to wait before telling anybody.
const SILENCE: Duration = Duration::from_millis(300);

/// Longest pause between two attempts; short, so that nobody is passed over for long.
const PAUSE: Duration = Duration::from_millis(40);

/// The lock, for as long as it lives. None: in a folder that nothing can be written to, where
/// nobody needs one.
#[derive(Debug)]
pub(super) struct Lock(Option<File>);

impl Lock {
    /// Waits for the lock that writers need: nobody else has one then.
    pub(super) fn to_write(of: &StateStore, patience: &mut Patience<'_>) -> Result<Self, StateError> {
        let path = lock_path(&of.path);
        let file = tagpol_files::open_lock(&path).map_err(|error| match error {
            FileError::Io { path, source, .. } => StateError::Io { doing: "open", path, source },
            error => StateError::File(error),
        })?;
        patience.until(|| attempt(&file, file.try_lock()))?;
        // Only to tell others who has it: the lock does not depend on what is written.
        let _ = note_holder(&file, &std::process::id().to_string());
        Ok(Self(Some(file)))
    }

    /// Waits for a lock that readers share.
    pub(super) fn to_read(of: &StateStore, patience: &mut Patience<'_>) -> Result<Self, StateError> {
        let path = lock_path(&of.path);
        if path.symlink_metadata().is_ok_and(|meta| !meta.is_file()) {
            return Err(StateError::File(
                tagpol_files::open_lock(&path).err().unwrap_or(FileError::Link { path }),
            ));
        }
        let Ok(file) = tagpol_files::open_regular(&path) else { return Ok(Self(None)) };
        patience.until(|| attempt(&file, file.try_lock_shared()))?;
        Ok(Self(Some(file)))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(file) = &self.0 {
            // Readers cannot, and have written nothing.
            let _ = note_holder(file, "");
        }
    }
}

/// What became of an attempt.
pub(super) enum Attempt<T> {
    /// It succeeded.
    Done(T),
    /// Another process stands in the way.
    Busy(Option<u32>),
}

/// How long to try again, and whom to tell.
pub(super) struct Patience<'p> {
    of: &'p StateStore,
    waited: Duration,
    pause: Duration,
    told: bool,
}

impl<'p> Patience<'p> {
    pub(super) fn new(of: &'p StateStore) -> Self {
        Self { of, waited: Duration::ZERO, pause: Duration::from_millis(1), told: false }
    }

    /// Tries until it succeeds, fails, or patience ends.
    pub(super) fn until<T>(
        &mut self,
        mut f: impl FnMut() -> Result<Attempt<T>, StateError>,
    ) -> Result<T, StateError> {
        loop {
            match f()? {
                Attempt::Done(value) => return Ok(value),
                Attempt::Busy(holder) => self.wait(holder)?,
            }
        }
    }

    fn wait(&mut self, holder: Option<u32>) -> Result<(), StateError> {
        let path = &self.of.path;
        if self.waited >= self.of.patience {
            return Err(StateError::Locked { path: path.clone(), holder, waited: self.waited });
        }
        if self.waited >= SILENCE && !self.told {
            self.told = true;
            (self.of.on_wait)(&Waiting { path, holder });
        }
        let pause = self.pause.min(self.of.patience - self.waited);
        std::thread::sleep(pause);
        self.waited += pause;
        self.pause = (self.pause * 2).min(PAUSE);
        Ok(())
    }
}

fn attempt(file: &File, result: Result<(), TryLockError>) -> Result<Attempt<()>, StateError> {
    match result {
        Ok(()) => Ok(Attempt::Done(())),
        Err(TryLockError::WouldBlock) => Ok(Attempt::Busy(holder(file))),
        Err(TryLockError::Error(source)) => {
            Err(StateError::Io { doing: "lock", path: PathBuf::from("the state store"), source })
        }
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// Writes who holds the lock, unless the file holds something else than that: then it is not ours, and
/// locking it has to do.
fn note_holder(mut file: &File, holder: &str) -> std::io::Result<()> {
    let mut text = String::new();
    file.rewind()?;
    file.take(16).read_to_string(&mut text)?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) || file.metadata()?.len() > 15 {
        return Ok(());
    }
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(holder.as_bytes())
}

fn holder(mut file: &File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
