//! Doing something again whenever the files of a project change.
//!
//! It looks at the files a few times a second instead of having the system report changes: a project is a
//! handful of small files, and this works in containers and on network disks too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use crate::failure::{Exit, Failure};
use crate::output::{Output, counted};
use crate::project;

/// How often it looks.
const PAUSE: Duration = Duration::from_millis(100);

/// What shows that a file changed: its time and its length. None: it cannot be read.
type State = BTreeMap<PathBuf, Option<(SystemTime, u64)>>;

/// Runs something now, and again after each change to the project at a path, until the user ends it
/// with Ctrl-C. What goes wrong in a run is shown, and ends nothing.
pub(crate) fn watch(
    path: Option<&Path>,
    output: &mut Output,
    mut run: impl FnMut(&mut Output) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let stopped = crate::interrupt::flag();
    loop {
        output.clear();
        // Taken before the run reads the files, so that no change is lost.
        let tables = project::table_files(path);
        let before = state(path, &tables);
        if let Err(failure) = run(output) {
            output.failure(&failure);
        }
        let files = counted(before.len(), "file", "files");
        output.note(&format!("\nwatching {files} for changes; Ctrl-C ends\n"));
        if !changed(&before, &stopped, || state(path, &tables)) {
            return Ok(Exit::Success);
        }
    }
}

/// Waits until the state is another one and stays that for a moment, since a file may be half
/// written. False where the user ends the wait.
fn changed(before: &State, stopped: &AtomicBool, state: impl Fn() -> State) -> bool {
    let mut last = state();
    loop {
        if stopped.load(Ordering::Relaxed) {
            return false;
        }
        std::thread::sleep(PAUSE);
        let now = state();
        if now != *before && now == last {
            return true;
        }
        last = now;
    }
}

fn state(path: Option<&Path>, tables: &[PathBuf]) -> State {
    let files = project::watched_files(path).into_iter().chain(tables.iter().cloned());
    let state = files.map(|file| {
        let meta = std::fs::metadata(&file).ok();
        let state = meta.and_then(|meta| Some((meta.modified().ok()?, meta.len())));
        (file, state)
    });
    state.collect()
}
