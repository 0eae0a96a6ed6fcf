//! `suite.md`: a heading, a `tagpol` fence with a text, and a `formatted` fence with its canonical
//! form. `TAGPOL_UPDATE=1` rewrites the second.

use std::ops::Range;
use std::path::Path;

use crate::promises::check;

/// A case: its title, and where its text and its canonical form stand in the Markdown.
struct Case<'a> {
    title: &'a str,
    text: Range<usize>,
    expected: Range<usize>,
}

/// The body of the first fence with this info string behind a place.
fn fence(markdown: &str, from: usize, info: &str) -> Range<usize> {
    let opening = format!("\n```{info}\n");
    let start = from + markdown[from..].find(&opening).expect("the fence begins") + opening.len();
    start..start + markdown[start..].find("```").expect("the fence ends")
}

fn cases(markdown: &str) -> Vec<Case<'_>> {
    let headings = markdown.match_indices("\n## ");
    let case = |(at, heading): (usize, &str)| Case {
        title: markdown[at + heading.len()..].lines().next().unwrap(),
        text: fence(markdown, at, "tagpol"),
        expected: fence(markdown, at, "formatted"),
    };
    headings.map(case).collect()
}

#[test]
fn texts_take_their_form() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/suite.md");
    let markdown = std::fs::read_to_string(&path).unwrap();
    let cases = cases(&markdown);
    assert!(cases.len() > 40);
    let mut updated = markdown.clone();
    let mut wrong = String::new();
    for case in cases.iter().rev() {
        let (found, expected) = (check(&markdown[case.text.clone()]), &markdown[case.expected.clone()]);
        if found != expected {
            wrong = format!("\n## {}\nexpected:\n{expected}found:\n{found}{wrong}", case.title);
            updated.replace_range(case.expected.clone(), &found);
        }
    }
    if std::env::var_os("TAGPOL_UPDATE").is_some() {
        std::fs::write(path, updated).unwrap();
    } else {
        assert!(wrong.is_empty(), "{wrong}\nTAGPOL_UPDATE=1 rewrites what is expected");
    }
}
