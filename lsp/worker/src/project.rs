//! The project of an editor: its texts, and the program that they make.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use tagpol_app::evaluation::Options;
use tagpol_app::{Project, RunContext, StateAccess, StateStore};
use tagpol_sema::program::Program;

/// A program that can be evaluated.
pub(crate) struct Checked {
    pub(crate) program: Program,
    pub(crate) options: Options,
}

/// Returns what evaluations of a project depend on in addition to the program.
///
/// # Errors
/// A message for people: what is wrong with the manifest.
pub(crate) fn options(project: &mut Project, context: &RunContext<'_>) -> Result<Options, String> {
    project.reload_manifest().map_err(|error| error.to_string())?;
    let has_root = !project.root().as_os_str().is_empty();
    let locate = || StateAccess::default().locate(project.root(), project.manifest());
    let store = has_root.then(locate).transpose().map_err(|error| error.to_string())?;
    // Nothing is written here, so a store that does not exist stays so.
    let state = store.filter(StateStore::exists);
    Ok(Options { rates: project.manifest().rates.clone(), state, ..context.options() })
}

/// Returns the program with the manifest's changes; None if the texts have mistakes.
///
/// # Errors
/// As [`options`].
pub(crate) fn checked(project: &mut Project, context: &RunContext<'_>) -> Result<Option<Checked>, String> {
    let options = options(project, context)?;
    Ok(program(project, context.now).map(|mut program| {
        // A change of a policy that does not exist, as while its name is being written, has no effect.
        let _ = project.apply_overrides(&mut program);
        Checked { program, options }
    }))
}

/// Returns the program as it is written; None if the texts have mistakes.
pub(crate) fn program(project: &mut Project, now: DateTime<Utc>) -> Option<Program> {
    project.set_now(now);
    let analysis = project.analysis();
    (!analysis.has_errors()).then(|| Program::clone(&analysis.program))
}

/// Returns the files of an inventory, as the manifest means them.
pub(crate) fn resolve(project: &Project, file: &str) -> PathBuf {
    project.root().join(file)
}

/// Refuses what would be read as a file and is something else: a pipe or a device may never end.
///
/// # Errors
/// A message for people.
pub(crate) fn refuse_special(path: &Path) -> Result<(), String> {
    if path.metadata().is_ok_and(|meta| !meta.is_file()) {
        return Err(format!("`{}` is not a regular file", path.display()));
    }
    Ok(())
}
