//! What modules bring in: `modules.md`.

use std::path::Path;

use tagpol_sema::{Database, Project, SourceFile, analysis, scope};

use crate::suite::{self, Case};
use crate::support::line;

/// A project of the files of a case; those below `std/` are its modules.
fn project(db: &Database, case: &Case) -> Project {
    let file = |(path, text): &(String, String)| {
        let module = path.strip_suffix(".tagpol").filter(|path| path.starts_with("std/"));
        SourceFile::new(db, path.clone(), module.map(|path| path.replace('/', "::")), text.clone())
    };
    let mut files: Vec<SourceFile> = case.files.iter().map(file).collect();
    files.sort_by_key(|file| file.path(db).to_owned());
    let (modules, files) = files.into_iter().partition(|file| file.module(db).is_some());
    Project::new(db, files, modules)
}

#[test]
fn modules() {
    suite::check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/modules.md"), |case| {
        let db = Database::default();
        let project = project(&db, case);
        let mut text = String::new();
        for item in &scope(&db, project).items {
            let (path, key) = (item.file.path(&db), &item.key);
            text.push_str(&format!("{path} {} {}\n", key.kind.keyword(), key.name));
        }
        for diagnostic in &analysis(&db, project).diagnostics {
            text.push_str(&format!("{}\n", line(&db, diagnostic)));
        }
        text
    });
}
