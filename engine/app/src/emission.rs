//! Plans of remediation as commands and patches that a person runs.

use std::path::{Path, PathBuf};

use tagpol_emit::{ConfigurationFile, emit};
pub use tagpol_emit::{Emission, EmitTarget, LeftOut};
use tagpol_files::{FileError, read_text};
use tagpol_remediate::Plan;

/// Bytes of one file of a configuration.
const MAX_BYTES: u64 = 4 << 20;

/// Why a plan is not written.
#[derive(Debug, thiserror::Error)]
pub enum EmissionError {
    /// A file of the configuration cannot be read.
    #[error(transparent)]
    Read(FileError),
    /// The folder of the configuration cannot be read.
    #[error("cannot read the folder `{}`: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// There is nothing to patch.
    #[error("`{}` has no `.tf` files", .0.display())]
    NoConfiguration(PathBuf),
}

/// Writes a plan. `configuration`: the folder of the root module, for [`EmitTarget::Terraform`].
///
/// # Errors
/// [`EmissionError`], if the configuration cannot be read.
pub fn emit_plan(plan: &Plan, target: EmitTarget, configuration: &Path) -> Result<Emission, EmissionError> {
    let files =
        if target == EmitTarget::Terraform { configuration_files(configuration)? } else { Vec::new() };
    Ok(emit(plan, target, &files))
}

/// Reads the files of the root module: those in its folder, also in JSON, and none below it.
fn configuration_files(folder: &Path) -> Result<Vec<ConfigurationFile>, EmissionError> {
    let failed = |source| EmissionError::Folder { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // Editors leave files that begin or end like this, and Terraform does not read them.
        let is_read = !name.starts_with(['.', '#']) && !name.ends_with('~');
        if is_read && (name.ends_with(".tf") || name.ends_with(".tf.json")) {
            let text = read_text(&entry.path(), MAX_BYTES).map_err(EmissionError::Read)?;
            files.push(ConfigurationFile { path: name, text });
        }
    }
    if files.is_empty() {
        return Err(EmissionError::NoConfiguration(folder.to_owned()));
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}
