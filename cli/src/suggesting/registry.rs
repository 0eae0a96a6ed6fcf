//! The models of a project.

use std::path::Path;

use tagpol_suggest::{Model, Registry, RegistryError};

use crate::failure::Failure;

/// Returns the registry in the folder of a project's state.
pub(crate) fn registry(folder: &Path) -> Registry {
    Registry::new(folder.join("models"))
}

/// Reads the promoted model with its id; None if there is none.
pub(crate) fn promoted(registry: &Registry) -> Result<Option<(String, Model)>, Failure> {
    let Some(id) = registry.promoted()? else { return Ok(None) };
    let model = registry.load(&id)?;
    Ok(Some((id, model)))
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        match &error {
            RegistryError::Unknown(_) | RegistryError::Ambiguous(_) => {
                Self::usage(error.to_string()).help("list the models with `tagpol model list`")
            }
            RegistryError::NothingBefore => Self::usage(error.to_string()),
            RegistryError::Damaged { .. } | RegistryError::Version { .. } => {
                Self::engine(error.to_string()).help("train a new model with `tagpol train`")
            }
            RegistryError::Io { .. } => Self::engine(error.to_string()),
            RegistryError::File(file) => match file.help() {
                Some(help) => Self::engine(error.to_string()).help(help),
                None => Self::engine(error.to_string()),
            },
        }
    }
}
