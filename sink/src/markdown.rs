//! Markdown renderers: CommonMark with the extensions of code hosts.
//!
//! GitHub and GitLab make links of more than the markup of links: of addresses, mentions, references to issues
//! and hashes of commits, wherever they stand in prose. So a value is best written as [`code`], in which
//! nothing means anything. In [`text`] a word joiner (U+2060) breaks each of them.

use crate::log;
use crate::terminal;

/// Breaks what would be read as one, and is not seen.
const JOINER: char = '\u{2060}';

/// Letters of a hash from which on it is a link to a commit, less one.
const HASH: usize = 6;

/// Returns a foreign text as prose in one line. `starts` says whether it is the first in its paragraph, point
/// or heading, where more is markup.
pub fn text(text: &str, starts: bool) -> String {
    let text = terminal::line(text);
    let mut out = String::with_capacity(text.len());
    let mut hash = 0;
    for (place, c) in text.char_indices() {
        let (before, after) = text.split_at(place);
        let after = after.strip_prefix(c).unwrap_or_default();
        if is_markup(before.trim_start(), c, after, starts) {
            out.push('\\');
        }
        if c == '.' && ends_with_word(before, "www") {
            out.push(JOINER);
        }
        hash = if c.is_ascii_hexdigit() { hash + 1 } else { 0 };
        if hash > HASH {
            out.push(JOINER);
            hash = 1;
        }
        match c {
            // What looks for elements without a parser of Markdown finds none either.
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
        if is_reference(before, c, after) {
            out.push(JOINER);
        }
    }
    out
}

/// Whether Markdown would take a character for structure.
fn is_markup(before: &str, c: char, after: &str, starts: bool) -> bool {
    match c {
        '\\' | '`' | '*' | '[' | ']' | '|' | '~' | '$' => true,
        // Between letters it marks nothing.
        '_' => !(before.ends_with(char::is_alphanumeric) && begins_word(after)),
        '&' => after.starts_with('#') || begins_word(after),
        '#' | '+' | '-' | '=' | ':' => starts && before.is_empty(),
        '.' | ')' => starts && is_number(before),
        _ => false,
    }
}

/// Whether a code host would make a link of what stands around a character.
fn is_reference(before: &str, c: char, after: &str) -> bool {
    match c {
        // Of addresses with a scheme.
        ':' => after.starts_with("//"),
        // Of mail addresses and mentions; of issues, requests, labels, milestones, snippets, epics and alerts.
        '@' | '#' | '!' | '~' | '%' | '$' | '&' | '^' => {
            after.starts_with(|c: char| c.is_alphanumeric() || "\"_-".contains(c))
        }
        '-' => {
            after.starts_with(|c: char| c.is_ascii_digit())
                && ["gh", "gl"].iter().any(|word| ends_with_word(before, word))
        }
        _ => false,
    }
}

fn ends_with_word(text: &str, word: &str) -> bool {
    let mut letters = text.chars().rev().map(|c| c.to_ascii_lowercase());
    word.chars().rev().all(|c| letters.next() == Some(c))
}

fn begins_word(text: &str) -> bool {
    text.starts_with(char::is_alphanumeric)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns a foreign text as code in one line, between as many backticks as it takes.
pub fn code(text: &str, in_table: bool) -> String {
    let text = terminal::line(text);
    if text.trim().is_empty() {
        return "(empty)".to_owned();
    }
    let text = log::escape(&text, r"\u{23}", ":");
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    // A table ends its cells before it looks for code.
    let text = if in_table { text.replace('|', "\\|") } else { text.into_owned() };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Returns a sentence that has values between backticks: these as [`code`], and the rest as [`text`].
pub fn sentence(text: &str, in_table: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, value, after)) = next_value(rest) {
        out.push_str(&self::text(before, false));
        out.push_str(&code(value, in_table));
        rest = after;
    }
    out + &self::text(rest, false)
}

/// Returns what is before, in and after the first pair of backticks with something in it.
fn next_value(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('`')?;
    let (value, after) = rest.split_once('`')?;
    (!value.trim().is_empty()).then_some((before, value, after))
}

/// Returns a foreign text of several lines as a block of code, without a newline at its end.
pub fn block(text: &str) -> String {
    let text = terminal::lines(text);
    let text = log::text(&text);
    let fence = "`".repeat((longest_run(&text) + 1).max(3));
    format!("{fence}\n{text}\n{fence}")
}

/// The length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser};
    use regex::Regex;

    use super::*;
    use crate::log::tests::{commands, hostile};

    #[test]
    fn nothing_is_markup() {
        assert_eq!(code("a|b", true), "`a\\|b`");
        assert_eq!(code("a|b", false), "`a|b`");
        assert_eq!(code("a``b", true), "```a``b```");
        assert_eq!(code("`", true), "`` ` ``");
        assert_eq!(code(" ", true), "(empty)");
        assert_eq!(text("<img> [x](y) `a` | b\n", false), "&lt;img&gt; \\[x\\](y) \\`a\\` \\| b\u{fffd}");
        assert_eq!(text("snake_case _x_ 1.", true), "snake_case \\_x\\_ 1.");
        assert_eq!(text("# a", true), "\\# a");
        assert_eq!(block("a\n```\n::x::"), "````\na\n```\n\\u{3a}:x::\n````");
    }

    #[test]
    fn nothing_is_a_link() {
        let shown = |out: &str| text(out, false).replace(JOINER, "~");
        assert_eq!(
            shown("see https://a.example or www.a.example"),
            "see https:~//a.example or www~.a.example"
        );
        assert_eq!(shown("@team a@b.example #12 GH-1 50% a-1"), "@~team a@~b.example #~12 GH-~1 50% a-1");
        assert_eq!(shown("commit 0123456789abcdef, 123456"), "commit 012345~6789ab~cdef, 123456");
    }

    /// The structure of a text, and its prose.
    fn rendered(markdown: &str) -> (Vec<String>, String) {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_MATH
            | Options::ENABLE_GFM;
        let (mut structure, mut prose) = (Vec::new(), String::new());
        for event in Parser::new_ext(markdown, options) {
            match event {
                Event::Text(text) => prose.push_str(&text),
                Event::Code(_) => {
                    structure.push("code".to_owned());
                    prose.push('\n');
                }
                event => {
                    structure.push(format!("{event:?}"));
                    prose.push('\n');
                }
            }
        }
        (structure, prose)
    }

    fn links(prose: &str) -> Vec<String> {
        // The autolinks of GFM, and those that GitHub and GitLab find in rendered text.
        let link = Regex::new(
            r"(?xi) [a-z][a-z0-9+.-]*:// | www\. | [a-z0-9._+-]+@[a-z0-9_-]+\. | @[a-z0-9_-]
              | [\#!%$&^~][0-9a-z] | \bg[hl]-[0-9] | \b[0-9a-f]{7,40}\b",
        );
        link.unwrap().find_iter(prose).map(|found| found.as_str().to_owned()).collect()
    }

    proptest! {
        #[test]
        fn a_text_stays_a_text(hostile in hostile()) {
            let markdown = |one: &str, other: &str, cell: &str| {
                format!("{one}\n\n- {one}\n\n| a | b |\n|---|---|\n| {other} {cell} | x |\n\n# h {other}\n")
            };
            let (expected, _) = rendered(&markdown("a", "b", "`c`"));
            let (one, other) = (text(&hostile, true), text(&hostile, false));
            prop_assume!(!one.trim().is_empty());
            let whole = markdown(&one, &other, &format!("c {}", code(&format!("x{hostile}"), true)));
            let (structure, prose) = rendered(&whole);
            prop_assert_eq!(structure, expected, "{}", whole);
            prop_assert_eq!(links(&prose), Vec::<String>::new(), "{:?}", prose);
            prop_assert_eq!(commands(&whole), Vec::<String>::new());
        }

        #[test]
        fn a_sentence_is_text_and_code(hostile in hostile(), value in hostile()) {
            let whole = format!("| a | b |\n|---|---|\n| x {} | x |\n", sentence(&format!("{hostile} is `{value}`; it"), true));
            let (structure, prose) = rendered(&whole);
            let without_code: Vec<String> = structure.into_iter().filter(|event| event != "code").collect();
            prop_assert_eq!(without_code, rendered("| a | b |\n|---|---|\n| x | x |\n").0, "{}", whole);
            prop_assert_eq!(links(&prose), Vec::<String>::new(), "{:?}", prose);
            prop_assert_eq!(commands(&whole), Vec::<String>::new());
        }

        #[test]
        fn code_shows_the_text(hostile in hostile()) {
            let shown = log::escape(&terminal::line(&hostile), r"\u{23}", ":").into_owned();
            let out = code(&hostile, false);
            let codes: Vec<String> = Parser::new(&out)
                .filter_map(|event| match event { Event::Code(code) => Some(code.to_string()), _ => None })
                .collect();
            if shown.trim().is_empty() {
                prop_assert_eq!(codes, Vec::<String>::new());
            } else {
                prop_assert_eq!(codes, vec![shown]);
            }
            let out = block(&hostile);
            prop_assert_eq!(Parser::new(&out).filter(|event| matches!(event, Event::Start(_))).count(), 1);
            prop_assert_eq!(commands(&out), Vec::<String>::new());
        }
    }
}
