//! `tagpol.toml`: the settings of a project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::args::FailOn;
use crate::failure::Failure;

/// Name of the file.
pub(crate) const FILE_NAME: &str = "tagpol.toml";

/// The settings. Paths are relative to the folder of the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Manifest {
    /// Name of the project, for reports.
    pub(crate) name: Option<String>,
    /// Folder of the .tagpol files.
    pub(crate) policies: PathBuf,
    /// Inventory files that `eval` reads where the command line names none.
    pub(crate) inventory: Vec<PathBuf>,
    /// Folder of the snapshots.
    pub(crate) snapshots: PathBuf,
    /// The gate of `eval`.
    pub(crate) fail_on: Option<FailOn>,
    /// Changes to single policies, by name.
    pub(crate) policy: BTreeMap<String, PolicyOverride>,
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            name: None,
            policies: PathBuf::from("."),
            inventory: Vec::new(),
            snapshots: PathBuf::from(".tagpol/snapshots"),
            fail_on: None,
            policy: BTreeMap::new(),
        }
    }
}

/// A change to a policy that the project does not own, or not yet keeps.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct PolicyOverride {
    /// Whether it is evaluated.
    pub(crate) enabled: bool,
    /// The severity of its findings: critical, high, medium or low.
    pub(crate) severity: Option<String>,
}

impl Default for PolicyOverride {
    fn default() -> Self {
        Self { enabled: true, severity: None }
    }
}

impl Manifest {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| Failure::io("read", path, &error))?;
        toml::from_str(&text).map_err(|error| {
            let mut place = path.display().to_string();
            if let Some(before) = error.span().and_then(|span| text.get(..span.start)) {
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
                place.push_str(&format!(":{line}:{column}"));
            }
            Failure::usage(error.message().to_owned()).at(place)
        })
    }
}
