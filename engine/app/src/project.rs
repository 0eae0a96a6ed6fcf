//! A project: its manifest and its policies, checked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use tagpol_eval::Roles;
pub use tagpol_project::Location;
use tagpol_project::packages::{PackageFile, packages};
use tagpol_project::{FILE_NAME, Manifest, ReportTags, read_text, shown};
use tagpol_sema::condition_places::{Places, places};
use tagpol_sema::program::{Pred, Program};
use tagpol_sema::{Analysis, Database, Diagnostic, Level, Project as Files, SourceFile, analysis};
use tagpol_syntax::similar::closest;

use crate::{AppError, Notice, RunContext};

/// Name of the predicate that stands for a condition of a request; no policy can name it.
const REQUESTED_CONDITION: &str = "requested-condition";

/// A project that was read, and is checked on demand.
pub struct Project {
    root: PathBuf,
    manifest: Manifest,
    has_manifest: bool,
    db: Database,
    files: Files,
    /// The files by their paths, as messages show them.
    texts: BTreeMap<String, SourceFile>,
}

impl std::fmt::Debug for Project {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Project").field("root", &self.root).finish_non_exhaustive()
    }
}

impl Default for Project {
    fn default() -> Self {
        Self::of_editor(None)
    }
}

impl Project {
    /// Reads the project at a path (a folder, or one file), or the one around the current folder.
    ///
    /// # Errors
    /// [`AppError::Project`] if the manifest, a file or a package cannot be read. Mistakes in policies are no error yet.
    pub fn open(path: Option<&Path>) -> Result<Self, AppError> {
        let mut project = Self::read(path)?;
        if !project.manifest.packages.is_empty() {
            project.read_packages()?;
            // Packages have tables as well.
            project.read_table_headings();
        }
        Ok(project)
    }

    /// Reads the project in a folder, without its packages: as a package that is to be copied.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_without_packages(folder: &Path) -> Result<Self, AppError> {
        Self::read(Some(folder))
    }

    fn read(path: Option<&Path>) -> Result<Self, AppError> {
        let location = locate(path)?;
        let mut texts = Vec::new();
        for file in &location.files {
            texts.push((shown(file), Some(read_text(file)?)));
        }
        let has_manifest = path.is_none_or(Path::is_dir) && location.manifest_path().is_file();
        let lint_levels = location.manifest.lint_levels(&location.manifest_path())?;
        let Location { root, manifest, .. } = location;
        let mut project = Self { manifest, has_manifest, ..Self::without_files(root) };
        project.db.set_levels(project.files, lint_levels);
        project.sync(texts, true);
        Ok(project)
    }

    /// Returns a project without policies yet, whose files [`sync`](Self::sync) brings, as an editor has them,
    /// and whose manifest [`reload_manifest`](Self::reload_manifest) reads. Without a root it never has one.
    pub fn of_editor(root: Option<&Path>) -> Self {
        Self::without_files(root.map(Path::to_owned).unwrap_or_default())
    }

    fn without_files(root: PathBuf) -> Self {
        let db = Database::default();
        let files = db.project([]);
        let manifest = Manifest::default();
        Self { root, manifest, has_manifest: false, db, files, texts: BTreeMap::new() }
    }

    /// Reads the manifest again.
    ///
    /// # Errors
    /// [`AppError::Project`] if it cannot be read; the old one stays.
    pub fn reload_manifest(&mut self) -> Result<(), AppError> {
        // A pipe or a device in its place might never end.
        self.has_manifest = !self.root.as_os_str().is_empty() && self.manifest_path().is_file();
        self.manifest =
            if self.has_manifest { Manifest::read(&self.manifest_path())? } else { Manifest::default() };
        self.read_packages()
    }

    /// Takes the texts of files by path; None: the file is gone. With `all` there are no others.
    pub fn sync(&mut self, files: Vec<(String, Option<String>)>, all: bool) {
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
        let present: Vec<SourceFile> = self.texts.values().copied().collect();
        if *self.files.files(&self.db) != present {
            self.db.set_files(self.files, present);
        }
        self.read_table_headings();
    }

    fn read_packages(&mut self) -> Result<(), AppError> {
        let files = packages(&self.root, &self.manifest)?;
        self.db.set_packages(
            self.files,
            files.into_iter().map(|PackageFile { module, path, text }| (module, path, text)),
        );
        Ok(())
    }

    fn read_table_headings(&mut self) {
        let paths = tagpol_sema::table_files(&self.db, self.files).clone();
        let read = |path: String| {
            // Where there is no root, a table lies beside the policies that name it.
            let folder = Path::new(&path).parent().unwrap_or(Path::new(""));
            let root = if self.root.as_os_str().is_empty() { folder } else { &self.root };
            let headings = tagpol_project::headings(&tagpol_project::jail_of(root), &path)?;
            Some((path, headings))
        };
        let tables: BTreeMap<_, _> = paths.into_iter().filter_map(read).collect();
        if *self.files.tables(&self.db) != tables {
            self.db.set_tables(self.files, tables);
        }
    }

    /// Returns the folder that the paths of the manifest are relative to.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the settings; those of an empty manifest if there is none.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Whether there is a manifest.
    pub fn has_manifest(&self) -> bool {
        self.has_manifest
    }

    fn manifest_path(&self) -> PathBuf {
        self.root.join(FILE_NAME)
    }

    /// Returns the name of the project for reports; None if the manifest has none.
    pub fn name(&self) -> Option<&str> {
        self.manifest.name.as_deref()
    }

    /// Returns the database that diagnostics point into.
    pub fn database(&self) -> &Database {
        &self.db
    }

    /// Returns its files as an input of the database.
    pub fn source_files(&self) -> Files {
        self.files
    }

    /// Returns the paths of its `.tagpol` files, as messages show them.
    pub fn policy_files(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    /// Returns the files of its lookup tables.
    pub fn table_files(&self) -> Vec<PathBuf> {
        tagpol_sema::table_files(&self.db, self.files).iter().map(PathBuf::from).collect()
    }

    /// Sets the clock that waivers expire by.
    pub fn set_now(&mut self, now: DateTime<Utc>) {
        self.db.set_today(self.files, now.date_naive());
    }

    /// Checks it. The program of the analysis is whole only without errors.
    pub fn analysis(&self) -> &Analysis {
        analysis(&self.db, self.files)
    }

    /// Returns all errors, warnings and hints.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        tagpol_sema::diagnostics(&self.db, self.files)
    }

    /// Returns the program as written. Warnings are counted in a notice.
    ///
    /// # Errors
    /// [`AppError::Policies`] with all errors.
    pub fn program(&self, context: &RunContext<'_>) -> Result<&Program, AppError> {
        let (errors, warnings): (Vec<Diagnostic>, Vec<Diagnostic>) =
            self.diagnostics().into_iter().partition(|diagnostic| diagnostic.level() == Level::Error);
        if !errors.is_empty() {
            return Err(AppError::Policies(errors));
        }
        if !warnings.is_empty() {
            context.observer.notice(Notice::PolicyWarnings(warnings.len()));
        }
        Ok(&self.analysis().program)
    }

    /// Returns the program with the manifest's changes to policies.
    ///
    /// # Errors
    /// As [`Self::program`]; [`AppError::NoPolicies`] if there is nothing to evaluate.
    pub fn program_to_evaluate(&self, context: &RunContext<'_>) -> Result<Program, AppError> {
        let mut program = self.program(context)?.clone();
        if program.policies.is_empty() && program.goals.is_empty() {
            return Err(AppError::NoPolicies);
        }
        self.apply_overrides(&mut program)?;
        Ok(program)
    }

    /// Makes the manifest's changes to policies.
    ///
    /// # Errors
    /// [`AppError::Project`] for a policy that does not exist, or a severity that is not one.
    pub fn apply_overrides(&self, program: &mut Program) -> Result<(), AppError> {
        Ok(self.manifest.change_policies(program, &self.manifest_path())?)
    }

    /// Reads a condition of a request, as the policies of the project would mean it. It stays among
    /// them, under a name that no policy can use.
    ///
    /// # Errors
    /// [`AppError::Policies`] or [`AppError::NotACondition`].
    pub fn condition(&mut self, text: &str, context: &RunContext<'_>) -> Result<Pred, AppError> {
        self.program(context)?;
        let name = format!("<{REQUESTED_CONDITION}>");
        self.sync(vec![(name, Some(format!("define {REQUESTED_CONDITION} =\n{text}\n")))], false);
        let not_a_condition = |reason| AppError::NotACondition { text: text.to_owned(), reason };
        let mistake = self.diagnostics().into_iter().find(|found| found.level() == Level::Error);
        if let Some(mistake) = mistake {
            return Err(not_a_condition(Some(mistake.message)));
        }
        let defines = &self.analysis().program.defines;
        let requested = defines.iter().find(|define| define.name == REQUESTED_CONDITION);
        requested.map(|define| define.pred.clone()).ok_or_else(|| not_a_condition(None))
    }

    /// Returns the places of the program's conditions. The program must have no errors.
    pub fn places(&self) -> Places {
        places(&self.db, self.files)
    }

    /// Returns the places of the conditions of [`Self::program_to_evaluate`].
    pub fn places_to_evaluate(&self) -> Places {
        let mut places = self.places();
        places.retain_policies(&self.analysis().program, |policy| !self.manifest.disables(&policy.name));
        places
    }

    /// Returns the tags that play a part in reports.
    ///
    /// # Errors
    /// [`AppError::UnknownReportTag`].
    pub fn report_roles(&self, program: &Program) -> Result<Roles, AppError> {
        let ReportTags { environment, cost_center, team } = self.manifest.report.clone();
        for name in [&environment, &cost_center, &team].into_iter().flatten() {
            let names = || program.tags.iter().map(|tag| tag.name.as_str());
            if !names().any(|tag| tag == name) {
                return Err(AppError::UnknownReportTag {
                    name: name.clone(),
                    manifest: self.manifest_path(),
                    closest: closest(name, names()).map(str::to_owned),
                });
            }
        }
        Ok(Roles { environment, cost_center, team }.or_usual(program))
    }

    /// Returns the folder of its snapshots, which need not exist.
    ///
    /// # Errors
    /// [`AppError::Project`] if it leads out of the project.
    pub fn snapshots_folder(&self) -> Result<PathBuf, AppError> {
        Ok(self.manifest.snapshots_in(&self.root)?)
    }
}

/// Finds the project at a path, or the one around the current folder, without reading policies.
///
/// # Errors
/// [`AppError::Project`] if there is none, or its manifest cannot be read.
pub fn locate(path: Option<&Path>) -> Result<Location, AppError> {
    Ok(match path {
        Some(path) => tagpol_project::locate(path)?,
        None => tagpol_project::folder(project_root(None))?,
    })
}

/// Returns the folder of the project at a path, or of the one around the current folder; the path itself
/// or the current folder if there is no project.
pub fn project_root(path: Option<&Path>) -> PathBuf {
    match path {
        Some(path) if path.is_file() => {
            path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new(".")).to_owned()
        }
        Some(path) => path.to_owned(),
        None => enclosing_project(Path::new(".")).unwrap_or_else(|| PathBuf::from(".")),
    }
}

/// The nearest folder with a manifest, from a folder upwards.
fn enclosing_project(folder: &Path) -> Option<PathBuf> {
    if folder.join(FILE_NAME).is_file() {
        return Some(folder.to_owned());
    }
    // A relative path has no parents to look at.
    tagpol_project::enclosing(std::path::absolute(folder).ok()?.parent()?)
}
