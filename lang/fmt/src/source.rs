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
    /// Bytes whose white space stays as it is, in text order and apart from each other.
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
        let mut source = Self { text, tokens, frozen: Vec::new() };
        too_deep(parse, &root).into_iter().for_each(|range| source.freeze(range));
        source
    }

    /// Keeps the white space in and around some bytes as it is.
    pub(crate) fn freeze(&mut self, mut range: Range<usize>) {
        let from = self.frozen.partition_point(|frozen| frozen.end < range.start);
        let to = self.frozen.partition_point(|frozen| frozen.start <= range.end);
        for merged in self.frozen.drain(from..to.max(from)) {
            range = range.start.min(merged.start)..range.end.max(merged.end);
        }
        self.frozen.insert(from, range);
    }

    /// Whether a gap must stay as it is: it lies in a frozen part, or holds what is white space to
    /// the tree and not to the grammar.
    pub(crate) fn is_frozen(&self, gap: usize) -> bool {
        let place = self.gap_range(gap);
        let next = self.frozen.partition_point(|frozen| frozen.end <= place.start);
        self.frozen.get(next).is_some_and(|frozen| frozen.start <= place.end)
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
    let start = |node: &SyntaxNode| usize::from(node.text_range().start());
    let starts: Vec<usize> = root.children().map(|child| start(&child)).collect();
    let items: Vec<usize> =
        root.children().filter(|child| child.kind().is_item()).map(|item| start(&item)).collect();
    let around = |at: usize| {
        let before = starts.partition_point(|start| *start <= at);
        let first = before.checked_sub(1).and_then(|index| starts.get(index));
        let next = items.get(items.partition_point(|start| *start <= at));
        first.copied().unwrap_or(0)..next.copied().unwrap_or(usize::MAX)
    };
    let deep = parse.errors().iter().filter(|error| error.kind == SyntaxErrorKind::TooDeep);
    deep.map(|error| around(usize::from(error.range.start()))).collect()
}
