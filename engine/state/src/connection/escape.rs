//! NUL characters in texts.
//!
//! PostgreSQL stores every character but NUL, and the JSON functions of SQLite end a text at it. An inventory may
//! contain one, so U+0000 is stored as U+0001 `0`, and U+0001 as U+0001 `1`. Texts without these two characters
//! stay as they are, and the order of texts by bytes is that of the stored ones, which paging relies on.

use std::borrow::Cow;

const ESCAPE: char = '\u{1}';

/// Returns the text as it is stored.
pub(super) fn stored(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte <= 1) {
        return Cow::Borrowed(text);
    }
    let mut stored = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\0' => stored.extend([ESCAPE, '0']),
            ESCAPE => stored.extend([ESCAPE, '1']),
            other => stored.push(other),
        }
    }
    Cow::Owned(stored)
}

/// Returns the text that was stored; None if nothing is stored in this way.
pub(super) fn original(stored: String) -> Option<String> {
    if !stored.contains(ESCAPE) {
        return Some(stored);
    }
    let mut original = String::with_capacity(stored.len());
    let mut characters = stored.chars();
    while let Some(character) = characters.next() {
        match (character, if character == ESCAPE { characters.next() } else { None }) {
            (ESCAPE, Some('0')) => original.push('\0'),
            (ESCAPE, Some('1')) => original.push(ESCAPE),
            (ESCAPE, _) => return None,
            (other, _) => original.push(other),
        }
    }
    Some(original)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_and_keep_their_order() {
        let mut texts =
            ["", "a", "a\0", "a\0b", "a\u{1}", "a\u{1}0", "a\u{2}", "ab", "\0", "\0\0", "\u{1}\0"];
        texts.sort_unstable();
        let stored: Vec<String> = texts.iter().map(|text| stored(text).into_owned()).collect();
        assert!(stored.is_sorted(), "{stored:?}");
        for (text, stored) in texts.iter().zip(stored) {
            assert!(!stored.contains('\0'));
            assert_eq!(original(stored).as_deref(), Some(*text));
        }
        for nothing in ["\u{1}", "a\u{1}2", "\u{1}\u{1}"] {
            assert_eq!(original(nothing.to_owned()), None);
        }
    }
}
