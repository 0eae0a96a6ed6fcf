//! The parser: text to a tree and the mistakes in it. It never fails.

use rowan::{GreenNode, TextRange, TextSize};

use crate::explain::{self, Region};
use crate::grammar::{self, Block, Event};
use crate::{SyntaxKind, SyntaxNode, nesting, tree};

/// A tree that covers every byte of its text, and what is wrong with the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parse {
    green: GreenNode,
    errors: Vec<SyntaxError>,
}

impl Parse {
    /// Returns the root node, of kind [`SyntaxKind::File`].
    pub fn root(&self) -> SyntaxNode {
        SyntaxNode::new_root(self.green.clone())
    }

    /// Returns the mistakes, ordered by their place.
    pub fn errors(&self) -> &[SyntaxError] {
        &self.errors
    }
}

/// A mistake in the form of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// What kind of mistake.
    pub kind: SyntaxErrorKind,
    /// The text it is about; empty if something lacks.
    pub range: TextRange,
    /// What is wrong.
    pub message: String,
    /// Words to stand under the range.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Text to replace a range with, where that fixes it.
    pub fix: Option<(TextRange, String)>,
    /// A second place that explains the first.
    pub related: Option<(TextRange, String)>,
}

/// The kinds of syntax error; each has a code in the catalog of diagnostics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SyntaxErrorKind {
    /// Something stands where the grammar has no place for it.
    Unexpected,
    /// A block lacks its `}`.
    MissingClose,
    /// A string lacks its closing quote.
    UnterminatedString,
    /// An operator of another language.
    WrongOperator,
    /// Brackets are nested too deeply.
    TooDeep,
}

/// Parses a file.
pub fn parse(text: &str) -> Parse {
    parse_with(text, grammar::events)
}

/// Parses a file from the events that a grammar finds in it.
fn parse_with(text: &str, events: fn(&str) -> Result<Vec<Event>, usize>) -> Parse {
    let (masked, groups) = nesting::mask(text);
    let mut errors: Vec<SyntaxError> = groups.iter().map(|group| nesting::too_deep_at(group.start)).collect();
    // An error that follows from a blanked part has been reported. The blanks may have been trimmed off.
    let blank = |start: usize, end: usize| masked.get(start..end).is_none_or(|text| text.trim().is_empty());
    let already_reported = |start: usize, end: usize| {
        groups.iter().any(|group| start < group.end && (group.start <= end || blank(end, group.start)))
    };
    let events = match events(&masked) {
        Ok(events) => {
            let mut events = settle_trivia(&masked, events);
            let regions = merge_broken(&masked, &mut events);
            let regions = explain::without_consequences(&masked, &regions);
            let unreported = regions.into_iter().filter(|region| !already_reported(region.start, region.end));
            errors.extend(unreported.map(|region| explain::broken(&masked, region)));
            let unreported =
                missing_closes(&events).into_iter().filter(|lack| !already_reported(lack.header, lack.at));
            errors.extend(unreported.map(|lack| missing_close(text, &lack)));
            events
        }
        Err(at) => {
            errors.push(nesting::too_deep_at(at));
            all_broken(text)
        }
    };
    let root = tree::build(text, &events);
    errors.extend(explain::wrong_operators(&masked, &events));
    errors.sort_by_key(|error| (error.range.start(), error.range.end()));
    Parse { green: root, errors }
}

/// A text of which nothing is known.
fn all_broken(text: &str) -> Vec<Event> {
    let end = text.len();
    vec![
        Event::Open { kind: SyntaxKind::File, at: 0 },
        Event::Broken { block: Block::File, start: 0, end },
        Event::Close { at: end },
    ]
}

/// Returns the byte range as the tree counts it.
pub(crate) fn range(start: usize, end: usize) -> TextRange {
    let size = |at: usize| TextSize::try_from(at).unwrap_or(TextSize::from(u32::MAX));
    TextRange::new(size(start), size(end.max(start)))
}

/// Moves white space and comments at the end of a node out of it.
///
/// pest skips them before an optional part even where that part is absent, so that a comment above
/// the next statement would belong to the one before, or to a block that was never closed.
fn settle_trivia(text: &str, events: Vec<Event>) -> Vec<Event> {
    let mut settled: Vec<Event> = Vec::with_capacity(events.len());
    let last = events.len().saturating_sub(1);
    // The end of a block without its brace, and the comments below it.
    let mut unclosed: Option<(usize, Vec<Event>)> = None;
    for (i, event) in events.into_iter().enumerate() {
        match event {
            Event::MissingClose { at } => {
                let (end, comments) = pop_trailing_comments(text, at, &mut settled);
                settled.push(Event::MissingClose { at: end });
                unclosed = Some((end, comments));
            }
            Event::Close { at } if i < last => {
                let (end, comments) =
                    unclosed.take().unwrap_or_else(|| pop_trailing_comments(text, at, &mut settled));
                settled.push(Event::Close { at: end });
                settled.extend(comments);
            }
            Event::Broken { block, start, end } => {
                let (end, comments) = split_comment_lines(text, start, start + trimmed(text, start, end));
                settled.push(Event::Broken { block, start, end });
                settled.extend(comments);
            }
            other => settled.push(other),
        }
    }
    settled
}

/// Splits the lines of comments off the end of a broken region: they may document the next item.
fn split_comment_lines(text: &str, start: usize, mut end: usize) -> (usize, Vec<Event>) {
    let mut comments = Vec::new();
    while let Some((above, line)) = text.get(start..end).and_then(|region| region.rsplit_once('\n')) {
        let comment = line.trim_start();
        if !comment.starts_with("//") {
            break;
        }
        let kind = SyntaxKind::Comment;
        comments.push(Event::Token { kind, start: end - comment.len(), end });
        end = start + trimmed(text, start, start + above.len());
    }
    comments.reverse();
    (end, comments)
}

/// Takes comments off the end of `settled` that nothing but white space follows up to `end`.
/// Returns where the node now ends, and the comments in text order.
fn pop_trailing_comments(text: &str, mut end: usize, settled: &mut Vec<Event>) -> (usize, Vec<Event>) {
    let mut comments = Vec::new();
    while let Some(&Event::Token { kind: SyntaxKind::Comment, start, end: comment_end }) = settled.last() {
        if trimmed(text, comment_end, end) > 0 {
            break;
        }
        comments.extend(settled.pop());
        end = start;
    }
    comments.reverse();
    (trimmed(text, 0, end), comments)
}

/// Length of `text[start..end]` without the white space at its end.
fn trimmed(text: &str, start: usize, end: usize) -> usize {
    text.get(start..end)
        .map_or(0, |part| part.trim_end_matches(|c: char| c.is_whitespace() || c == '\u{feff}').len())
}

/// Finds the broken regions. Where the statement before a region, on the same line, is what really
/// broke (`require backup` of `require backup in [a b]`), the two become one region.
fn merge_broken(text: &str, events: &mut Vec<Event>) -> Vec<Region> {
    let mut regions = Vec::new();
    let mut merged: Vec<Event> = Vec::with_capacity(events.len());
    // For each open node, where in `merged` its last child node begins.
    let mut last_child: Vec<Option<usize>> = Vec::new();
    let mut opens: Vec<usize> = Vec::new();
    for event in events.drain(..) {
        match event {
            Event::Open { .. } => {
                opens.push(merged.len());
                last_child.push(None);
                merged.push(event);
            }
            Event::Close { .. } => {
                merged.push(event);
                last_child.pop();
                if let (Some(slot), Some(open)) = (last_child.last_mut(), opens.pop()) {
                    *slot = Some(open);
                }
            }
            Event::Broken { block, start, end } => {
                let before = last_child
                    .last()
                    .copied()
                    .flatten()
                    .and_then(|open| neighbour(text, &merged, open, start));
                let region = explain::region(text, block, start, end, before.map(|(_, at)| at));
                if let (Some((open, _)), true) = (before, region.start < start) {
                    merged.truncate(open);
                }
                merged.push(Event::Broken { block, start: region.start, end });
                regions.push(region);
            }
            other => merged.push(other),
        }
    }
    *events = merged;
    regions
}

/// The node that begins at `merged[open]`, if it ends on the line of `start` with no more than
/// blanks between: its index and where it begins.
fn neighbour(text: &str, merged: &[Event], open: usize, start: usize) -> Option<(usize, usize)> {
    let Some(&Event::Open { at, .. }) = merged.get(open) else { return None };
    let Some(&Event::Close { at: end }) = merged.last() else { return None };
    let between = text.get(end..start)?;
    (!between.contains('\n') && between.trim().is_empty()).then_some((open, at))
}

/// A block without its `}`.
struct MissingClose {
    /// Where the block begins.
    header: usize,
    /// Where the parser went on.
    at: usize,
}

fn missing_closes(events: &[Event]) -> Vec<MissingClose> {
    let mut opens: Vec<(SyntaxKind, usize)> = Vec::new();
    let mut found = Vec::new();
    for event in events {
        match *event {
            Event::Open { kind, at } => opens.push((kind, at)),
            Event::Close { .. } => drop(opens.pop()),
            Event::MissingClose { at } => {
                // The options of a tag begin with their brace; what they are is said before it.
                let titled = opens.iter().rev().find(|(kind, _)| *kind != SyntaxKind::TagOptions);
                found.push(MissingClose { header: titled.map_or(0, |(_, header)| *header), at });
            }
            Event::Token { .. } | Event::Broken { .. } => {}
        }
    }
    found
}

fn missing_close(text: &str, lack: &MissingClose) -> SyntaxError {
    let header = lack.header;
    let at = trimmed(text, 0, lack.at);
    let title = block_title(text.get(header..).unwrap_or_default());
    SyntaxError {
        kind: SyntaxErrorKind::MissingClose,
        range: range(at, at),
        message: format!("`{title}` has no closing `}}`"),
        label: "expected `}` here".to_owned(),
        help: None,
        fix: Some((range(at, at), "\n}".to_owned())),
        related: Some((range(header, header + title.len()), "the block begins here".to_owned())),
    }
}

/// The text up to the brace that opens the block; a brace in the name of a test is none.
fn block_title(block: &str) -> &str {
    let line = block.lines().next().unwrap_or_default();
    let mut in_string = false;
    let brace = line.find(|c| {
        in_string ^= c == '"';
        c == '{' && !in_string
    });
    line.get(..brace.unwrap_or(line.len())).unwrap_or_default().trim()
}

/// The block that a broken region lies in, in words.
pub(crate) fn block_name(block: Block) -> &'static str {
    match block {
        Block::File => "an item",
        Block::TagOptions => "an option of a tag",
        Block::Normalize => "a statement of `normalize`",
        Block::Rule => "a statement of a rule",
        Block::Policy => "a statement of a policy",
        Block::Exempt => "a statement of `exempt`",
        Block::Test => "a statement of a test",
        Block::Given => "a field of `given`",
        Block::Tags => "a tag like `Key: \"value\"`",
        Block::Table => "a column like `owner: email`",
        Block::Infer => "a statement of `infer`",
        Block::Goal => "a statement of a goal",
        Block::Allocate => "a statement of `allocate`",
        Block::Shares => "a share like `platform: 60%`",
    }
}

#[cfg(test)]
mod tests;
