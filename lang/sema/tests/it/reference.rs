//! The language reference: every example in it says the truth.

use std::path::Path;

use tagpol_sema::Code;

use crate::support::{check_text, codes, line};

fn reference() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/language.md")).unwrap()
}

/// Info string and body of each `tagpol` fence.
fn fences(markdown: &str) -> Vec<(String, String)> {
    let parts = markdown.split("\n```tagpol").skip(1);
    let fences = parts.map(|part| {
        let (info, rest) = part.split_once('\n').unwrap();
        (info.trim().to_owned(), rest.split("```").next().unwrap().to_owned())
    });
    fences.collect()
}

#[test]
fn every_example_checks_as_it_says() {
    let fences = fences(&reference());
    assert!(fences.len() >= 10);
    for (info, text) in fences {
        let expected: Vec<&str> =
            info.strip_prefix("error ").map(|codes| codes.split(' ').collect()).unwrap_or_default();
        let (db, analysis) = check_text(&text);
        let lines: Vec<String> = analysis.diagnostics.iter().map(|d| line(&db, d)).collect();
        assert_eq!(codes(&analysis), expected, "{text}\n{lines:#?}");
    }
}

#[test]
fn every_code_it_names_is_one() {
    let text = reference();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let codes = words.filter(|word| {
        word.len() == 5 && word.starts_with('E') && word[1..].bytes().all(|b| b.is_ascii_digit())
    });
    for code in codes {
        assert!(Code::parse(code).is_some(), "{code}");
    }
}
