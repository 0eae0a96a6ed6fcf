//! A limit on nesting, kept before the recursive parser runs.

use std::borrow::Cow;
use std::ops::Range;

use crate::parse::{SyntaxError, SyntaxErrorKind, range};

/// How deep brackets may be nested. Hand-written policies stay below ten.
pub const MAX_NESTING: usize = 64;

/// Returns the text with every part blanked that is nested too deep, and those parts.
/// Blanking keeps all offsets.
pub(crate) fn mask(text: &str) -> (Cow<'_, str>, Vec<Range<usize>>) {
    let groups = too_deep(text);
    if groups.is_empty() {
        return (Cow::Borrowed(text), groups);
    }
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for group in &groups {
        masked.push_str(text.get(at..group.start).unwrap_or_default());
        for c in text.get(group.clone()).unwrap_or_default().chars() {
            match c {
                '\n' => masked.push('\n'),
                c => masked.extend(std::iter::repeat_n(' ', c.len_utf8())),
            }
        }
        at = group.end;
    }
    masked.push_str(text.get(at..).unwrap_or_default());
    (Cow::Owned(masked), groups)
}

/// The error for nesting that goes too deep at an offset.
pub(crate) fn too_deep_at(at: usize) -> SyntaxError {
    SyntaxError {
        kind: SyntaxErrorKind::TooDeep,
        range: range(at, at + 1),
        message: format!("brackets are nested more than {MAX_NESTING} deep"),
        label: "too deep here".to_owned(),
        help: Some("name parts of the condition with `define`".to_owned()),
        fix: None,
        related: None,
    }
}

/// The stretches from a bracket that goes too deep to where the nesting is shallow again. A line
/// that begins an item begins at no depth, since the parser goes on there whatever is open.
fn too_deep(text: &str) -> Vec<Range<usize>> {
    let mut groups = Vec::new();
    let mut depth = 0usize;
    let mut deep: Option<usize> = None;
    for piece in Code::new(text) {
        match piece {
            Piece::Open(at) => {
                depth += 1;
                if depth > MAX_NESTING {
                    deep.get_or_insert(at);
                }
            }
            Piece::Close(at) => {
                depth = depth.saturating_sub(1);
                if depth < MAX_NESTING {
                    groups.extend(deep.take().map(|start| start..at));
                }
            }
            Piece::Item(at) => {
                depth = 0;
                groups.extend(deep.take().map(|start| start..before_comments(text, start, at)));
            }
        }
    }
    groups.extend(deep.map(|start| start..text.len()));
    groups
}

/// Where the lines of comments above an item begin, which belong to the item.
fn before_comments(text: &str, start: usize, item: usize) -> usize {
    let lines = text.get(start..item).unwrap_or_default().split('\n').rev();
    let comments = lines.take_while(|line| line.trim().is_empty() || line.trim_start().starts_with("//"));
    item.saturating_sub(comments.map(|line| line.len() + 1).sum()).max(start)
}

/// What matters for nesting, with its offset.
enum Piece {
    Open(usize),
    Close(usize),
    /// A line that begins an item.
    Item(usize),
}

/// The pieces of a text outside strings, comments and regular expressions.
struct Code<'a> {
    text: &'a str,
    at: usize,
    /// Whether a `/` here begins a regular expression and divides no `policy/check`.
    operand: bool,
}

impl<'a> Code<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, operand: true }
    }

    /// Moves over one piece of text and returns it if it matters.
    fn step(&mut self, rest: &'a str, first: char) -> Option<Piece> {
        let at = self.at;
        let (length, operand, piece) = match first {
            '(' | '[' | '{' => (1, true, Some(Piece::Open(at))),
            ')' | ']' | '}' => (1, false, Some(Piece::Close(at))),
            '"' => (string_length(rest).unwrap_or(1), false, None),
            '/' if rest.starts_with("//") => (line_length(rest), self.operand, None),
            '/' => (regex_length(rest).filter(|_| self.operand).unwrap_or(1), false, None),
            '\n' | '\r' => {
                let line = rest.get(1..).unwrap_or_default().trim_start_matches([' ', '\t']);
                (rest.len() - line.len(), true, begins_item(line).then_some(Piece::Item(at)))
            }
            ' ' | '\t' => (1, self.operand, None),
            c if is_word(c) => {
                let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                (length, BEFORE_REGEX.contains(&rest.get(..length).unwrap_or_default()), None)
            }
            c => (c.len_utf8(), true, None),
        };
        self.at += length;
        self.operand = operand;
        piece
    }
}

impl Iterator for Code<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        loop {
            let rest = self.text.get(self.at..)?;
            let piece = self.step(rest, rest.chars().next()?);
            if piece.is_some() {
                return piece;
            }
        }
    }
}

/// The words after which a regular expression may stand.
const BEFORE_REGEX: [&str; 7] = ["contains", "like", "map", "matches", "matching", "with", "word"];

const ITEMS: [&str; 13] = [
    "allocate",
    "define",
    "exempt",
    "goal",
    "infer",
    "list",
    "normalize",
    "policy",
    "relation",
    "rule",
    "table",
    "tag",
    "use",
];

/// The words that go on with a condition after a name, be it called `tag` or `rule`.
const OPERATORS: [&str; 13] = [
    "and", "contains", "else", "ends", "has", "in", "is", "like", "matches", "not", "or", "starts", "within",
];

/// Whether an item plainly begins here: a keyword, and after it a name or the text of a test; or
/// an attribute like `@allow(`.
fn begins_item(line: &str) -> bool {
    if let Some(attribute) = line.strip_prefix('@') {
        let (name, rest) = word(attribute);
        return name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && rest.trim_start_matches([' ', '\t']).starts_with('(');
    }
    let (first, rest) = word(line);
    let after = rest.trim_start_matches([' ', '\t']);
    let spaced = after.len() < rest.len();
    let (second, _) = word(after.trim_start_matches('`'));
    let named =
        second.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && !OPERATORS.contains(&second);
    spaced && ((ITEMS.contains(&first) && named) || (first == "test" && after.starts_with('"')))
}

/// Splits off the word that the text begins with.
fn word(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c| !is_word(c)).unwrap_or(text.len()))
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

fn line_length(text: &str) -> usize {
    text.find(['\n', '\r']).unwrap_or(text.len())
}

/// Length of the string that the text begins with; None if its line ends first.
fn string_length(text: &str) -> Option<usize> {
    delimited(text, '"')
}

/// Length of the regular expression that the text begins with; None if its line ends first.
fn regex_length(text: &str) -> Option<usize> {
    delimited(text, '/')
}

/// Length of what stands between two delimiters on one line; a backslash takes the next character
/// with it.
fn delimited(text: &str, delimiter: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\n' | '\r' => return None,
            '\\' => {
                chars.next().filter(|&(_, escaped)| !matches!(escaped, '\n' | '\r'))?;
            }
            c if c == delimiter => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deep(text: &str) -> Vec<usize> {
        mask(text).1.iter().map(|group| group.start).collect()
    }

    #[test]
    fn brackets_of_code_count() {
        let open = "(".repeat(MAX_NESTING);
        assert!(deep(&format!("define a = {open}b")).is_empty());
        assert_eq!(deep(&format!("define a = {open}(b")), [11 + MAX_NESTING]);
        assert_eq!(deep(&format!("define a = {open}(b\ndefine c = {open}(d")).len(), 2);
    }

    #[test]
    fn brackets_elsewhere_do_not() {
        let many = "(".repeat(MAX_NESTING + 1);
        for text in [
            format!("\"{many}\""),
            format!("// {many}"),
            format!("x matches /\\{many}/"),
            format!("map /{many}/"),
        ] {
            assert!(deep(&text).is_empty(), "{text}");
        }
        // What only looks like it: a slash between names, a string without end.
        for text in [format!("exempt a/b {many}/"), format!("\"{many}")] {
            assert_eq!(deep(&text).len(), 1, "{text}");
        }
    }

    #[test]
    fn blanking_keeps_offsets_and_lines() {
        let text = format!("define a = {}é\n{}\ndefine b = c", "(".repeat(70), ")".repeat(70));
        let (masked, groups) = mask(&text);
        assert_eq!((masked.len(), masked.matches('\n').count(), groups.len()), (text.len(), 2, 1));
        assert!(masked.ends_with("define b = c"));
    }
}
