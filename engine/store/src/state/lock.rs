//! One process at a time, and how the others wait.
//!
//! DuckDB locks its file too, but not between two databases of one process, and only once the file
//! has been made. So a file beside it is locked first; the system lets go of it when its process
//! ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

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
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = open.map_err(|source| StateError::Io { doing: "open", path, source })?;
        patience.until(|| attempt(&file, file.try_lock()))?;
        // Only to tell others who has it: the lock does not depend on what is written.
        let _ = note_holder(&mut file);
        Ok(Self(Some(file)))
    }

    /// Waits for a lock that readers share.
    pub(super) fn to_read(of: &StateStore, patience: &mut Patience<'_>) -> Result<Self, StateError> {
        let Ok(file) = File::open(lock_path(&of.path)) else { return Ok(Self(None)) };
        patience.until(|| attempt(&file, file.try_lock_shared()))?;
        Ok(Self(Some(file)))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(file) = &self.0 {
            // Readers cannot, and have written nothing.
            let _ = file.set_len(0);
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

fn note_holder(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "{}", std::process::id())
}

fn holder(mut file: &File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
