//! Texts of a page, each kept once.

use std::collections::HashMap;

use super::super::text::{clean, shorten};

/// Characters of a text that a page shows; what is longer is cut in the middle.
const MAX_TEXT_CHARS: usize = 500;

/// Texts by their number, in the order in which they were first met.
#[derive(Default)]
pub(super) struct Strings {
    pub(super) texts: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Strings {
    /// Returns the number of a foreign text; -1 if there is none.
    pub(super) fn number(&mut self, text: Option<&str>) -> i64 {
        let Some(text) = text else { return -1 };
        let text = tame(text);
        let next = self.texts.len();
        let number = *self.numbers.entry(text).or_insert_with_key(|text| {
            self.texts.push(text.clone());
            next
        });
        i64::try_from(number).unwrap_or(-1)
    }
}

/// Returns a foreign text as a page shows it: in one line, without characters that turn the direction
/// of what is around it, and cut where it is very long.
pub(super) fn tame(text: &str) -> String {
    clean(&shorten(text, MAX_TEXT_CHARS))
}
