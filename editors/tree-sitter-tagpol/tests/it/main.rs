//! Compares the grammar with the parser that decides what the language is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::string_slice, reason = "tests")]

#[path = "../../../../lang/syntax/tests/it/corpus.rs"]
mod corpus;
mod examples;
mod queries;
mod trees;

use tree_sitter::{Language, Parser, Tree};

fn language() -> Language {
    tree_sitter_tagpol::LANGUAGE.into()
}

fn parse(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&language()).unwrap();
    parser.parse(text, None).unwrap()
}

/// The words of the rules `kw_*` of the grammar that decides.
fn keywords() -> Vec<&'static str> {
    let grammar = include_str!("../../../../lang/syntax/src/characters.pest");
    let rules = grammar.lines().filter(|line| line.starts_with("kw_"));
    let words: Vec<&str> = rules.map(|line| line.split('"').nth(1).unwrap()).collect();
    assert!(words.len() > 50, "the keywords are not found: {words:?}");
    words
}
