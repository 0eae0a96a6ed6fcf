//! `tagpol.toml`: the settings of a project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tagpol_sema::{LintLevel, LintLevels};

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
    /// Levels of single lints, by name.
    pub(crate) lints: BTreeMap<String, Level>,
}

/// What a project makes of a lint.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    Allow,
    Warn,
    Error,
}

impl From<Level> for LintLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Allow => Self::Allow,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
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
            lints: BTreeMap::new(),
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
    /// Returns the levels of lints. Fails on the name of a lint that does not exist.
    pub(crate) fn lint_levels(&self, root: &Path) -> Result<LintLevels, Failure> {
        let levels = self.lints.iter().map(|(name, level)| (name.as_str(), LintLevel::from(*level)));
        LintLevels::new(levels).map_err(|unknown| {
            let failure = Failure::usage(format!("there is no lint `{}`", unknown.name))
                .at(root.join(FILE_NAME).display().to_string());
            match unknown.meant {
                Some(close) => failure.help(format!("did you mean `{close}`?")),
                None => failure.help("`tagpol explain-code` lists the lints"),
            }
        })
    }

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
