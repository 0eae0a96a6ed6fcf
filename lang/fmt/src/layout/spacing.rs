//! How wide the gap between two tokens of one line is.

use tagpol_syntax::{SyntaxKind, SyntaxToken};

use crate::source::Source;

/// Spaces between the token at an index and the one before it.
pub(super) fn spaces(source: &Source, index: usize, token: &SyntaxToken) -> usize {
    let Some(before) = index.checked_sub(1) else { return 0 };
    let is_tight = ends_tight(source.kind(before), source.token_text(before)) || begins_tight(token);
    usize::from(!is_tight)
}

fn ends_tight(kind: Option<SyntaxKind>, text: &str) -> bool {
    match kind {
        Some(SyntaxKind::Punct) => matches!(text, "(" | "[" | "::" | "." | "/" | "@"),
        Some(SyntaxKind::Keyword) => text == "!",
        _ => false,
    }
}

fn begins_tight(token: &SyntaxToken) -> bool {
    if token.kind() != SyntaxKind::Punct {
        return false;
    }
    let parent = token.parent().map(|node| node.kind());
    match token.text() {
        "," | ":" | "::" | "." | "/" | ")" | "]" => true,
        "[" => parent == Some(SyntaxKind::Index),
        // Of a call, and not of a condition in parentheses.
        "(" => parent != Some(SyntaxKind::Paren),
        "{" | "}" => parent == Some(SyntaxKind::UseList),
        _ => false,
    }
}
