//! Texts whose letters and accents may not be composed (NFC). The dialect has no function that composes them.

use std::sync::LazyLock;

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, is_nfc_quick};

use super::refused;
use super::regex::class;
use crate::sql::Dialect;
use crate::sql::text::literal;

/// What is wrong with a text that has to be composed.
const REFUSAL: &str = "a text is not composed (Unicode form NFC), and this engine cannot compose it; evaluate it \
                       locally, or write its letters with their accents as one character";

/// A pattern that every text matches of which composing may make another: a character that composing replaces, or
/// that may join the one before it, or two marks, whose order may be another.
static NOT_COMPOSED: LazyLock<String> = LazyLock::new(|| {
    let changes = |c: char| is_nfc_quick(std::iter::once(c)) != IsNormalized::Yes;
    let is_mark = |c: char| canonical_combining_class(c) != 0;
    let [changing, marks] = [
        class(('\0'..=char::MAX).filter(|c| changes(*c))),
        class(('\0'..=char::MAX).filter(|c| is_mark(*c))),
    ];
    format!("[{changing}]|[{marks}]{{2}}")
});

/// Returns a text that is made of the raw one by taking characters out or replacing them by spaces, composed. A raw
/// text that may not be composed ends the evaluation: to leave it as it is would be another answer.
pub(super) fn composed(raw: &str, text: &str) -> String {
    let pattern = literal(&NOT_COMPOSED, Dialect::Spark);
    format!("CASE WHEN regexp_like({raw}, {pattern}) THEN {} ELSE {text} END", refused(REFUSAL))
}

#[cfg(test)]
mod tests {
    use tagpol_sema::formats::compose;

    use super::*;

    #[test]
    fn every_text_that_composing_changes_is_found() {
        let regex = regex_syntax::parse(&NOT_COMPOSED);
        assert!(regex.is_ok());
        let regex = ::regex::Regex::new(&NOT_COMPOSED).unwrap();
        for text in ["cafe\u{301}", "\u{212b}", "q\u{307}\u{323}", "\u{1100}\u{1161}", "\u{f900}"] {
            assert!(regex.is_match(text), "{text:?}");
        }
        for text in ["café", "größe", "日本語", "한국어", "हिन्दी", "ไทย", "שלום"]
        {
            assert_eq!(compose(text), text);
            assert!(!regex.is_match(text), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn texts_that_are_not_found_are_composed(text in "[a-zÀ-ſ\u{300}-\u{345}\u{591}-\u{5f4}\u{900}-\u{97f}\u{1100}-\u{11ff}\u{1e00}-\u{1fff}\u{f900}-\u{faff}]{0,4}") {
            let regex = ::regex::Regex::new(&NOT_COMPOSED).unwrap();
            proptest::prop_assert!(regex.is_match(&text) || compose(&text) == text);
        }
    }
}
