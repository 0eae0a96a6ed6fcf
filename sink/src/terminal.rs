//! Terminals, and the people who read them.
//!
//! A foreign text must not move the cursor, change colors, retitle the window, reorder what is around it, or
//! look like another text because a part of it is invisible.

use std::borrow::Cow;

/// Longest sequence that is taken for a style: `\x1b[38;2;255;255;255m` and some more.
const LONGEST_STYLE: usize = 32;

/// Whether a character controls a terminal, has no shape of its own, or changes the direction of writing.
///
/// Line ends and tabs count, so callers that keep them must say so.
pub fn is_steering(c: char) -> bool {
    c.is_control() || is_invisible(c) || is_noncharacter(c)
}

/// Default-ignorable code points of Unicode, and the separators and annotations that many readers act on.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

fn is_noncharacter(c: char) -> bool {
    u32::from(c) & 0xfffe == 0xfffe || ('\u{fdd0}'..='\u{fdef}').contains(&c)
}

/// Whether a character that [steers](is_steering) is a part of ordinary text where it stands: a joiner within
/// an emoji or a word of a script that has joiners, or the selector of an emoji's look.
pub fn is_in_place(before: Option<char>, c: char, after: Option<char>) -> bool {
    let joins = |c: char| {
        let is_punctuation = ('\u{2000}'..='\u{206f}').contains(&c);
        c == '\u{fe0f}' || (u32::from(c) >= 0x600 && !is_punctuation && !c.is_whitespace() && !is_steering(c))
    };
    match c {
        '\u{200c}' | '\u{200d}' => before.is_some_and(joins) && after.is_some_and(joins),
        '\u{fe0e}' | '\u{fe0f}' => before.is_some_and(|before| match before {
            '0'..='9' | '#' | '*' => after == Some('\u{20e3}'),
            before => before >= '\u{a9}' && !is_steering(before),
        }),
        _ => false,
    }
}

/// Returns a text in one line, each steering character replaced by U+FFFD.
pub fn line(text: &str) -> String {
    replace(text, false)
}

/// Returns a text whose line ends (`\n` and `\r\n`) and tabs stay, each other steering character replaced by
/// U+FFFD.
pub fn lines(text: &str) -> String {
    replace(text, true)
}

fn replace(text: &str, keeps_lines: bool) -> String {
    // Printable ASCII steers nothing.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let after = chars.peek().copied();
        match (c, after) {
            ('\n' | '\t', _) | ('\r', Some('\n')) if keeps_lines => out.push(c),
            _ if is_steering(c) && !is_in_place(before, c, after) => out.push(char::REPLACEMENT_CHARACTER),
            _ => out.push(c),
        }
        before = Some(c);
    }
    out
}

/// Returns a text of this program with its colors: as [`lines`], but sequences that only set a style stay.
///
/// Foreign parts must have been cleaned before they were put between styles, as their own colors would stay.
/// All other sequences are replaced even if that was forgotten.
pub fn styled(text: &str) -> Cow<'_, str> {
    if !text.contains('\x1b') {
        return Cow::Owned(lines(text));
    }
    let mut out = String::with_capacity(text.len());
    for_each_part(text, |part| match part {
        Part::Style(style) => out.push_str(style),
        Part::Text(text) => out.push_str(&lines(text)),
    });
    Cow::Owned(out)
}

/// Returns a text of this program without its colors, cleaned as by [`lines`].
pub fn unstyled(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for_each_part(text, |part| {
        if let Part::Text(text) = part {
            out.push_str(text);
        }
    });
    lines(&out)
}

enum Part<'a> {
    Style(&'a str),
    Text(&'a str),
}

fn for_each_part<'a>(text: &'a str, mut of: impl FnMut(Part<'a>)) {
    let mut rest = text;
    while let Some(found) = rest.find('\x1b') {
        let (before, escape) = rest.split_at(found);
        of(Part::Text(before));
        let length = style_length(escape).unwrap_or(1);
        let (sequence, after) = escape.split_at(length);
        of(if length > 1 { Part::Style(sequence) } else { Part::Text(sequence) });
        rest = after;
    }
    of(Part::Text(rest));
}

/// Returns the bytes of the sequence at the start of a text that sets a style; None if there is none.
pub(crate) fn style_length(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\x1b[")?;
    let is_parameter = |byte: &u8| byte.is_ascii_digit() || *byte == b';';
    let length = parameters.bytes().take(LONGEST_STYLE).take_while(is_parameter).count();
    (parameters.as_bytes().get(length) == Some(&b'm')).then_some(length + 3)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn foreign_text_cannot_steer_a_terminal() {
        assert_eq!(line("a\u{1b}[31mb\nc\u{202e}d"), "a\u{fffd}[31mb\u{fffd}c\u{fffd}d");
        assert_eq!(line("a\u{9b}31m\u{200b}\u{e0041}\u{2028}b"), "a\u{fffd}31m\u{fffd}\u{fffd}\u{fffd}b");
        assert_eq!(lines("a\r\n\tb\rc\u{7}"), "a\r\n\tb\u{fffd}c\u{fffd}");
    }

    #[test]
    fn ordinary_text_stays() {
        for text in [
            "größe 日本 🦀 e\u{301}",
            "👩\u{200d}💻 ❤\u{fe0f}\u{200d}🔥 1\u{fe0f}\u{20e3}",
            "می\u{200c}خواهم",
        ] {
            assert_eq!(line(text), text);
        }
        assert_eq!(line("pro\u{200d}duction a\u{fe0f}"), "pro\u{fffd}duction a\u{fffd}");
    }

    #[test]
    fn only_styles_stay() {
        assert_eq!(styled("\x1b[1mbold\x1b[0m\x1b[2J\n"), "\x1b[1mbold\x1b[0m\u{fffd}[2J\n");
        assert_eq!(styled("\x1b]0;title\x07\x1b[1"), "\u{fffd}]0;title\u{fffd}\u{fffd}[1");
        assert_eq!(unstyled("\x1b[38;2;1;2;3mred\x1b[0m\x1b[2J"), "red\u{fffd}[2J");
    }

    proptest! {
        /// A terminal that executes what it can: every control character but a line end and a tab.
        #[test]
        fn nothing_is_executed(text in crate::log::tests::hostile()) {
            for out in [line(&text), lines(&text), unstyled(&text)].map(|out| out.replace("\r\n", "\n")) {
                prop_assert!(!out.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')), "{out:?}");
                let is_seen = !out.contains(['\u{200b}', '\u{202e}', '\u{2028}', '\u{feff}', '\u{2066}']);
                prop_assert!(is_seen, "{out:?}");
            }
            prop_assert_eq!(line(&line(&text)), line(&text));
        }
    }
}
