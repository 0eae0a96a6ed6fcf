//! Packages: policies of others, which a project uses like its own modules.
//!
//! In: the manifest's `[packages]`, the lock file, and the copies of their files in the project. Out: the files, each with
//! the module that it is. A project is read without a network and without other folders: `tagpol vendor` copies what
//! packages have, and the lock file has a digest of each copy, so that a copy which was changed by hand is an error.

mod lock;
mod source;

use std::path::{Component, Path, PathBuf};

pub use lock::{LOCK_FILE, Lock, LockedPackage, digest};
pub use source::{Origin, PackageSource};
use tagpol_files::Jail;

use crate::{FILE_NAME, Manifest, ProjectError, files_below, read_text, shown};

/// The folder of a project that has the copies of its packages, a folder for each.
pub const VENDOR: &str = "vendor/tagpol";

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageFile {
    /// The module that it is: `acme::aws::owners` for `aws/owners.tagpol` of `acme`.
    pub module: String,
    /// Its path as messages show it.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Reads the packages of the project in a folder; none if its manifest names none.
///
/// # Errors
/// If a package is not vendored as the manifest says now, if its copy was changed since, or if it cannot be read.
pub fn packages(root: &Path, manifest: &Manifest) -> Result<Vec<PackageFile>, ProjectError> {
    if manifest.packages.is_empty() {
        return Ok(Vec::new());
    }
    let lock = Lock::of(root)?.unwrap_or_default();
    for (name, source) in &manifest.packages {
        let locked = lock.package(name);
        if locked.is_none_or(|locked| locked.origin != source.origin()) {
            let what = match locked {
                None => format!("package `{name}` is not vendored"),
                Some(_) => format!("the source of package `{name}` has changed in the manifest"),
            };
            return Err(ProjectError::new(what)
                .at(&root.join(FILE_NAME), None)
                .help("copy it into the project with `tagpol vendor`"));
        }
    }
    let mut files = Vec::new();
    for locked in &lock.packages {
        files.extend(package(root, locked)?);
    }
    Ok(files)
}

fn package(root: &Path, locked: &LockedPackage) -> Result<Vec<PackageFile>, ProjectError> {
    let folder = root.join(VENDOR).join(&locked.name);
    Jail::new(root).folder(&folder)?;
    let again = |what: String| {
        ProjectError::new(what).at(&root.join(LOCK_FILE), None).help(
            "copy it again with `tagpol vendor`, which discards changes of the copy; to change a policy in this project, \
             use `[policy.NAME]`, `exempt` or `except`",
        )
    };
    if !folder.is_dir() {
        return Err(again(format!("package `{}` is not in `{}`", locked.name, shown(&folder))));
    }
    if digest(&folder)? != locked.sha256 {
        let (name, folder) = (&locked.name, shown(&folder));
        return Err(again(format!("the copy of package `{name}` in `{folder}` was changed")));
    }
    let read = |path: PathBuf| {
        let inside = path.strip_prefix(&folder).unwrap_or(&path);
        let module = module_name(&locked.name, inside)?;
        Ok(PackageFile { module, path: shown(&path), text: read_text(&path)? })
    };
    files_below(&folder)?.into_iter().map(read).collect()
}

/// Lists what is in the folder of the copies and is not a package of the lock file.
///
/// # Errors
/// If the folder cannot be read.
pub fn strangers(root: &Path, lock: &Lock) -> Result<Vec<PathBuf>, ProjectError> {
    let folder = root.join(VENDOR);
    if folder.symlink_metadata().is_err() {
        return Ok(Vec::new());
    }
    let unreadable = |error| ProjectError::io("read the folder", &folder, &error);
    let mut strangers = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if lock.package(&entry.file_name().to_string_lossy()).is_none() {
            strangers.push(entry.path());
        }
    }
    strangers.sort();
    Ok(strangers)
}

/// Returns the module that a file of a package is.
///
/// # Errors
/// If a part of its path is not a name of the language.
pub fn module_name(package: &str, file: &Path) -> Result<String, ProjectError> {
    let mut module = package.to_owned();
    for part in file.with_extension("").components() {
        let name = match part {
            Component::Normal(name) => name.to_string_lossy(),
            _ => continue,
        };
        if !source::is_module_name(&name) {
            return Err(ProjectError::new(format!("`{name}` cannot be part of the name of a module"))
                .at(file, None)
                .help("rename the file: lower-case letters, digits and `-`, beginning with a letter"));
        }
        module.push_str("::");
        module.push_str(&name);
    }
    Ok(module)
}
