//! The safety net: a formatted text that parses differently is not handed out.

use rowan::{NodeOrToken, WalkEvent};
use tagpol_syntax::{Parse, SyntaxElement, SyntaxKind, parse};

/// Returns the byte at which the tree of a text first differs from that of another but for white
/// space; None if they are the same.
pub(crate) fn difference(before: &Parse, after: &str) -> Option<usize> {
    let after = parse(after);
    let mut after = steps(&after);
    for (place, step) in steps(before) {
        if after.next().map(|(_, step)| step) != Some(step) {
            return Some(place);
        }
    }
    after.next().map(|_| usize::MAX)
}

/// A step of a walk over a tree: a node begins, a node ends, or a token.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Begin(SyntaxKind),
    End(SyntaxKind),
    Token(SyntaxKind, String),
}

fn steps(parse: &Parse) -> impl Iterator<Item = (usize, Step)> + use<> {
    let walk = parse.root().preorder_with_tokens();
    walk.filter_map(|event| match event {
        WalkEvent::Enter(element) => enter(&element),
        WalkEvent::Leave(NodeOrToken::Node(node)) => {
            Some((usize::from(node.text_range().end()), Step::End(node.kind())))
        }
        WalkEvent::Leave(NodeOrToken::Token(_)) => None,
    })
}

fn enter(element: &SyntaxElement) -> Option<(usize, Step)> {
    let place = usize::from(element.text_range().start());
    match element {
        NodeOrToken::Node(node) => Some((place, Step::Begin(node.kind()))),
        NodeOrToken::Token(token) if token.kind() == SyntaxKind::Whitespace => None,
        NodeOrToken::Token(token) => {
            Some((place, Step::Token(token.kind(), token.text().trim_end().to_owned())))
        }
    }
}
