//! The state store of a project, and what is shown while it is waited for.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tagpol_app::StateAccess;
use tagpol_app::state::{PATIENCE, StateStore, Waiting};
use tagpol_sink::log;

use crate::args::{StateArgs, WaitArgs};
use crate::diagnostics::one_line;

/// Returns the store in a file; a person is told if it must be waited for.
pub(crate) fn store(path: PathBuf, wait: &WaitArgs) -> StateStore {
    StateStore::new(path).with_patience(patience(wait)).on_wait(report_waiting)
}

/// Returns how a command uses the state store.
pub(crate) fn access(args: &StateArgs) -> StateAccess {
    StateAccess { enabled: !args.no_state, patience: patience(&args.wait), on_wait: Arc::new(report_waiting) }
}

fn patience(wait: &WaitArgs) -> Duration {
    wait.wait.map_or(PATIENCE, |seconds| Duration::from_secs(seconds.into()))
}

fn report_waiting(waiting: &Waiting<'_>) {
    let holder = waiting.holder.map_or("another process".to_owned(), |pid| format!("process {pid}"));
    let path = one_line(&waiting.path.display().to_string());
    let line = format!("waiting for `{path}`, which {holder} has\n");
    let _ = std::io::Write::write_all(&mut std::io::stderr(), log::text(&line).as_bytes());
}
