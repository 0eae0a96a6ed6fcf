//! Policies become the guards of a cloud, in a folder.

use std::path::Path;

use tagpol_enforce::EnforceError;
pub use tagpol_enforce::{
    Construct, Enforcement, Mode, Outcome, Place, REPORT_FILE, ROLLOUT_FILE, Settings, Target,
};

use crate::new_folder::{self, NewFolderError};
use crate::{AppError, Project, RunContext};

/// Why guards are not written.
#[derive(Debug, thiserror::Error)]
pub enum EnforcementError {
    /// The policies cannot be used.
    #[error(transparent)]
    Project(#[from] AppError),
    /// The policies cannot be compiled to guards.
    #[error(transparent)]
    Enforce(#[from] EnforceError),
    /// The folder cannot be written.
    #[error(transparent)]
    Folder(#[from] NewFolderError),
}

/// Compiles the policies of a project, with the changes of its manifest.
///
/// # Errors
/// [`EnforcementError::Project`], [`EnforcementError::Enforce`].
pub fn enforce(
    project: &Project,
    target: Target,
    settings: &Settings,
    context: &RunContext<'_>,
) -> Result<Enforcement, EnforcementError> {
    let program = project.program_to_evaluate(context)?;
    Ok(tagpol_enforce::enforce(&program, target, settings)?)
}

/// Writes the documents and the report into a folder that is empty or not there. All files appear, or none.
///
/// # Errors
/// [`EnforcementError::Folder`].
pub fn write(enforcement: &Enforcement, folder: &Path) -> Result<(), EnforcementError> {
    let report = enforcement.report();
    let mut files: Vec<(&str, &str)> =
        enforcement.files.iter().map(|file| (file.name.as_str(), file.text.as_str())).collect();
    files.push((REPORT_FILE, &report));
    Ok(new_folder::write(folder, &files)?)
}
