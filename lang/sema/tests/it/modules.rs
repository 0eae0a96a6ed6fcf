//! What modules bring in: `modules.md`.

use std::path::Path;

use tagpol_sema::condition_places::places;
use tagpol_sema::program::{MapArm, Pattern};
use tagpol_sema::{Database, Project, SourceFile, analysis, scope};

use crate::suite::{self, Case};
use crate::support::line;

/// A project of the files of a case; those below `std/` and `vendor/` are its modules.
fn project(db: &Database, case: &Case) -> Project {
    let file = |(path, text): &(String, String)| {
        let name = path.strip_suffix(".tagpol").unwrap();
        let module = name.strip_prefix("vendor/").or(Some(name).filter(|name| name.starts_with("std/")));
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

/// Keys of each `normalize` of the only tag, and the literals of its map.
fn normalizes(own: &str) -> Vec<String> {
    let db = Database::default();
    let module = "tag stage: one of [live, test]\nnormalize stage { keys \"env\"  map \"prod\" -> live  map \"qa\" -> test }\n\
        normalize stage where resource.provider == gcp { keys \"gcp-env\"  map \"prod\" -> live }\n";
    let module =
        SourceFile::new(&db, "std/a.tagpol".to_owned(), Some("std::a".to_owned()), module.to_owned());
    let own = format!("use std::a\n{own}");
    let own = SourceFile::new(&db, "own.tagpol".to_owned(), None, own);
    let project = Project::new(&db, vec![own], vec![module]);
    let found = analysis(&db, project);
    assert_eq!(found.diagnostics, []);
    let literals = |arm: &MapArm| match &arm.patterns[..] {
        [Pattern::Literal(text)] => text.clone(),
        other => panic!("{other:?}"),
    };
    let told = found.program.tags[0].normalizes.iter().map(|normalize| {
        let arms: Vec<String> = normalize.arms.iter().map(literals).collect();
        let scope = if normalize.scope.is_some() { " where" } else { "" };
        format!("{}: {}{scope}", normalize.keys.join(" "), arms.join(" "))
    });
    let told: Vec<String> = told.collect();
    assert_eq!(places(&db, project).normalizes[0].len(), told.len(), "places have the shape of the program");
    told
}

#[test]
fn what_a_module_knows_stands_behind_what_the_project_says() {
    assert_eq!(normalizes(""), ["stage env: prod qa", "stage gcp-env: prod where"]);
    assert_eq!(
        normalizes("normalize stage { keys \"tier\", \"ENV\"  map \"prod\" -> test  map \"x\" -> live }\n"),
        ["stage tier ENV: prod x prod qa", "stage gcp-env: prod where"],
    );
    assert_eq!(
        normalizes("normalize stage where resource.account == \"1\" { map \"y\" -> live }\n"),
        ["stage env: y prod qa where", "stage env: prod qa", "stage gcp-env: prod where"],
    );
}
