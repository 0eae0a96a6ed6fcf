//! Places and edits.

use tagpol_sema::SourceFile;
use tagpol_syntax::{SyntaxNode, SyntaxToken, TextRange, TextSize};

/// Bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file.
    pub file: SourceFile,
    /// The bytes.
    pub range: TextRange,
}

/// A replacement of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that are replaced; empty for an insertion.
    pub range: TextRange,
    /// The new text.
    pub text: String,
}

impl Edit {
    pub(crate) fn replace(range: TextRange, text: impl Into<String>) -> Self {
        Self { range, text: text.into() }
    }
}

/// Returns the token at an offset; between two tokens the one that is not white space, the right
/// one of two.
pub(crate) fn token_at(root: &SyntaxNode, offset: TextSize) -> Option<SyntaxToken> {
    if offset > root.text_range().end() {
        return None;
    }
    let tokens = root.token_at_offset(offset);
    let left = tokens.clone().left_biased();
    tokens.right_biased().filter(|token| !token.kind().is_trivia()).or(left)
}
