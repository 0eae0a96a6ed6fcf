//! The state store of a project, and what is shown while it is waited for.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tagpol_app::StateAccess;
use tagpol_app::settings::Manifest;
use tagpol_app::state::{StateStore, Waiting};
use tagpol_sink::log;

use crate::args::{StateArgs, WaitArgs};
use crate::context::RunContext;
use crate::diagnostics::one_line;
use crate::failure::Failure;
use crate::project::root_and_manifest;

/// Returns how a command uses the state store.
pub(crate) fn access(args: &StateArgs) -> StateAccess {
    StateAccess { enabled: !args.no_state, ..always(&args.wait) }
}

/// Returns how a command uses the state store that cannot do without it.
pub(crate) fn always(wait: &WaitArgs) -> StateAccess {
    let usual = StateAccess::default();
    StateAccess {
        patience: wait.wait.map_or(usual.patience, |seconds| Duration::from_secs(seconds.into())),
        on_wait: Arc::new(report_wait),
        actor: actor(),
        ..usual
    }
}

/// Opens the store of a project; the user is told if another process makes this one wait.
pub(crate) fn open(
    root: &Path,
    manifest: &Manifest,
    wait: &WaitArgs,
    context: &RunContext,
) -> Result<StateStore, Failure> {
    Ok(always(wait).open(root, manifest, context)?)
}

/// Opens the store of the project at a path, without reading policies.
pub(crate) fn at(path: Option<&Path>, wait: &WaitArgs, context: &RunContext) -> Result<StateStore, Failure> {
    let (root, manifest) = root_and_manifest(path)?;
    open(&root, &manifest, wait, context)
}

/// Returns who runs this process, for the record of runs: as named by the user, else by the CI system, else the
/// user of the system. None: unknown.
fn actor() -> Option<String> {
    let variables = ["TAGPOL_BY", "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "USERNAME"];
    let mut names = variables.iter().filter_map(|name| std::env::var(name).ok());
    names.find(|name| !name.trim().is_empty()).map(|name| name.trim().to_owned())
}

fn report_wait(waiting: &Waiting<'_>) {
    let line = format!("waiting for `{}`, which another process is using\n", one_line(waiting.store));
    let _ = std::io::Write::write_all(&mut std::io::stderr(), log::text(&line).as_bytes());
}
