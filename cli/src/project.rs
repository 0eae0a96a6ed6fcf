//! A project on disk: its manifest and its policies, checked.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use tagpol_eval::Roles;
use tagpol_project::{FILE_NAME, Location, Manifest, ReportTags};
pub(crate) use tagpol_project::{read_text, shown};
use tagpol_sema::condition_places::{Places, places};
use tagpol_sema::program::{Pred, Program};
use tagpol_sema::{Analysis, Database, Diagnostic, Level, Project as SemaProject, analysis};

use crate::diagnostics;
use crate::failure::Failure;
use crate::output::{Output, counted};

/// Name of the condition of a command line.
const ASKED: &str = "asked-on-the-command-line";

/// A project that was read, and not yet judged.
pub(crate) struct Project {
    /// Folder that the manifest's paths are relative to.
    pub(crate) root: PathBuf,
    pub(crate) manifest: Manifest,
    /// Whether there is a manifest; else it is the usual one.
    pub(crate) has_manifest: bool,
    pub(crate) db: Database,
    pub(crate) files: SemaProject,
}

impl Project {
    /// Reads the project at a path, or the one around the current folder.
    pub(crate) fn load(path: Option<&Path>) -> Result<Self, Failure> {
        let location = locate(path)?;
        let mut files = Vec::new();
        for file in &location.files {
            files.push((shown(file), read_text(file)?));
        }
        let mut db = Database::default();
        let files = db.project(files);
        db.set_levels(files, location.manifest.lint_levels(&location.manifest_path())?);
        let jail = tagpol_project::jail_of(&location.root);
        let tables = tagpol_sema::table_files(&db, files)
            .iter()
            .filter_map(|path| Some((path.clone(), tagpol_project::headings(&jail, path)?)))
            .collect();
        db.set_tables(files, tables);
        let has_manifest = path.is_none_or(Path::is_dir) && location.manifest_path().is_file();
        let Location { root, manifest, .. } = location;
        Ok(Self { root, manifest, has_manifest, db, files })
    }

    /// Returns the files of its tables.
    pub(crate) fn table_files(&self) -> Vec<PathBuf> {
        tagpol_sema::table_files(&self.db, self.files).iter().map(PathBuf::from).collect()
    }

    /// Sets the clock that waivers expire by.
    pub(crate) fn set_now(&mut self, now: DateTime<Utc>) {
        self.db.set_today(self.files, now.date_naive());
    }

    /// Checks it.
    pub(crate) fn analysis(&self) -> &Analysis {
        analysis(&self.db, self.files)
    }

    /// Returns everything there is to say about it.
    pub(crate) fn diagnostics(&self) -> Vec<Diagnostic> {
        tagpol_sema::diagnostics(&self.db, self.files)
    }

    /// Returns the program, or shows every mistake and fails. Warnings are counted only.
    pub(crate) fn program(&self, output: &mut Output) -> Result<&Program, Failure> {
        let (errors, warnings): (Vec<Diagnostic>, Vec<Diagnostic>) =
            self.diagnostics().into_iter().partition(|diagnostic| diagnostic.level() == Level::Error);
        if errors.is_empty() {
            if !warnings.is_empty() {
                let count = counted(warnings.len(), "warning", "warnings");
                output.note(&format!("{count}; see `tagpol check`\n"));
            }
            return Ok(&self.analysis().program);
        }
        output.note_styled(&diagnostics::human(&self.db, &errors, output.err_has_color(), output.width()));
        Err(Failure::reported())
    }

    /// Reads a condition from the command line, as the policies of the project would mean it. It stays
    /// among them, by a name that nothing has.
    pub(crate) fn condition(&mut self, text: &str, output: &mut Output) -> Result<Pred, Failure> {
        self.program(output)?;
        let name = "--where".to_owned();
        let file = self.db.file(name.clone(), format!("define {ASKED} =\n{text}\n"));
        let mut files = self.files.files(&self.db).to_vec();
        files.push(file);
        files.sort_by(|a, b| a.path(&self.db).cmp(b.path(&self.db)));
        self.db.set_files(self.files, files);
        let wrong = self.diagnostics().into_iter().find(|diagnostic| diagnostic.level() == Level::Error);
        if let Some(diagnostic) = wrong {
            let failure =
                Failure::usage(format!("`{text}` is no condition: {}", diagnostic.message)).at(name);
            return Err(failure.help("write one as after `where`: `resource.type == \"s3:bucket\"`"));
        }
        let defines = &self.analysis().program.defines;
        let asked = defines.iter().find(|define| define.name == ASKED).map(|define| define.pred.clone());
        asked.ok_or_else(|| Failure::usage(format!("`{text}` is no condition")))
    }

    /// Returns the places of the program's conditions. The program must have no errors.
    pub(crate) fn places(&self) -> Places {
        places(&self.db, self.files)
    }

    /// Returns the program with the manifest's changes to policies.
    pub(crate) fn program_to_evaluate(&self, output: &mut Output) -> Result<Program, Failure> {
        let mut program = self.program(output)?.clone();
        if program.policies.is_empty() && program.goals.is_empty() {
            return Err(Failure::usage("there is no policy to evaluate")
                .help("write one, as in `policy owned { severity high  require owner }`; `tagpol init` makes an example"));
        }
        self.apply_overrides(&mut program)?;
        Ok(program)
    }

    /// Returns the places of the conditions of [`Self::program_to_evaluate`].
    pub(crate) fn places_to_evaluate(&self) -> Places {
        let mut places = self.places();
        places.retain_policies(&self.analysis().program, |policy| !self.manifest.disables(&policy.name));
        places
    }

    /// Makes the manifest's changes to policies.
    pub(crate) fn apply_overrides(&self, program: &mut Program) -> Result<(), Failure> {
        Ok(self.manifest.change_policies(program, &self.root.join(FILE_NAME))?)
    }

    /// Returns the tags that play a part in reports.
    pub(crate) fn roles(&self, program: &Program) -> Result<Roles, Failure> {
        let ReportTags { environment, cost_center, team } = self.manifest.report.clone();
        for name in [&environment, &cost_center, &team].into_iter().flatten() {
            let names = || program.tags.iter().map(|tag| tag.name.as_str());
            if names().any(|tag| tag == name) {
                continue;
            }
            let failure = Failure::usage(format!("there is no tag `{name}` to report by")).at(self
                .root
                .join(FILE_NAME)
                .display()
                .to_string());
            return Err(match tagpol_syntax::similar::closest(name, names()) {
                Some(close) => failure.help(format!("did you mean `{close}`?")),
                None => failure,
            });
        }
        Ok(Roles { environment, cost_center, team }.or_usual(program))
    }

    /// Returns the folder of the project's snapshots.
    pub(crate) fn snapshots(&self) -> Result<PathBuf, Failure> {
        Ok(self.manifest.snapshots_in(&self.root)?)
    }

    /// Returns the file of the project's state store.
    pub(crate) fn state(&self) -> Result<PathBuf, Failure> {
        Ok(self.manifest.state_in(&self.root)?)
    }
}

/// Returns the folder of the project at a path.
pub(crate) fn root_of(path: Option<&Path>) -> PathBuf {
    match path {
        Some(path) if path.is_file() => folder_of(path),
        Some(path) => path.to_owned(),
        None => enclosing_project(Path::new(".")).unwrap_or_else(|| PathBuf::from(".")),
    }
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new(".")).to_owned()
}

/// Returns the folder of the snapshots of the project at a path, without reading policies.
pub(crate) fn snapshots_dir(path: Option<&Path>) -> Result<PathBuf, Failure> {
    let (root, manifest) = root_and_manifest(path)?;
    Ok(manifest.snapshots_in(&root)?)
}

/// Returns the file of the state store of the project at a path, without reading policies.
pub(crate) fn state_path(path: Option<&Path>) -> Result<PathBuf, Failure> {
    let (root, manifest) = root_and_manifest(path)?;
    Ok(manifest.state_in(&root)?)
}

fn root_and_manifest(path: Option<&Path>) -> Result<(PathBuf, Manifest), Failure> {
    let start = path.map_or_else(|| PathBuf::from("."), Path::to_owned);
    if !start.is_dir() {
        return Err(Failure::usage(format!("`{}` is no folder", start.display())));
    }
    let root = if path.is_some() {
        start.clone()
    } else {
        enclosing_project(&start).unwrap_or_else(|| start.clone())
    };
    let manifest = Manifest::of(&root)?.unwrap_or_default();
    Ok((root, manifest))
}

/// Returns the .tagpol files at a path, or those of the project around the current folder. In a folder
/// that is named, all count, whatever a manifest there says.
pub(crate) fn policy_files(path: Option<&Path>) -> Result<Vec<PathBuf>, Failure> {
    match path.filter(|path| path.is_dir()) {
        Some(folder) => Ok(tagpol_project::files_below(folder)?),
        None => Ok(locate(path)?.files),
    }
}

/// Returns the files that a project is read from, without its tables: the policies and the manifest,
/// also where there is none yet. Where there is no project: the place to look for one.
pub(crate) fn watched_files(path: Option<&Path>) -> Vec<PathBuf> {
    match locate(path) {
        Ok(location) => {
            let mut files = location.files;
            files.push(location.root.join(FILE_NAME));
            files
        }
        Err(_) => {
            let here = path.map_or_else(|| PathBuf::from("."), Path::to_owned);
            let root = enclosing_project(&here).unwrap_or_else(|| here.clone());
            vec![root.join(FILE_NAME), here]
        }
    }
}

/// Returns the files of the tables of a project; none where it cannot be read.
pub(crate) fn table_files(path: Option<&Path>) -> Vec<PathBuf> {
    Project::load(path).map(|project| project.table_files()).unwrap_or_default()
}

fn locate(path: Option<&Path>) -> Result<Location, Failure> {
    match path {
        Some(path) => Ok(tagpol_project::locate(path)?),
        None => {
            let here = PathBuf::from(".");
            Ok(tagpol_project::folder(enclosing_project(&here).unwrap_or(here))?)
        }
    }
}

/// The nearest folder with a manifest, from here upwards.
fn enclosing_project(here: &Path) -> Option<PathBuf> {
    if here.join(FILE_NAME).is_file() {
        return Some(here.to_owned());
    }
    tagpol_project::enclosing(std::env::current_dir().ok()?.parent()?)
}
