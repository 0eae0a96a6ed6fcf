//! What several of the tests need.

use tagpol_sema::{Analysis, Code, Database, Diagnostic, Project, analysis, diagnostics, line_index};

/// Checks files (path, text). Returns what came out, and the database to look places up in.
pub(crate) fn check(files: &[(String, String)]) -> (Database, Analysis) {
    let (db, project) = project(files);
    let analysis = analysis(&db, project).clone();
    (db, analysis)
}

/// Makes a project of .tagpol files and of the files of tables.
fn project(files: &[(String, String)]) -> (Database, Project) {
    let mut db = Database::default();
    let (tables, files): (Vec<_>, Vec<_>) =
        files.iter().cloned().partition(|(path, _)| path.ends_with(".csv"));
    let project = db.project(files);
    db.set_tables(project, tables.into_iter().map(|(path, text)| (path, headings(&text))).collect());
    (db, project)
}

/// The headings of a file of a table; an empty file stands for one that cannot be read.
fn headings(text: &str) -> Result<Vec<String>, String> {
    let first = text.lines().next().ok_or("there is no such file")?;
    Ok(first.split(',').map(str::to_owned).collect())
}

/// Checks one file.
pub(crate) fn check_text(text: &str) -> (Database, Analysis) {
    check(&[("a.tagpol".to_owned(), text.to_owned())])
}

/// Checks and lints files (path, text) on the day of the tests.
pub(crate) fn lint(files: &[(String, String)]) -> (Database, Vec<Diagnostic>) {
    let (mut db, project) = project(files);
    db.set_today(project, TODAY.parse().unwrap());
    let found = diagnostics(&db, project);
    (db, found)
}

/// The day of the tests.
const TODAY: &str = "2026-11-01";

/// `path 2:3`, the path left out for the file that every case has.
pub(crate) fn place(db: &Database, file: tagpol_sema::SourceFile, offset: u32) -> String {
    let (line, column) = line_index(db, file).position(file.text(db), offset.into());
    match file.path(db) {
        "a.tagpol" => format!("{line}:{column}"),
        path => format!("{path} {line}:{column}"),
    }
}

/// One line with everything that a diagnostic says.
pub(crate) fn line(db: &Database, diagnostic: &Diagnostic) -> String {
    let at = place(db, diagnostic.file, diagnostic.range.start().into());
    let mut line = format!("{at} {}: {}", diagnostic.code.as_str(), diagnostic.message);
    if !diagnostic.label.is_empty() {
        line.push_str(&format!(" | {}", diagnostic.label));
    }
    if let Some(help) = &diagnostic.help {
        line.push_str(&format!(" | help: {help}"));
    }
    if let Some(fix) = &diagnostic.fix {
        let text = diagnostic.file.text(db);
        let old = &text[usize::from(fix.range.start())..usize::from(fix.range.end())];
        line.push_str(&format!(" | fix: {old:?} -> {:?}", fix.text));
    }
    for related in &diagnostic.related {
        let at = place(db, related.file, related.range.start().into());
        line.push_str(&format!(" | {at}: {}", related.message));
    }
    line
}

/// Asserts that each fix gives a text without its diagnostic and without a new one of its kind.
pub(crate) fn assert_fixes_mend(what: &str, files: &[(String, String)]) {
    let (db, found) = lint(files);
    for diagnostic in &found {
        let Some(fix) = &diagnostic.fix else { continue };
        let mut fixed = files.to_vec();
        let path = diagnostic.file.path(&db);
        let (_, text) = fixed.iter_mut().find(|(other, _)| other == path).unwrap();
        text.replace_range(usize::from(fix.range.start())..usize::from(fix.range.end()), &fix.text);
        let (_, left) = lint(&fixed);
        let same = |code: Code, found: &[Diagnostic]| found.iter().filter(|d| d.code == code).count();
        let (before, after) = (same(diagnostic.code, &found), same(diagnostic.code, &left));
        assert!(after < before, "{what}: the fix of {} leaves\n{:#?}", line(&db, diagnostic), left);
    }
}
