//! The files that a project is made of, for copies of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tagpol_project::packages::{LOCK_FILE, VENDOR};
use tagpol_project::{FILE_NAME, Jail};

use crate::{AppError, Project, project};

impl Project {
    /// Returns the files that the project is read from, relative to its root and sorted: the manifest, policies, packages,
    /// lookup tables, and the inventory that the manifest names. Files that do not exist are left out.
    ///
    /// # Errors
    /// [`AppError::Project`] if something leads out of the project.
    pub fn input_files(&self) -> Result<Vec<PathBuf>, AppError> {
        let root = self.root();
        let location = project::locate(Some(root))?;
        let mut found = vec![root.join(FILE_NAME), root.join(LOCK_FILE)];
        found.extend(location.files);
        found.extend(self.table_files());
        collect(&root.join(VENDOR), &mut found);
        for path in self.manifest().inventory_in(root)? {
            collect(&path, &mut found);
        }
        let jail = Jail::new(root);
        let inside = found.iter().filter(|path| jail.file(path).is_ok());
        let relative: BTreeSet<&Path> = inside.filter_map(|path| path.strip_prefix(root).ok()).collect();
        Ok(relative.into_iter().map(Path::to_owned).collect())
    }
}

/// Collects a file, or all files in a folder.
fn collect(path: &Path, found: &mut Vec<PathBuf>) {
    match fs::read_dir(path) {
        Ok(entries) => entries.flatten().for_each(|entry| collect(&entry.path(), found)),
        Err(_) => found.push(path.to_owned()),
    }
}
