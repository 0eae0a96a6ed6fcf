//! The words before the cursor, whether they make sense or not.
//!
//! The parser says little of a statement that is half written, and that is where completion is asked
//! for. Here is a reader of words alone: enough to know which block the cursor is in, and what stands
//! before it in its statement.

/// A word, with the place where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lexeme<'t> {
    pub(super) kind: Kind,
    pub(super) text: &'t str,
    /// Byte offset.
    pub(super) at: usize,
    /// Whether it is the first of its line.
    pub(super) begins_line: bool,
}

/// The kinds of word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Text,
    Regex,
    Number,
    Punct,
}

impl<'t> Lexeme<'t> {
    pub(super) fn end(&self) -> usize {
        self.at + self.text.len()
    }

    pub(super) fn is(&self, text: &str) -> bool {
        self.text == text && self.kind != Kind::Text
    }

    /// The name that it is, without backticks.
    pub(super) fn name(&self) -> Option<&'t str> {
        (self.kind == Kind::Word).then(|| self.text.trim_matches('`'))
    }
}

/// What a text ends in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lexed<'t> {
    pub(super) lexemes: Vec<Lexeme<'t>>,
    /// Where the text, comment or expression that is not closed begins, if the end lies in one.
    pub(super) open: Option<(OpenEnd, usize)>,
}

/// What is not closed at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OpenEnd {
    Comment,
    Text,
    Regex,
}

const OPERATORS: [&str; 11] = ["===", "!==", "::", "->", "==", "!=", "<=", ">=", "<>", "=~", "&&"];

/// Splits a text into words.
pub(super) fn lex(text: &str) -> Lexed<'_> {
    let mut lexed = Lexed { lexemes: Vec::new(), open: None };
    let mut at = 0;
    let mut begins_line = true;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next().unwrap_or_default();
        if first.is_whitespace() || first == '\u{feff}' {
            begins_line |= first == '\n';
            at += first.len_utf8();
            continue;
        }
        if rest.starts_with("//") {
            let end = rest.find('\n');
            if end.is_none() {
                lexed.open = Some((OpenEnd::Comment, at));
            }
            at += end.unwrap_or(rest.len());
            continue;
        }
        let (kind, length, closed) = one(rest, first, lexed.lexemes.last(), at);
        if !closed {
            let open = if kind == Kind::Text { OpenEnd::Text } else { OpenEnd::Regex };
            lexed.open = (at + length == text.len()).then_some((open, at));
        }
        let word = rest.get(..length).unwrap_or_default();
        lexed.lexemes.push(Lexeme { kind, text: word, at, begins_line });
        begins_line = false;
        at += length.max(1);
    }
    lexed
}

/// Reads one word: its kind, its length in bytes, and whether it is closed.
fn one(rest: &str, first: char, before: Option<&Lexeme<'_>>, at: usize) -> (Kind, usize, bool) {
    let word_end = |from: usize| {
        let tail = rest.get(from..).unwrap_or_default();
        from + tail.find(|c: char| !is_word_char(c)).unwrap_or(tail.len())
    };
    match first {
        '"' => {
            let (length, closed) = quoted(rest, '"');
            (Kind::Text, length, closed)
        }
        // `policy/check` has no white space; an expression never touches the word before it.
        '/' if before.is_none_or(|before| before.kind != Kind::Word || before.end() != at) => {
            let (length, closed) = quoted(rest, '/');
            let flags = if closed { word_end(length) } else { length };
            (Kind::Regex, flags, closed)
        }
        '`' => (Kind::Word, rest.get(1..).and_then(|tail| tail.find('`')).map_or(1, |end| end + 2), true),
        c if c.is_ascii_digit() => (Kind::Number, number_end(rest), true),
        '-' if rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit()) => {
            (Kind::Number, 1 + number_end(rest.get(1..).unwrap_or_default()), true)
        }
        c if is_word_char(c) && c != '-' => (Kind::Word, word_end(c.len_utf8()), true),
        c => {
            let operator = OPERATORS.iter().find(|operator| rest.starts_with(**operator));
            (Kind::Punct, operator.map_or(c.len_utf8(), |operator| operator.len()), true)
        }
    }
}

pub(super) fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

/// The length of what stands between two equal marks on one line, and whether the second is there.
fn quoted(rest: &str, mark: char) -> (usize, bool) {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' | '\r' => return (at, false),
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == mark => return (at + c.len_utf8(), true),
            _ => {}
        }
    }
    (rest.len(), false)
}

/// A number, a date or a percentage.
fn number_end(rest: &str) -> usize {
    rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '%'))).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        lex(text).lexemes.iter().map(|lexeme| lexeme.text).collect()
    }

    #[test]
    fn splits() {
        assert_eq!(
            words("require a-b == \"x y\" and p/c matches /a b/i // d"),
            ["require", "a-b", "==", "\"x y\"", "and", "p", "/", "c", "matches", "/a b/i"]
        );
        assert_eq!(words("500 USD 2027-03-31 90% -5"), ["500", "USD", "2027-03-31", "90%", "-5"]);
        assert_eq!(words("use std::a::{b}"), ["use", "std", "::", "a", "::", "{", "b", "}"]);
        assert_eq!(words("map \"a\" -> `in`"), ["map", "\"a\"", "->", "`in`"]);
    }

    #[test]
    fn open_ends() {
        let open = |text: &str| lex(text).open.map(|(open, _)| open);
        assert_eq!(open("a \"b"), Some(OpenEnd::Text));
        assert_eq!(open("a \"b\n c"), None);
        assert_eq!(open("a // b"), Some(OpenEnd::Comment));
        assert_eq!(open("a matches /b"), Some(OpenEnd::Regex));
        assert_eq!(open("a \"é\" ❤"), None);
    }
}
