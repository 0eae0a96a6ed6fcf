//! What texts of requests may be.

use std::ops::RangeInclusive;

use tagpol_serve_core::errors::{ApiError, Code};

/// Characters of the value of a tag: as many as AWS and Azure allow, and no cloud allows more, so that a longer one could never
/// be written to a cloud.
pub(crate) const VALUE: RangeInclusive<usize> = 1..=256;

/// Characters of a name.
pub(crate) const NAME: RangeInclusive<usize> = 1..=200;

/// Characters of a note, most.
const MOST_NOTE: usize = 1_000;

/// Checks the length of a text on one line, and that all of it can be shown.
///
/// # Errors
/// [`Code::InvalidValue`].
pub(crate) fn check(text: &str, what: &str, length: RangeInclusive<usize>) -> Result<(), ApiError> {
    if !length.contains(&text.chars().count()) {
        let (least, most) = (length.start(), length.end());
        return Err(ApiError::new(Code::InvalidValue, format!("{what} has {least} to {most} characters")));
    }
    check_characters(text, what, &[])
}

/// Checks a name.
///
/// # Errors
/// [`Code::InvalidValue`], about `/name`.
pub(crate) fn check_name(name: &str) -> Result<(), ApiError> {
    check(name.trim(), "a name", NAME).map_err(|error| error.at("/name"))
}

/// Checks the reason of a decision, which may have several lines.
///
/// # Errors
/// [`Code::InvalidValue`], about `/note`.
pub(crate) fn check_note(note: Option<&str>) -> Result<(), ApiError> {
    let Some(note) = note else { return Ok(()) };
    if note.chars().count() > MOST_NOTE {
        let detail = format!("a note has at most {MOST_NOTE} characters");
        return Err(ApiError::new(Code::InvalidValue, detail).at("/note"));
    }
    check_characters(note, "a note", &['\n', '\r', '\t']).map_err(|error| error.at("/note"))
}

/// Control characters, and those that change the direction of the text around them, show something else than what is stored.
fn check_characters(text: &str, what: &str, allowed: &[char]) -> Result<(), ApiError> {
    let is_hidden =
        |c: &char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    match text.chars().find(|c| is_hidden(c) && !allowed.contains(c)) {
        None => Ok(()),
        Some(c) => {
            let detail = format!("{what} contains the control character U+{:04X}", u32::from(c));
            Err(ApiError::new(Code::InvalidValue, detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_a_length_and_can_be_shown() {
        for (text, is_good) in [
            ("payments", true),
            ("", false),
            ("ä\u{1f600}", true),
            (&"ä".repeat(256), true),
            (&"ä".repeat(257), false),
            ("a\0b", false),
            ("a\nb", false),
            ("a\u{7f}", false),
            ("a\u{202e}b", false),
        ] {
            assert_eq!(check(text, "the value", VALUE).is_ok(), is_good, "{text:?}");
        }
        assert!(check_name("  Ann \u{1b}[31m").is_err());
        assert!(check_note(Some("one\n\ttwo\r\n")).is_ok());
        for note in ["a\0b", &"x".repeat(1_001)] {
            assert_eq!(check_note(Some(note)).unwrap_err().pointer.as_deref(), Some("/note"));
        }
    }
}
