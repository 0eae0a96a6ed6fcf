//! The salsa database: inputs, and the queries on single files.
//!
//! Only [`lowered`] and what renders diagnostics see places in the text. Everything above reads
//! [`item_keys`] and [`item`], which stay equal when text merely moves.
//!
//! What a query read that may change often is asked again after each edit, by all that read the query. So
//! what the whole project sees of a file that is being edited, its [`Outline`], is an input by itself, which
//! changes only if the names of a file do.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use salsa::Setter as _;
use tagpol_syntax::Parse;
use tagpol_syntax::ast::{AstNode as _, File};

use crate::hir::{Item, ItemKey, ItemKind};
use crate::lint::LintLevels;
use crate::lower::{LoweredFile, Unparsed};

/// What queries need of a database.
#[salsa::db]
pub trait Db: salsa::Database {}

pub use self::inputs::{Project, SourceFile};

/// The inputs, in a module of their own since salsa gives their setters no documentation.
#[expect(missing_docs, reason = "generated setters and builders")]
mod inputs {
    use std::collections::BTreeMap;

    use chrono::NaiveDate;

    use super::{Outline, TableFile};
    use crate::lint::LintLevels;

    /// A file of the project, of a package, or of the standard library.
    #[salsa::input(debug)]
    pub struct SourceFile {
        /// Path as it is shown, `/` between its parts; `std/….tagpol` for the standard library.
        #[returns(deref)]
        pub path: String,
        /// The module it is, if it is one of the standard library or of a package: `std::taxonomy`.
        #[returns(ref)]
        pub module: Option<String>,
        /// Its text.
        #[returns(deref)]
        pub text: String,
        /// What the project sees of it, once it has been edited. None: as its text says.
        #[returns(ref)]
        #[default]
        pub outline: Option<Outline>,
    }

    /// The files that are checked together.
    #[salsa::input(debug)]
    pub struct Project {
        /// Files of the project, ordered by path.
        #[returns(deref)]
        pub files: Vec<SourceFile>,
        /// Modules of the standard library and of packages, ordered by name.
        #[returns(deref)]
        pub modules: Vec<SourceFile>,
        /// What the project makes of single lints.
        #[returns(ref)]
        #[default]
        pub levels: LintLevels,
        /// The day of the check. None: nothing is reported that depends on it.
        #[default]
        pub today: Option<NaiveDate>,
        /// What is known of the files of tables, by [`crate::program::Table::path`]. A table whose
        /// file is not here is taken as it is declared.
        #[returns(ref)]
        #[default]
        pub tables: BTreeMap<String, TableFile>,
    }
}

/// Whether a module is one of the standard library.
pub fn is_standard(module: &str) -> bool {
    module.starts_with("std::")
}

/// The headings of a table's file, or why it cannot be read.
pub type TableFile = Result<Vec<String>, String>;

/// Parses a file.
#[salsa::tracked(returns(ref), no_eq)]
pub fn parsed(db: &dyn Db, file: SourceFile) -> Parse {
    tagpol_syntax::parse(file.text(db))
}

/// Lowers the items of a file, places included.
#[salsa::tracked(returns(ref), no_eq)]
pub fn lowered(db: &dyn Db, file: SourceFile) -> LoweredFile {
    File::cast(parsed(db, file).root()).map(|file| crate::lower::lower(&file)).unwrap_or_default()
}

/// What the names of a project depend on in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// What identifies its items, in text order.
    keys: Vec<ItemKey>,
    /// Those of them that bring names in.
    uses: Vec<(ItemKey, Arc<Item>)>,
    /// What may be defined where it did not parse.
    unparsed: Unparsed,
}

impl Outline {
    fn of(file: &LoweredFile) -> Self {
        let uses = file.items.iter().filter(|item| item.key.kind == ItemKind::Use);
        Self {
            keys: file.items.iter().map(|item| item.key.clone()).collect(),
            uses: uses.map(|item| (item.key.clone(), Arc::clone(&item.item))).collect(),
            unparsed: file.unparsed.clone(),
        }
    }
}

/// Lists what identifies the items of a file, in text order.
#[salsa::tracked(returns(deref))]
pub fn item_keys(db: &dyn Db, file: SourceFile) -> Vec<ItemKey> {
    match file.outline(db) {
        Some(outline) => outline.keys.clone(),
        None => lowered(db, file).items.iter().map(|item| item.key.clone()).collect(),
    }
}

/// Returns one item of a file, without places.
#[salsa::tracked(returns(clone))]
pub fn item(db: &dyn Db, file: SourceFile, key: ItemKey) -> Option<Arc<Item>> {
    if key.kind == ItemKind::Use
        && let Some(outline) = file.outline(db)
    {
        return outline.uses.iter().find(|(of, _)| *of == key).map(|(_, item)| Arc::clone(item));
    }
    lowered(db, file).get(&key).map(|item| Arc::clone(&item.item))
}

/// Lists what may be defined where a file did not parse.
#[salsa::tracked(returns(ref))]
pub fn unparsed(db: &dyn Db, file: SourceFile) -> Unparsed {
    match file.outline(db) {
        Some(outline) => outline.unparsed.clone(),
        None => lowered(db, file).unparsed.clone(),
    }
}

/// The database of everything that is checked.
#[salsa::db]
#[derive(Clone, Default)]
pub struct Database {
    storage: salsa::Storage<Self>,
}

#[salsa::db]
impl salsa::Database for Database {}

#[salsa::db]
impl Db for Database {}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}

impl Database {
    /// Returns a database that tells `listen` of each query that really runs, by its debug name.
    pub fn with_listener(listen: impl Fn(String) + Send + Sync + 'static) -> Self {
        let callback = move |event: salsa::Event| {
            if let salsa::EventKind::WillExecute { database_key } = event.kind {
                listen(format!("{database_key:?}"));
            }
        };
        Self { storage: salsa::Storage::new(Some(Box::new(callback))) }
    }

    /// Sets what a project makes of single lints.
    pub fn set_levels(&mut self, project: Project, levels: LintLevels) {
        project.set_levels(self).to(levels);
    }

    /// Sets the day of the check, by which waivers have ended or not.
    pub fn set_today(&mut self, project: Project, today: NaiveDate) {
        project.set_today(self).to(Some(today));
    }

    /// Makes a file that counts among those that rarely change, until it is edited.
    pub fn file(&self, path: String, text: String) -> SourceFile {
        SourceFile::builder(path, None, text).durability(salsa::Durability::MEDIUM).new(self)
    }

    /// Makes a project beside another one, with the same standard library.
    pub fn project_beside(&self, other: Project, files: Vec<SourceFile>) -> Project {
        let modules = other.modules(self).to_vec();
        Project::builder(files, modules).durability(salsa::Durability::MEDIUM).new(self)
    }

    /// Sets which files a project has, ordered by path.
    pub fn set_files(&mut self, project: Project, files: Vec<SourceFile>) {
        if project.files(self) != files {
            project.set_files(self).with_durability(salsa::Durability::MEDIUM).to(files);
        }
    }

    /// Sets the packages of a project, all their files at once: the module that each is, its path as shown, and its text.
    /// A file that stays the same costs nothing.
    pub fn set_packages(
        &mut self,
        project: Project,
        files: impl IntoIterator<Item = (String, String, String)>,
    ) {
        let (standard, before): (Vec<SourceFile>, Vec<SourceFile>) = project
            .modules(self)
            .iter()
            .partition(|module| module.module(self).as_deref().is_some_and(is_standard));
        let mut modules = standard;
        for (name, path, text) in files {
            let same = before.iter().copied().find(|file| {
                file.module(self).as_ref() == Some(&name)
                    && file.path(self) == path
                    && file.text(self) == text
            });
            modules.push(same.unwrap_or_else(|| {
                SourceFile::builder(path, Some(name), text).durability(salsa::Durability::MEDIUM).new(self)
            }));
        }
        modules.sort_by(|one, other| one.module(self).cmp(other.module(self)));
        if project.modules(self) != modules {
            project.set_modules(self).with_durability(salsa::Durability::MEDIUM).to(modules);
        }
    }

    /// Makes a project of files (path as shown, text) and the standard library.
    pub fn project(&self, files: impl IntoIterator<Item = (String, String)>) -> Project {
        let mut files: Vec<(String, String)> = files.into_iter().collect();
        files.sort();
        // A file is edited rarely among the many that are not: salsa passes over what stays the same
        // by its durability. The first edit of a file makes it one of those that change.
        let files = files.into_iter().map(|(path, text)| self.file(path, text)).collect();
        let modules = tagpol_stdlib::MODULES.iter().map(|module| {
            let path = format!("{}.tagpol", module.name.replace("::", "/"));
            SourceFile::builder(path, Some(module.name.to_owned()), module.text.to_owned())
                .durability(salsa::Durability::HIGH)
                .new(self)
        });
        Project::builder(files, modules.collect()).durability(salsa::Durability::MEDIUM).new(self)
    }

    /// Changes the text of a file, and parses it. The first edit of a file costs as much as a new name does, since
    /// from then on it counts among those that change; an editor pays that where it opens the file.
    pub fn edit(&mut self, file: SourceFile, text: String) {
        file.set_text(self).with_durability(salsa::Durability::LOW).to(text);
        let outline = Outline::of(lowered(self, file));
        if file.outline(self).as_ref() != Some(&outline) {
            file.set_outline(self).with_durability(salsa::Durability::MEDIUM).to(Some(outline));
        }
    }

    /// Tells what is known of the files of tables ([`crate::table_files`]), by their path.
    pub fn set_tables(&mut self, project: Project, tables: BTreeMap<String, TableFile>) {
        project.set_tables(self).to(tables);
    }
}
