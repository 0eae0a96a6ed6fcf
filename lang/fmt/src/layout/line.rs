//! Statements and expressions: what stands on one line where there is room.

use rowan::NodeOrToken;
use tagpol_syntax::{SyntaxElement, SyntaxKind, SyntaxNode};

use super::{Break, Gap, INDENT, Walk};

/// Widest indentation that lines up with the first element of a list.
const MAX_HANG: usize = 24;

impl Walk<'_> {
    /// Adds the parts of a statement or of a smaller thing, one behind the other. What stands behind
    /// a comma is filled into lines.
    pub(super) fn sequence(&mut self, node: &SyntaxNode, base: usize) {
        let group = self.open();
        let mut list = Hang { statement: self.next(), element: self.next(), column: None };
        for child in node.children_with_tokens() {
            match &child {
                NodeOrToken::Token(token) if token.text() == "," => {
                    self.token(token, base + INDENT);
                    let column = list.column(self, base);
                    self.pend(Break::FILL, column);
                    continue;
                }
                NodeOrToken::Token(token) if token.text() == "->" => {
                    self.columns.push(self.next());
                    self.pend(Break::With(group), base + INDENT);
                }
                NodeOrToken::Node(clause) if is_clause(clause.kind()) => {
                    if matches!(clause.kind(), SyntaxKind::ElseClause | SyntaxKind::FromHeader) {
                        self.columns.push(self.next());
                    }
                    self.pend(Break::With(group), base + INDENT);
                }
                _ => {}
            }
            list.element(self, &child);
            self.element(&child, base);
            if node.kind() == SyntaxKind::Column && self.columns.is_empty() && self.ends_with(":") {
                self.columns.push(self.next());
            }
        }
        self.close(group);
    }

    /// Adds a part, whose last token is then known to a gap before it that fills lines.
    pub(super) fn element(&mut self, element: &SyntaxElement, base: usize) {
        let first = self.next();
        match element {
            NodeOrToken::Token(token) => self.token(token, base + INDENT),
            NodeOrToken::Node(node) => self.node(node, base),
        }
        let last = self.last();
        if let Some(Gap { breaks: Break::Fill(end), .. }) = self.out.gaps.get_mut(first) {
            *end = last;
        }
    }

    /// Adds `a or b or c`: on one line, or each operand but the first on a line of its own.
    pub(super) fn chain(&mut self, node: &SyntaxNode, indent: usize) {
        let group = self.open();
        for child in node.children_with_tokens() {
            match &child {
                NodeOrToken::Token(token) => {
                    if !token.kind().is_trivia() {
                        self.pend(Break::With(group), indent);
                    }
                    self.token(token, indent);
                }
                NodeOrToken::Node(operand) => self.node(operand, indent),
            }
        }
        self.close(group);
        if node.parent().is_some_and(|parent| parent.kind() == SyntaxKind::WhereClause) {
            self.where_chain = Some(group);
        }
    }

    /// Adds `[a, b]` and what else has a list in brackets: on one line, or one element a line. A comma
    /// behind the last element asks for the latter.
    pub(super) fn brackets(&mut self, node: &SyntaxNode, base: usize) {
        let inner = base + INDENT;
        let mut group = None;
        let ends_with_comma = ends_with_comma(node);
        let breaks = |group: Option<usize>| match group {
            Some(_) if ends_with_comma => Break::Always,
            Some(group) => Break::With(group),
            None => Break::Never,
        };
        for child in node.children_with_tokens() {
            match &child {
                NodeOrToken::Token(token) if matches!(token.text(), "[" | "(" | "{") => {
                    let opened = self.open();
                    group = Some(opened);
                    self.token(token, inner);
                    self.pend(breaks(group), inner);
                }
                NodeOrToken::Token(token) if matches!(token.text(), "]" | ")" | "}") => {
                    self.pend(breaks(group), base);
                    self.token(token, base);
                }
                NodeOrToken::Token(token) => {
                    self.token(token, inner);
                    if token.text() == "," {
                        self.pend(breaks(group), inner);
                    }
                }
                // The operands of a chain stand one below the other, the first too.
                NodeOrToken::Node(chain) if is_chain(chain.kind()) => self.chain(chain, inner),
                NodeOrToken::Node(node) => self.node(node, inner),
            }
        }
        if let Some(group) = group {
            self.close(group);
        }
    }
}

/// A list without brackets, whose further lines begin below its first element.
struct Hang {
    /// First token of the statement.
    statement: usize,
    /// First token of the element before the first comma.
    element: usize,
    column: Option<usize>,
}

impl Hang {
    /// Takes note of a part that is added next.
    fn element(&mut self, walk: &Walk<'_>, child: &SyntaxElement) {
        if self.column.is_none() && !child.kind().is_trivia() {
            self.element = walk.next();
        }
    }

    /// Returns the indentation of further lines, once there is a comma.
    fn column(&mut self, walk: &Walk<'_>, base: usize) -> usize {
        *self.column.get_or_insert_with(|| {
            let gaps = walk.out.gaps.iter().enumerate().take(self.element + 1).skip(self.statement + 1);
            let offset: usize = gaps.map(|(index, gap)| gap.spaces + walk.source.width(index - 1)).sum();
            base + if offset > MAX_HANG { 2 * INDENT } else { offset }
        })
    }
}

/// Whether a part of a statement goes to the next line where the statement is too long.
fn is_clause(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::ElseClause | SyntaxKind::FromRule | SyntaxKind::ForGiven | SyntaxKind::FromHeader
    )
}

fn is_chain(kind: SyntaxKind) -> bool {
    matches!(kind, SyntaxKind::OrExpr | SyntaxKind::AndExpr)
}

/// Whether a comma stands before the closing bracket.
fn ends_with_comma(node: &SyntaxNode) -> bool {
    let from_last = std::iter::successors(node.last_child_or_token(), SyntaxElement::prev_sibling_or_token);
    let before_bracket = from_last.filter(|element| !element.kind().is_trivia()).nth(1);
    before_bracket.is_some_and(|element| element.as_token().is_some_and(|token| token.text() == ","))
}
