//! The state store of a project, and what is said of it.

use std::path::PathBuf;
use std::time::Duration;

use tagpol_sink::log;
use tagpol_store::state::{PATIENCE, StateStore, Waiting};

use crate::args::{StateArgs, WaitArgs};
use crate::diagnostics::one_line;
use crate::failure::Failure;
use crate::project::Project;

/// Names the store in a file; a person is told when it must be waited for.
pub(crate) fn store(path: PathBuf, wait: &WaitArgs) -> StateStore {
    let patience = wait.wait.map_or(PATIENCE, |seconds| Duration::from_secs(seconds.into()));
    StateStore::new(path).with_patience(patience).on_wait(tell)
}

/// Returns the store of a project; none where it shall not count, and for policies without a project,
/// unless they have one already.
pub(crate) fn of(project: &Project, args: &StateArgs) -> Result<Option<StateStore>, Failure> {
    if args.no_state {
        return Ok(None);
    }
    let store = store(project.state()?, &args.wait);
    Ok((project.has_manifest || store.exists()).then_some(store))
}

fn tell(waiting: &Waiting<'_>) {
    let holder = waiting.holder.map_or("another process".to_owned(), |pid| format!("process {pid}"));
    let path = one_line(&waiting.path.display().to_string());
    let line = format!("waiting for `{path}`, which {holder} has\n");
    let _ = std::io::Write::write_all(&mut std::io::stderr(), log::text(&line).as_bytes());
}
