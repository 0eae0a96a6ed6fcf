//! Ctrl-C: a command ends at once, with 130, and leaves nothing half-made behind.
//!
//! Folders that hold what is not whole yet are known here while they are; the thread that hears the
//! signal removes them before the program ends. A command that wants to end in its own way asks for a
//! [`flag`] instead.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The exit code of a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// How often a folder is removed that something still writes to.
const TRIES: usize = 5;

/// What to do on Ctrl-C.
#[derive(Debug, Default)]
struct State {
    /// Temporary folders of this run.
    folders: Mutex<Vec<PathBuf>>,
    /// Folders in which this run writes snapshots.
    snapshots: Mutex<Vec<PathBuf>>,
    /// Becomes true instead of the program's ending.
    flag: OnceLock<Arc<AtomicBool>>,
}

static STATE: OnceLock<State> = OnceLock::new();

fn state() -> &'static State {
    STATE.get_or_init(State::default)
}

/// Listens for Ctrl-C from now on. Where the system refuses, Ctrl-C ends the program all the same.
pub(crate) fn listen() {
    let _ = ctrlc::set_handler(|| match state().flag.get() {
        Some(flag) => flag.store(true, Ordering::Relaxed),
        None => end(),
    });
}

/// Returns what becomes true on Ctrl-C, which does not end the program any more.
pub(crate) fn flag() -> Arc<AtomicBool> {
    Arc::clone(state().flag.get_or_init(Arc::default))
}

/// A temporary folder that is removed when it goes out of scope, and on Ctrl-C.
#[derive(Debug)]
pub(crate) struct Scratch(tempfile::TempDir);

impl Scratch {
    /// Makes a folder.
    pub(crate) fn new() -> std::io::Result<Self> {
        let folder = tempfile::tempdir()?;
        locked(&state().folders).push(folder.path().to_owned());
        Ok(Self(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Says that snapshots are written in this folder, so that one that is not whole goes on Ctrl-C.
pub(crate) fn writes_snapshots(folder: &Path) {
    locked(&state().snapshots).push(folder.to_owned());
}

fn end() {
    for folder in locked(&state().folders).iter() {
        // Files may appear in it while it is being removed.
        for _ in 0..TRIES {
            if std::fs::remove_dir_all(folder).is_ok() || !folder.exists() {
                break;
            }
        }
    }
    for folder in locked(&state().snapshots).iter() {
        for _ in 0..TRIES {
            tagpol_inventory::remove_unfinished(folder);
        }
    }
    std::process::exit(INTERRUPTED);
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
