//! Offsets to lines and columns.

use tagpol_syntax::TextSize;

/// Starts of the lines of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineIndex {
    starts: Vec<u32>,
    /// Characters before each [`STRIDE`]th byte, so that a column in a line of millions of characters is not counted
    /// from its beginning.
    chars: Vec<u32>,
}

/// Bytes between two counts of characters.
const STRIDE: usize = 512;

impl LineIndex {
    /// Indexes a text.
    pub fn new(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(ends.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX)));
        let counts = text.as_bytes().chunks(STRIDE).scan(0, |before, chunk| {
            *before += chars_in(chunk);
            Some(*before)
        });
        Self { starts: starts.collect(), chars: std::iter::once(0).chain(counts).collect() }
    }

    /// Returns the first bytes of the lines.
    pub fn starts(&self) -> &[u32] {
        &self.starts
    }

    /// Returns line and column of an offset, both from 1; the column counts characters.
    pub fn position(&self, text: &str, offset: TextSize) -> (u32, u32) {
        let offset = u32::from(offset);
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|i| self.starts.get(i)).copied().unwrap_or(0);
        let column = match offset as usize <= text.len() {
            true => self.chars_before(text, offset) - self.chars_before(text, start) + 1,
            false => 1,
        };
        (u32::try_from(line).unwrap_or(u32::MAX), column)
    }

    fn chars_before(&self, text: &str, offset: u32) -> u32 {
        let offset = offset as usize;
        let mark = offset / STRIDE;
        let rest = text.as_bytes().get(mark * STRIDE..offset).unwrap_or_default();
        self.chars.get(mark).copied().unwrap_or_default() + chars_in(rest)
    }
}

/// The characters that begin in some bytes.
fn chars_in(bytes: &[u8]) -> u32 {
    bytes.iter().map(|byte| u32::from(!matches!(byte, 0x80..=0xBF))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions() {
        let text = "ab\nçd\n";
        let index = LineIndex::new(text);
        let at = |offset: u32| index.position(text, TextSize::from(offset));
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(2), (1, 3));
        assert_eq!(at(3), (2, 1));
        assert_eq!(at(5), (2, 2));
        assert_eq!(at(7), (3, 1));
        assert_eq!(at(99), (3, 1));
    }

    #[test]
    fn columns_in_a_long_line() {
        for c in ["a", "ç", "字", "🦀"] {
            let text = format!("x\n{}\ny", c.repeat(2 * STRIDE));
            let index = LineIndex::new(&text);
            for (at, (offset, _)) in text.char_indices().skip(2).enumerate().take(2 * STRIDE + 1) {
                let column = u32::try_from(at + 1).unwrap();
                assert_eq!(index.position(&text, TextSize::try_from(offset).unwrap()), (2, column), "{c}");
            }
        }
    }
}
