//! Events of the grammar to a lossless tree.
//!
//! pest says nothing of punctuation and white space; the text between two tokens is split here, so
//! that the tree covers every byte.

use rowan::{GreenNode, GreenNodeBuilder, Language as _};

use crate::SyntaxKind;
use crate::grammar::Event;
use crate::kind::Tagpol;

/// Builds the tree of `text` from the events of the same text.
pub(crate) fn build(text: &str, events: &[Event]) -> GreenNode {
    let mut builder = Builder { text, at: 0, inner: GreenNodeBuilder::new() };
    let last = events.len().saturating_sub(1);
    for (i, event) in events.iter().enumerate() {
        match *event {
            Event::Open { kind, at } => {
                // The root begins at the first byte, whatever precedes its first token.
                if i > 0 {
                    builder.fill_to(at);
                }
                builder.inner.start_node(Tagpol::kind_to_raw(kind));
            }
            Event::Close { at } => {
                builder.fill_to(if i == last { text.len() } else { at });
                builder.inner.finish_node();
            }
            Event::Token { kind, start, end } => {
                builder.fill_to(start);
                builder.token(kind, end);
            }
            Event::Broken { start, end, .. } => {
                builder.fill_to(start);
                builder.inner.start_node(Tagpol::kind_to_raw(SyntaxKind::Error));
                builder.token(SyntaxKind::ErrorText, end);
                builder.inner.finish_node();
            }
            Event::MissingClose { .. } => {}
        }
    }
    builder.inner.finish()
}

struct Builder<'a> {
    text: &'a str,
    /// Everything before this byte is in the tree.
    at: usize,
    inner: GreenNodeBuilder<'static>,
}

impl Builder<'_> {
    /// Adds the text up to `end` as one token.
    fn token(&mut self, kind: SyntaxKind, end: usize) {
        let Some(text) = self.text.get(self.at..end).filter(|text| !text.is_empty()) else { return };
        self.inner.token(Tagpol::kind_to_raw(kind), text);
        self.at = end;
    }

    /// Adds the text up to `end`, which holds white space, keywords and punctuation only.
    fn fill_to(&mut self, end: usize) {
        while self.at < end {
            let Some(rest) = self.text.get(self.at..end) else { return };
            let Some(first) = rest.chars().next() else { return };
            let (kind, length) = if is_space(first) {
                (SyntaxKind::Whitespace, run(rest, is_space))
            } else if is_word(first) {
                (SyntaxKind::Keyword, run(rest, is_word))
            } else if let Some(pair) = ["->", "::"].into_iter().find(|pair| rest.starts_with(pair)) {
                (SyntaxKind::Punct, pair.len())
            } else {
                (SyntaxKind::Punct, first.len_utf8())
            };
            self.token(kind, self.at + length);
        }
    }
}

fn run(text: &str, member: fn(char) -> bool) -> usize {
    text.find(|c| !member(c)).unwrap_or(text.len())
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
