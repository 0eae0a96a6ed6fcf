//! Fixtures: a text that is a small project, with marks in it.
//!
//! `//- path` begins a file (without one there is `a.tagpol`), `$0` is the cursor, two of them are a
//! selection. `//   ^^^ text` below a line says something of the words above the marks.

use std::collections::BTreeMap;

use tagpol_ide::{Edit, Place};
use tagpol_sema::{Database, Project, SourceFile, line_index};
use tagpol_syntax::{TextRange, TextSize};

/// A project with a cursor.
pub(crate) struct Fixture {
    pub(crate) db: Database,
    pub(crate) project: Project,
    /// The file that the cursor is in, else the first.
    pub(crate) file: SourceFile,
    pub(crate) offset: TextSize,
    /// What is selected; empty if there is one cursor.
    pub(crate) range: TextRange,
}

impl Fixture {
    pub(crate) fn new(text: &str) -> Self {
        let mut files = Vec::new();
        let mut marked = None;
        for (path, text) in split(text) {
            let (text, cursors) = cursors(&text);
            if let [first, ..] = cursors.as_slice() {
                marked = Some((path.clone(), *first, *cursors.last().unwrap()));
            }
            files.push((path, text));
        }
        let db = Database::default();
        let project = db.project(files);
        let (path, start, end) = marked.unwrap_or_default();
        let all = project.files(&db);
        let file = all.iter().copied().find(|file| file.path(&db) == path).unwrap_or(all[0]);
        Self { file, offset: start, range: TextRange::new(start, end), db, project }
    }

    /// `a.tagpol 2:3 name`
    pub(crate) fn show(&self, place: Place) -> String {
        let text = place.file.text(&self.db);
        let (line, column) = line_index(&self.db, place.file).position(text, place.range.start());
        format!("{} {line}:{column} {}", place.file.path(&self.db), &text[std::ops::Range::from(place.range)])
    }

    /// The text of a file after some edits, which may not overlap.
    pub(crate) fn edited(&self, file: SourceFile, edits: &[Edit]) -> String {
        let mut text = file.text(&self.db).to_owned();
        let mut edits = edits.to_vec();
        edits.sort_by_key(|edit| (edit.range.start(), edit.range.end()));
        assert!(
            edits.windows(2).all(|pair| pair[0].range.end() <= pair[1].range.start()),
            "{edits:?} overlap"
        );
        for edit in edits.iter().rev() {
            text.replace_range(std::ops::Range::<usize>::from(edit.range), &edit.text);
        }
        text
    }
}

/// The files of a fixture.
fn split(text: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("//- ") {
            Some(path) => files.push((path.trim().to_owned(), String::new())),
            None => {
                if files.is_empty() {
                    files.push(("a.tagpol".to_owned(), String::new()));
                }
                files.last_mut().unwrap().1.push_str(line);
            }
        }
    }
    files
}

fn cursors(text: &str) -> (String, Vec<TextSize>) {
    let mut clean = String::new();
    let mut cursors = Vec::new();
    for (n, part) in text.split("$0").enumerate() {
        if n > 0 {
            cursors.push(TextSize::of(clean.as_str()));
        }
        clean.push_str(part);
    }
    (clean, cursors)
}

/// What the marks of a text say: by the bytes above them.
pub(crate) fn annotations(text: &str) -> BTreeMap<(u32, u32), String> {
    let mut found = BTreeMap::new();
    let mut above = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let marks = line.find('^').filter(|start| line[..*start].trim() == "//");
        if let Some(start) = marks {
            let length = line[start..].chars().take_while(|c| *c == '^').count();
            let from = u32::try_from(above + start).unwrap();
            let said = line[start + length..].trim().to_owned();
            found.insert((from, from + u32::try_from(length).unwrap()), said);
        } else {
            above = at;
        }
        at += line.len();
    }
    found
}
