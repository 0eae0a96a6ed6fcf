//! Projects as commands open them, with their mistakes shown.

use std::path::{Path, PathBuf};

use tagpol_app::settings::packages::LOCK_FILE;
use tagpol_app::settings::{FILE_NAME, Manifest};
pub(crate) use tagpol_app::settings::{read_text, shown};
use tagpol_app::{AppError, Notice, locate, project_root};
pub(crate) use tagpol_app::{Project, project_root as root_of};
use tagpol_sema::program::Program;

use crate::context::RunContext;
use crate::diagnostics;
use crate::failure::Failure;
use crate::output::Output;

/// Opens the project at a path, or the one around the current folder, at the time of the context.
pub(crate) fn open(path: Option<&Path>, context: &RunContext) -> Result<Project, Failure> {
    let mut project = Project::open(path)?;
    project.set_now(context.now);
    if let Some(manifest) = unused_manifest(&project, path) {
        context.observer.notice(Notice::UnusedManifest(manifest));
    }
    Ok(project)
}

/// Returns a manifest below a project that has none: whoever forgets to name the project gets other results.
fn unused_manifest(project: &Project, path: Option<&Path>) -> Option<PathBuf> {
    if project.has_manifest() || !path.is_none_or(Path::is_dir) {
        return None;
    }
    let below = tagpol_app::settings::projects_below(project.root()).into_iter().next()?;
    Some(PathBuf::from(shown(&below.join(FILE_NAME))))
}

/// Returns the program of a project, or shows every mistake and fails.
pub(crate) fn program<'p>(
    project: &'p Project,
    context: &RunContext,
    output: &mut Output,
) -> Result<&'p Program, Failure> {
    with_diagnostics(project.program(context), project, output)
}

/// Shows the mistakes in the policies of a project, if those ended a use case.
pub(crate) fn with_diagnostics<T>(
    result: Result<T, AppError>,
    project: &Project,
    output: &mut Output,
) -> Result<T, Failure> {
    result.map_err(|error| match error {
        AppError::Policies(errors) => {
            let (color, width) = (output.err_has_color(), output.width());
            output.note_styled(&diagnostics::human(project.database(), &errors, color, width));
            Failure::reported()
        }
        error => error.into(),
    })
}

/// Returns the file of the state store of the project at a path, without reading policies.
pub(crate) fn state_path(path: Option<&Path>) -> Result<PathBuf, Failure> {
    let (root, manifest) = root_and_manifest(path)?;
    Ok(manifest.state_in(&root)?)
}

/// Returns the root of the project at a path and its manifest, without reading policies.
pub(crate) fn root_and_manifest(path: Option<&Path>) -> Result<(PathBuf, Manifest), Failure> {
    if let Some(path) = path.filter(|path| !path.is_dir()) {
        return Err(Failure::usage(format!("`{}` is not a folder", path.display())));
    }
    let root = project_root(path);
    let manifest = Manifest::of(&root)?.unwrap_or_default();
    Ok((root, manifest))
}

/// Returns the .tagpol files at a path, or those of the project around the current folder. In a folder
/// that is named, all count, whatever a manifest there says.
pub(crate) fn policy_files(path: Option<&Path>) -> Result<Vec<PathBuf>, Failure> {
    match path.filter(|path| path.is_dir()) {
        Some(folder) => Ok(tagpol_app::settings::files_below(folder)?),
        None => Ok(locate(path)?.files),
    }
}

/// Returns the files that a project is read from, without its tables: the policies and the manifest,
/// also if there is none yet. If there is no project: the place to look for one.
pub(crate) fn watched_files(path: Option<&Path>) -> Vec<PathBuf> {
    match locate(path) {
        Ok(location) => {
            let mut files = location.files;
            files.push(location.root.join(FILE_NAME));
            if !location.manifest.packages.is_empty() {
                files.push(location.root.join(LOCK_FILE));
            }
            files
        }
        Err(_) => {
            let here = path.map_or_else(|| PathBuf::from("."), Path::to_owned);
            vec![project_root(path).join(FILE_NAME), here]
        }
    }
}

/// Returns the files of the tables of a project; none if it cannot be read.
pub(crate) fn table_files(path: Option<&Path>) -> Vec<PathBuf> {
    Project::open(path).map(|project| project.table_files()).unwrap_or_default()
}
