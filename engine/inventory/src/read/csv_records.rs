//! CSV split into records that are known to be whole.
//!
//! In: a stream of CSV. Out: chunks of whole records with the line on which each starts. The cells
//! are then parsed by the `csv` crate; this splitter decides first what a record is, because only
//! so a record without end can be bounded in memory, told from the truncated end of a file, and
//! given the line it really starts on. Both agree on quotes: one opens a cell only at its start,
//! two stand for one.

use std::io::{self, BufRead};

use crate::error::ImportError;

/// Bytes of records that are collected before they are handed over.
const CHUNK: usize = 1 << 20;

/// Bytes of a record that is too long that are kept to show.
const REJECT_EXCERPT_BYTES: usize = 1024;

/// How cells are separated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    /// Bytes of a first line like `sep=;`, which tells Excel the delimiter; 0 if there is none.
    pub(crate) preamble: usize,
}

impl Dialect {
    /// Returns a dialect without a line before the header.
    pub(crate) fn of(delimiter: u8) -> Self {
        Self { delimiter, preamble: 0 }
    }

    /// Finds the delimiter: that of a line `sep=;`, else the one that the header has most of, else a comma.
    pub(crate) fn detect(text: &[u8]) -> Self {
        separator_line(text).unwrap_or_else(|| Self::most_frequent(text))
    }

    fn most_frequent(text: &[u8]) -> Self {
        let mut quoted = false;
        let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0_usize)];
        for byte in text {
            match byte {
                b'"' => quoted = !quoted,
                b'\n' | b'\r' if !quoted => break,
                byte if !quoted => {
                    if let Some((_, count)) = counts.iter_mut().find(|(delimiter, _)| delimiter == byte) {
                        *count += 1;
                    }
                }
                _ => {}
            }
        }
        // The first of equals wins, so that a header of one column is read with a comma.
        let best = counts.iter().rev().max_by_key(|(_, count)| *count);
        Self::of(best.map_or(b',', |(delimiter, _)| *delimiter))
    }

    /// Returns a reader of the cells of whole records.
    pub(crate) fn reader(self, records: &[u8]) -> csv::Reader<&[u8]> {
        csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(records)
    }
}

/// Returns the dialect that a first line like `sep=;` names.
fn separator_line(text: &[u8]) -> Option<Dialect> {
    let bare = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let line = bare.split(|byte| *byte == b'\n').next()?;
    let named = line.strip_suffix(b"\r").unwrap_or(line);
    let named = named.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(named);
    let (word, delimiter) = named.split_at_checked(4)?;
    let [delimiter] = delimiter else { return None };
    let is_separator = word.eq_ignore_ascii_case(b"sep=") && !matches!(delimiter, b'"' | b'\r');
    // A line without an end is all of the file, or is cut off.
    let preamble = text.len() - bare.len() + line.len() + 1;
    (is_separator && preamble <= text.len()).then_some(Dialect { delimiter: *delimiter, preamble })
}

/// Returns the cells of the header of a text, trimmed.
pub(crate) fn header_fields(text: &[u8], dialect: Dialect) -> Vec<String> {
    let text = text.get(dialect.preamble..).unwrap_or_default();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut record = csv::ByteRecord::new();
    match dialect.reader(text).read_byte_record(&mut record) {
        Ok(true) => record.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect(),
        _ => Vec::new(),
    }
}

/// A record that was skipped for its length.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Skipped {
    pub(crate) line: u64,
    pub(crate) start: Vec<u8>,
}

/// Whole records, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    pub(crate) bytes: Vec<u8>,
    /// The line on which each record starts.
    pub(crate) lines: Vec<u64>,
    pub(crate) skipped: Vec<Skipped>,
    /// Whether the file ends in its last record, without an end of line.
    pub(crate) is_cut: bool,
}

/// Why the next chunk could not be had.
#[derive(Debug)]
pub(crate) enum Failure {
    Io(io::Error),
    /// The file ends in a quoted cell that began here.
    OpenQuote {
        line: u64,
        column: u64,
    },
}

impl Failure {
    /// Returns the error for the user.
    pub(crate) fn into_error(self, path: &std::path::Path) -> ImportError {
        match self {
            Self::Io(source) => crate::source::read_error(path, source),
            Self::OpenQuote { line, column } => {
                ImportError::Truncated { path: path.to_owned(), line, column, what: "a quoted field" }
            }
        }
    }
}

/// Where in a record the splitter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Cell,
    Quoted,
    /// After a quote in a quoted cell: its end, or the first half of two.
    QuoteInQuoted,
}

/// Splits a stream into records.
#[derive(Debug)]
pub(crate) struct Splitter<R> {
    reader: R,
    delimiter: u8,
    /// Bytes before the header that are still to be skipped.
    preamble: usize,
    limit: usize,
    state: State,
    /// Bytes of the record at hand so far; 0 before its first.
    len: usize,
    /// Line and column of the byte at hand.
    line: u64,
    column: u64,
    started: u64,
    quote: (u64, u64),
}

impl<R: BufRead> Splitter<R> {
    pub(crate) fn new(reader: R, dialect: Dialect, limit: usize) -> Self {
        let first = if dialect.preamble > 0 { 2 } else { 1 };
        Self {
            reader,
            delimiter: dialect.delimiter,
            preamble: dialect.preamble,
            limit,
            state: State::CellStart,
            len: 0,
            line: first,
            column: 1,
            started: first,
            quote: (1, 1),
        }
    }

    /// Returns the next records; none at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<Chunk>, Failure> {
        let mut chunk = Chunk::default();
        let mut record_start = 0;
        while chunk.bytes.len() < CHUNK || self.len > 0 {
            let buffer = self.reader.fill_buf().map_err(Failure::Io)?;
            if buffer.is_empty() {
                if self.state == State::Quoted {
                    let (line, column) = self.quote;
                    return Err(Failure::OpenQuote { line, column });
                }
                if self.len > 0 {
                    chunk.is_cut = true;
                    chunk.bytes.push(b'\n');
                    self.end_record(&mut chunk, &mut record_start);
                }
                break;
            }
            if self.preamble > 0 {
                let skipped = self.preamble.min(buffer.len());
                self.reader.consume(skipped);
                self.preamble -= skipped;
                continue;
            }
            let buffer = match buffer.strip_prefix(b"\xef\xbb\xbf") {
                Some(_) if self.line == 1 && self.column == 1 => {
                    self.reader.consume(3);
                    self.column = 2;
                    continue;
                }
                _ => buffer,
            };
            let (taken, ended) = split(
                buffer,
                &mut Cursor {
                    delimiter: self.delimiter,
                    state: &mut self.state,
                    line: &mut self.line,
                    column: &mut self.column,
                    quote: &mut self.quote,
                },
            );
            let part = buffer.get(..taken).unwrap_or(buffer);
            let blank = self.len == 0 && matches!(part, b"\n" | b"\r");
            if !blank {
                self.len += part.len();
                if self.len <= self.limit {
                    chunk.bytes.extend_from_slice(part);
                } else {
                    let room = (record_start + REJECT_EXCERPT_BYTES).saturating_sub(chunk.bytes.len());
                    chunk.bytes.extend_from_slice(part.get(..room).unwrap_or(part));
                    chunk.bytes.truncate(record_start + REJECT_EXCERPT_BYTES);
                }
            }
            self.reader.consume(taken);
            if blank {
                self.started = self.line;
            } else if ended {
                self.end_record(&mut chunk, &mut record_start);
            }
        }
        let empty = chunk.lines.is_empty() && chunk.skipped.is_empty();
        Ok((!empty).then_some(chunk))
    }

    /// Returns the stream.
    pub(crate) fn into_inner(self) -> R {
        self.reader
    }

    fn end_record(&mut self, chunk: &mut Chunk, record_start: &mut usize) {
        if self.len > self.limit {
            let start = chunk.bytes.split_off(*record_start);
            chunk.skipped.push(Skipped { line: self.started, start });
        } else {
            chunk.lines.push(self.started);
        }
        *record_start = chunk.bytes.len();
        self.len = 0;
        self.state = State::CellStart;
        self.started = self.line;
    }
}

/// The part of a splitter that changes while it looks at a buffer.
struct Cursor<'a> {
    delimiter: u8,
    state: &'a mut State,
    line: &'a mut u64,
    column: &'a mut u64,
    quote: &'a mut (u64, u64),
}

/// Returns how many bytes belong to the record at hand, and whether it ends with them.
fn split(buffer: &[u8], cursor: &mut Cursor<'_>) -> (usize, bool) {
    for (at, byte) in buffer.iter().enumerate() {
        let place = (*cursor.line, *cursor.column);
        match byte {
            b'\n' => {
                *cursor.line += 1;
                *cursor.column = 1;
            }
            byte if byte & 0xc0 != 0x80 => *cursor.column += 1,
            _ => {}
        }
        *cursor.state = match (*cursor.state, byte) {
            (State::Quoted, b'"') => State::QuoteInQuoted,
            (State::Quoted, _) => State::Quoted,
            (_, b'\n' | b'\r') => return (at + 1, true),
            (State::CellStart, b'"') => {
                *cursor.quote = place;
                State::Quoted
            }
            (State::QuoteInQuoted, b'"') => State::Quoted,
            (_, byte) if *byte == cursor.delimiter => State::CellStart,
            _ => State::Cell,
        };
    }
    (buffer.len(), false)
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::*;

    fn records(text: &str, capacity: usize) -> Result<Vec<(u64, Vec<String>)>, Failure> {
        let dialect = Dialect::detect(text.as_bytes());
        let mut splitter =
            Splitter::new(BufReader::with_capacity(capacity, text.as_bytes()), dialect, 1 << 20);
        let mut all = Vec::new();
        while let Some(chunk) = splitter.next()? {
            let mut rows = dialect.reader(&chunk.bytes).into_byte_records().map(Result::unwrap);
            for line in chunk.lines {
                let row = rows.next().unwrap();
                all.push((line, row.iter().map(|cell| String::from_utf8(cell.to_vec()).unwrap()).collect()));
            }
            assert!(rows.next().is_none(), "the two parsers disagree about {text:?}");
        }
        Ok(all)
    }

    fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (line, cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn records_start_on_their_lines() {
        let text = "\u{feff}a,b\r\n\r\n\"x\ny\",\"say \"\"hi\"\"\"\n\n\nlast,\"q\"r";
        let expected = [row(1, &["a", "b"]), row(3, &["x\ny", "say \"hi\""]), row(7, &["last", "qr"])];
        for capacity in [4, 7, 100] {
            assert_eq!(records(text, capacity).unwrap(), expected, "{capacity}");
        }
    }

    #[test]
    fn a_quote_inside_a_cell_is_a_character() {
        assert_eq!(records("a,b\n1\"2,3\n", 100).unwrap()[1], row(2, &["1\"2", "3"]));
    }

    #[test]
    fn an_open_quote_is_a_cut_off_file() {
        for text in ["a,b\n1,\"2\n3,4\n", "a,b\n1,\""] {
            assert!(matches!(records(text, 100), Err(Failure::OpenQuote { line: 2, column: 3 })), "{text}");
        }
    }

    #[test]
    fn delimiters() {
        for (text, delimiter) in [
            ("a,b;c,d", b','),
            ("a;b;c", b';'),
            ("a\tb", b'\t'),
            ("a|b", b'|'),
            ("a", b','),
            ("\"a,b\";c", b';'),
        ] {
            assert_eq!(Dialect::detect(text.as_bytes()).delimiter, delimiter, "{text}");
        }
        assert_eq!(
            header_fields("\u{feff}\"a\"; b ;c\n1;2;3".as_bytes(), Dialect::of(b';')),
            ["a", "b", "c"]
        );
        for (text, delimiter) in [("sep=;\r\na,b;c\n", b';'), ("\u{feff}SEP=|\na|b;c;d\n", b'|')] {
            let dialect = Dialect::detect(text.as_bytes());
            assert_eq!(dialect.delimiter, delimiter, "{text}");
            assert_eq!(header_fields(text.as_bytes(), dialect).len(), 2);
            assert_eq!(records(text, 3).unwrap()[0].0, 2, "{text}");
        }
        assert_eq!(Dialect::detect(b"sep=,"), Dialect::of(b','));
    }

    #[test]
    fn a_long_record_is_not_held() {
        let long = (&b"a,b\n1,\""[..]).chain(io::repeat(b'\n').take(8 << 20)).chain(&b"\"\n2,3\n"[..]);
        let mut splitter = Splitter::new(BufReader::with_capacity(1 << 12, long), Dialect::of(b','), 1 << 16);
        let chunk = splitter.next().unwrap().unwrap();
        assert_eq!(chunk.lines, [1, (8 << 20) + 3]);
        assert_eq!(chunk.bytes, b"a,b\n2,3\n");
        assert!(chunk.bytes.capacity() <= 1 << 18);
        assert!(
            matches!(&chunk.skipped[..], [Skipped { line: 2, start }] if start.len() == REJECT_EXCERPT_BYTES)
        );
    }
}
