//! Regular expressions and globs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tagpol_plan::TextLimit;

/// Regular expressions, each compiled once, for all threads.
#[derive(Debug, Default)]
pub struct Patterns {
    compiled: Mutex<BTreeMap<String, Arc<regex::Regex>>>,
}

impl Patterns {
    /// Returns an expression that is to match the whole text.
    pub(super) fn whole(&self, pattern: &str, ignore_case: bool) -> Arc<regex::Regex> {
        self.compile(format!(r"\A(?:{})\z", ascii_classes(pattern)), ignore_case)
    }

    /// Returns an expression that is to match some part of the text.
    pub(super) fn part(&self, pattern: &str, ignore_case: bool) -> Arc<regex::Regex> {
        self.compile(ascii_classes(pattern), ignore_case)
    }

    #[expect(clippy::expect_used, reason = "a program holds only expressions that compile")]
    fn compile(&self, pattern: String, ignore_case: bool) -> Arc<regex::Regex> {
        let pattern = if ignore_case { format!("(?i){pattern}") } else { pattern };
        self.compiled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(pattern)
            .or_insert_with_key(|p| Arc::new(regex::Regex::new(p).expect("a checked regular expression")))
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
///
/// Each `*` takes as little as it can. Where what follows does not match, only the last `*` has to take one
/// character more, so the time grows with the product of the two lengths and not faster.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Behind the last `*`, and the end of what it takes.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(c) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                p += 1;
                retry = Some((p, t));
            }
            Some(wanted) if *wanted == '?' || wanted == c => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((behind, end)) = retry else { return false };
                (p, t) = (behind, end + 1);
                retry = Some((p, t));
            }
        }
    }
    pattern.iter().skip(p).all(|rest| *rest == '*')
}

/// A text that is put together, as long as it does not get longer than the limit.
pub(super) struct Limited {
    limit: TextLimit,
    length: usize,
    text: String,
}

impl Limited {
    pub(super) fn new(limit: TextLimit) -> Self {
        Self { limit, length: 0, text: String::new() }
    }

    pub(super) fn push(&mut self, part: &str) {
        self.length = self.length.saturating_add(part.len());
        if self.limit.allows(self.length) {
            self.text.push_str(part);
        }
    }

    /// Returns the text. None: it is too long.
    pub(super) fn finish(self) -> Option<String> {
        self.limit.allows(self.length).then_some(self.text)
    }
}

/// Puts the groups of a match into a text: `$0` to `$9`, and `$$` for a dollar sign.
///
/// A group that took no part in the match, or that the expression does not have, is empty. A dollar
/// sign before anything else stands for itself. None: with its groups, the text is longer than the limit.
pub(super) fn fill_groups(template: &str, groups: &regex::Captures<'_>, limit: TextLimit) -> Option<String> {
    let mut out = Limited::new(limit);
    let mut has_groups = false;
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        match (c, next, next.and_then(|n| n.to_digit(10))) {
            ('$', _, Some(group)) => {
                has_groups = true;
                out.push(groups.get(group as usize).map_or("", |m| m.as_str()));
                chars.next();
            }
            ('$', Some('$'), _) => {
                out.push("$");
                chars.next();
            }
            _ => out.push(c.encode_utf8(&mut [0; 4])),
        }
    }
    if has_groups { out.finish() } else { Some(template.replace("$$", "$")) }
}
