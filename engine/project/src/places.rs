//! Where a project keeps its things. What its files name lies inside the project, without links.

use std::path::{Path, PathBuf};

use tagpol_files::{FileError, Jail};

use crate::{FILE_NAME, Manifest, ProjectError};

impl Manifest {
    /// Checks everything that the manifest of the project in `root` names.
    ///
    /// # Errors
    /// The first that leads out of the project.
    pub fn check_places(&self, root: &Path) -> Result<(), ProjectError> {
        self.policies_in(root)?;
        self.inventory_in(root)?;
        self.snapshots_in(root)?;
        self.state_in(root)?;
        self.doc_output_in(root).map(drop)
    }

    /// Returns the folder of the `.tagpol` files of the project in `root`.
    ///
    /// # Errors
    /// If it is not a folder inside the project.
    pub fn policies_in(&self, root: &Path) -> Result<PathBuf, ProjectError> {
        if self.policies == Path::new(".") {
            return Ok(root.to_owned());
        }
        let folder = root.join(&self.policies);
        Jail::new(root).folder(&folder).map_err(|error| refused(root, "policies", &error))?;
        if folder.is_dir() {
            return Ok(folder);
        }
        Err(ProjectError::new(format!("there is no folder `{}`", folder.display()))
            .at(&root.join(FILE_NAME), None)
            .help("`policies` names the folder of the .tagpol files"))
    }

    /// Returns the files and folders of the inventory of the project in `root`. What is in a folder is
    /// checked as well.
    ///
    /// # Errors
    /// If one of them is not there, or leads out of the project.
    pub fn inventory_in(&self, root: &Path) -> Result<Vec<PathBuf>, ProjectError> {
        let jail = Jail::new(root);
        let inside = |path: &PathBuf| {
            let path = root.join(path);
            match jail.tree(&path) {
                // That it is not there is reported by whoever reads it.
                Err(error) if !error.is_not_found() => Err(refused(root, "inventory", &error)),
                _ => Ok(path),
            }
        };
        self.inventory.iter().map(inside).collect()
    }

    /// Returns the folder of the snapshots of the project in `root`, which need not be there.
    ///
    /// # Errors
    /// If it leads out of the project.
    pub fn snapshots_in(&self, root: &Path) -> Result<PathBuf, ProjectError> {
        let folder = root.join(&self.snapshots);
        Jail::new(root).folder(&folder).map_err(|error| refused(root, "snapshots", &error))?;
        Ok(folder)
    }

    /// Returns the file of the state store of the project in `root`, which need not be there. If the state is in a
    /// database, other files that belong to it lie next to this one.
    ///
    /// # Errors
    /// If it leads out of the project.
    pub fn state_in(&self, root: &Path) -> Result<PathBuf, ProjectError> {
        let file = root.join(self.state_file());
        Jail::new(root).target(&file).map_err(|error| refused(root, "state", &error))?;
        Ok(file)
    }

    /// Returns the file or folder that documentation of the project in `root` is written to; None if the
    /// manifest names none.
    ///
    /// # Errors
    /// If it leads out of the project.
    pub fn doc_output_in(&self, root: &Path) -> Result<Option<PathBuf>, ProjectError> {
        let Some(output) = &self.doc.output else { return Ok(None) };
        let output = root.join(output);
        Jail::new(root).path(&output).map_err(|error| refused(root, "doc.output", &error))?;
        Ok(Some(output))
    }
}

/// A setting that names something which this program does not open for a project.
fn refused(root: &Path, setting: &str, error: &FileError) -> ProjectError {
    let refused = ProjectError::new(format!("`{setting}`: {error}")).at(&root.join(FILE_NAME), None);
    match error.help() {
        Some(help) => refused.help(help),
        None => refused,
    }
}

impl From<FileError> for ProjectError {
    fn from(error: FileError) -> Self {
        let failure = Self::new(error.to_string());
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}

/// Returns the root that tables of the policies in a folder have to lie in: the folder of the nearest
/// manifest, from the folder upwards, else the folder itself.
pub fn jail_of(folder: &Path) -> Jail {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    match crate::enclosing(&absolute) {
        Some(root) if root != absolute => Jail::new(&root),
        _ => Jail::new(folder),
    }
}
