//! Test cases in a Markdown file that reads as documentation.
//!
//! A case is a `## heading`, one or more fences of `tagpol` with the input (`file=NAME` in the info
//! string names it) and of `csv` with the files of tables, and one fence of `text` with what is
//! expected. `TAGPOL_UPDATE=1` rewrites what
//! is expected.

use std::ops::Range;
use std::path::Path;

/// One case.
#[derive(Debug, Default)]
pub(crate) struct Case {
    pub(crate) title: String,
    /// The input: file name and text.
    pub(crate) files: Vec<(String, String)>,
    pub(crate) expected: String,
    /// Where the expected text stands in the Markdown.
    place: Range<usize>,
}

/// Reads the cases of a file.
pub(crate) fn cases(markdown: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut at = 0;
    let mut fence: Option<(String, usize)> = None;
    for line in markdown.split_inclusive('\n') {
        let start = at;
        at += line.len();
        match (&fence, line.strip_prefix("```")) {
            (None, Some(info)) => fence = Some((info.trim().to_owned(), at)),
            (None, None) => {
                if let Some(title) = line.strip_prefix("## ") {
                    cases.push(Case { title: title.trim().to_owned(), ..Case::default() });
                }
            }
            (Some((info, from)), Some(rest)) => {
                assert!(rest.trim().is_empty(), "a fence begins within another one: {line}");
                // Fences above the first heading belong to the introduction.
                if let Some(case) = cases.last_mut() {
                    close(case, info, &markdown[*from..start], *from..start);
                }
                fence = None;
            }
            (Some(_), None) => {}
        }
    }
    assert!(fence.is_none(), "a fence is not closed");
    for case in &cases {
        assert!(!case.files.is_empty() && case.place.start > 0, "`{}` lacks a fence", case.title);
    }
    cases
}

fn close(case: &mut Case, info: &str, body: &str, place: Range<usize>) {
    let mut words = info.split_whitespace();
    match words.next() {
        Some("tagpol") => {
            let words: Vec<&str> = words.collect();
            let name = words.iter().find_map(|word| word.strip_prefix("file=")).unwrap_or("a.tagpol");
            let text = if words.contains(&"escaped") { unescape(body) } else { body.to_owned() };
            let text = if words.contains(&"unended") { text.trim_end_matches('\n').to_owned() } else { text };
            case.files.push((name.to_owned(), text));
        }
        // The file of a table.
        Some("csv") => {
            let name = words.find_map(|word| word.strip_prefix("file=")).unwrap_or("accounts.csv");
            case.files.push((name.to_owned(), body.to_owned()));
        }
        Some("text") => {
            case.expected = body.to_owned();
            case.place = place;
        }
        _ => {}
    }
}

/// Characters that a Markdown file cannot show.
fn unescape(text: &str) -> String {
    let named = [
        ("⟦NUL⟧", "\0"),
        ("⟦CR⟧", "\r"),
        ("⟦BOM⟧", "\u{feff}"),
        ("⟦NBSP⟧", "\u{a0}"),
        ("⟦ESC⟧", "\u{1b}"),
        ("⟦FF⟧", "\u{c}"),
    ];
    named.iter().fold(text.to_owned(), |text, (name, c)| text.replace(name, c))
}

/// Compares each case with what `render` makes of it, or rewrites the file.
pub(crate) fn check(path: &Path, render: impl Fn(&Case) -> String) {
    let markdown = std::fs::read_to_string(path).unwrap();
    let cases = cases(&markdown);
    let mut updated = markdown.clone();
    let mut wrong = String::new();
    for case in cases.iter().rev() {
        let found = render(case);
        if found != case.expected {
            wrong = format!("\n## {}\nexpected:\n{}found:\n{found}{wrong}", case.title, case.expected);
            updated.replace_range(case.place.clone(), &found);
        }
    }
    if std::env::var_os("TAGPOL_UPDATE").is_some() {
        std::fs::write(path, updated).unwrap();
    } else {
        assert!(wrong.is_empty(), "{}:{wrong}\nTAGPOL_UPDATE=1 rewrites what is expected", path.display());
    }
}
