//! The lock file: what was copied into the project, and from which commits.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tagpol_files::Jail;

use super::source::{Origin, is_module_name};
use crate::{ProjectError, read_text, shown};

/// Name of the file.
pub const LOCK_FILE: &str = "tagpol.lock";

/// The version of its form.
const VERSION: u32 = 1;

/// What stands at its start.
const HEADING: &str = "# Written by `tagpol vendor`. Commit it together with the folder `vendor/tagpol`.\n\n";

/// Bytes of a file of a package.
const FILE_LIMIT: u64 = 64 << 20;

/// The packages that are copied into a project.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lock {
    /// Ordered by name.
    pub packages: Vec<LockedPackage>,
}

/// A package that is copied into a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LockedPackage {
    /// Its name.
    pub name: String,
    /// The commit that was copied. None: the package was a folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The digest of the copy: of the paths and contents of its files.
    pub sha256: String,
    /// The packages that use it. Those of the manifest are used by the project as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needed_by: Vec<String>,
    /// Where it comes from.
    pub origin: Origin,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    #[serde(default)]
    package: Vec<LockedPackage>,
}

impl Lock {
    /// Reads the lock file of the project in a folder; None if there is none.
    ///
    /// # Errors
    /// If it is a link or not a regular file, cannot be read, or is not one of this version.
    pub fn of(root: &Path) -> Result<Option<Self>, ProjectError> {
        let path = root.join(LOCK_FILE);
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        Jail::new(root).file(&path)?;
        let bad = |message: String| {
            ProjectError::new(message).at(&path, None).help("write it again with `tagpol vendor`")
        };
        let Written { version, package } =
            toml::from_str(&read_text(&path)?).map_err(|error| bad(error.message().to_owned()))?;
        if version != VERSION {
            return Err(bad(format!(
                "this version of tagpol reads version {VERSION} of the file, not {version}"
            )));
        }
        // A name becomes part of a path.
        match package.iter().find(|package| !is_module_name(&package.name)) {
            Some(package) => Err(bad(format!("`{}` cannot be the name of a package", package.name))),
            None => Ok(Some(Self { packages: package })),
        }
    }

    /// Returns the package of this name; None if there is none.
    pub fn package(&self, name: &str) -> Option<&LockedPackage> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// Returns the text of the file.
    ///
    /// # Errors
    /// If a path is not UTF-8.
    pub fn text(&self) -> Result<String, ProjectError> {
        let written = Written { version: VERSION, package: self.packages.clone() };
        let text = toml::to_string(&written).map_err(|error| ProjectError::new(error.to_string()))?;
        Ok(format!("{HEADING}{text}"))
    }
}

/// Returns the digest of a folder: of the paths and contents of all its files.
///
/// # Errors
/// If a file cannot be read, or is a link.
pub fn digest(folder: &Path) -> Result<String, ProjectError> {
    let mut files = Vec::new();
    list(folder, &mut files)?;
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        let bytes = tagpol_files::read_whole(&file, FILE_LIMIT)?;
        let path = shown(file.strip_prefix(folder).unwrap_or(&file));
        for part in [path.as_bytes(), &bytes] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), ProjectError> {
    let unreadable = |error| ProjectError::io("read the folder", folder, &error);
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let is_folder = path.symlink_metadata().is_ok_and(|meta| meta.is_dir());
        if is_folder { list(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
