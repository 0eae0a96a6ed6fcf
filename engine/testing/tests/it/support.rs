//! Programs made of text.

use tagpol_sema::condition_places::{Places, places};
use tagpol_sema::program::Program;
use tagpol_sema::{Database, analysis};

/// Checks files (path, text), which must be right.
pub(crate) fn program(files: &[(String, String)]) -> (Program, Places) {
    let db = Database::default();
    let project = db.project(files.iter().cloned());
    let analysis = analysis(&db, project);
    let messages: Vec<&String> = analysis.diagnostics.iter().map(|d| &d.message).collect();
    assert!(messages.is_empty(), "{messages:?} in {files:#?}");
    (Program::clone(&analysis.program), places(&db, project))
}
