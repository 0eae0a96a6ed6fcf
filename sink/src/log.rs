//! Logs of CI jobs, whose runner executes commands that a program prints.
//!
//! | runner | command | where |
//! |---|---|---|
//! | GitHub Actions | `::name …::` | at the start of a line, after white space |
//! | GitHub Actions | `##[name …]` | anywhere in a line |
//! | Azure Pipelines | `##vso[…]`, `##[…]` | anywhere in a line |
//! | TeamCity | `##teamcity[…]` | anywhere in a line |
//!
//! GitLab, Jenkins, Travis and others act on escape sequences only, which [`terminal`](crate::terminal) removes.
//!
//! Both runners search with the rules of a language unless they are configured not to, and those ignore characters
//! without a shape. So these are skipped when commands are looked for, and are no means of breaking one.

use std::borrow::Cow;

use crate::terminal::{is_steering, style_length};

/// Returns a text of several lines without commands: of each one character is written as `\u{23}` or `\u{3a}`.
pub fn text(text: &str) -> Cow<'_, str> {
    escape(text, r"\u{23}", r"\u{3a}")
}

/// Whether a text is one line of printable ASCII without what begins a command. Most texts are, and need no closer
/// look, which takes many times as long.
pub(crate) fn is_plain(text: &str) -> bool {
    let is_plain = |byte| matches!(byte, b' '..=b'~') && byte != b'#';
    text.bytes().all(is_plain) && !text.trim_start().starts_with("::")
}

/// Replaces in each command the `#` before the bracket, or the `:` at the start of the line.
pub(crate) fn escape<'t>(text: &'t str, hash: &str, colon: &str) -> Cow<'t, str> {
    let places = if is_plain(text) { Vec::new() } else { hinges(text) };
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + places.len() * hash.len());
    let mut rest = text;
    let mut start = 0;
    for place in places {
        let (before, after) = rest.split_at(place - start);
        out.push_str(before);
        let is_hash = after.starts_with('#');
        out.push_str(if is_hash { hash } else { colon });
        rest = after.strip_prefix(['#', ':']).unwrap_or(after);
        start = place + 1;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Returns the places of the characters without which there would be no command.
fn hinges(text: &str) -> Vec<usize> {
    let mut places = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if line.contains('#') || line.contains(':') {
            of_line(line, start, &mut places);
        }
        start += line.len();
    }
    places
}

fn of_line(line: &str, start: usize, places: &mut Vec<usize>) {
    let seen = seen(line);
    let mut rest = seen.as_slice();
    let (mut before, mut starts_line) = (' ', true);
    while let [(place, c), after @ ..] = rest {
        let is_command = match c {
            '#' => before == '#' && opens(after),
            ':' => starts_line && is_closed(after),
            _ => false,
        };
        if is_command {
            places.push(start + place);
        }
        starts_line = ends_line(*c) || (starts_line && c.is_whitespace());
        before = *c;
        rest = after;
    }
}

/// The characters that a reader sees, with their places: without styles and what has no shape.
fn seen(line: &str) -> Vec<(usize, char)> {
    let mut seen = Vec::new();
    let mut styled_until = 0;
    for (place, c) in line.char_indices() {
        if c == '\x1b' {
            let length = line.get(place..).and_then(style_length);
            styled_until = styled_until.max(place + length.unwrap_or(0));
        }
        if place >= styled_until && (!is_steering(c) || c.is_whitespace()) {
            seen.push((place, c));
        }
    }
    seen
}

/// What some readers end a line at.
fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether `##` is followed by what makes it a command.
fn opens(after: &[(usize, char)]) -> bool {
    let begins = |word: &str| {
        let mut chars = after.iter().map(|(_, c)| c.to_ascii_lowercase());
        word.chars().all(|c| chars.next() == Some(c))
    };
    ["[", "vso[", "teamcity["].into_iter().any(begins)
}

/// Whether a `:` at the start of a line is followed by another one, and by two more in the same line. An IPv6
/// address such as `::1` is not.
fn is_closed(after: &[(usize, char)]) -> bool {
    let [(_, ':'), rest @ ..] = after else { return false };
    let line: Vec<char> = rest.iter().map(|(_, c)| *c).take_while(|c| !matches!(c, '\n' | '\r')).collect();
    line.windows(2).any(|two| two == [':', ':'])
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Texts made of what readers act on, and of anything else.
    pub(crate) fn hostile() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "::",
            ":",
            "##[",
            "##vso[",
            "##teamcity[",
            "#",
            "[",
            "]",
            "error",
            "add-mask",
            " ",
            "\t",
            "\n",
            "\r",
            "\u{85}",
            "\u{a0}",
            "\u{2028}",
            "\u{200b}",
            "\u{ad}",
            "\u{feff}",
            "\0",
            "\u{1b}[0m",
            "\u{1b}]0;x\u{7}",
            "\u{9b}31m",
            "=",
            "+",
            "-",
            "@",
            "＝",
            "＋",
            "'",
            "\"",
            ",",
            ";",
            "\\",
            "\\u{23}",
            "\\u{",
            "}",
            "`",
            "```",
            "|",
            "<",
            ">",
            "&",
            "&#35;",
            "</script>",
            "<!--",
            "]]>",
            "https://example.com",
            "www.example.com",
            "jane@example.com",
            "mailto:",
            "ftp://",
            "@team",
            "#12",
            "GH-12",
            "org/repo#3",
            "abcdef0123",
            "*",
            "_",
            "~~",
            "[x](y)",
            "!",
            "$",
            "\u{fffe}",
            "\u{ffff}",
            "\u{202e}",
            "\u{e0041}",
            "é",
            "日",
            "🦀",
            "a",
            "1",
        ]);
        let piece =
            prop_oneof![9 => pieces.prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    /// What is ignored when texts are compared by the rules of a language.
    fn without_ignorable(line: &str) -> String {
        let is_ignorable = |c: char| {
            !c.is_whitespace()
                && (c.is_control() || matches!(c, '\u{ad}' | '\u{200b}' | '\u{feff}' | '\u{2060}'))
        };
        line.chars().filter(|c| !is_ignorable(*c)).collect()
    }

    /// The commands that runners would execute: `ActionCommand.TryParseV2` and `TryParse` of actions/runner,
    /// `Command.TryParse` of the agent of Azure Pipelines, and service messages of TeamCity. All names count.
    pub(crate) fn commands(log: &str) -> Vec<String> {
        let mut found = Vec::new();
        for line in log.split(['\n', '\r']) {
            for line in [line.to_owned(), without_ignorable(line)] {
                let trimmed = line.trim_start();
                if trimmed.strip_prefix("::").is_some_and(|rest| rest.contains("::")) {
                    found.push(trimmed.to_owned());
                }
                for prefix in ["##[", "##vso[", "##teamcity["] {
                    if line.contains(prefix) {
                        found.push(line.clone());
                    }
                }
            }
        }
        found
    }

    #[test]
    fn commands_are_broken() {
        assert_eq!(text("::add-mask::x"), r"\u{3a}:add-mask::x");
        assert_eq!(text("a ##vso[task.complete]"), r"a #\u{23}vso[task.complete]");
        assert_eq!(text("##[set-output name=a]1"), r"#\u{23}[set-output name=a]1");
        assert_eq!(text("a\n \u{3000}::error::b"), "a\n \u{3000}\\u{3a}:error::b");
        assert_eq!(text("a\u{b}::error::b"), "a\u{b}\\u{3a}:error::b");
        assert_eq!(text("\x1b[1m::error::b"), "\x1b[1m\\u{3a}:error::b");
        assert_eq!(text("#\u{ad}#\x1b[0m[error]"), "#\u{ad}\\u{23}\x1b[0m[error]");
    }

    #[test]
    fn what_is_no_command_stays() {
        for plain in
            ["::1", "::1 is a\n::2", "arn:aws:s3:::bucket", "a::b::c", "# [x]", "#[derive]", "## heading"]
        {
            assert_eq!(text(plain), plain);
        }
    }

    proptest! {
        #[test]
        fn no_text_is_a_command(hostile in hostile()) {
            let out = text(&hostile);
            prop_assert_eq!(commands(&out), Vec::<String>::new());
            prop_assert_eq!(text(&out), out.as_ref());
        }
    }
}
