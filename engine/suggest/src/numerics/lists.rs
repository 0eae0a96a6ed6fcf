//! Lists of numbers in one file, each after its length, as little-endian words of 32 bits.

use std::fmt;

/// Writes lists.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn words(&mut self, words: impl ExactSizeIterator<Item = u32>) {
        self.0.extend((words.len() as u32).to_le_bytes());
        self.0.extend(words.flat_map(u32::to_le_bytes));
    }

    pub(crate) fn floats(&mut self, floats: &[f32]) {
        self.words(floats.iter().map(|float| float.to_bits()));
    }

    pub(crate) fn hashes(&mut self, hashes: impl ExactSizeIterator<Item = u64>) {
        self.0.extend((hashes.len() as u32).to_le_bytes());
        self.0.extend(hashes.flat_map(u64::to_le_bytes));
    }

    /// Returns the bytes of the file.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// The file ends before a list does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooShort;

impl fmt::Display for TooShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it ends too early")
    }
}

/// Reads lists in the order in which they were written.
#[derive(Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], TooShort> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(TooShort)?;
        self.0 = rest;
        Ok(taken)
    }

    fn list(&mut self, width: usize) -> Result<&'a [u8], TooShort> {
        let len = self.take(4)?.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes)).ok_or(TooShort)?;
        self.take((len as usize).checked_mul(width).ok_or(TooShort)?)
    }

    pub(crate) fn words(&mut self) -> Result<Vec<u32>, TooShort> {
        let (words, _) = self.list(4)?.as_chunks::<4>();
        Ok(words.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect())
    }

    pub(crate) fn floats(&mut self) -> Result<Vec<f32>, TooShort> {
        let (words, _) = self.list(4)?.as_chunks::<4>();
        Ok(words.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    pub(crate) fn hashes(&mut self) -> Result<Vec<u64>, TooShort> {
        let (hashes, _) = self.list(8)?.as_chunks::<8>();
        Ok(hashes.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_no_more() {
        let mut writer = Writer::default();
        writer.floats(&[1.5, -0.0]);
        writer.hashes([u64::MAX, 7].into_iter());
        writer.words([3].into_iter());
        let bytes = writer.into_bytes();
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.floats(), Ok(vec![1.5, -0.0]));
        assert_eq!(reader.hashes(), Ok(vec![u64::MAX, 7]));
        assert_eq!(reader.words(), Ok(vec![3]));
        assert_eq!(reader.words(), Err(TooShort));
        for len in 0..bytes.len() {
            let mut reader = Reader::new(bytes.get(..len).unwrap());
            let all = reader.floats().and_then(|_| reader.hashes()).and_then(|_| reader.words());
            assert_eq!(all, Err(TooShort), "{len}");
        }
    }
}
