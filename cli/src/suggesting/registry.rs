//! Where the models of a project are.

use std::path::Path;

use tagpol_suggest::{Model, Registry, RegistryError};

use crate::failure::Failure;

/// Returns the models beside a state store.
pub(crate) fn registry(state: &Path) -> Registry {
    Registry::new(state.parent().unwrap_or(Path::new("")).join("models"))
}

/// Reads the model that is used, with its id.
pub(crate) fn promoted(registry: &Registry) -> Result<Option<(String, Model)>, Failure> {
    let Some(id) = registry.promoted()? else { return Ok(None) };
    let model = registry.load(&id)?;
    Ok(Some((id, model)))
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        match &error {
            RegistryError::Unknown(_) | RegistryError::Ambiguous(_) => {
                Self::usage(error.to_string()).help("`tagpol model list` shows them")
            }
            RegistryError::NothingBefore => Self::usage(error.to_string()),
            RegistryError::Damaged { .. } | RegistryError::Version { .. } => {
                Self::engine(error.to_string()).help("train another with `tagpol train`")
            }
            RegistryError::Io { .. } => Self::engine(error.to_string()),
            RegistryError::File(file) => match file.help() {
                Some(help) => Self::engine(error.to_string()).help(help),
                None => Self::engine(error.to_string()),
            },
        }
    }
}
