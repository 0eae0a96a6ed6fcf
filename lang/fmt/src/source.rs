//! The tokens of a file in text order, and the white space between them.

use std::ops::Range;

use tagpol_syntax::{Parse, SyntaxErrorKind, SyntaxKind, SyntaxNode};

/// A token or comment; white space is none.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) kind: SyntaxKind,
    /// Its bytes. Blanks at the end of a comment do not belong to it.
    pub(crate) range: Range<usize>,
    /// Its length in characters.
    pub(crate) width: usize,
}

/// A file as the formatter sees it: gap `i` is the white space before token `i`, and the last gap
/// ends the file.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) text: String,
    pub(crate) tokens: Vec<Token>,
    /// Bytes whose white space stays as it is.
    frozen: Vec<Range<usize>>,
}

impl Source {
    pub(crate) fn new(parse: &Parse) -> Self {
        let root = parse.root();
        let text = root.text().to_string();
        let tokens = root
            .descendants_with_tokens()
            .filter_map(rowan::NodeOrToken::into_token)
            .filter(|token| token.kind() != SyntaxKind::Whitespace)
            .map(|token| {
                let start = usize::from(token.text_range().start());
                let text = token.text();
                let text = if token.kind() == SyntaxKind::Comment { trim_blanks(text) } else { text };
                Token { kind: token.kind(), range: start..start + text.len(), width: text.chars().count() }
            })
            .collect();
        Self { text, tokens, frozen: too_deep(parse, &root) }
    }

    /// Keeps the white space in and around some bytes as it is.
    pub(crate) fn freeze(&mut self, range: Range<usize>) {
        self.frozen.push(range);
    }

    /// Whether a gap must stay as it is: it lies in a frozen part, or holds what is white space to
    /// the tree and not to the grammar.
    pub(crate) fn is_frozen(&self, gap: usize) -> bool {
        let place = self.gap_range(gap);
        self.frozen.iter().any(|frozen| place.start < frozen.end && frozen.start <= place.end)
            || self.gap(gap).contains(|c| !matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{feff}' | '\u{a0}'))
    }

    /// The bytes of a gap.
    pub(crate) fn gap_range(&self, gap: usize) -> Range<usize> {
        let start = gap.checked_sub(1).and_then(|before| self.tokens.get(before)).map_or(0, |t| t.range.end);
        let end = self.tokens.get(gap).map_or(self.text.len(), |token| token.range.start);
        start..end
    }

    /// The white space of a gap.
    pub(crate) fn gap(&self, gap: usize) -> &str {
        self.text.get(self.gap_range(gap)).unwrap_or_default()
    }

    /// How many lines end in a gap.
    pub(crate) fn newlines(&self, gap: usize) -> usize {
        count_newlines(self.gap(gap))
    }

    /// The text of a token; none past the end.
    pub(crate) fn token_text(&self, token: usize) -> &str {
        self.tokens.get(token).and_then(|token| self.text.get(token.range.clone())).unwrap_or_default()
    }

    pub(crate) fn kind(&self, token: usize) -> Option<SyntaxKind> {
        self.tokens.get(token).map(|token| token.kind)
    }

    /// The kind of the token before.
    pub(crate) fn kind_before(&self, token: usize) -> Option<SyntaxKind> {
        self.kind(token.checked_sub(1)?)
    }

    pub(crate) fn width(&self, token: usize) -> usize {
        self.tokens.get(token).map_or(0, |token| token.width)
    }
}

/// Counts the ends of lines: `\n`, `\r\n` and `\r`.
pub(crate) fn count_newlines(text: &str) -> usize {
    let alone = |(at, _): &(usize, &str)| text.as_bytes().get(at + 1) != Some(&b'\n');
    text.matches('\n').count() + text.match_indices('\r').filter(alone).count()
}

fn trim_blanks(text: &str) -> &str {
    text.trim_end_matches([' ', '\t'])
}

/// The parts of the tree that the parser did not read since brackets are nested too deeply: from the
/// item around the first such bracket to the next item.
fn too_deep(parse: &Parse, root: &SyntaxNode) -> Vec<Range<usize>> {
    let deep = parse.errors().iter().filter(|error| error.kind == SyntaxErrorKind::TooDeep);
    let part = |at: usize| {
        let starts = || root.children().map(|child| usize::from(child.text_range().start()));
        let start = starts().take_while(|start| *start <= at).last().unwrap_or(0);
        let item = root
            .children()
            .find(|child| child.kind().is_item() && usize::from(child.text_range().start()) > at);
        start..item.map_or(usize::MAX, |item| usize::from(item.text_range().start()))
    };
    deep.map(|error| part(usize::from(error.range.start()))).collect()
}
