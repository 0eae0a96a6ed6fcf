//! Regular expressions of other tools, and those that this program makes.

use tagpol_sema::program::Regex;
use tagpol_sema::{pretty, regex};

/// A checked expression.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pattern {
    pattern: String,
    ignore_case: bool,
}

impl Pattern {
    /// Takes an expression that the language takes. The error describes what it does not take.
    pub(crate) fn new(pattern: &str, ignore_case: bool) -> Result<Self, String> {
        if pattern.is_empty() || pattern.contains(['\n', '\r']) {
            return Err("an expression is written on one line and is not empty".to_owned());
        }
        regex::check(pattern, if ignore_case { "i" } else { "" })?;
        Ok(Self { pattern: unescaped_slashes(pattern), ignore_case })
    }

    /// Returns an expression for a literal text, regardless of case.
    pub(crate) fn literal_ignoring_case(text: &str) -> Result<Self, String> {
        Self::new(&escaped(text), true)
    }

    /// Writes the expression between its slashes.
    pub(crate) fn text(&self) -> String {
        pretty::regex_text(&self.regex())
    }

    fn regex(&self) -> Regex {
        Regex { pattern: self.pattern.clone(), ignore_case: self.ignore_case }
    }

    /// Whether the whole text, or a part of it, matches.
    pub(crate) fn matches(&self, text: &str, whole: bool) -> bool {
        regex::compile(&self.regex(), whole).is_ok_and(|regex| regex.is_match(text))
    }
}

/// Writes `\/` as `/`: a slash needs no backslash in an expression, and gets one when it is written.
fn unescaped_slashes(pattern: &str) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match (c, chars.clone().next()) {
            ('\\', Some('/')) => {}
            ('\\', Some(next)) => {
                out.extend([c, next]);
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out
}

/// Escapes a text so that an expression means it literally.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => {
                out.extend(['\\', c]);
            }
            c if c.is_control() || (c.is_whitespace() && c != ' ') => {
                out.push_str(&format!("\\x{{{:x}}}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

impl Pattern {
    /// Returns a text that probably matches as a whole: the first way through the expression.
    pub(crate) fn example(&self) -> Option<String> {
        let hir = regex_syntax::parse(&self.pattern).ok()?;
        let mut out = String::new();
        walk(&hir, &mut out);
        Some(out)
    }
}

/// Adds the shortest text of the first alternative of an expression.
fn walk(hir: &regex_syntax::hir::Hir, out: &mut String) {
    use regex_syntax::hir::{Class, HirKind};
    match hir.kind() {
        HirKind::Literal(literal) => out.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(Class::Unicode(class)) => {
            let plain = ['a', '0', 'A', '-', ' ', 'x'];
            let has = |c: &char| class.iter().any(|range| range.start() <= *c && *c <= range.end());
            out.extend(
                plain.into_iter().find(has).or_else(|| class.iter().next().map(|range| range.start())),
            );
        }
        HirKind::Repetition(repetition) => {
            // One more than needed shows what is repeated.
            (0..repetition.min.clamp(1, 100)).for_each(|_| walk(&repetition.sub, out));
        }
        HirKind::Capture(capture) => walk(&capture.sub, out),
        HirKind::Concat(parts) => parts.iter().for_each(|part| walk(part, out)),
        HirKind::Alternation(parts) => {
            if let Some(part) = parts.first() {
                walk(part, out);
            }
        }
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(Class::Bytes(_)) => {}
    }
}
