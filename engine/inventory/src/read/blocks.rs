//! A stream of lines in blocks of whole lines, so that they can be read on several threads.

use std::io::{self, BufRead};

use memchr::{memchr, memchr_iter, memrchr};

/// Bytes of a block at least, but for the last one.
const SIZE: usize = 1 << 20;

/// Lines of a block at most: one that cannot be read takes a hundred times the memory of its text.
const LINES: usize = 16_384;

/// Bytes of a line that is too long that are kept to show.
const REJECT_EXCERPT_BYTES: usize = 1024;

/// Some lines of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// Number of the first line, from 1.
    pub(crate) line: u64,
    /// The lines with their ends; the last one of a file may have none.
    pub(crate) text: Vec<u8>,
    /// Whether it is whole lines. Else it is the start of one that is too long to be held.
    pub(crate) whole: bool,
}

/// Splits a stream into blocks. It ends after the first error.
#[derive(Debug)]
pub(crate) struct Blocks<R> {
    reader: R,
    /// Bytes of a line that are held at most.
    limit: usize,
    size: usize,
    /// The start of a line whose end has not been read yet.
    rest: Vec<u8>,
    line: u64,
    failed: bool,
}

impl<R: BufRead> Blocks<R> {
    /// A line of more than `limit` bytes becomes a block that holds its start. One that its end was read
    /// with may be somewhat longer, and is whole.
    pub(crate) fn new(reader: R, limit: usize) -> Self {
        Self { reader, limit, size: SIZE, rest: Vec::new(), line: 1, failed: false }
    }

    /// Returns the stream.
    pub(crate) fn into_inner(self) -> R {
        self.reader
    }

    fn next_block(&mut self) -> io::Result<Option<Block>> {
        let mut text = std::mem::take(&mut self.rest);
        // Where the last line that is whole ends.
        let mut end = 0;
        if let Some(last) = memrchr(b'\n', &text) {
            end = last + 1;
        }
        while end < self.size {
            if text.len() - end > self.limit {
                if end == 0 {
                    return self.skip_line(text).map(Some);
                }
                break;
            }
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                end = text.len();
                break;
            }
            if let Some(at) = memrchr(b'\n', buffer) {
                end = text.len() + at + 1;
            }
            text.extend_from_slice(buffer);
            let taken = buffer.len();
            self.reader.consume(taken);
        }
        if let Some(last) = memchr_iter(b'\n', text.get(..end).unwrap_or_default()).nth(LINES - 1) {
            end = last + 1;
        }
        self.rest = text.split_off(end);
        Ok((!text.is_empty()).then(|| self.block(text, true)))
    }

    /// Reads on to the end of a line of which nothing more is kept.
    fn skip_line(&mut self, mut start: Vec<u8>) -> io::Result<Block> {
        start.truncate(REJECT_EXCERPT_BYTES);
        start.shrink_to_fit();
        loop {
            let buffer = self.reader.fill_buf()?;
            let (taken, ended) = match memchr(b'\n', buffer) {
                Some(at) => (at + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            };
            self.reader.consume(taken);
            if ended {
                let block = self.block(start, false);
                self.line += 1;
                return Ok(block);
            }
        }
    }

    fn block(&mut self, text: Vec<u8>, whole: bool) -> Block {
        let line = self.line;
        self.line += memchr_iter(b'\n', &text).count() as u64;
        Block { line, text, whole }
    }
}

impl<R: BufRead> Iterator for Blocks<R> {
    type Item = io::Result<Block>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let block = self.next_block();
        self.failed = block.is_err();
        block.transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::*;

    fn block(line: u64, text: &[u8], whole: bool) -> Block {
        Block { line, text: text.to_owned(), whole }
    }

    fn blocks(text: &[u8], size: usize, limit: usize) -> Vec<Block> {
        let reader = BufReader::with_capacity(3, text);
        let blocks = Blocks { size, ..Blocks::new(reader, limit) };
        blocks.map(Result::unwrap).collect()
    }

    #[test]
    fn whole_lines_across_small_buffers() {
        let text = b"ab\n\ncdefghij\r\nx";
        let found = blocks(text, 4, 100);
        assert_eq!(found, [block(1, b"ab\n\n", true), block(3, b"cdefghij\r\n", true), block(4, b"x", true)]);
        assert_eq!(blocks(text, 100, 100), [block(1, text, true)]);
        assert_eq!(blocks(b"", 4, 100), []);
    }

    #[test]
    fn short_lines_are_few_in_a_block() {
        let text = "1\n".repeat(LINES * 2 + 3);
        let found: Vec<(u64, usize)> = Blocks::new(BufReader::new(text.as_bytes()), 100)
            .map(|block| block.map(|block| (block.line, block.text.len())).unwrap())
            .collect();
        let lines = LINES as u64;
        assert_eq!(found, [(1, LINES * 2), (lines + 1, LINES * 2), (lines * 2 + 1, 6)]);
    }

    #[test]
    fn a_long_line_is_a_block_of_its_own() {
        let found = blocks(b"a\nb\ncdefghijklmnop\ne\n", 100, 8);
        let [before, long, after] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((before, after), (&block(1, b"a\nb\n", true), &block(4, b"e\n", true)));
        assert!((long.line, long.whole) == (3, false) && long.text.starts_with(b"cdefghi"), "{long:?}");
        let found = blocks(b"cdefghijklmnop", 100, 8);
        assert!(matches!(found.as_slice(), [Block { line: 1, whole: false, .. }]), "{found:?}");
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
        let mut blocks = Blocks::new(reader, 1 << 16);
        let long = blocks.next().unwrap().unwrap();
        assert!(
            !long.whole
                && long.text.len() == REJECT_EXCERPT_BYTES
                && long.text.capacity() == REJECT_EXCERPT_BYTES
        );
        assert_eq!(blocks.next().unwrap().unwrap(), block(2, b"next", true));
        assert!(blocks.next().is_none());
    }
}
