//! Spreadsheets that open a CSV file (RFC 4180): they evaluate cells that look like formulas.
//!
//! A cell is the value, changed in this way only, so that different values give different cells and
//! [`value`] reads a cell back:
//! - A value that a spreadsheet could take for a formula has a `'` before it. So has one that would begin like
//!   that if apostrophes, quotes, white space and what has no shape were taken away from its start.
//! - Control characters, line ends among them, and what has no shape are written as `\u{1b}`. So is one
//!   character of each command of a CI runner, and a `\` that is followed by `u{`.
//!
//! Numbers that this program computed are not values of others: they are written as numbers.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::log;
use crate::terminal::{is_in_place, is_steering, style_length};

/// What a formula begins with, also in wide letters.
const FORMULA: [char; 9] = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\u{2212}'];

/// How an escaped character begins.
const ESCAPE: &str = r"\u{";

/// Rows of cells as text.
#[derive(Debug)]
pub struct Writer {
    text: String,
    line_end: &'static str,
    starts_row: bool,
}

impl Writer {
    /// Returns a writer without a row. RFC 4180 ends rows with `\r\n`.
    pub fn new(line_end: &'static str) -> Self {
        Self { text: String::new(), line_end, starts_row: true }
    }

    /// Adds a cell with a foreign value.
    pub fn value(&mut self, value: &str) {
        self.field(&cell(value));
    }

    /// Adds a cell with a number of this program, as it is written.
    pub fn number(&mut self, number: &str) {
        self.field(number);
    }

    /// Ends the row.
    pub fn end_row(&mut self) {
        self.text.push_str(self.line_end);
        self.starts_row = true;
    }

    /// Returns the rows.
    pub fn finish(self) -> String {
        self.text
    }

    /// Returns the rows that were added since it was last called.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    fn field(&mut self, content: &str) {
        // A row that begins with a colon could be a command of a runner; one that begins with a quote is none.
        let is_quoted = content.contains([',', '"', '\r', '\n'])
            || (self.starts_row && content.trim_start().starts_with(':'));
        if !self.starts_row {
            self.text.push(',');
        }
        self.starts_row = false;
        if is_quoted {
            let _ = write!(self.text, "\"{}\"", content.replace('"', "\"\""));
        } else {
            self.text.push_str(content);
        }
    }
}

/// Returns the content of the cell of a foreign value.
fn cell(value: &str) -> Cow<'_, str> {
    if log::is_plain(value) && !value.contains('\\') && !is_formula(value) {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len() + 1);
    if is_formula(value) {
        out.push('\'');
    }
    let mut before = None;
    let mut rest = value;
    while let Some(c) = rest.chars().next() {
        let after = rest.strip_prefix(c).unwrap_or_default();
        let is_hidden = is_steering(c) && !is_in_place(before, c, after.chars().next());
        if is_hidden || rest.starts_with(ESCAPE) {
            let _ = write!(out, r"\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
        before = Some(c);
        rest = after;
    }
    // Rows begin with colons in quotes only.
    Cow::Owned(log::escape(&out, r"\u{23}", ":").into_owned())
}

/// Returns the value of a cell that was written by [`Writer::value`].
pub fn value(cell: &str) -> String {
    let mut value = String::with_capacity(cell.len());
    let mut rest = cell;
    while let Some((before, escaped)) = rest.split_once(ESCAPE) {
        value.push_str(before);
        let code = escaped.split_once('}');
        let c = code.and_then(|(code, _)| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        match (c, code) {
            (Some(c), Some((_, after))) => {
                value.push(c);
                rest = after;
            }
            _ => {
                value.push_str(ESCAPE);
                rest = escaped;
            }
        }
    }
    value.push_str(rest);
    match value.strip_prefix('\'') {
        Some(guarded) if is_formula(guarded) => guarded.to_owned(),
        _ => value,
    }
}

/// Whether a spreadsheet could take a value for a formula, whatever it passes over at the start.
fn is_formula(value: &str) -> bool {
    let mut rest = value;
    while let Some(c) = rest.chars().next() {
        if let Some(length) = style_length(rest) {
            rest = rest.split_at(length).1;
        } else if matches!(c, '\'' | '"') || c.is_whitespace() || is_steering(c) {
            rest = rest.strip_prefix(c).unwrap_or_default();
        } else {
            return FORMULA.contains(&c);
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::log::tests::{commands, hostile};

    #[test]
    fn formulas_become_texts() {
        for (value, expected) in [
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-1+cmd", "'-1+cmd"),
            ("＝HYPERLINK(1)", "'＝HYPERLINK(1)"),
            (" \"=1", "' \"=1"),
            ("'=1", "''=1"),
            ("\u{1b}[0m=1", r"'\u{1b}[0m=1"),
            ("\r\n=1", r"'\u{d}\u{a}=1"),
            ("a=b", "a=b"),
            ("'a", "'a"),
        ] {
            assert_eq!(cell(value), expected);
        }
    }

    #[test]
    fn what_is_hidden_is_seen() {
        assert_eq!(cell("a\u{1b}[31mb\t"), r"a\u{1b}[31mb\u{9}");
        assert_eq!(cell(r"C:\users \u{1b}"), r"C:\users \u{5c}u{1b}");
        assert_eq!(cell("##[error]"), r"#\u{23}[error]");
        assert_eq!(cell("größe 👩\u{200d}💻"), "größe 👩\u{200d}💻");
    }

    #[test]
    fn cells_of_others_are_read_as_they_are() {
        for cell in [r"\u{", r"\u{zz}", r"\u{110000}", "'a", r"C:\users", ""] {
            assert_eq!(value(cell), cell);
        }
    }

    fn written(rows: &[Vec<String>]) -> String {
        let mut writer = Writer::new("\r\n");
        for row in rows {
            row.iter().for_each(|text| writer.value(text));
            writer.number("-1.50");
            writer.end_row();
        }
        writer.finish()
    }

    proptest! {
        #[test]
        fn a_reader_gets_texts_and_no_formula(rows in prop::collection::vec(prop::collection::vec(hostile(), 3), 1..4)) {
            let text = written(&rows);
            prop_assert_eq!(commands(&text), Vec::<String>::new());
            let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
            let records: Vec<::csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
            prop_assert_eq!(records.len(), rows.len());
            for (record, row) in records.iter().zip(&rows) {
                prop_assert_eq!(record.len(), row.len() + 1);
                prop_assert_eq!(record.get(row.len()), Some("-1.50"));
                for (cell, text) in record.iter().zip(row) {
                    // What OWASP tells to look for, also behind white space and quotes.
                    let start = cell.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
                    prop_assert!(!start.starts_with(FORMULA), "{cell:?}");
                    prop_assert!(!cell.contains(|c: char| c.is_control()), "{cell:?}");
                    prop_assert_eq!(&value(cell), text);
                }
            }
        }
    }
}
