//! Lines of a file, each held only while it is short enough.

use std::io::{self, BufRead};

use memchr::memchr;

/// Bytes of a line that is too long that are kept to show.
const SHOWN: usize = 1024;

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Its number, from 1.
    pub(crate) number: u64,
    /// Whether it has a line end, so that it was not cut off.
    pub(crate) ended: bool,
    /// Whether it is within the limit; `text` is else what was kept of its start.
    pub(crate) whole: bool,
    /// The line without its end.
    pub(crate) text: &'a [u8],
}

/// Splits a stream at `\n`.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    reader: R,
    limit: usize,
    line: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R, limit: usize) -> Self {
        Self { reader, limit, line: Vec::new(), number: 0 }
    }

    /// Returns the next line; none at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let mut ended = false;
        let mut len = 0_usize;
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            let end = memchr(b'\n', buffer);
            let part = end.and_then(|end| buffer.get(..end)).unwrap_or(buffer);
            len = len.saturating_add(part.len());
            if len <= self.limit {
                self.line.extend_from_slice(part);
            } else {
                let room = SHOWN.saturating_sub(self.line.len());
                self.line.extend_from_slice(part.get(..room).unwrap_or(part));
                self.line.truncate(SHOWN);
                self.line.shrink_to(SHOWN);
            }
            let taken = part.len() + usize::from(end.is_some());
            self.reader.consume(taken);
            if end.is_some() {
                ended = true;
                break;
            }
        }
        if len == 0 && !ended {
            return Ok(None);
        }
        self.number += 1;
        Ok(Some(Line { number: self.number, ended, whole: len <= self.limit, text: &self.line }))
    }

    /// Returns the stream.
    pub(crate) fn into_inner(self) -> R {
        self.reader
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::*;

    #[test]
    fn lines_across_small_buffers() {
        let text = b"ab\n\ncdefghij\r\nx";
        let mut lines = Lines::new(BufReader::with_capacity(3, &text[..]), 100);
        for (number, text, ended) in
            [(1, &b"ab"[..], true), (2, b"", true), (3, b"cdefghij\r", true), (4, b"x", false)]
        {
            assert_eq!(lines.next().unwrap(), Some(Line { number, ended, whole: true, text }));
        }
        assert_eq!(lines.next().unwrap(), None);
    }

    /// A line of so many bytes, then another one; made on the fly.
    struct LongLine {
        left: usize,
        block: Vec<u8>,
        rest: &'static [u8],
    }

    impl Read for LongLine {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("lines are read from the buffer"))
        }
    }

    impl BufRead for LongLine {
        fn fill_buf(&mut self) -> io::Result<&[u8]> {
            let len = self.left.min(self.block.len());
            Ok(if len > 0 { &self.block[..len] } else { self.rest })
        }

        fn consume(&mut self, len: usize) {
            match self.left {
                0 => self.rest = &self.rest[len..],
                _ => self.left -= len,
            }
        }
    }

    #[test]
    fn a_line_of_a_gigabyte_is_not_held() {
        let reader = LongLine { left: 1 << 30, block: vec![b'x'; 1 << 20], rest: b"\nnext" };
        let mut lines = Lines::new(reader, 1 << 16);
        let long = lines.next().unwrap().unwrap();
        assert!(!long.whole && long.text.len() == SHOWN);
        assert!(lines.line.capacity() <= 1 << 21);
        let next = Line { number: 2, ended: false, whole: true, text: b"next" };
        assert_eq!(lines.next().unwrap(), Some(next));
    }
}
