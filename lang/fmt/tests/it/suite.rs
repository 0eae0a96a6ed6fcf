//! `suite.md`: a heading, a `tagpol` fence with a text, and a `formatted` fence with its canonical
//! form. Where the second is left out, the first is canonical. `TAGPOL_UPDATE=1` rewrites the second.

use std::path::Path;

use crate::promises::check;

struct Case<'a> {
    title: &'a str,
    text: &'a str,
    /// None where the text is said to be canonical.
    expected: Option<&'a str>,
}

/// The body of a fence with this info string.
fn fence<'a>(section: &'a str, info: &str) -> Option<&'a str> {
    let opening = format!("\n```{info}\n");
    let (_, rest) = section.split_once(&opening)?;
    Some(&rest[..rest.find("```").expect("the fence ends")])
}

fn cases(markdown: &str) -> Vec<Case<'_>> {
    let sections = markdown.split("\n## ").skip(1);
    let case = |section| Case {
        title: str::lines(section).next().unwrap(),
        text: fence(section, "tagpol").expect("a text"),
        expected: fence(section, "formatted"),
    };
    sections.map(case).collect()
}

#[test]
fn texts_take_their_form() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/suite.md");
    let markdown = std::fs::read_to_string(&path).unwrap();
    let cases = cases(&markdown);
    assert!(cases.len() > 40);
    let mut updated = markdown.clone();
    let mut wrong = String::new();
    for case in &cases {
        let found = check(case.text);
        let expected = case.expected.unwrap_or(case.text);
        if found != expected {
            wrong.push_str(&format!("\n## {}\nexpected:\n{expected}found:\n{found}", case.title));
            let old = format!("```formatted\n{expected}```");
            updated = updated.replacen(&old, &format!("```formatted\n{found}```"), 1);
        }
    }
    if std::env::var_os("TAGPOL_UPDATE").is_some() {
        std::fs::write(path, updated).unwrap();
    } else {
        assert!(wrong.is_empty(), "{wrong}\nTAGPOL_UPDATE=1 rewrites what is expected");
    }
}
