//! Regular expressions that the engines of Rust and of Java read alike.
//!
//! What one of them reads in another way than RE2 is written out: classes as their ranges, letters of either case as
//! both, `.`, `^` and `$` as what they stand for.

use std::fmt::{self, Write as _};

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};
use tagpol_sema::program::Regex;

/// Why a regular expression cannot be written for the dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sql) enum Untranslatable {
    /// It has `\b`, which engines see at different places.
    WordBoundary,
    /// It does not parse, which no program has, or has a group that can take no part, whose number would be lost.
    Other,
}

impl fmt::Display for Untranslatable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WordBoundary => r"a regular expression with `\b` is not offered in Spark SQL",
            Self::Other => "this regular expression is not offered in Spark SQL",
        })
    }
}

/// Returns the expression as both engines read it; `whole` anchors it at both ends.
pub(in crate::sql) fn portable(regex: &Regex, whole: bool) -> Result<String, Untranslatable> {
    let pattern = tagpol_sema::regex::translated(regex);
    let hir = regex_syntax::parse(&pattern).map_err(|_| Untranslatable::Other)?;
    let mut printer = Printer { out: String::new(), groups: 0 };
    printer.print(&hir)?;
    Ok(if whole { format!(r"\A(?:{})\z", printer.out) } else { printer.out })
}

struct Printer {
    out: String,
    /// Groups that have been printed.
    groups: u32,
}

impl Printer {
    fn print(&mut self, hir: &Hir) -> Result<(), Untranslatable> {
        match hir.kind() {
            HirKind::Empty => self.out += "(?:)",
            HirKind::Literal(text) => {
                let text = std::str::from_utf8(&text.0).map_err(|_| Untranslatable::Other)?;
                text.chars().for_each(|c| push_char(&mut self.out, c));
            }
            HirKind::Class(Class::Unicode(set)) => {
                let ranges = set.iter().map(|range| (range.start(), range.end()));
                self.print_class(ranges);
            }
            HirKind::Class(Class::Bytes(set)) => {
                let ranges = set.iter().map(|range| (char::from(range.start()), char::from(range.end())));
                self.print_class(ranges);
            }
            HirKind::Look(Look::Start) => self.out += r"\A",
            HirKind::Look(Look::End) => self.out += r"\z",
            HirKind::Look(_) => return Err(Untranslatable::WordBoundary),
            HirKind::Repetition(repetition) => self.print_repetition(repetition)?,
            HirKind::Capture(capture) => {
                self.groups += 1;
                if capture.index != self.groups {
                    return Err(Untranslatable::Other);
                }
                self.out.push('(');
                self.print(&capture.sub)?;
                self.out.push(')');
            }
            HirKind::Concat(parts) => parts.iter().try_for_each(|part| self.print(part))?,
            HirKind::Alternation(parts) => {
                self.out += "(?:";
                for (at, part) in parts.iter().enumerate() {
                    if at > 0 {
                        self.out.push('|');
                    }
                    self.print(part)?;
                }
                self.out.push(')');
            }
        }
        Ok(())
    }

    fn print_class(&mut self, ranges: impl Iterator<Item = (char, char)>) {
        let mut inner = String::new();
        for (first, last) in ranges {
            push_range(&mut inner, first, last);
        }
        // A class of nothing is one of everything else.
        self.out += &if inner.is_empty() { r"[^\x{0}-\x{10ffff}]".to_owned() } else { format!("[{inner}]") };
    }

    fn print_repetition(&mut self, repetition: &Repetition) -> Result<(), Untranslatable> {
        self.out += "(?:";
        self.print(&repetition.sub)?;
        self.out.push(')');
        let _ = match (repetition.min, repetition.max) {
            (0, None) => write!(self.out, "*"),
            (1, None) => write!(self.out, "+"),
            (0, Some(1)) => write!(self.out, "?"),
            (least, None) => write!(self.out, "{{{least},}}"),
            (least, Some(most)) if least == most => write!(self.out, "{{{least}}}"),
            (least, Some(most)) => write!(self.out, "{{{least},{most}}}"),
        };
        if !repetition.greedy {
            self.out.push('?');
        }
        Ok(())
    }
}

/// Returns what a class has between its brackets for some characters, which come in order.
pub(super) fn class(chars: impl Iterator<Item = char>) -> String {
    let mut chars: Vec<char> = chars.collect();
    chars.sort_unstable();
    let mut out = String::new();
    for run in chars.chunk_by(|a, b| u32::from(*a) + 1 == u32::from(*b)) {
        if let (Some(first), Some(last)) = (run.first(), run.last()) {
            push_range(&mut out, *first, *last);
        }
    }
    out
}

fn push_range(out: &mut String, first: char, last: char) {
    push_char(out, first);
    if first != last {
        out.push('-');
        push_char(out, last);
    }
}

/// Letters and digits stand for themselves, in and outside of classes.
fn push_char(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() {
        out.push(c);
    } else {
        let _ = write!(out, r"\x{{{:x}}}", u32::from(c));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(pattern: &str, ignore_case: bool) -> Result<String, Untranslatable> {
        portable(&Regex { pattern: pattern.to_owned(), ignore_case }, false)
    }

    #[test]
    fn expressions_are_written_out() {
        let cases = [
            ("ab", false, "ab"),
            (r"\d+", false, "(?:[0-9])+"),
            ("a", true, "[Aa]"),
            ("^a$", false, r"\Aa\z"),
            (".", false, r"[\x{0}-\x{9}\x{b}-\x{10ffff}]"),
            ("(x|yy)z??", false, "((?:x|yy))(?:z)??"),
            ("a{2,3}-", false, r"(?:a){2,3}\x{2d}"),
        ];
        for (pattern, ignore_case, expected) in cases {
            assert_eq!(translated(pattern, ignore_case).as_deref(), Ok(expected), "{pattern}");
        }
        assert_eq!(translated(r"\bprod\b", false), Err(Untranslatable::WordBoundary));
    }

    #[test]
    fn written_out_expressions_match_the_same() {
        let patterns = ["(a|b*)c", r"[a-c_]{2,}|\w\s?", "^(.*)-(.+?)$", "straße|x", r"\D\d?[^é]", "a(b)?|c"];
        let texts = ["", "abc", "bbbc", "a-b-c", "STRASSE", "straße", "ſ", "K", "\n", "é1", "_a ", "ac", "٣"];
        for pattern in patterns {
            for ignore_case in [false, true] {
                let regex = Regex { pattern: pattern.to_owned(), ignore_case };
                let original = tagpol_sema::regex::compile(&regex, false).unwrap();
                let written = ::regex::Regex::new(&portable(&regex, false).unwrap()).unwrap();
                for text in texts {
                    let groups = |regex: &::regex::Regex| {
                        let captures = regex.captures(text)?;
                        Some(captures.iter().map(|m| m.map(|m| m.as_str().to_owned())).collect::<Vec<_>>())
                    };
                    assert_eq!(groups(&original), groups(&written), "{pattern} {ignore_case} {text:?}");
                }
            }
        }
    }
}
