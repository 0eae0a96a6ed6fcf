//! What is said of broken text, and which items survive it: `messages.md`.

use std::collections::BTreeSet;
use std::path::Path;

use tagpol_syntax::SyntaxError;
use tagpol_syntax::ast::{AstNode, File, Item};

use crate::suite::{self, Case};

fn path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/messages.md")
}

/// The text of a case that has one file.
pub(crate) fn text_of(case: &Case) -> &str {
    let [(_, text)] = case.files.as_slice() else { panic!("`{}` has not one input", case.title) };
    text
}

#[test]
fn messages() {
    suite::check(&path(), |case| render(text_of(case)));
}

fn render(text: &str) -> String {
    let parse = tagpol_syntax::parse(text);
    assert_eq!(parse.root().text().to_string(), text);
    let mut out = String::new();
    for error in parse.errors() {
        out.push_str(&line(text, error));
        out.push('\n');
    }
    let file = File::cast(parse.root()).unwrap();
    let items: Vec<String> = file.items().map(|item| title(&item)).collect();
    out.push_str(&format!(
        "items: {}\n",
        if items.is_empty() { "none".to_owned() } else { items.join(", ") }
    ));
    out
}

/// `2:3 Unexpected unexpected `x` | label | help | fix`
fn line(text: &str, error: &SyntaxError) -> String {
    let start = usize::from(error.range.start());
    let mut line = format!("{} {:?}: {} | {}", position(text, start), error.kind, error.message, error.label);
    if let Some(help) = &error.help {
        line.push_str(&format!(" | help: {help}"));
    }
    if let Some((range, fix)) = &error.fix {
        let old = &text[usize::from(range.start())..usize::from(range.end())];
        line.push_str(&format!(" | fix: {old:?} -> {fix:?}"));
    }
    if let Some((range, message)) = &error.related {
        line.push_str(&format!(" | {}: {message}", position(text, range.start().into())));
    }
    line
}

/// The first words of an item, with `///` where it is documented.
fn title(item: &Item) -> String {
    let text = item.syntax().text().to_string();
    let words: Vec<&str> =
        text.split([' ', '\n', '{', ':', '=']).filter(|word| !word.is_empty()).take(2).collect();
    format!("{}{}", if item.doc().is_empty() { "" } else { "/// " }, words.join(" "))
}

#[test]
fn a_fix_mends_what_it_is_offered_for() {
    let markdown = std::fs::read_to_string(path()).unwrap();
    for case in suite::cases(&markdown) {
        fixes_of(&case);
    }
}

fn fixes_of(case: &Case) {
    let text = text_of(case);
    let parse = tagpol_syntax::parse(text);
    for error in parse.errors() {
        let Some((range, fix)) = &error.fix else { continue };
        let mut fixed = text.to_owned();
        fixed.replace_range(usize::from(range.start())..usize::from(range.end()), fix);
        let left = tagpol_syntax::parse(&fixed);
        let again = |other: &&SyntaxError| {
            (&other.message, other.range.start()) == (&error.message, error.range.start())
        };
        assert_eq!(left.errors().iter().find(again), None, "{}: {fixed}", case.title);
        assert!(left.errors().len() <= parse.errors().len(), "{}: {fixed}\n{:#?}", case.title, left.errors());
    }
}

#[test]
fn titles_differ() {
    let markdown = std::fs::read_to_string(path()).unwrap();
    let cases = suite::cases(&markdown);
    assert!(cases.len() >= 40);
    let titles: BTreeSet<String> = cases.iter().map(|case| case.title.clone()).collect();
    assert_eq!(titles.len(), cases.len());
}

/// Line and column of an offset, both from 1.
fn position(text: &str, offset: usize) -> String {
    let before = &text[..offset];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("{line}:{column}")
}
