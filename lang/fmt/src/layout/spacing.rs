//! How wide the gap between two tokens of one line is.

use tagpol_syntax::{SyntaxKind, SyntaxToken};

use crate::source::Source;

/// Spaces between the token at an index and the one before it.
pub(super) fn spaces(source: &Source, index: usize, token: &SyntaxToken) -> usize {
    let Some(before) = index.checked_sub(1) else { return 0 };
    let parent = token.parent().map(|node| node.kind());
    let is_tight =
        ends_tight(source.kind(before), source.token_text(before), parent) || begins_tight(token, parent);
    usize::from(!is_tight)
}

/// Whether nothing stands behind a token; `parent` is the node that holds the next one.
fn ends_tight(kind: Option<SyntaxKind>, text: &str, parent: Option<SyntaxKind>) -> bool {
    match kind {
        Some(SyntaxKind::Punct) if text == "{" => parent == Some(SyntaxKind::UseList),
        Some(SyntaxKind::Punct) => matches!(text, "(" | "[" | "::" | "." | "/" | "@"),
        Some(SyntaxKind::Keyword) => text == "!",
        _ => false,
    }
}

/// Whether nothing stands before a token, which `parent` holds.
fn begins_tight(token: &SyntaxToken, parent: Option<SyntaxKind>) -> bool {
    if token.kind() != SyntaxKind::Punct {
        return false;
    }
    match token.text() {
        "," | ":" | "::" | "." | "/" | ")" | "]" => true,
        "[" => parent == Some(SyntaxKind::Index),
        // Of a call, and not of a condition in parentheses.
        "(" => parent != Some(SyntaxKind::Paren),
        "{" | "}" => parent == Some(SyntaxKind::UseList),
        _ => false,
    }
}
