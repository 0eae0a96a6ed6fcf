//! Where lines may end: one decision for each gap between two tokens.
//!
//! The walk over the tree says of each gap how wide it is on one line, and whether it may end the
//! line; `fit` knows the columns and decides.

mod block;
mod line;
mod spacing;

use rowan::NodeOrToken;
use tagpol_syntax::{SyntaxKind, SyntaxNode, SyntaxToken};

use crate::source::Source;

/// Columns of one level of indentation.
const INDENT: usize = 2;

/// The gap before a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    /// Its width where it does not end the line.
    pub(crate) spaces: usize,
    /// Column of the token where the gap ends the line.
    pub(crate) indent: usize,
    pub(crate) breaks: Break,
}

/// When a gap ends the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Break {
    Never,
    /// Where the group does not fit on a line.
    With(usize),
    /// Where the tokens up to and with this one do not fit on the line.
    Fill(usize),
    Always,
    /// As many lines as in the source, only indented anew.
    Keep,
    /// The gap stays as it is in the source.
    Verbatim,
}

impl Break {
    /// Fills lines; the last token is not known before it is added.
    const FILL: Self = Self::Fill(0);
}

/// Tokens that stand on one line, or else end a line at each of the group's gaps.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Group {
    /// Index of its first token, whose gap is not part of it.
    pub(crate) first: usize,
    /// Index of its last token.
    pub(crate) last: usize,
}

/// A statement of a run that lines up in columns.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) first: usize,
    pub(crate) last: usize,
    /// The gaps that are widened so that the tokens behind them line up.
    pub(crate) columns: Vec<usize>,
}

/// What is known of a file before its lines are measured.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// One for each token.
    pub(crate) gaps: Vec<Gap>,
    /// Ordered by their first token, outer before inner.
    pub(crate) groups: Vec<Group>,
    /// Statements next to each other that line up.
    pub(crate) runs: Vec<Vec<Row>>,
    /// First and last token of each item.
    pub(crate) items: Vec<(usize, usize)>,
}

/// Lays a file out.
pub(crate) fn layout(source: &Source, root: &SyntaxNode) -> Layout {
    let mut walk =
        Walk { source, out: Layout::default(), pending: None, columns: Vec::new(), where_chain: None };
    for child in root.children_with_tokens() {
        let first = walk.next();
        walk.pending = Some(Pending { breaks: Break::Always, indent: 0, spaces: None });
        match child {
            NodeOrToken::Token(token) => walk.token(&token, 0),
            NodeOrToken::Node(node) => {
                walk.node(&node, 0);
                if node.kind().is_item() {
                    walk.out.items.push((first, walk.last()));
                }
            }
        }
    }
    walk.out
}

/// What has been decided of the next gap before its token is met.
#[derive(Debug, Clone, Copy)]
struct Pending {
    breaks: Break,
    indent: usize,
    spaces: Option<usize>,
}

struct Walk<'a> {
    source: &'a Source,
    out: Layout,
    pending: Option<Pending>,
    /// The gaps of the statement so far that may line up with those of its neighbors.
    columns: Vec<usize>,
    /// The group of the chain behind `where`.
    where_chain: Option<usize>,
}

impl Walk<'_> {
    /// Index of the next token.
    fn next(&self) -> usize {
        self.out.gaps.len()
    }

    /// Index of the last token.
    fn last(&self) -> usize {
        self.next().saturating_sub(1)
    }

    /// Begins a group with the next token.
    fn open(&mut self) -> usize {
        self.out.groups.push(Group { first: self.next(), last: usize::MAX });
        self.out.groups.len() - 1
    }

    /// Ends a group with the last token.
    fn close(&mut self, group: usize) {
        let last = self.last();
        if let Some(group) = self.out.groups.get_mut(group) {
            group.last = last;
        }
    }

    /// Whether the last token is this.
    fn ends_with(&self, text: &str) -> bool {
        self.source.token_text(self.last()) == text
    }

    /// Decides of the next gap.
    fn pend(&mut self, breaks: Break, indent: usize) {
        self.pending = Some(Pending { breaks, indent, spaces: None });
    }

    /// Adds a token; `indent` is for the case that a comment before it ends the line.
    fn token(&mut self, token: &SyntaxToken, indent: usize) {
        if token.kind() == SyntaxKind::Whitespace {
            return;
        }
        let index = self.next();
        let is_comment = token.kind() == SyntaxKind::Comment;
        // A comment leaves what was decided to the token behind it.
        let pending = if is_comment { self.pending } else { self.pending.take() };
        let pending = pending.unwrap_or(Pending { breaks: Break::Never, indent, spaces: None });
        let spaces = if is_comment { Some(1) } else { pending.spaces };
        self.out.gaps.push(Gap {
            spaces: spaces.unwrap_or_else(|| spacing::spaces(self.source, index, token)),
            indent: pending.indent,
            breaks: self.forced(index, token.kind()).unwrap_or(pending.breaks),
        });
    }

    /// What a gap does because of comments or broken text beside it.
    fn forced(&self, index: usize, kind: SyntaxKind) -> Option<Break> {
        let before = self.source.kind_before(index);
        let ends_line = self.source.newlines(index) > 0;
        if kind == SyntaxKind::ErrorText || self.source.is_frozen(index) {
            return Some(Break::Verbatim);
        }
        if before == Some(SyntaxKind::ErrorText) {
            // What is said of broken text may depend on what separates it from the rest.
            let gap = self.source.gap(index).replace("\r\n", "\n");
            let is_plain = ends_line && !gap.contains(['\r', '\u{feff}', '\u{a0}']);
            return Some(if is_plain { Break::Keep } else { Break::Verbatim });
        }
        if kind == SyntaxKind::Comment && !ends_line {
            return Some(Break::Never);
        }
        [Some(kind), before].contains(&Some(SyntaxKind::Comment)).then_some(Break::Always)
    }

    /// Adds a node that stands in a line indented by `base`.
    fn node(&mut self, node: &SyntaxNode, base: usize) {
        match node.kind() {
            SyntaxKind::OrExpr | SyntaxKind::AndExpr => self.chain(node, base + INDENT),
            SyntaxKind::List
            | SyntaxKind::Paren
            | SyntaxKind::Call
            | SyntaxKind::UseList
            | SyntaxKind::PolicyParams
            | SyntaxKind::PolicyInstance
            | SyntaxKind::UseExcept => self.brackets(node, base),
            SyntaxKind::AllowAttr => {
                self.brackets(node, base);
                self.pend(Break::Always, base);
            }
            _ if child_token(node, "{").is_some() => self.block(node, base),
            _ => self.sequence(node, base),
        }
    }
}

fn child_token(node: &SyntaxNode, text: &str) -> Option<SyntaxToken> {
    let mut tokens = node.children_with_tokens().filter_map(NodeOrToken::into_token);
    tokens.find(|token| token.kind() == SyntaxKind::Punct && token.text() == text)
}
