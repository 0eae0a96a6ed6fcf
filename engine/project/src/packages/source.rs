//! Where packages come from, as the manifest says.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::ProjectError;

/// A package in the manifest: a folder, or a revision of a git repository.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[serde(
    expecting = "a table such as `{ path = \"../policies\" }` or `{ git = \"https://…\", rev = \"v1.2\" }`"
)]
pub struct PackageSource {
    /// A folder, relative to the project. With `git`: a folder of the repository.
    path: Option<PathBuf>,
    /// The address of a git repository.
    git: Option<String>,
    /// The revision: a tag, a branch or a commit.
    rev: Option<String>,
}

/// Where a package comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Origin {
    /// A revision of a git repository.
    Git {
        /// The address of the repository.
        git: String,
        /// The revision as the manifest names it.
        rev: String,
        /// The folder in the repository. None: the whole repository.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<PathBuf>,
    },
    /// A folder, relative to the project.
    Folder {
        /// The folder.
        path: PathBuf,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { path } if path.as_os_str().is_empty() => f.write_str("."),
            Self::Folder { path } => write!(f, "{}", path.display()),
            Self::Git { git, rev, path: None } => write!(f, "{git} at {rev}"),
            Self::Git { git, rev, path: Some(path) } => write!(f, "{} of {git} at {rev}", path.display()),
        }
    }
}

impl PackageSource {
    /// Returns where the package comes from.
    pub fn origin(&self) -> Origin {
        match &self.git {
            Some(git) => Origin::Git {
                git: git.clone(),
                rev: self.rev.clone().unwrap_or_default(),
                path: self.path.clone(),
            },
            None => Origin::Folder { path: self.path.clone().unwrap_or_default() },
        }
    }

    /// Checks what the manifest says about a package.
    ///
    /// # Errors
    /// If the name cannot be that of a module, or the package comes from nowhere or from two places.
    pub(crate) fn check(&self, name: &str) -> Result<(), ProjectError> {
        let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !is_name || name == "std" {
            return Err(ProjectError::new(format!("`{name}` cannot be the name of a package")).help(
                "use small letters, digits and `-`, beginning with a letter; `std` is the standard library",
            ));
        }
        let bad =
            |what: &str, help: &str| Err(ProjectError::new(format!("package `{name}` {what}")).help(help));
        const BOTH: &str = "write `{ path = \"../policies\" }` or `{ git = \"https://…\", rev = \"v1.2\" }`";
        match (&self.git, &self.rev, &self.path) {
            (None, None, Some(_)) => {}
            (None, _, None) => return bad("has no source", BOTH),
            (None, Some(_), Some(_)) => return bad("has a `rev` but no `git`", BOTH),
            (Some(_), None, _) => {
                return bad("has no `rev`", "add `rev`: a tag, a branch or a commit");
            }
            (Some(git), Some(rev), path) => {
                let plain = |text: &str| {
                    !text.is_empty() && !text.starts_with('-') && !text.chars().any(char::is_control)
                };
                if !plain(git) || !plain(rev) || rev.contains(char::is_whitespace) {
                    return bad("has an invalid repository address or revision", BOTH);
                }
                if path.as_deref().is_some_and(|path| !is_inside(path)) {
                    return bad(
                        "has a `path` that leads out of the repository",
                        "name a folder of the repository",
                    );
                }
            }
        }
        Ok(())
    }
}

fn is_inside(path: &Path) -> bool {
    path.components().all(|part| matches!(part, std::path::Component::Normal(_)))
}

/// Whether a text can be a part of the name of a module.
pub(super) fn is_module_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}
