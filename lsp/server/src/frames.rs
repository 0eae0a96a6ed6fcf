//! Bytes of a client cut into messages.
//!
//! In: bytes in pieces of any size. Out: [`Frame`]s. Nothing here can fail: a header that is not one, a length
//! that is not the body's and a body that is too long cost their own message, and the next one is found again.
//! Memory is bounded by [`MAX_MESSAGE`], and grows with the bytes that arrive, never with a length that is only
//! announced.
//!
//! Inside a message in JSON there can be no header: a line break in a text is written `\n`. So wherever a header
//! stands, a message begins, whatever length the one before it had announced.

use std::ops::Range;

/// The most bytes that the body of a message may have.
pub(crate) const MAX_MESSAGE: usize = 64 * 1024 * 1024;

/// Bytes of a body that is too long which are kept, so that its sender can be answered.
const KEPT: usize = 4096;

const NAME: &[u8] = b"Content-Length:";
const BLANK_LINE: &[u8] = b"\r\n\r\n";
/// A header is a line or two; one that has not ended by then never will.
const LONGEST_HEADER: usize = 1024;
/// The most white space before a length, and the most digits of one.
const LONGEST_NUMBER: usize = 64;

/// What a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// The body of a message, which may be anything.
    Message(Vec<u8>),
    /// A body of more than [`MAX_MESSAGE`] bytes was passed over; this is how it began.
    TooLong(Vec<u8>),
    /// So many bytes that belong to no message were passed over.
    Garbage(u64),
}

/// Cuts bytes into frames.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    buffer: Vec<u8>,
    /// Bytes of the buffer that are done with.
    at: usize,
    state: State,
    /// Bytes that belonged to no message since the last one.
    garbage: u64,
}

#[derive(Debug, Default)]
enum State {
    /// Before a header.
    #[default]
    Header,
    /// Within a body.
    Body {
        length: usize,
        /// Bytes of it in which no header begins.
        searched: usize,
    },
    /// Within a body that is too long.
    Skipped { left: u64, kept: Vec<u8> },
}

impl Frames {
    /// Takes more bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.at);
        self.at = 0;
        if self.buffer.is_empty() && self.buffer.capacity() > 1 << 20 {
            // The memory of a large message is not held until the next one.
            self.buffer = Vec::new();
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns the next frame; None until there are more bytes.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        loop {
            let step = match std::mem::take(&mut self.state) {
                State::Header => self.header(),
                State::Body { length, searched } => self.body(length, searched),
                State::Skipped { left, kept } => self.skipped(left, kept),
            };
            match step {
                Step::Again => {}
                Step::Wait => return None,
                Step::Done(frame) => return Some(frame),
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    fn piece(&self, range: Range<usize>) -> &[u8] {
        self.rest().get(range).unwrap_or_default()
    }

    /// Passes over bytes that belong to no message. White space between messages is nothing to report.
    fn pass_over(&mut self, count: usize) {
        let garbage = self.piece(0..count).iter().filter(|byte| !byte.is_ascii_whitespace()).count();
        self.at += count;
        self.garbage = self.garbage.saturating_add(garbage as u64);
    }

    fn header(&mut self) -> Step {
        let start = match find_header(self.rest()) {
            Found::Whole(start) => start,
            Found::Begun(start) => {
                self.pass_over(start);
                return Step::Wait;
            }
            Found::No => {
                self.pass_over(self.rest().len());
                return Step::Wait;
            }
        };
        self.pass_over(start);
        let window = self.piece(0..LONGEST_HEADER.min(self.rest().len()));
        let end = memchr::memmem::find(window, BLANK_LINE);
        // With the end of its last line.
        let end_of_lines = end.map_or(window.len(), |end| end + 2);
        let own = window.get(NAME.len()..end_of_lines).unwrap_or_default();
        // A header before this one had no end.
        if let Found::Whole(another) = find_header(own) {
            self.pass_over(NAME.len() + another);
            return Step::Again;
        }
        let Some(end) = end else {
            if window.len() < LONGEST_HEADER {
                return Step::Wait;
            }
            self.pass_over(NAME.len());
            return Step::Again;
        };
        let length = length_of(own);
        if self.garbage > 0 {
            return Step::Done(Frame::Garbage(std::mem::take(&mut self.garbage)));
        }
        self.at += end + BLANK_LINE.len();
        self.state = match usize::try_from(length) {
            Ok(length) if length <= MAX_MESSAGE => State::Body { length, searched: 0 },
            _ => State::Skipped { left: length, kept: Vec::new() },
        };
        Step::Again
    }

    fn body(&mut self, length: usize, searched: usize) -> Step {
        let there = self.rest().len();
        let (next, is_whole) = match find_header(self.piece(searched..there)) {
            Found::Whole(at) => (searched + at, true),
            Found::Begun(at) => (searched + at, false),
            Found::No => (there, false),
        };
        let end = next.min(length);
        if end < length && !is_whole {
            self.state = State::Body { length, searched: next };
            return Step::Wait;
        }
        let body = self.piece(0..end).to_vec();
        self.at += end;
        Step::Done(Frame::Message(body))
    }

    fn skipped(&mut self, left: u64, mut kept: Vec<u8>) -> Step {
        let there = self.rest().len();
        let within = usize::try_from(left).map_or(there, |left| left.min(there));
        let (next, is_whole) = match find_header(self.rest()) {
            Found::Whole(at) => (at, true),
            Found::Begun(at) => (at, false),
            Found::No => (there, false),
        };
        let end = next.min(within);
        let wanted = KEPT.saturating_sub(kept.len()).min(end);
        kept.extend_from_slice(self.piece(0..wanted));
        self.at += end;
        let left = left.saturating_sub(end as u64);
        if left == 0 || is_whole {
            return Step::Done(Frame::TooLong(kept));
        }
        self.state = State::Skipped { left, kept };
        Step::Wait
    }
}

enum Step {
    /// Something was done, and more may follow.
    Again,
    /// More bytes are needed.
    Wait,
    Done(Frame),
}

/// Where a header is in some bytes.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// The name with its number and the end of the line begins here.
    Whole(usize),
    /// The bytes end within what may be one.
    Begun(usize),
    No,
}

fn find_header(bytes: &[u8]) -> Found {
    for at in memchr::memchr2_iter(b'C', b'c', bytes) {
        match is_header(bytes.get(at..).unwrap_or_default()) {
            Some(true) => return Found::Whole(at),
            None => return Found::Begun(at),
            Some(false) => {}
        }
    }
    Found::No
}

/// Whether some bytes begin with `Content-Length: 12` and the end of the line. None: they end before that is known.
fn is_header(bytes: &[u8]) -> Option<bool> {
    let name = bytes.get(..NAME.len().min(bytes.len()))?;
    if !NAME.get(..name.len())?.eq_ignore_ascii_case(name) {
        return Some(false);
    }
    let value = bytes.get(NAME.len()..)?;
    let value = value.get(..LONGEST_NUMBER.min(value.len()))?;
    let mut rest = value.iter().skip_while(|byte| matches!(byte, b' ' | b'\t')).peekable();
    let mut has_digits = false;
    while rest.next_if(|byte| byte.is_ascii_digit()).is_some() {
        has_digits = true;
    }
    let mut rest = rest.skip_while(|byte| matches!(byte, b' ' | b'\t'));
    match (rest.next(), rest.next()) {
        (Some(b'\r'), Some(b'\n')) => Some(has_digits),
        (None, _) | (Some(b'\r'), None) if value.len() < LONGEST_NUMBER => None,
        _ => Some(false),
    }
}

/// The number in the first line of a header; one that is too large for its type is the largest.
fn length_of(value: &[u8]) -> u64 {
    let digits =
        value.iter().skip_while(|byte| !byte.is_ascii_digit()).take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |length: u64, digit| length.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    /// The bodies of some bytes that come in pieces of a size; those that are too long by how they begin.
    fn bodies(bytes: &[u8], size: usize) -> Vec<String> {
        let mut frames = Frames::default();
        let mut found = Vec::new();
        for piece in bytes.chunks(size) {
            frames.push(piece);
            while let Some(frame) = frames.next() {
                match frame {
                    Frame::Message(body) => found.push(String::from_utf8_lossy(&body).into_owned()),
                    Frame::TooLong(start) => {
                        found.push(format!("too long: {}", String::from_utf8_lossy(&start)))
                    }
                    Frame::Garbage(count) => assert!(count > 0),
                }
            }
        }
        found
    }

    fn check(text: &str, expected: &[&str]) {
        for size in [1, 2, 3, 7, 64, 1 << 20] {
            assert_eq!(bodies(text.as_bytes(), size), expected, "{text:?} in pieces of {size}");
        }
    }

    #[test]
    fn bodies_are_cut_by_their_lengths() {
        let (one, two) = (framed("{\"a\":1}"), framed("é"));
        check(&format!("{one}{two}"), &["{\"a\":1}", "é"]);
        let typed =
            two.replace("\r\n\r\n", "\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n");
        check(&format!("{typed}{one}"), &["é", "{\"a\":1}"]);
        check(&one.replace("Content-Length: ", "content-length:"), &["{\"a\":1}"]);
        check(&one.replace("Content-Length: ", "Content-Type: x\r\nCONTENT-LENGTH:\t "), &["{\"a\":1}"]);
        check(&framed(""), &[""]);
    }

    #[test]
    fn what_is_no_header_is_passed_over() {
        let good = framed("good");
        for garbage in [
            "{}",
            "Content-Length: x\r\n\r\n",
            "Content-Length: -5\r\n\r\n",
            "Content-Length: +5\r\n\r\n",
            "Content-Length: 1e3\r\n\r\n",
            "Content-Length:\r\n\r\n",
            "Content-Length: 5\n\n",
            "Content-Length: 5\r\n",
            "Content-Length: 5\r\nContent-Type: x",
            "\r\n\r\nContent-Length",
            "Content-Content-Length:Content-Length: ",
            "\0\0\0",
        ] {
            check(&format!("{good}{garbage}{good}"), &["good", "good"]);
        }
        for garbage in [
            "Content-Length: ".to_owned() + &"9".repeat(2000),
            "Content-Length: 5\r\nx: ".to_owned() + &"y".repeat(5000),
        ] {
            check(&format!("{good}{garbage}{good}"), &["good", "good"]);
        }
    }

    #[test]
    fn of_several_lengths_the_last_counts() {
        check("Content-Length: 9\r\nContent-Length: 4\r\n\r\ngood", &["good"]);
    }

    #[test]
    fn a_wrong_length_costs_no_other_message() {
        let good = framed("good");
        for length in [3, 5, 9, 20, 25, 30, 1000, MAX_MESSAGE] {
            let text = format!("Content-Length: {length}\r\n\r\nbody{good}{good}");
            let first = if length == 3 { "bod" } else { "body" };
            check(&text, &[first, "good", "good"]);
        }
        for length in ["67108865", "99999999999", "18446744073709551616", "999999999999999999999999999999"] {
            check(
                &format!("Content-Length: {length}\r\n\r\nbody{good}{good}"),
                &["too long: body", "good", "good"],
            );
        }
    }

    #[test]
    fn a_body_that_is_too_long_takes_no_memory() {
        let mut frames = Frames::default();
        let length = MAX_MESSAGE + 100_000;
        frames.push(format!("Content-Length: {length}\r\n\r\n").as_bytes());
        let piece = vec![b'x'; 100_000];
        let mut left = length;
        let mut found = Vec::new();
        while left > 0 {
            let size = left.min(piece.len());
            left -= size;
            frames.push(&piece[..size]);
            found.extend(frames.next());
            assert!(frames.buffer.capacity() < 1 << 20);
        }
        frames.push(framed("good").as_bytes());
        found.extend(std::iter::from_fn(|| frames.next()));
        assert_eq!(found, [Frame::TooLong(vec![b'x'; KEPT]), Frame::Message(b"good".to_vec())]);
    }

    #[test]
    fn an_announced_length_takes_no_memory() {
        let mut frames = Frames::default();
        frames.push(format!("Content-Length: {MAX_MESSAGE}\r\n\r\n{{").as_bytes());
        assert_eq!(frames.next(), None);
        assert!(frames.buffer.capacity() < 1 << 20);
    }

    #[test]
    fn half_a_message_is_none() {
        let good = framed("good");
        for end in 0..good.len() {
            assert_eq!(bodies(&good.as_bytes()[..end], 5), Vec::<String>::new());
        }
    }
}
