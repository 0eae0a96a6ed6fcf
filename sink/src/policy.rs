//! Policies that are made from foreign text, printed or written to a file.

use std::fmt::Write as _;

use crate::log;
use crate::terminal::{is_in_place, is_steering};

/// Returns policies in which strings are written with escapes of the language instead of characters that
/// somebody or something other than the parser could act on. They mean the same.
pub fn text(policies: &str) -> String {
    let mut out = String::with_capacity(policies.len());
    let mut before = None;
    let mut chars = policies.chars().peekable();
    while let Some(c) = chars.next() {
        let is_text = !is_steering(c) || matches!(c, '\n' | '\t');
        if is_text || is_in_place(before, c, chars.peek().copied()) {
            out.push(c);
        } else {
            let _ = write!(out, r"\u{{{:x}}}", u32::from(c));
        }
        before = Some(c);
    }
    log::text(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_mean_the_same() {
        let policies = "rule a {\n\twhen resource.name == \"\u{202e}##[error] größe\"\n}\n";
        assert_eq!(
            text(policies),
            "rule a {\n\twhen resource.name == \"\\u{202e}#\\u{23}[error] größe\"\n}\n"
        );
    }
}
