//! Lists of JSON documents whose items are made when they are written, so that no list of all is in memory.

use serde::{Serialize, Serializer};

/// Bytes that are kept before they are written: documents come in pieces of a few bytes.
pub(super) const BUFFER: usize = 1 << 16;

/// A list of what a function returns.
pub(super) struct Each<F>(pub(super) F);

impl<F: Fn() -> I, I: IntoIterator<Item: Serialize>> Serialize for Each<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}
