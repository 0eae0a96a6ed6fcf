//! The texts of a project, checked anew with each change.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use tagpol_eval::Options;
use tagpol_project::{FILE_NAME, Manifest};
use tagpol_sema::condition_places::{Places, places};
use tagpol_sema::program::Program;
use tagpol_sema::{Database, Project as Files, SourceFile, analysis};
use tagpol_store::state::StateStore;

/// A project as its editor has it.
pub(crate) struct Project {
    /// The folder of its manifest.
    root: Option<PathBuf>,
    db: Database,
    files: Files,
    texts: BTreeMap<String, SourceFile>,
}

/// A program that can be evaluated.
pub(crate) struct Checked {
    pub(crate) program: Program,
    pub(crate) options: Options,
}

impl Project {
    pub(crate) fn new(root: Option<&str>) -> Self {
        let db = Database::default();
        let files = db.project([]);
        Self { root: root.map(PathBuf::from), db, files, texts: BTreeMap::new() }
    }

    /// Takes texts of files; None: the file is gone. `all`: there are no others.
    pub(crate) fn sync(&mut self, files: Vec<(String, Option<String>)>, all: bool) {
        if all {
            self.texts.clear();
        }
        for (path, text) in files {
            match (self.texts.get(&path), text) {
                (_, None) => drop(self.texts.remove(&path)),
                (Some(file), Some(text)) => self.db.edit(*file, text),
                (None, Some(text)) => {
                    self.texts.insert(path.clone(), self.db.file(path, text));
                }
            }
        }
        let known: Vec<SourceFile> = self.texts.values().copied().collect();
        if *self.files.files(&self.db) != known {
            self.db.set_files(self.files, known);
        }
        self.read_tables();
    }

    fn read_tables(&mut self) {
        let paths = tagpol_sema::table_files(&self.db, self.files).clone();
        let tables = paths.into_iter();
        let tables = tables.filter_map(|path| {
            let folder = Path::new(&path).parent().unwrap_or(Path::new(""));
            let jail = tagpol_project::jail_of(self.root.as_deref().unwrap_or(folder));
            Some((path.clone(), tagpol_project::headings(&jail, &path)?))
        });
        let tables: BTreeMap<_, _> = tables.collect();
        if *self.files.tables(&self.db) != tables {
            self.db.set_tables(self.files, tables);
        }
    }

    fn manifest(&self) -> Result<(Manifest, PathBuf), String> {
        let Some(root) = &self.root else { return Ok((Manifest::default(), PathBuf::new())) };
        let path = root.join(FILE_NAME);
        // Neither is a pipe or a device, which might never end.
        if !path.is_file() {
            return Ok((Manifest::default(), path));
        }
        let manifest = Manifest::read(&path);
        Ok((manifest.map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?, path))
    }

    /// Returns what evaluations depend on besides the program.
    ///
    /// # Errors
    /// What is wrong with the manifest, for people.
    pub(crate) fn options(&self, now: DateTime<Utc>) -> Result<Options, String> {
        let (manifest, _) = self.manifest()?;
        let state = self.root.as_deref().map(|root| manifest.state_in(root)).transpose();
        let state = state.map_err(|error| error.to_string())?.map(StateStore::new);
        // Nothing is written here, so a store that is not there stays so.
        let state = state.filter(StateStore::exists);
        Ok(Options { rates: manifest.rates, state, ..Options::at(now) })
    }

    /// Returns the program with the manifest's changes; None where the texts have mistakes.
    ///
    /// # Errors
    /// What is wrong with the manifest, for people.
    pub(crate) fn checked(&mut self, now: DateTime<Utc>) -> Result<Option<Checked>, String> {
        let (manifest, path) = self.manifest()?;
        let options = self.options(now)?;
        Ok(self.program(now).map(|mut program| {
            // A change of a policy that is not there, as while its name is being written, is none.
            let _ = manifest.change_policies(&mut program, &path);
            Checked { program, options }
        }))
    }

    /// Returns the program as it is written; None where the texts have mistakes.
    pub(crate) fn program(&mut self, now: DateTime<Utc>) -> Option<Program> {
        let today = now.date_naive();
        self.db.set_today(self.files, today);
        let analysis = analysis(&self.db, self.files);
        (!analysis.has_errors()).then(|| Program::clone(&analysis.program))
    }

    /// Returns the places of the program's conditions.
    pub(crate) fn places(&self) -> Places {
        places(&self.db, self.files)
    }

    /// Returns the places of the conditions of the program with the manifest's changes.
    ///
    /// # Errors
    /// What is wrong with the manifest, for people.
    pub(crate) fn places_to_evaluate(&self) -> Result<Places, String> {
        let (manifest, _) = self.manifest()?;
        let mut places = self.places();
        let program = &analysis(&self.db, self.files).program;
        places.retain_policies(program, |policy| !manifest.disables(&policy.name));
        Ok(places)
    }

    /// Returns the files of an inventory, as the manifest means them.
    pub(crate) fn resolve(&self, file: &str) -> PathBuf {
        self.root.as_deref().unwrap_or(Path::new("")).join(file)
    }
}

/// Refuses what would be read as a file and is something else: a pipe or a device may never end.
///
/// # Errors
/// A message for people.
pub(crate) fn refuse_special(path: &Path) -> Result<(), String> {
    if path.metadata().is_ok_and(|meta| !meta.is_file()) {
        return Err(format!("`{}` is not a regular file", path.display()));
    }
    Ok(())
}
