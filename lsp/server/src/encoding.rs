//! Byte offsets, and positions as clients count them.

use tagpol_syntax::{TextRange, TextSize};
use tower_lsp::ls_types::{Position, PositionEncodingKind, Range};

/// What the columns of positions count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units, which every client knows.
    #[default]
    Utf16,
}

impl Encoding {
    /// Takes bytes where the client offers them.
    pub(crate) fn negotiate(offered: Option<&[PositionEncodingKind]>) -> Self {
        let offers_bytes = offered.is_some_and(|offered| offered.contains(&PositionEncodingKind::UTF8));
        if offers_bytes { Self::Utf8 } else { Self::Utf16 }
    }

    pub(crate) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
        }
    }

    /// Columns that a text is wide.
    pub(crate) fn width(self, text: &str) -> u32 {
        let width = match self {
            Self::Utf8 => text.len(),
            Self::Utf16 => text.encode_utf16().count(),
        };
        u32::try_from(width).unwrap_or(u32::MAX)
    }
}

/// Bytes between two marks of a [`LineIndex`].
const STRIDE: usize = 512;

/// Where the lines of a text begin, and how many UTF-16 code units are before places in it. With it a position costs
/// the same anywhere, also within a line of millions of characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LineIndex {
    /// The first byte of each line.
    starts: Vec<u32>,
    /// The UTF-16 code units before each [`STRIDE`]th byte, and at last those of the whole text.
    units: Vec<u32>,
}

impl LineIndex {
    pub(crate) fn new(text: &str) -> Self {
        let mut units = vec![0];
        let mut before = 0;
        for chunk in text.as_bytes().chunks(STRIDE) {
            before += units_in(chunk);
            units.push(before);
        }
        Self { starts: line_starts(text), units }
    }

    /// Returns the first byte of a line; None behind the last one.
    fn start(&self, line: usize) -> Option<usize> {
        self.starts.get(line).map(|start| *start as usize)
    }

    /// Returns the UTF-16 code units before an offset.
    fn units(&self, text: &str, offset: usize) -> u32 {
        let mark = offset / STRIDE;
        let rest = text.as_bytes().get(mark * STRIDE..offset).unwrap_or_default();
        self.units.get(mark).copied().unwrap_or_default() + units_in(rest)
    }

    /// Returns the character that a code unit is part of, by its first byte; the end where there are fewer.
    fn offset_of_unit(&self, text: &str, unit: u32) -> usize {
        let mark = self.units.partition_point(|before| *before <= unit).saturating_sub(1);
        let mut before = self.units.get(mark).copied().unwrap_or(0);
        // A mark may be within a character, which was counted at its first byte.
        let from = text.ceil_char_boundary(mark * STRIDE);
        for (at, c) in text.get(from..).unwrap_or_default().char_indices() {
            before += u32::from(c.len_utf16() == 2) + 1;
            if before > unit {
                return from + at;
            }
        }
        text.len()
    }
}

/// The UTF-16 code units of characters that begin in some bytes.
fn units_in(bytes: &[u8]) -> u32 {
    let units = bytes.iter().map(|byte| match byte {
        0x80..=0xBF => 0,
        0xF0.. => 2,
        _ => 1,
    });
    units.sum()
}

/// A text with its lines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lines<'a> {
    pub(crate) text: &'a str,
    pub(crate) index: &'a LineIndex,
    pub(crate) encoding: Encoding,
}

impl Lines<'_> {
    pub(crate) fn position(&self, offset: TextSize) -> Position {
        let offset = usize::from(offset).min(self.text.len());
        let starts = &self.index.starts;
        let line = starts.partition_point(|start| *start as usize <= offset).saturating_sub(1);
        let start = self.index.start(line).unwrap_or(0);
        let column = match self.encoding {
            Encoding::Utf8 => u32::try_from(offset - start).unwrap_or(u32::MAX),
            Encoding::Utf16 => self.index.units(self.text, offset) - self.index.units(self.text, start),
        };
        Position::new(u32::try_from(line).unwrap_or(u32::MAX), column)
    }

    pub(crate) fn range(&self, range: TextRange) -> Range {
        Range::new(self.position(range.start()), self.position(range.end()))
    }

    /// Returns the offset of a position. Behind the end of a line is its end, behind the last line the
    /// end of the text. A column within a character is the character's beginning.
    pub(crate) fn offset(&self, position: Position) -> TextSize {
        let line = position.line as usize;
        let start = self.index.start(line).unwrap_or(self.text.len());
        let next = self.index.start(line.saturating_add(1)).unwrap_or(self.text.len());
        let text = self.text.get(start..next).unwrap_or_default();
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        let end = start + text.len();
        let offset = match self.encoding {
            Encoding::Utf8 => {
                self.text.floor_char_boundary(start.saturating_add(position.character as usize).min(end))
            }
            Encoding::Utf16 => {
                let unit = self.index.units(self.text, start).saturating_add(position.character);
                self.index.offset_of_unit(self.text, unit).min(end)
            }
        };
        size(offset)
    }

    /// Returns the bytes between two positions, in whichever order they are.
    pub(crate) fn bytes(&self, range: Range) -> TextRange {
        let (start, end) = (self.offset(range.start), self.offset(range.end));
        TextRange::new(start.min(end), start.max(end))
    }
}

/// Returns the beginnings of the lines of a text.
fn line_starts(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    // A carriage return with a line feed behind it is one end, and by itself it is one too.
    let is_end = |at: &usize| bytes.get(*at) == Some(&b'\n') || bytes.get(at + 1) != Some(&b'\n');
    let ends = memchr::memchr2_iter(b'\n', b'\r', bytes).filter(is_end);
    std::iter::once(0).chain(ends.map(|end| u32::try_from(end + 1).unwrap_or(u32::MAX))).collect()
}

fn size(at: usize) -> TextSize {
    TextSize::try_from(at).unwrap_or(TextSize::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, encoding: Encoding, offset: u32, line: u32, character: u32) {
        let lines = Lines { text, index: &LineIndex::new(text), encoding };
        let position = Position::new(line, character);
        assert_eq!(lines.position(offset.into()), position, "{text:?} {offset}");
        assert_eq!(lines.offset(position), offset.into(), "{text:?} {position:?}");
    }

    #[test]
    fn both_ways() {
        let text = "aß\r\n🦀x\n";
        for (offset, line, utf8, utf16) in [
            (0, 0, 0, 0),
            (1, 0, 1, 1),
            (3, 0, 3, 2),
            (5, 1, 0, 0),
            (9, 1, 4, 2),
            (10, 1, 5, 3),
            (11, 2, 0, 0),
        ] {
            check(text, Encoding::Utf8, offset, line, utf8);
            check(text, Encoding::Utf16, offset, line, utf16);
        }
    }

    #[test]
    fn a_carriage_return_ends_a_line_too() {
        assert_eq!(line_starts("a\rb\r\nc\n\rd"), [0, 2, 5, 7, 8]);
        check("a\rb\r\nc", Encoding::Utf8, 2, 1, 0);
        check("a\rb\r\nc", Encoding::Utf8, 5, 2, 0);
        let text = "a\rb";
        let lines = Lines { text, index: &LineIndex::new(text), encoding: Encoding::Utf8 };
        assert_eq!(u32::from(lines.offset(Position::new(0, 9))), 1, "before the end of the line");
    }

    #[test]
    fn positions_that_are_nowhere() {
        let text = "aß\r\n🦀x";
        let index = LineIndex::new(text);
        let offset = |encoding, line, character| {
            u32::from(Lines { text, index: &index, encoding }.offset(Position::new(line, character)))
        };
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            assert_eq!(offset(encoding, 0, 99), 3, "before the end of the line");
            assert_eq!(offset(encoding, 9, 0), 10, "at the end of the text");
            assert_eq!(offset(encoding, 1, u32::MAX), 10);
            assert_eq!(offset(encoding, u32::MAX, u32::MAX), 10);
        }
        assert_eq!(offset(Encoding::Utf8, 0, 2), 1, "within a character");
        assert_eq!(offset(Encoding::Utf16, 1, 1), 5, "within a pair of surrogates");
    }

    /// Columns of a long line, with marks within characters of every length, against counting from its beginning.
    #[test]
    fn positions_in_a_long_line() {
        for c in ["a", "ß", "€", "🦀"] {
            for shift in 0..4 {
                let line = format!("{}{}", "x".repeat(shift), c.repeat(3 * STRIDE));
                let text = format!("y\r\n{line}\nz");
                let index = LineIndex::new(&text);
                let lines = Lines { text: &text, index: &index, encoding: Encoding::Utf16 };
                let mut column = 0;
                for (at, c) in line.char_indices() {
                    let offset = TextSize::try_from(at + 3).unwrap();
                    let position = Position::new(1, column);
                    assert_eq!(lines.position(offset), position, "{c:?} {shift}");
                    assert_eq!(lines.offset(position), offset, "{c:?} {shift}");
                    column += u32::try_from(c.len_utf16()).unwrap();
                }
                assert_eq!(
                    lines.offset(Position::new(1, u32::MAX)),
                    TextSize::try_from(line.len() + 3).unwrap()
                );
                let end = TextSize::try_from(text.len()).unwrap();
                assert_eq!(lines.position(end), Position::new(2, 1));
                assert_eq!(lines.offset(Position::new(2, 1)), end);
            }
        }
    }
}
