//! What the tests of the policies expect.

use super::{Writer, counted, or_none, text};
use crate::document::{Block, Span};

pub(super) fn blocks(writer: &Writer<'_>) -> Vec<Block> {
    let tests = writer.subject.program.tests.iter().flat_map(|test| {
        let cases = counted(test.givens.len(), "resource", "resources");
        let mut title = vec![Span::Strong(test.name.clone()), text(&format!(" ({cases}, "))];
        title.extend(writer.origin(&test.loc));
        title.push(text(")"));
        let expects = test.expects.iter().map(|expect| vec![Span::Code(expect.text.clone())]);
        [Block::Paragraph(title), Block::List(expects.collect())]
    });
    or_none(tests.collect(), "There are no tests.")
}
