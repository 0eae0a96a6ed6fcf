//! Messages for broken regions: what was found, what was expected, what was probably meant.

use crate::grammar::{self, Block, Event, Failure};
use crate::parse::{SyntaxError, SyntaxErrorKind, block_name, range};
use crate::{SyntaxKind, foreign, hints};

/// A region that is not a statement, with what a strict parse says of it.
#[derive(Debug)]
pub(crate) struct Region {
    pub(crate) block: Block,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Where the text goes wrong, in the whole text.
    at: usize,
    /// What could have stood there.
    pub(crate) expected: Vec<String>,
    /// What could have continued the statement before it on the same line.
    pub(crate) follows: Vec<String>,
}

/// Judges a broken region. `before` is where the statement before it on the same line begins: if
/// a strict parse from there gets further than the region's start, that statement is what broke.
pub(crate) fn region(text: &str, block: Block, start: usize, end: usize, before: Option<usize>) -> Region {
    let strict = |from: usize| -> Option<Failure> {
        let failure = grammar::explain(block, text.get(from..end)?)?;
        Some(Failure { at: from + failure.at, ..failure })
    };
    let joined = before.and_then(|from| Some((from, strict(from)?)));
    if let Some((from, failure)) = &joined
        && (failure.at > start || hints::groups_digits(text, start) || foreign::goes_on(text, start))
    {
        let expected = failure.expected.clone();
        return Region { block, start: *from, end, at: failure.at, expected, follows: Vec::new() };
    }
    let alone = strict(start).unwrap_or(Failure { at: start, expected: Vec::new() });
    let mut follows = Vec::new();
    // At the very start, what could have continued the statement before is as good a guess.
    if alone.at == start {
        follows = joined.map(|(_, failure)| failure.expected).unwrap_or_default();
        follows.retain(|word| CONTINUE.contains(&word.as_str()));
    }
    Region { block, start, end, at: alone.at, expected: alone.expected, follows }
}

/// What continues a statement so often that a message refers to it.
const CONTINUE: [&str; 8] = [
    "an operator like `==`, `in` or `matches`",
    "`and`",
    "`or`",
    "`,`",
    "`else`",
    "`where`",
    "`::`",
    "`for`",
];

/// Leaves out the regions that are broken only because a block above them was never opened: the
/// statements of a test whose `{` lacks stand among the items of the file, and so does its `}`.
pub(crate) fn without_consequences<'r>(text: &str, regions: &'r [Region]) -> Vec<&'r Region> {
    let mut unopened: Option<usize> = None;
    let mut kept = Vec::new();
    let mut before: Option<(usize, usize)> = None;
    for region in regions {
        let place = (region.start, region.end);
        if before.is_some_and(|before| foreign::continues(text, before, place)) {
            // What a text of several lines began goes on to the end of the block.
            before = before.map(|(start, _)| (start, region.end));
            continue;
        }
        before = Some(place);
        let is_next = unopened.is_some_and(|end| nothing_between(text, end, region.start));
        if is_next && region.block == Block::File && follows_unopened(text, region) {
            let is_its_end = text.get(region.start..).is_some_and(|rest| rest.starts_with('}'));
            unopened = if is_its_end { None } else { Some(region.end) };
            continue;
        }
        let opens = region.block == Block::File && region.expected.iter().any(|word| word == "`{`");
        unopened = opens.then_some(region.end);
        kept.push(region);
    }
    kept
}

/// Whether only white space and comments stand there.
fn nothing_between(text: &str, from: usize, to: usize) -> bool {
    let between = text.get(from..to).unwrap_or_default();
    between.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with("//"))
}

/// Whether a region begins as the inside or the end of a block does.
fn follows_unopened(text: &str, region: &Region) -> bool {
    let rest = text.get(region.start..region.end).unwrap_or_default();
    rest.starts_with('}') || Found::read(rest).word.is_some_and(|word| hints::home(word).is_some())
}

/// Puts a broken region into words.
pub(crate) fn broken(text: &str, region: &Region) -> SyntaxError {
    let site = Site::new(text, region);
    let hint = hints::find(&site).unwrap_or_default();
    SyntaxError {
        kind: hint.kind.unwrap_or(SyntaxErrorKind::Unexpected),
        range: hint.range.unwrap_or(range(site.at, site.at + site.found.length)),
        message: hint.message.unwrap_or_else(|| format!("unexpected {}", site.found.text)),
        label: hint.label.unwrap_or_else(|| expectation(region)),
        help: hint.help,
        fix: hint.fix,
        related: None,
    }
}

/// The place where a region breaks.
pub(crate) struct Site<'a> {
    pub(crate) text: &'a str,
    pub(crate) region: &'a Region,
    pub(crate) at: usize,
    /// The text from there on.
    pub(crate) rest: &'a str,
    pub(crate) found: Found<'a>,
}

impl<'a> Site<'a> {
    fn new(text: &'a str, region: &'a Region) -> Self {
        let rest = text.get(region.at..).unwrap_or_default().trim_start_matches([' ', '\t']);
        Self { text, region, at: text.len() - rest.len(), rest, found: Found::read(rest) }
    }

    /// The rest of the line.
    pub(crate) fn line(&self) -> &'a str {
        self.rest.lines().next().unwrap_or_default()
    }

    /// Whether one of these could have stood there, as messages show them.
    pub(crate) fn expects(&self, word: &str) -> bool {
        self.region.expected.iter().any(|expected| expected == word)
    }

    /// Whether the region is in order with another text in place of a part of it.
    pub(crate) fn is_fixed_by(&self, start: usize, end: usize, text: &str) -> bool {
        let (Some(before), Some(after)) =
            (self.text.get(self.region.start..start), self.text.get(end..self.region.end))
        else {
            return false;
        };
        grammar::is_sound(self.region.block, &format!("{before}{text}{after}"))
    }
}

/// What could have stood there, short enough to read.
fn expectation(region: &Region) -> String {
    const MOST: usize = 6;
    let mut words: Vec<&str> = region.expected.iter().map(String::as_str).collect();
    let block = block_name(region.block);
    if region.at == region.start || words.is_empty() {
        words.retain(|word| word.starts_with('`') && word.len() > 3);
        words.sort_unstable();
        return match words.len() {
            _ if !region.follows.is_empty() => format!("expected {}, or {block}", region.follows.join(", ")),
            1..=14 => format!("expected {block}: {}", list(&words)),
            _ => format!("expected {block}"),
        };
    }
    // Where a list can end or go on, it does not help that an operand could go on as well.
    if words.iter().any(|word| matches!(*word, "`]`" | "`)`")) {
        words.retain(|word| !matches!(*word, "`[`" | "`(`"));
    }
    // A text, a number and a date are values, and a type begins with some of its words.
    if words.contains(&"a value") {
        words.retain(|word| !matches!(*word, "a string" | "a number" | "a date like `2027-03-31`"));
        if !words.contains(&"`[`") {
            words.retain(|word| !word.starts_with("a regular"));
        }
    }
    if words.iter().any(|word| word.starts_with("a type")) {
        words.retain(|word| !matches!(*word, "`one`" | "`text`"));
    }
    if words.iter().any(|word| word.starts_with("a test")) {
        words.retain(|word| *word != "`not`");
    }
    if words.len() > MOST {
        // A long list is an expression that goes on: its operators say enough.
        words.retain(|word| !word.starts_with('`') || matches!(*word, "`else`" | "`,`"));
    }
    words.truncate(MOST);
    format!("expected {}", list(&words))
}

/// `a`, `a or b`, `a, b or c`.
fn list(words: &[&str]) -> String {
    match words {
        [] => "something else".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// The piece of text at which a parse stopped.
pub(crate) struct Found<'a> {
    /// As a message shows it.
    text: String,
    /// Its length in bytes.
    pub(crate) length: usize,
    /// The text itself, if it is a word.
    pub(crate) word: Option<&'a str>,
}

impl<'a> Found<'a> {
    fn read(rest: &'a str) -> Self {
        let Some(first) = rest.chars().next() else {
            return Self { text: "end of the file".to_owned(), length: 0, word: None };
        };
        if first == '\n' || first == '\r' {
            return Self { text: "end of the line".to_owned(), length: 0, word: None };
        }
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        if hints::is_invisible(first) {
            return Self {
                text: format!("`U+{:04X}`", u32::from(first)),
                length: first.len_utf8(),
                word: None,
            };
        }
        let length = if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else if first == '"' {
            rest.get(1..).and_then(|tail| tail.find('"')).map_or(rest.len(), |end| end + 2)
        } else {
            first.len_utf8()
        };
        let text = rest.get(..length).unwrap_or_default();
        let shown: String = text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect();
        Self { text: format!("`{shown}`"), length, word: is_word(first).then_some(text) }
    }
}

/// Errors for operators of other languages, which the grammar takes on purpose.
pub(crate) fn wrong_operators(text: &str, events: &[Event]) -> Vec<SyntaxError> {
    let wrong = |event: &Event| {
        let &Event::Token { kind, start, end } = event else { return None };
        let found =
            text.get(start..end).filter(|_| matches!(kind, SyntaxKind::Operator | SyntaxKind::Keyword))?;
        let right = match found {
            "=" | "===" => "==",
            "!==" | "<>" => "!=",
            "=~" => "matches",
            "&&" => "and",
            "||" => "or",
            "!" => "not ",
            _ => return None,
        };
        let (range, shown) = (range(start, end), right.trim_end());
        Some(SyntaxError {
            kind: SyntaxErrorKind::WrongOperator,
            range,
            message: format!("`{found}` is not an operator of this language"),
            label: format!("write `{shown}`"),
            help: None,
            fix: Some((range, right.to_owned())),
            related: None,
        })
    };
    events.iter().filter_map(wrong).collect()
}
