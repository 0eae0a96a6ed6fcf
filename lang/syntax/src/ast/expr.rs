//! Views of conditions and values, which may be nodes or single tokens.

use rowan::{NodeOrToken, TextRange};

use super::{
    AstNode, Call, CmpTail, InTail, IsTail, List, NativeTags, Path, Quantity, Str, Sum, TextTail, WithinTail,
    children,
};
use crate::{SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken};

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// `a or b`
    Or(SyntaxNode),
    /// `a and b`
    And(SyntaxNode),
    /// `not a`
    Not(SyntaxNode),
    /// `(a)`
    Paren(SyntaxNode),
    /// A value and what is said of it.
    Comparison(SyntaxNode),
    /// A value alone: the name of a tag or of a predicate.
    Value(ValueExpr),
}

/// What a comparison says of its value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are their types")]
pub enum Tail {
    Cmp(CmpTail),
    In(InTail),
    Text(TextTail),
    Is(IsTail),
    Within(WithinTail),
}

impl Expr {
    pub(crate) fn cast(element: SyntaxElement) -> Option<Self> {
        let NodeOrToken::Node(node) = &element else { return ValueExpr::cast(element).map(Self::Value) };
        let node = node.clone();
        Some(match node.kind() {
            SyntaxKind::OrExpr => Self::Or(node),
            SyntaxKind::AndExpr => Self::And(node),
            SyntaxKind::NotExpr => Self::Not(node),
            SyntaxKind::Paren => Self::Paren(node),
            SyntaxKind::Comparison => Self::Comparison(node),
            _ => return ValueExpr::cast(element).map(Self::Value),
        })
    }

    /// Returns the bytes that it covers.
    pub fn range(&self) -> TextRange {
        match self {
            Self::Or(node)
            | Self::And(node)
            | Self::Not(node)
            | Self::Paren(node)
            | Self::Comparison(node) => node.text_range(),
            Self::Value(value) => value.range(),
        }
    }

    /// Returns the conditions that it is made of.
    pub fn parts(&self) -> impl Iterator<Item = Self> + use<> {
        let node = match self {
            Self::Or(node) | Self::And(node) | Self::Not(node) | Self::Paren(node) => Some(node.clone()),
            Self::Comparison(_) | Self::Value(_) => None,
        };
        node.into_iter().flat_map(|node| node.children_with_tokens()).filter_map(Self::cast)
    }

    /// Returns the number of `not`s of a [`Expr::Not`].
    pub fn negations(&self) -> usize {
        let Self::Not(node) = self else { return 0 };
        super::tokens(node, SyntaxKind::Keyword).count()
    }

    /// Returns the value and the tail of a [`Expr::Comparison`].
    pub fn comparison(&self) -> Option<(ValueExpr, Tail)> {
        let Self::Comparison(node) = self else { return None };
        let value = node.children_with_tokens().find_map(ValueExpr::cast)?;
        let tail = node.children().find_map(|child| {
            Some(match child.kind() {
                SyntaxKind::CmpTail => Tail::Cmp(CmpTail::cast(child)?),
                SyntaxKind::InTail => Tail::In(InTail::cast(child)?),
                SyntaxKind::TextTail => Tail::Text(TextTail::cast(child)?),
                SyntaxKind::IsTail => Tail::Is(IsTail::cast(child)?),
                SyntaxKind::WithinTail => Tail::Within(WithinTail::cast(child)?),
                _ => return None,
            })
        })?;
        Some((value, tail))
    }
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are their types")]
pub enum ValueExpr {
    Atom(Atom, SyntaxToken),
    Quantity(Quantity),
    Call(Call),
    Path(Path),
    List(List),
    /// Only before a test, or as the argument of a function.
    Native(NativeTags),
    Sum(Sum),
}

/// The kinds of value that are a single token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are clear")]
pub enum Atom {
    String,
    Regex,
    Number,
    Date,
    Bool,
}

impl ValueExpr {
    pub(crate) fn cast(element: SyntaxElement) -> Option<Self> {
        match element {
            NodeOrToken::Token(token) => {
                let atom = match token.kind() {
                    SyntaxKind::String => Atom::String,
                    SyntaxKind::Regex => Atom::Regex,
                    SyntaxKind::Number => Atom::Number,
                    SyntaxKind::Date => Atom::Date,
                    SyntaxKind::Bool => Atom::Bool,
                    _ => return None,
                };
                Some(Self::Atom(atom, token))
            }
            NodeOrToken::Node(node) => match node.kind() {
                SyntaxKind::Quantity => Quantity::cast(node).map(Self::Quantity),
                SyntaxKind::Call => Call::cast(node).map(Self::Call),
                SyntaxKind::Path => Path::cast(node).map(Self::Path),
                SyntaxKind::List => List::cast(node).map(Self::List),
                SyntaxKind::NativeTags => NativeTags::cast(node).map(Self::Native),
                SyntaxKind::Sum => Sum::cast(node).map(Self::Sum),
                _ => None,
            },
        }
    }

    /// Returns the bytes that it covers.
    pub fn range(&self) -> TextRange {
        match self {
            Self::Atom(_, token) => token.text_range(),
            Self::Quantity(node) => node.range(),
            Self::Call(node) => node.range(),
            Self::Path(node) => node.range(),
            Self::List(node) => node.range(),
            Self::Native(node) => node.range(),
            Self::Sum(node) => node.range(),
        }
    }

    /// Returns the string, if it is one.
    pub fn as_str(&self) -> Option<Str> {
        match self {
            Self::Atom(Atom::String, token) => Str::cast(token.clone()),
            _ => None,
        }
    }
}

impl List {
    /// Returns the members in text order.
    pub fn members(&self) -> impl Iterator<Item = ValueExpr> + use<> {
        self.values()
    }
}

impl Path {
    /// Returns the steps after the first name: `.name` and `["key"]`.
    pub fn steps(&self) -> impl Iterator<Item = Step> + use<> {
        self.syntax().children().filter_map(|node| match node.kind() {
            SyntaxKind::Field => super::Field::cast(node).map(Step::Field),
            SyntaxKind::Index => super::Index::cast(node).map(Step::Index),
            _ => None,
        })
    }
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are their types")]
pub enum Step {
    Field(super::Field),
    Index(super::Index),
}

impl Sum {
    /// Returns for each value but the first whether it is taken away.
    pub fn signs(&self) -> impl Iterator<Item = bool> + use<> {
        super::tokens(self.syntax(), SyntaxKind::Operator).map(|sign| sign.text() == "-")
    }
}

impl TextTail {
    /// Returns the words of its operator with single spaces: `contains`, `starts with`, …
    pub fn operator(&self) -> String {
        let words = children::<super::TextOp>(self.syntax())
            .flat_map(|op| super::tokens(op.syntax(), SyntaxKind::Keyword))
            .map(|token| token.text().to_owned());
        words.collect::<Vec<_>>().join(" ")
    }
}
