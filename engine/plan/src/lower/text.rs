//! Patterns of text: case, globs, words and the groups of regular expressions.

use tagpol_sema::formats::lower;
use tagpol_sema::program::Regex;

use crate::ir::GlobPart;

/// Reads a glob: `*` any text, `?` one character, the rest as it is.
pub(super) fn glob(pattern: &str) -> Vec<GlobPart> {
    let mut parts = Vec::new();
    let mut text = String::new();
    for c in pattern.chars() {
        let wildcard = match c {
            '*' => GlobPart::Any,
            '?' => GlobPart::One,
            c => {
                text.push(c);
                continue;
            }
        };
        if !text.is_empty() {
            parts.push(GlobPart::Text(std::mem::take(&mut text)));
        }
        parts.push(wildcard);
    }
    if !text.is_empty() {
        parts.push(GlobPart::Text(text));
    }
    parts
}

/// Returns the pattern as it stands among the words of [`crate::ir::Function::Words`]. None: it is
/// no single word, so no name has it.
pub(super) fn word(pattern: &str) -> Option<String> {
    let is_word = |c: char| c.is_ascii_alphabetic() || !c.is_ascii();
    let whole = !pattern.is_empty() && pattern.chars().all(is_word);
    whole.then(|| format!(" {} ", lower(pattern)))
}

/// A part of the right side of a map arm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TargetPart {
    Text(String),
    Group(usize),
}

/// Reads the right side of a map arm: `$0` to `$9` are groups, `$$` a dollar sign; any other dollar
/// sign stands for itself.
pub(super) fn target(text: &str) -> Vec<TargetPart> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        match (c, next.and_then(|n| n.to_digit(10))) {
            ('$', Some(group)) => {
                chars.next();
                if !plain.is_empty() {
                    parts.push(TargetPart::Text(std::mem::take(&mut plain)));
                }
                parts.push(TargetPart::Group(group as usize));
            }
            ('$', None) => {
                chars.next_if_eq(&'$');
                plain.push('$');
            }
            _ => plain.push(c),
        }
    }
    if !plain.is_empty() || parts.is_empty() {
        parts.push(TargetPart::Text(plain));
    }
    parts
}

/// Returns how many groups a regular expression captures, the whole match not counted.
pub(super) fn group_count(regex: &Regex) -> usize {
    properties(regex).map_or(0, |p| p.explicit_captures_len())
}

/// Whether the regular expression matches the empty text.
pub(super) fn matches_empty(regex: &Regex) -> bool {
    properties(regex).is_none_or(|p| p.minimum_len().is_none_or(|least| least == 0))
}

/// None for what does not parse, which a program does not hold.
fn properties(regex: &Regex) -> Option<regex_syntax::hir::Properties> {
    regex_syntax::parse(&regex.pattern).ok().map(|hir| hir.properties().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regex(pattern: &str) -> Regex {
        Regex { pattern: pattern.to_owned(), ignore_case: false }
    }

    #[test]
    fn targets_have_groups_and_dollar_signs() {
        let text = |t: &str| TargetPart::Text(t.to_owned());
        let cases = [
            ("", vec![text("")]),
            ("plain", vec![text("plain")]),
            ("$1@x.com", vec![TargetPart::Group(1), text("@x.com")]),
            ("a$12", vec![text("a"), TargetPart::Group(1), text("2")]),
            ("$$1", vec![text("$1")]),
            ("$x$", vec![text("$x$")]),
            ("$0$9", vec![TargetPart::Group(0), TargetPart::Group(9)]),
        ];
        for (input, expected) in cases {
            assert_eq!(target(input), expected, "{input}");
        }
    }

    #[test]
    fn a_pattern_of_several_words_is_no_word() {
        assert_eq!(word("PROD"), Some(" prod ".to_owned()));
        assert_eq!(word("straße"), Some(" straße ".to_owned()));
        for no_word in ["", " ", "web-prod", "prod1", "a b"] {
            assert_eq!(word(no_word), None, "{no_word}");
        }
    }

    #[test]
    fn groups_are_counted_as_the_engines_count_them() {
        for (pattern, count) in [("a", 0), ("(a)(?:b)(?P<n>c)", 2), (r"\((a)[(]", 1), ("[()]", 0)] {
            assert_eq!(group_count(&regex(pattern)), count, "{pattern}");
        }
        assert!(matches_empty(&regex("a*")));
        assert!(matches_empty(&regex("(a|)")));
        assert!(!matches_empty(&regex("a+")));
    }
}
