//! What the words of the language mean: `keyword_docs.md`, by heading.

use std::collections::HashMap;
use std::sync::LazyLock;

use tagpol_syntax::{SyntaxKind, SyntaxToken};

static WORDS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let sections = include_str!("keyword_docs.md").split("\n## ").skip(1);
    sections.filter_map(|section| section.split_once('\n')).map(|(word, text)| (word, text.trim())).collect()
});

/// Returns the explanation of a word, in Markdown: a keyword, a type, `resource.name`, a function.
pub(crate) fn word(word: &str) -> Option<&'static str> {
    WORDS.get(word).copied()
}

/// Returns the explanation of the word that a token is, in its place.
pub(crate) fn of_token(token: &SyntaxToken) -> Option<&'static str> {
    let parent = token.parent()?;
    let text = token.text();
    match (token.kind(), parent.kind()) {
        (SyntaxKind::Keyword, SyntaxKind::TextOp) => word(text).or_else(|| first_of(token)),
        (SyntaxKind::Keyword, _) => word(text).or_else(|| first_of(token)),
        (SyntaxKind::Name, SyntaxKind::IsTail) if text == "set" => word("set?"),
        (SyntaxKind::Name, SyntaxKind::IsTail | SyntaxKind::NamedType | SyntaxKind::Call) => word(text),
        (SyntaxKind::Name, SyntaxKind::MapTarget | SyntaxKind::OtherwiseStmt) if text == "missing" => {
            word(text)
        }
        (SyntaxKind::Name, SyntaxKind::Path) => {
            word(text).filter(|_| matches!(text, "resource" | "charge" | "native" | "today" | "now"))
        }
        (SyntaxKind::Name, SyntaxKind::Field) => of_field(token),
        _ => None,
    }
}

/// `resource.name`, `owner.source`.
fn of_field(token: &SyntaxToken) -> Option<&'static str> {
    let path = token.parent()?.parent()?;
    let first = path.first_token()?;
    match (first.text(), token.text()) {
        ("resource", field) => word(&format!("resource.{field}")),
        ("charge", field) => word(&format!("charge.{field}")),
        ("native", _) => None,
        (_, field @ ("source" | "confidence")) => word(field),
        _ => None,
    }
}

/// The explanation of the first word of `starts with`, `one of`, `has word`.
fn first_of(token: &SyntaxToken) -> Option<&'static str> {
    let parent = token.parent()?;
    let first = parent
        .children_with_tokens()
        .filter_map(|element| element.into_token())
        .find(|token| token.kind() == SyntaxKind::Keyword)?;
    word(first.text())
}
