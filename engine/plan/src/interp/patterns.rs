//! Regular expressions and globs.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Regular expressions, each compiled once.
#[derive(Debug, Default)]
pub struct Patterns {
    compiled: RefCell<BTreeMap<String, Rc<regex::Regex>>>,
}

impl Patterns {
    /// Returns an expression that is to match the whole text.
    pub(super) fn whole(&self, pattern: &str, ignore_case: bool) -> Rc<regex::Regex> {
        self.compile(format!(r"\A(?:{})\z", ascii_classes(pattern)), ignore_case)
    }

    /// Returns an expression that is to match some part of the text.
    pub(super) fn part(&self, pattern: &str, ignore_case: bool) -> Rc<regex::Regex> {
        self.compile(ascii_classes(pattern), ignore_case)
    }

    #[expect(clippy::expect_used, reason = "a program holds only expressions that compile")]
    fn compile(&self, pattern: String, ignore_case: bool) -> Rc<regex::Regex> {
        let pattern = if ignore_case { format!("(?i){pattern}") } else { pattern };
        self.compiled
            .borrow_mut()
            .entry(pattern)
            .or_insert_with_key(|p| Rc::new(regex::Regex::new(p).expect("a checked regular expression")))
            .clone()
    }
}

/// Spells out the classes that RE2 reads as ASCII and the `regex` crate as Unicode.
///
/// RE2's `\s` has no vertical tab. A class stands in brackets, so it may also stand inside others.
fn ascii_classes(pattern: &str) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('d') => out.push_str("[0-9]"),
            Some('D') => out.push_str("[^0-9]"),
            Some('w') => out.push_str("[0-9A-Za-z_]"),
            Some('W') => out.push_str("[^0-9A-Za-z_]"),
            Some('s') => out.push_str(r"[\t\n\f\r ]"),
            Some('S') => out.push_str(r"[^\t\n\f\r ]"),
            Some('b') => out.push_str(r"(?-u:\b)"),
            Some('B') => out.push_str(r"(?-u:\B)"),
            other => {
                out.push('\\');
                out.extend(other);
            }
        }
    }
    out
}

/// Whether the glob matches the whole text: `*` any text, `?` one character, the rest as it is.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    glob_chars(&pattern, &text)
}

fn glob_chars(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['*', rest @ ..], _) if glob_chars(rest, text) => true,
        (['*', ..], [_, tail @ ..]) => glob_chars(pattern, tail),
        (['?', rest @ ..], [_, tail @ ..]) => glob_chars(rest, tail),
        ([p, rest @ ..], [c, tail @ ..]) if p == c => glob_chars(rest, tail),
        _ => false,
    }
}

/// Puts the groups of a match into a text: `$0` to `$9`, and `$$` for a dollar sign.
///
/// A group that took no part in the match, or that the expression does not have, is empty. A dollar
/// sign before anything else stands for itself.
pub(super) fn fill_groups(template: &str, groups: &regex::Captures<'_>) -> String {
    let mut out = String::new();
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        match (c, next, next.and_then(|n| n.to_digit(10))) {
            ('$', _, Some(group)) => {
                out.push_str(groups.get(group as usize).map_or("", |m| m.as_str()));
                chars.next();
            }
            ('$', Some('$'), _) => {
                out.push('$');
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out
}
