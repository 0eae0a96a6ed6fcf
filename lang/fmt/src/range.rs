//! What a range of a file touches, in whole statements and items.

use rowan::NodeOrToken;
use tagpol_syntax::{SyntaxElement, SyntaxKind, SyntaxNode, TextRange, TextSize};

use crate::fit::Space;
use crate::source::{Source, count_newlines};

/// The bytes of the smallest whole statements, items and comments that a range touches.
pub(crate) fn touched(root: &SyntaxNode, range: TextRange) -> Vec<TextRange> {
    let touched = root.children_with_tokens().filter(|child| touches(child, range));
    touched.flat_map(|child| narrow(&child, range).unwrap_or_else(|| vec![child.text_range()])).collect()
}

/// Leaves every space as it is in the source that is not before a token in one of the ranges.
pub(crate) fn restrict(source: &Source, ranges: &[TextRange], spaces: &mut [Space]) {
    let mut ranges = ranges.iter().peekable();
    let mut is_last_in = false;
    for (gap, space) in spaces.iter_mut().enumerate() {
        let Some(token) = source.tokens.get(gap) else {
            if !is_last_in {
                *space = Space::Verbatim;
            }
            return;
        };
        while ranges.next_if(|range| usize::from(range.end()) <= token.range.start).is_some() {}
        is_last_in = ranges.peek().is_some_and(|range| usize::from(range.start()) <= token.range.start);
        if !is_last_in {
            *space = Space::Verbatim;
        }
    }
}

fn touches(element: &SyntaxElement, range: TextRange) -> bool {
    let place = element.text_range();
    let overlaps = match range.is_empty() {
        true => place.contains_inclusive(range.start()),
        false => place.start() < range.end() && range.start() < place.end(),
    };
    overlaps && element.kind() != SyntaxKind::Whitespace
}

/// The parts of an element, where the range touches nothing else of it and each part has lines of its
/// own.
fn narrow(element: &SyntaxElement, range: TextRange) -> Option<Vec<TextRange>> {
    let node = element.as_node()?;
    let touched: Vec<SyntaxElement> =
        node.children_with_tokens().filter(|child| touches(child, range)).collect();
    if let [only @ NodeOrToken::Node(_)] = touched.as_slice()
        && let Some(parts) = narrow(only, range)
    {
        return Some(parts);
    }
    let opens = opening_brace(node)?;
    let is_part = |element: &SyntaxElement| element.text_range().start() > opens && begins_line(element);
    if !touched.iter().all(is_part) {
        return None;
    }
    let parts = touched.iter();
    Some(parts.flat_map(|part| narrow(part, range).unwrap_or_else(|| vec![part.text_range()])).collect())
}

/// Where the statements of a block begin.
fn opening_brace(node: &SyntaxNode) -> Option<TextSize> {
    let mut tokens = node.children_with_tokens().filter_map(NodeOrToken::into_token);
    let brace = tokens.find(|token| token.text() == "{")?;
    (node.kind() != SyntaxKind::UseList).then(|| brace.text_range().start())
}

/// Whether a statement, comment or brace is the first of its line.
fn begins_line(element: &SyntaxElement) -> bool {
    let before = element.prev_sibling_or_token();
    before.is_some_and(|before| {
        before
            .as_token()
            .is_some_and(|token| token.kind() == SyntaxKind::Whitespace && count_newlines(token.text()) > 0)
    })
}
