//! UTF-16 with a byte order mark, as Windows tools write text, read as UTF-8.

use std::io::{self, Read};

/// The byte order mark of each byte order.
const MARKS: [(&[u8], ByteOrder); 2] = [(b"\xff\xfe", ByteOrder::Little), (b"\xfe\xff", ByteOrder::Big)];

/// Bytes that are decoded at a time.
const CHUNK: usize = 64 * 1024;

/// The order of the two bytes of a code unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    /// The low byte first.
    Little,
    /// The high byte first.
    Big,
}

impl ByteOrder {
    /// Returns the order of UTF-16 that begins with a byte order mark; None for anything else.
    pub fn of_start(start: &[u8]) -> Option<Self> {
        MARKS.iter().find(|(mark, _)| start.starts_with(mark)).map(|(_, order)| *order)
    }

    /// Returns the order of a text in UTF-16 without a byte order mark, told from its first two characters, if
    /// these are ASCII; None for anything else.
    pub fn guess(start: &[u8]) -> Option<Self> {
        let is_text = |byte: u8| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        match *start.first_chunk::<4>()? {
            [one, 0, other, 0] if is_text(one) && is_text(other) => Some(Self::Little),
            [0, one, 0, other] if is_text(one) && is_text(other) => Some(Self::Big),
            _ => None,
        }
    }

    fn unit(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }
}

/// Reads UTF-16 as UTF-8, without the byte order mark. Half a character is an error, never a replacement.
#[derive(Debug)]
pub struct Utf16Reader<R> {
    inner: R,
    order: ByteOrder,
    is_at_start: bool,
    /// Bytes of a code unit, or of a pair of surrogates, whose rest is still to come.
    rest: Vec<u8>,
    text: Vec<u8>,
    at: usize,
}

impl<R: Read> Utf16Reader<R> {
    /// Reads from a reader at its byte order mark.
    pub fn new(inner: R, order: ByteOrder) -> Self {
        Self { inner, order, is_at_start: true, rest: Vec::new(), text: Vec::new(), at: 0 }
    }

    /// Reads from a reader at the first character, where there is no byte order mark.
    pub fn without_mark(inner: R, order: ByteOrder) -> Self {
        Self { is_at_start: false, ..Self::new(inner, order) }
    }

    /// Returns the reader below.
    pub fn into_inner(self) -> R {
        self.inner
    }

    /// Decodes some more; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        let mut bytes = std::mem::take(&mut self.rest);
        let before = bytes.len();
        self.inner.by_ref().take(CHUNK as u64).read_to_end(&mut bytes)?;
        let is_end = bytes.len() == before;
        let pairs = bytes.as_chunks::<2>().0;
        let units: Vec<u16> = pairs.iter().map(|pair| self.order.unit(*pair)).collect();
        // A high surrogate at the end waits for its other half.
        let waits = !is_end && units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit));
        let whole = units.len() - usize::from(waits);
        self.rest.extend(bytes.get(2 * whole..).unwrap_or_default());
        if is_end && !self.rest.is_empty() {
            return Err(invalid());
        }
        let skipped = usize::from(std::mem::take(&mut self.is_at_start));
        let text =
            String::from_utf16(units.get(skipped..whole).unwrap_or_default()).map_err(|_| invalid())?;
        self.text = text.into_bytes();
        self.at = 0;
        Ok(!is_end)
    }
}

impl<R: Read> Read for Utf16Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.text.len() {
            if !self.fill()? {
                return Ok(0);
            }
        }
        let read = self.text.get(self.at..).unwrap_or_default().read(buffer)?;
        self.at += read;
        Ok(read)
    }
}

fn invalid() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is not valid UTF-16: half of a character is missing")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(text: &str, order: ByteOrder) -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        match order {
            ByteOrder::Little => units.flat_map(u16::to_le_bytes).collect(),
            ByteOrder::Big => units.flat_map(u16::to_be_bytes).collect(),
        }
    }

    /// Hands over a few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(self.1);
            self.0.read(&mut buffer[..most])
        }
    }

    #[test]
    fn text_without_a_mark_is_recognized() {
        for (order, name) in [(ByteOrder::Little, "little"), (ByteOrder::Big, "big")] {
            let bytes = encoded("id,name\nä,b\n", order).split_off(2);
            assert_eq!(ByteOrder::guess(&bytes), Some(order), "{name}");
            let mut text = String::new();
            Utf16Reader::without_mark(Slow(&bytes, 3), order).read_to_string(&mut text).unwrap();
            assert_eq!(text, "id,name\nä,b\n");
        }
        for other in [&b"id,name"[..], b"PAR1", b"a\0", b"\0\0\0\0", b"\x1f\x8b\x08\0"] {
            assert_eq!(ByteOrder::guess(other), None, "{other:?}");
        }
    }

    fn read(bytes: &[u8], step: usize) -> io::Result<String> {
        let order = ByteOrder::of_start(bytes).expect("a byte order mark");
        let mut text = String::new();
        Utf16Reader::new(Slow(bytes, step), order).read_to_string(&mut text).map(|_| text)
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text: String, step in 1_usize..9, big: bool) {
            let order = if big { ByteOrder::Big } else { ByteOrder::Little };
            prop_assert_eq!(read(&encoded(&text, order), step).unwrap(), text);
        }
    }

    #[test]
    fn long_texts_are_cut_nowhere() {
        let text = "a😀".repeat(CHUNK);
        assert_eq!(read(&encoded(&text, ByteOrder::Little), 4096).unwrap(), text);
    }

    #[test]
    fn half_a_character_is_an_error() {
        let whole = encoded("x😀", ByteOrder::Little);
        for bytes in [&whole[..whole.len() - 1], &whole[..whole.len() - 2], b"\xff\xfe\x00\xdc"] {
            assert_eq!(read(bytes, 3).unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
    }

    #[test]
    fn only_a_mark_makes_it_utf_16() {
        assert_eq!(ByteOrder::of_start(b"a\0b\0"), None);
        assert_eq!(ByteOrder::of_start(b"\xef\xbb\xbfid"), None);
    }
}
