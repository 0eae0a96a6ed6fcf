//! The records of JSON documents, found by their brackets without building a tree.
//!
//! In: a stream that holds objects, arrays of objects, or answers of an API (objects that hold the
//! records in a list), one or several after the other. Out: the text of one record at a time with the place where it starts.
//! Only brackets and strings are understood here; whether a record is valid JSON is for its parser
//! to say. A record longer than the limit is skipped without being held.

use std::io::{self, BufRead};

use super::paging::Page;
use crate::error::ImportError;
use crate::source::Source;

/// Bytes of a record that is too long that are kept to show.
const REJECT_EXCERPT_BYTES: usize = 1024;

/// A record and the place of its first byte.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found<'a> {
    pub(crate) line: u64,
    /// In characters, from 1.
    pub(crate) column: u64,
    /// None if it is longer than the limit; `start` is then what was kept of it.
    pub(crate) whole: bool,
    pub(crate) text: &'a [u8],
    /// The list of an answer that it is in.
    pub(crate) list: Option<&'static str>,
}

/// What is found next.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    Record(Found<'a>),
    /// The end of an answer.
    PageEnd(Page),
}

/// What [`Records::step`] came to; the text of a record is in the buffer.
enum Step {
    Record { line: u64, column: u64, list: Option<&'static str> },
    PageEnd(Page),
}

/// What is around the next record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// An array whose elements are records (or answers).
    Array,
    /// An answer, between two of its members.
    Page,
    /// A list of an answer.
    List(&'static str),
}

/// Why the next record could not be found.
#[derive(Debug)]
pub(crate) enum Failure {
    Io(io::Error),
    /// The document ends within what began here.
    CutOff {
        line: u64,
        column: u64,
        what: &'static str,
    },
    /// Something stands where it cannot.
    Syntax {
        line: u64,
        column: u64,
        reason: String,
    },
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Failure {
    /// Returns the error for the user.
    pub(crate) fn into_error(self, path: &std::path::Path) -> ImportError {
        let path = path.to_owned();
        match self {
            Self::Io(source) => crate::source::read_error(&path, source),
            Self::CutOff { line, column, what } => ImportError::Truncated { path, line, column, what },
            Self::Syntax { line, column, reason } => ImportError::Json { path, line, column, reason },
        }
    }
}

/// Finds records.
#[derive(Debug)]
pub(crate) struct Records<R> {
    reader: R,
    /// The members of answers whose elements are records; none where objects are records.
    lists: &'static [&'static str],
    limit: usize,
    levels: Vec<Level>,
    record: Vec<u8>,
    len: usize,
    line: u64,
    column: u64,
    opened: (u64, u64),
    /// The answer that is being read.
    page: Page,
}

impl Records<Source> {
    /// Returns the file.
    pub(crate) fn into_inner(self) -> Source {
        self.reader
    }
}

impl<R: BufRead> Records<R> {
    pub(crate) fn new(reader: R, lists: &'static [&'static str], limit: usize) -> Self {
        Self {
            reader,
            lists,
            limit,
            levels: Vec::new(),
            record: Vec::new(),
            len: 0,
            line: 1,
            column: 1,
            opened: (1, 1),
            page: Page::default(),
        }
    }

    /// Returns the next record; none at the end of the stream.
    pub(crate) fn next(&mut self) -> Result<Option<Found<'_>>, Failure> {
        loop {
            match self.step()? {
                Some(Step::Record { line, column, list }) => return Ok(Some(self.found(line, column, list))),
                Some(Step::PageEnd(_)) => {}
                None => return Ok(None),
            }
        }
    }

    /// Returns the next record or the end of an answer; none at the end of the stream.
    pub(crate) fn next_event(&mut self) -> Result<Option<Event<'_>>, Failure> {
        Ok(self.step()?.map(|step| match step {
            Step::Record { line, column, list } => Event::Record(self.found(line, column, list)),
            Step::PageEnd(page) => Event::PageEnd(page),
        }))
    }

    fn found(&self, line: u64, column: u64, list: Option<&'static str>) -> Found<'_> {
        Found { line, column, whole: self.len <= self.limit, text: &self.record, list }
    }

    fn step(&mut self) -> Result<Option<Step>, Failure> {
        loop {
            self.skip_space()?;
            let level = self.levels.last().copied();
            let Some(byte) = self.peek()? else {
                return match level {
                    None => Ok(None),
                    Some(_) => Err(self.cut_off("the JSON document", self.opened)),
                };
            };
            match (level, byte) {
                (Some(_), b',') => self.bump()?,
                (Some(Level::Page), b'}') => {
                    self.bump()?;
                    self.levels.pop();
                    return Ok(Some(Step::PageEnd(std::mem::take(&mut self.page))));
                }
                (Some(Level::Array | Level::List(_)), b']') => {
                    self.bump()?;
                    self.levels.pop();
                }
                (Some(Level::Page), b'"') => self.enter_member()?,
                (None, b'[') => self.enter(Level::Array)?,
                (None | Some(Level::Array), b'{') if !self.lists.is_empty() => {
                    self.page = Page::new(self.line);
                    self.enter(Level::Page)?;
                }
                (None | Some(Level::Array | Level::List(_)), b'{') => {
                    return self.take_record().map(Some);
                }
                (Some(Level::Array | Level::List(_)), b) if !matches!(b, b'}' | b':') => {
                    return self.take_record().map(Some);
                }
                (_, byte) => return Err(self.unexpected(byte)),
            }
        }
    }

    fn enter(&mut self, level: Level) -> Result<(), Failure> {
        if self.levels.is_empty() {
            self.opened = (self.line, self.column);
        }
        self.levels.push(level);
        self.bump()
    }

    /// Reads a member of an answer: enters a list, skips all else.
    fn enter_member(&mut self) -> Result<(), Failure> {
        self.take_value()?;
        let name = std::mem::take(&mut self.record);
        let bare = name.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
        let list = self.lists.iter().copied().find(|list| bare == Some(list.as_bytes()));
        self.skip_space()?;
        match self.peek()? {
            Some(b':') => self.bump()?,
            Some(byte) => return Err(self.unexpected(byte)),
            None => return Err(self.cut_off("the JSON document", self.opened)),
        }
        self.skip_space()?;
        match self.peek()? {
            Some(b'[') if let Some(list) = list => {
                self.page.add_list(list);
                return self.enter(Level::List(list));
            }
            // No value at all: `null`.
            Some(byte) if list.is_some() && byte != b'n' => {
                return Err(self.expected("the list of resources, `[`", byte));
            }
            _ => {}
        }
        self.take_value()?;
        self.page.add_member(&name, &self.record);
        Ok(())
    }

    fn take_record(&mut self) -> Result<Step, Failure> {
        let (line, column) = (self.line, self.column);
        let list = match self.levels.last() {
            Some(Level::List(list)) => Some(*list),
            _ => None,
        };
        self.take_value()?;
        self.page.records += 1;
        Ok(Step::Record { line, column, list })
    }

    /// Takes one value, from its first byte to its last, into `record`.
    fn take_value(&mut self) -> Result<(), Failure> {
        let began = (self.line, self.column);
        self.record.clear();
        self.len = 0;
        let mut scan = Scan::default();
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return match scan {
                    // Only a number or a word can end with the file.
                    Scan { depth: 0, in_string: false, .. } if self.len > 0 => Ok(()),
                    _ => Err(self.cut_off("a JSON value", began)),
                };
            }
            let (len, done) = scan.advance(buffer);
            let part = buffer.get(..len).unwrap_or(buffer);
            self.len = self.len.saturating_add(len);
            if self.len <= self.limit {
                self.record.extend_from_slice(part);
            } else {
                let room = REJECT_EXCERPT_BYTES.saturating_sub(self.record.len());
                self.record.extend_from_slice(part.get(..room).unwrap_or(part));
                self.record.truncate(REJECT_EXCERPT_BYTES);
                self.record.shrink_to(REJECT_EXCERPT_BYTES);
            }
            count(part, &mut self.line, &mut self.column);
            self.reader.consume(len);
            if done {
                return Ok(());
            }
        }
    }

    fn skip_space(&mut self) -> Result<(), Failure> {
        loop {
            let buffer = self.reader.fill_buf()?;
            let bom = self.line == 1 && self.column == 1 && buffer.starts_with(b"\xef\xbb\xbf");
            let space = if bom { 3 } else { buffer.iter().take_while(|b| b.is_ascii_whitespace()).count() };
            if space == 0 {
                return Ok(());
            }
            count(buffer.get(..space).unwrap_or_default(), &mut self.line, &mut self.column);
            self.reader.consume(space);
        }
    }

    fn peek(&mut self) -> Result<Option<u8>, Failure> {
        Ok(self.reader.fill_buf()?.first().copied())
    }

    /// Takes one byte that is not a line end.
    fn bump(&mut self) -> Result<(), Failure> {
        self.reader.consume(1);
        self.column += 1;
        Ok(())
    }

    fn unexpected(&self, byte: u8) -> Failure {
        let wanted = match self.levels.last() {
            None => "an object or an array",
            Some(Level::Array | Level::List(_)) => "an element or `]`",
            Some(Level::Page) => "a member or `}`",
        };
        self.expected(wanted, byte)
    }

    fn expected(&self, wanted: &str, byte: u8) -> Failure {
        let found = char::from(byte).escape_default();
        Failure::Syntax {
            line: self.line,
            column: self.column,
            reason: format!("expected {wanted}, found `{found}`"),
        }
    }

    fn cut_off(&self, what: &'static str, (line, column): (u64, u64)) -> Failure {
        Failure::CutOff { line, column, what }
    }
}

/// Moves a place over bytes.
fn count(bytes: &[u8], line: &mut u64, column: &mut u64) {
    match memchr::memrchr(b'\n', bytes) {
        None => *column += chars(bytes),
        Some(last) => {
            *line += memchr::memchr_iter(b'\n', bytes).count() as u64;
            *column = chars(bytes.get(last..).unwrap_or_default());
        }
    }
}

/// Returns the number of characters that begin in UTF-8 bytes.
fn chars(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count() as u64
}

/// Where in a value a scan is.
#[derive(Debug, Default)]
struct Scan {
    depth: usize,
    in_string: bool,
    escaped: bool,
    begun: bool,
}

impl Scan {
    /// Returns how many bytes belong to the value, and whether it ends with them.
    fn advance(&mut self, buffer: &[u8]) -> (usize, bool) {
        for (at, byte) in buffer.iter().enumerate() {
            if self.in_string {
                self.step_in_string(*byte);
                if !self.in_string && self.depth == 0 {
                    return (at + 1, true);
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth == 0 => return (at, true),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return (at + 1, true);
                    }
                }
                b',' | b' ' | b'\t' | b'\r' | b'\n' | b':' if self.depth == 0 && self.begun => {
                    return (at, true);
                }
                _ => {}
            }
            self.begun = true;
        }
        (buffer.len(), false)
    }

    fn step_in_string(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => self.in_string = false,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::*;

    const TAGGING: &[&str] = &["ResourceTagMappingList"];

    fn all(text: &str, lists: &'static [&'static str]) -> Result<Vec<(u64, u64, String)>, Failure> {
        let mut found = Vec::new();
        let mut records = Records::new(BufReader::with_capacity(3, text.as_bytes()), lists, 1 << 20);
        while let Some(Found { line, column, whole, text, .. }) = records.next()? {
            assert!(whole);
            found.push((line, column, String::from_utf8(text.to_vec()).unwrap()));
        }
        Ok(found)
    }

    fn texts(text: &str, lists: &'static [&'static str]) -> Vec<String> {
        all(text, lists).unwrap().into_iter().map(|(.., text)| text).collect()
    }

    #[test]
    fn records_and_their_places() {
        let text = "\u{feff}[\n  {\"a\": \"}]\\\"\"},\n  {\"b\": [1, {}]} , 7, \"x\"\n]\n{\"c\":1}{\"d\":2}";
        let expected = [
            (2, 3, r#"{"a": "}]\""}"#),
            (3, 3, r#"{"b": [1, {}]}"#),
            (3, 20, "7"),
            (3, 23, r#""x""#),
            (5, 1, r#"{"c":1}"#),
            (5, 8, r#"{"d":2}"#),
        ];
        let expected: Vec<_> = expected.map(|(line, column, text)| (line, column, text.to_owned())).into();
        assert_eq!(all(text, &[]).unwrap(), expected);
        assert_eq!(texts(" \n", &[]), Vec::<String>::new());
    }

    #[test]
    fn answers_of_the_tagging_api() {
        let page = r#"{"PaginationToken": "{[", "ResourceTagMappingList": [{"x": 1}, {"y": []}], "ResponseMetadata": {"a": [1]}}"#;
        assert_eq!(texts(page, TAGGING), [r#"{"x": 1}"#, r#"{"y": []}"#]);
        assert_eq!(texts(&format!("{page}\n{page}"), TAGGING).len(), 4);
        assert_eq!(texts(&format!("[{page},{page}]"), TAGGING).len(), 4);
        assert_eq!(texts(r#"{"ResourceTagMappingList": []}"#, TAGGING), Vec::<String>::new());
        assert_eq!(texts(r#"{"ResourceTagMappingList": null}"#, TAGGING), Vec::<String>::new());
    }

    #[test]
    fn documents_that_are_cut_off_or_broken() {
        for (text, place) in
            [("[{\"a\":1},", (1, 1)), ("\n {\"a\": \"b", (2, 2)), ("[{\"a\":1}, {\"b\":", (1, 11))]
        {
            assert!(
                matches!(all(text, &[]), Err(Failure::CutOff { line, column, .. }) if (line, column) == place),
                "{text}: {:?}",
                all(text, &[])
            );
        }
        for (text, place) in [("{} x", (1, 4)), ("[{}\n}", (2, 1)), ("42", (1, 1)), ("]", (1, 1))] {
            assert!(
                matches!(all(text, &[]), Err(Failure::Syntax { line, column, .. }) if (line, column) == place),
                "{text}"
            );
        }
        for page in [r#"{"a" 1}"#, r#"{"ResourceTagMappingList": {}}"#] {
            assert!(matches!(all(page, TAGGING), Err(Failure::Syntax { .. })), "{page}");
        }
    }

    #[test]
    fn a_long_value_is_not_held() {
        let long = br#"[{"a":""#.chain(io::repeat(b'x').take(8 << 20)).chain(&br#""},{"b":1}]"#[..]);
        let mut records = Records::new(BufReader::with_capacity(1 << 12, long), &[], 1 << 16);
        assert!(
            matches!(records.next().unwrap(), Some(Found { whole: false, text, .. }) if text.len() == REJECT_EXCERPT_BYTES)
        );
        assert!(records.record.capacity() <= 1 << 17);
        assert!(matches!(records.next().unwrap(), Some(Found { whole: true, text: br#"{"b":1}"#, .. })));
    }
}
