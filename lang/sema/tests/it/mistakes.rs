//! What is said of mistakes that users of other languages make: `mistakes.md`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tagpol_sema::{Code, line_index};

use crate::suite::{self, Case};
use crate::support::{assert_fixes_mend, line, lint};

/// The share of cases with the best grade.
const EXCELLENT: f64 = 0.875;

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mistakes.md")
}

/// The files of a case without its mark, and the line of the mark.
fn files(markdown: &str, case: &Case) -> (Vec<(String, String)>, usize) {
    let base = markdown.split("```tagpol base\n").nth(1).unwrap().split("```").next().unwrap();
    let marked = &case.files[0].1;
    let at = marked.find("$0").unwrap();
    let text = marked.replacen("$0", "", 1);
    let line = marked[..at].matches('\n').count() + 1;
    (vec![("a.tagpol".to_owned(), text), ("base.tagpol".to_owned(), base.to_owned())], line)
}

/// What a message must name.
fn needed<'m>(markdown: &'m str, case: &Case) -> &'m str {
    let below = markdown.split(&format!("## {}\n", case.title)).nth(1).unwrap();
    below.lines().next().unwrap().strip_prefix("Needs ").unwrap()
}

/// The grade of a case, and its messages.
fn judged(markdown: &str, case: &Case) -> (char, Vec<String>) {
    let (files, marked) = files(markdown, case);
    let (db, found) = lint(&files);
    // That a predicate is not used says nothing of how it is written.
    let found: Vec<_> = found.into_iter().filter(|found| found.code != Code::L0018).collect();
    let lines: Vec<String> = found.iter().map(|found| line(&db, found)).collect();
    let Some(first) = found.first() else { return ('D', lines) };
    let (at, _) = line_index(&db, first.file).position(first.file.text(&db), first.range.start());
    let is_there = first.file.path(&db) == "a.tagpol" && at as usize == marked;
    let names_it = lines[0].contains(needed(markdown, case));
    let grade = match lines.len() {
        1 if is_there && names_it => 'A',
        1 | 2 if is_there => 'B',
        _ => 'C',
    };
    (grade, lines)
}

#[test]
fn messages_of_mistakes() {
    let markdown = std::fs::read_to_string(path()).unwrap();
    suite::check(&path(), |case| {
        let (grade, lines) = judged(&markdown, case);
        format!("{grade}\n{}\n", lines.join("\n"))
    });
}

#[test]
fn grades() {
    let markdown = std::fs::read_to_string(path()).unwrap();
    let cases = suite::cases(&markdown);
    assert!(cases.len() >= 150, "{} cases", cases.len());
    let titles: BTreeSet<&str> = cases.iter().map(|case| case.title.as_str()).collect();
    assert_eq!(titles.len(), cases.len());
    let grades: Vec<char> = cases.iter().map(|case| judged(&markdown, case).0).collect();
    let count = |wanted: char| grades.iter().filter(|grade| **grade == wanted).count();
    let figures = format!("A {}, B {}, C {}, D {}", count('A'), count('B'), count('C'), count('D'));
    assert!(count('C') + count('D') == 0 && count('A') as f64 >= EXCELLENT * cases.len() as f64, "{figures}");
}

#[test]
fn fixes_of_mistakes_mend() {
    let markdown = std::fs::read_to_string(path()).unwrap();
    for case in suite::cases(&markdown) {
        assert_fixes_mend(&case.title, &files(&markdown, &case).0);
    }
}
