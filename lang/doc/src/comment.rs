//! `///` texts: paragraphs, lists with `-`, and code in backticks. All else is text as it is.

use crate::document::{Anchor, Block, Span, Text};

/// Returns the blocks of a `///` text. Code that is the name of an item becomes a link to it.
pub fn blocks(doc: &str, find: &dyn Fn(&str) -> Option<Anchor>) -> Vec<Block> {
    let mut blocks = Vec::new();
    for part in parts(doc) {
        match part {
            Part::Prose(text) => blocks.push(Block::Paragraph(spans(&text, find))),
            Part::Points(points) => {
                blocks.push(Block::List(points.iter().map(|point| spans(point, find)).collect()));
            }
        }
    }
    blocks
}

/// Returns the first paragraph of a `///` text.
pub fn summary(doc: &str, find: &dyn Fn(&str) -> Option<Anchor>) -> Text {
    match parts(doc).into_iter().next() {
        Some(Part::Prose(text)) => spans(&text, find),
        _ => Text::new(),
    }
}

enum Part {
    Prose(String),
    Points(Vec<String>),
}

fn parts(doc: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut is_new = true;
    for line in doc.lines().map(str::trim) {
        let point = line.strip_prefix("- ").or_else(|| line.strip_prefix("* "));
        match (point, parts.last_mut()) {
            _ if line.is_empty() => {}
            (Some(point), Some(Part::Points(points))) if !is_new => points.push(point.to_owned()),
            (Some(point), _) => parts.push(Part::Points(vec![point.to_owned()])),
            (None, Some(Part::Prose(text))) if !is_new => continue_with(text, line),
            (None, Some(Part::Points(points))) if !is_new => {
                points.iter_mut().last().into_iter().for_each(|point| continue_with(point, line));
            }
            (None, _) => parts.push(Part::Prose(line.to_owned())),
        }
        is_new = line.is_empty();
    }
    parts
}

fn continue_with(text: &mut String, line: &str) {
    text.push(' ');
    text.push_str(line);
}

/// Splits a line at its code.
fn spans(text: &str, find: &dyn Fn(&str) -> Option<Anchor>) -> Text {
    let mut spans = Text::new();
    let mut rest = text;
    while let Some((before, code, after)) = next_code(rest) {
        if !before.is_empty() {
            spans.push(Span::Plain(before.to_owned()));
        }
        spans.push(find(code).map_or_else(|| Span::Code(code.to_owned()), Span::Link));
        rest = after;
    }
    if !rest.is_empty() {
        spans.push(Span::Plain(rest.to_owned()));
    }
    spans
}

/// Returns what stands before, in and after the first pair of backticks with something in it.
fn next_code(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('`')?;
    let (code, after) = rest.split_once('`')?;
    (!code.trim().is_empty()).then_some((before, code, after))
}
