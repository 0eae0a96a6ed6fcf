//! Projects and their files, on disk and in the editor.
//!
//! A file belongs to the project whose policy folder it lies in: that of the nearest `tagpol.toml`
//! upwards, else that of the workspace folder, which then counts as a project without a manifest. A
//! file that lies in none is a project of its own, as it is for the command line.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use tagpol_project::packages::PackageFile;
use tagpol_project::{FILE_NAME, Location, ProjectError, is_policy_file, shown};
use tagpol_sema::{Database, Project, SourceFile, table_files};

use crate::regular;

/// A project.
#[derive(Debug)]
pub(crate) struct Member {
    /// What the database knows of it.
    pub(crate) project: Project,
    /// Its files by their paths as shown; in the order of the project.
    pub(crate) files: BTreeMap<String, SourceFile>,
    /// The files of its packages by their paths as shown.
    packages: BTreeMap<String, SourceFile>,
    /// What is wrong with its manifest, or with its packages.
    pub(crate) problem: Option<ProjectError>,
    /// The folder of its manifest, or of its files. None: it is one file.
    pub(crate) root: Option<PathBuf>,
    /// The folder of its policies.
    policies: Option<PathBuf>,
}

/// All projects.
pub(crate) struct Workspace {
    pub(crate) members: Vec<Member>,
    /// Folders that the client has open.
    pub(crate) folders: Vec<PathBuf>,
    /// A project without files, which has the standard library that all others share.
    pub(crate) empty: Project,
    /// Every file that there ever was: salsa keeps its inputs, so they are used again.
    known: HashMap<String, SourceFile>,
    today: Option<NaiveDate>,
}

impl Workspace {
    pub(crate) fn new(db: &Database) -> Self {
        let empty = db.project([]);
        Self { members: Vec::new(), folders: Vec::new(), empty, known: HashMap::new(), today: None }
    }

    /// Sets the day by which waivers end.
    pub(crate) fn set_today(&mut self, db: &mut Database, today: NaiveDate) {
        if self.today != Some(today) {
            self.today = Some(today);
            for member in &self.members {
                db.set_today(member.project, today);
            }
        }
    }

    /// Returns the project of a file, and the file. A file of a package is one of the project that has the copy.
    pub(crate) fn find(&self, path: &str) -> Option<(&Member, SourceFile)> {
        let in_member =
            |member: &Member| member.files.get(path).or_else(|| member.packages.get(path)).copied();
        self.members.iter().find_map(|member| Some((member, in_member(member)?)))
    }

    /// Reads the projects of the client's folders. `text_of` gives what the editor has of a file.
    pub(crate) fn load(&mut self, db: &mut Database, text_of: &dyn Fn(&str) -> Option<String>) {
        for folder in self.folders.clone() {
            let above = tagpol_project::enclosing(&folder);
            let mut roots = tagpol_project::projects_below(&folder);
            // Above all others, so that the files of projects further down are known to be theirs.
            roots.insert(0, above.unwrap_or(folder));
            roots.dedup();
            for root in roots {
                self.load_folder(db, root, text_of);
            }
        }
    }

    /// Reads the project in a folder, or reads it again. Files of projects further down are theirs.
    pub(crate) fn load_folder(
        &mut self,
        db: &mut Database,
        root: PathBuf,
        text_of: &dyn Fn(&str) -> Option<String>,
    ) {
        let (location, problem) = located(&root);
        let policies = location.manifest.policies_in(&root).unwrap_or_else(|_| root.clone());
        let levels = location.manifest.lint_levels(&location.manifest_path());
        let is_bare = !root.join(FILE_NAME).is_file();
        let mut files = BTreeMap::new();
        for path in &location.files {
            let nested = is_bare && tagpol_project::enclosing(path.parent().unwrap_or(path)).is_some();
            if !nested && let Some(text) = text_of(&shown(path)).or_else(|| regular::policy(path)) {
                files.insert(shown(path), self.file(db, shown(path), text));
            }
        }
        if files.is_empty() && is_bare {
            return;
        }
        let position = self.members.iter().position(|member| member.root.as_ref() == Some(&root));
        let project = match position.map(|at| self.members.remove(at)) {
            Some(before) => {
                // Those that the editor has, and has not saved yet.
                let unsaved = before.files.into_iter().filter(|(path, _)| text_of(path).is_some());
                files.extend(unsaved.filter(|(path, _)| Path::new(path).starts_with(&policies)));
                before.project
            }
            None => db.project_beside(self.empty, Vec::new()),
        };
        let packages = tagpol_project::packages::packages(&root, &location.manifest);
        let problem =
            problem.or_else(|| levels.as_ref().err().cloned()).or_else(|| packages.as_ref().err().cloned());
        db.set_levels(project, levels.unwrap_or_default());
        let packages = set_packages(db, project, packages.unwrap_or_default());
        let member = Member { project, files, packages, problem, root: Some(root), policies: Some(policies) };
        self.add(db, member);
    }

    fn add(&mut self, db: &mut Database, member: Member) {
        if let Some(today) = self.today {
            db.set_today(member.project, today);
        }
        self.members.push(member);
        // The deepest folder first: it is that of the nearest manifest.
        self.members.sort_by_key(|member| {
            std::cmp::Reverse(
                member.policies.as_ref().map_or(usize::MAX, |folder| folder.components().count()),
            )
        });
        self.settle(db);
    }

    /// Tells the database which files each project has, and what is known of its tables.
    fn settle(&mut self, db: &mut Database) {
        for member in &self.members {
            db.set_files(member.project, member.files.values().copied().collect());
        }
        self.read_tables(db);
    }

    /// Reads the headings of all tables' files.
    pub(crate) fn read_tables(&self, db: &mut Database) {
        for member in &self.members {
            let paths = table_files(db, member.project).clone();
            let jail = member.root.as_deref().map(tagpol_project::jail_of);
            let folder = |path: &str| Path::new(path).parent().unwrap_or(Path::new("")).to_owned();
            let tables = paths.into_iter().filter_map(|path| {
                let jail = jail.clone().unwrap_or_else(|| tagpol_project::jail_of(&folder(&path)));
                Some((path.clone(), tagpol_project::headings(&jail, &path)?))
            });
            let tables: BTreeMap<_, _> = tables.collect();
            if *member.project.tables(db) != tables {
                db.set_tables(member.project, tables);
            }
        }
    }

    /// Sets the text of a file that the editor has, and finds it a project if it has none.
    pub(crate) fn open(
        &mut self,
        db: &mut Database,
        path: &str,
        text: String,
        text_of: &dyn Fn(&str) -> Option<String>,
    ) -> SourceFile {
        if self.find(path).is_none() {
            self.adopt(db, path, &text, text_of);
        }
        let file = match self.find(path) {
            Some((_, file)) => file,
            None => self.alone(db, path, text.clone()),
        };
        // The first edit of a file costs more than others: it is made here, where nobody types yet.
        db.edit(file, text);
        file
    }

    /// Puts a new file into the project whose folder it lies in; reads that where it is not known yet.
    fn adopt(&mut self, db: &mut Database, path: &str, text: &str, text_of: &dyn Fn(&str) -> Option<String>) {
        let as_path = Path::new(path);
        if !as_path.is_absolute() || !is_policy_file(as_path) {
            return;
        }
        let root = as_path.parent().and_then(tagpol_project::enclosing);
        if let Some(root) = root
            && !self.members.iter().any(|member| member.root.as_ref() == Some(&root))
        {
            self.load_folder(db, root, text_of);
            if self.find(path).is_some() {
                return;
            }
        }
        let file = self.file(db, path.to_owned(), text.to_owned());
        let home = self
            .members
            .iter_mut()
            .find(|member| member.policies.as_ref().is_some_and(|folder| as_path.starts_with(folder)));
        if let Some(member) = home {
            member.files.insert(path.to_owned(), file);
            self.settle(db);
        } else if let Some(folder) = self.folders.iter().find(|folder| as_path.starts_with(folder)).cloned() {
            // The first file of a folder that had none.
            let project = db.project_beside(self.empty, Vec::new());
            let files = BTreeMap::from([(path.to_owned(), file)]);
            let root = Some(folder);
            let packages = BTreeMap::new();
            self.add(db, Member { project, files, packages, problem: None, policies: root.clone(), root });
        }
    }

    /// Makes a project of one file.
    fn alone(&mut self, db: &mut Database, path: &str, text: String) -> SourceFile {
        let file = self.file(db, path.to_owned(), text);
        let project = db.project_beside(self.empty, Vec::new());
        let files = BTreeMap::from([(path.to_owned(), file)]);
        let packages = BTreeMap::new();
        self.add(db, Member { project, files, packages, problem: None, root: None, policies: None });
        file
    }

    /// Takes what is on disk for a file that the editor no longer has, or that changed there.
    pub(crate) fn reread(&mut self, db: &mut Database, path: &str) {
        let text = Some(Path::new(path)).filter(|path| path.is_absolute()).and_then(regular::policy);
        match (text, self.find(path)) {
            (Some(_), Some((member, _))) if member.root.is_none() => self.forget(db, path),
            (Some(text), Some((_, file))) => {
                if file.text(db) != text {
                    db.edit(file, text);
                }
            }
            (Some(text), None) => self.adopt(db, path, &text, &|_| None),
            (None, _) => self.forget(db, path),
        }
    }

    /// Takes a file out of its project, and out of the world if it was a project of its own.
    fn forget(&mut self, db: &mut Database, path: &str) {
        for member in &mut self.members {
            member.files.remove(path);
        }
        self.members.retain(|member| member.root.is_some() || !member.files.is_empty());
        self.settle(db);
    }

    /// Forgets projects that lie in no folder of the client and have no open file.
    pub(crate) fn close_folders(&mut self, db: &mut Database, is_open: &dyn Fn(&str) -> bool) {
        let folders = &self.folders;
        self.members.retain(|member| {
            let in_folder = member.root.as_ref().is_some_and(|root| {
                folders.iter().any(|folder| root.starts_with(folder) || folder.starts_with(root))
            });
            in_folder || member.files.keys().any(|path| is_open(path))
        });
        self.settle(db);
    }

    /// The input of a path: a new one, or the old one with this text.
    fn file(&mut self, db: &mut Database, path: String, text: String) -> SourceFile {
        match self.known.get(&path) {
            Some(file) => {
                if file.text(db) != text {
                    db.edit(*file, text);
                }
                *file
            }
            None => {
                let file = db.file(path.clone(), text);
                self.known.insert(path, file);
                file
            }
        }
    }
}

/// Tells the database which packages a project has. Returns their files by their paths.
fn set_packages(
    db: &mut Database,
    project: Project,
    packages: Vec<PackageFile>,
) -> BTreeMap<String, SourceFile> {
    let paths: Vec<String> = packages.iter().map(|file| file.path.clone()).collect();
    db.set_packages(project, packages.into_iter().map(|file| (file.module, file.path, file.text)));
    let modules = project.modules(db).iter().map(|file| (file.path(db).to_owned(), *file));
    modules.filter(|(path, _)| paths.contains(path)).collect()
}

/// Finds the project in a folder. With a manifest that is wrong, its defaults stand in.
fn located(root: &Path) -> (Location, Option<ProjectError>) {
    let problem = match tagpol_project::folder(root.to_owned()) {
        Ok(location) => return (location, None),
        Err(problem) => problem,
    };
    let manifest = regular::manifest(root);
    let policies = manifest.policies_in(root).ok();
    let files = policies.map(|folder| tagpol_project::readable_files_below(&folder)).unwrap_or_default();
    // A folder without policies is not a mistake in an editor: the first may be written next.
    let problem = Some(problem).filter(|problem| problem.path.is_some());
    (Location { root: root.to_owned(), manifest, files }, problem)
}
