//! A project that has been edited says what a new one says.
//!
//! The input is a list of texts, separated by a line of `----`: the first is checked, and each later one
//! takes its place.

#![no_main]

use tagpol_sema::{Database, Diagnostic, Project, analysis, diagnostics};

/// Everything that is said of a project, with its program.
fn told(db: &Database, project: Project) -> String {
    let say = |found: &Diagnostic| {
        let (range, message) = (found.range, &found.message);
        format!("{} {range:?} {message} {:?}", found.code.as_str(), found.fix)
    };
    let said: Vec<String> = diagnostics(db, project).iter().map(say).collect();
    format!("{}\n{:?}", said.join("\n"), analysis(db, project).program)
}

libfuzzer_sys::fuzz_target!(|input: &str| {
    let mut texts = input.split("\n----\n");
    let named = |text: &str| [("a.tagpol".to_owned(), text.to_owned())];
    let mut db = Database::default();
    let project = db.project(named(texts.next().unwrap_or_default()));
    told(&db, project);
    for text in texts.take(8) {
        let file = project.files(&db)[0];
        db.edit(file, text.to_owned());
        let fresh = Database::default();
        let new = fresh.project(named(text));
        assert_eq!(told(&db, project), told(&fresh, new), "an edited project says what a new one says");
        for found in diagnostics(&db, project) {
            let (start, end) = (usize::from(found.range.start()), usize::from(found.range.end()));
            assert!(found.file.text(&db).get(start..end).is_some(), "{found:?} is outside of its text");
        }
    }
});
