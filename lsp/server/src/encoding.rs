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

    /// Bytes of the first `columns` columns of a line; all of it where it is shorter. A column within a
    /// character counts as the character's beginning.
    fn bytes(self, line: &str, columns: u32) -> usize {
        let columns = columns as usize;
        if self == Self::Utf8 {
            return line.floor_char_boundary(columns.min(line.len()));
        }
        let mut width = 0;
        for (at, c) in line.char_indices() {
            width += c.len_utf16();
            if width > columns {
                return at;
            }
        }
        line.len()
    }
}

/// A text with the beginnings of its lines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lines<'a> {
    pub(crate) text: &'a str,
    pub(crate) starts: &'a [u32],
    pub(crate) encoding: Encoding,
}

impl Lines<'_> {
    pub(crate) fn position(&self, offset: TextSize) -> Position {
        let offset = u32::from(offset).min(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let before = self.text.get(start as usize..offset as usize).unwrap_or_default();
        Position::new(u32::try_from(line).unwrap_or(u32::MAX), self.encoding.width(before))
    }

    pub(crate) fn range(&self, range: TextRange) -> Range {
        Range::new(self.position(range.start()), self.position(range.end()))
    }

    /// Returns the offset of a position. Behind the end of a line is its end, behind the last line the
    /// end of the text.
    pub(crate) fn offset(&self, position: Position) -> TextSize {
        let end = self.text.len();
        let start_of = |line: usize| self.starts.get(line).map_or(end, |start| *start as usize);
        let line = position.line as usize;
        let start = start_of(line);
        let text = self.text.get(start..start_of(line.saturating_add(1))).unwrap_or_default();
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        size(start + self.encoding.bytes(text, position.character))
    }

    /// Returns the bytes between two positions, in whichever order they are.
    pub(crate) fn bytes(&self, range: Range) -> TextRange {
        let (start, end) = (self.offset(range.start), self.offset(range.end));
        TextRange::new(start.min(end), start.max(end))
    }
}

/// Returns the beginnings of the lines of a text.
pub(crate) fn line_starts(text: &str) -> Vec<u32> {
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
        let starts = line_starts(text);
        let lines = Lines { text, starts: &starts, encoding };
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
        let lines = Lines { text, starts: &line_starts(text), encoding: Encoding::Utf8 };
        assert_eq!(u32::from(lines.offset(Position::new(0, 9))), 1, "before the end of the line");
    }

    #[test]
    fn positions_that_are_nowhere() {
        let text = "aß\r\n🦀x";
        let starts = line_starts(text);
        let offset = |encoding, line, character| {
            u32::from(Lines { text, starts: &starts, encoding }.offset(Position::new(line, character)))
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
}
