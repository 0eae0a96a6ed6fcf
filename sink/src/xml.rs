//! XML 1.0 documents, which hold no control characters and no U+FFFE or U+FFFF, not even as references.

use crate::log;
use crate::terminal;

/// Returns a foreign text that can stand in a document once its markup is escaped: in one line, as
/// [`terminal::line`] returns it, which leaves nothing that XML does not allow.
pub fn line(text: &str) -> String {
    terminal::line(text)
}

/// Returns a document, whose markup is escaped already, without commands of CI runners: they are broken by
/// character references, so a parser gets the same texts. What XML does not allow is replaced.
pub fn document(text: &str) -> String {
    log::escape(text, "&#35;", "&#58;").replace(|c| !is_allowed(c), "\u{fffd}")
}

/// Whether a character is a `Char` of XML 1.0.
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::log::tests::{commands, hostile};

    fn written(text: &str) -> String {
        let text = text.replace('&', "&amp;").replace(['<', '>'], "&lt;").replace('"', "&quot;");
        document(&format!("<a b=\"{text}\">\n{text}</a>\n"))
    }

    #[test]
    fn a_parser_gets_what_was_escaped() {
        let out = written("a ##[error]\n::error::x");
        let document = roxmltree::Document::parse(&out).unwrap();
        assert_eq!(document.root_element().text(), Some("\na ##[error]\n::error::x"));
        assert_eq!(document.root_element().attribute("b"), Some("a ##[error] ::error::x"));
        assert_eq!(commands(&out), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn documents_can_be_read(text in hostile()) {
            let out = written(&text);
            prop_assert!(roxmltree::Document::parse(&out).is_ok(), "{out:?}");
            prop_assert_eq!(commands(&out), Vec::<String>::new());
            let clean = line(&text).replace('>', "<");
            let out = written(&clean);
            let document = roxmltree::Document::parse(&out).unwrap();
            let expected = format!("\n{clean}");
            prop_assert_eq!(document.root_element().text(), Some(expected.as_str()));
        }
    }
}
