//! Regular expressions that RE2 and the Rust `regex` crate read alike.

use regex_syntax::ast::{self, Ast, ClassSetItem, Visitor};

use crate::program::Regex;

/// RE2 refuses more repetitions of one part, those of the parts around it included.
const MAX_REPEAT: u32 = 1000;

/// Checks a pattern and its flags. The error says what to write instead.
pub fn check(pattern: &str, flags: &str) -> Result<Regex, String> {
    let ignore_case = match flags {
        "" => false,
        "i" => true,
        _ => return Err(format!("the only flag is `i`, not `{flags}`")),
    };
    let parsed = ast::parse::ParserBuilder::new().nest_limit(100).build().parse(pattern);
    let tree = parsed.map_err(|error| explain(error.kind()))?;
    ast::visit(&tree, Subset { left: vec![MAX_REPEAT] })?;
    let regex = Regex { pattern: pattern.to_owned(), ignore_case };
    // Parses alike is not enough: the translated expression must be of a size that both take.
    compile(&regex, true).map(|_| regex)
}

/// Compiles a checked expression for the `regex` crate, with RE2's meaning: ASCII classes, `.` is
/// no newline; `whole` anchors it at both ends.
pub fn compile(regex: &Regex, whole: bool) -> Result<regex::Regex, String> {
    let pattern = ascii_classes(&regex.pattern);
    let pattern = if whole { format!(r"\A(?:{pattern})\z") } else { pattern };
    regex::RegexBuilder::new(&pattern)
        .case_insensitive(regex.ignore_case)
        .size_limit(1 << 20)
        .build()
        .map_err(|_| "the expression is too large".to_owned())
}

/// Returns a checked expression in the syntax of the `regex` crate, with RE2's meaning.
pub fn translated(regex: &Regex) -> String {
    let pattern = ascii_classes(&regex.pattern);
    if regex.ignore_case { format!("(?i:{pattern})") } else { pattern }
}

/// Writes `\d \w \s \b` and their kin so that they mean ASCII, as RE2 has it.
fn ascii_classes(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '[' if !in_class => in_class = true,
            ']' if in_class => in_class = false,
            '\\' => {
                let Some(escaped) = chars.next() else { break };
                let ascii = match escaped {
                    'd' => "[0-9]",
                    'D' => "[^0-9]",
                    'w' => "[0-9A-Za-z_]",
                    'W' => "[^0-9A-Za-z_]",
                    's' => r"[\t\n\f\r ]",
                    'S' => r"[^\t\n\f\r ]",
                    'b' if !in_class => "(?-u:\\b)",
                    _ => {
                        out.push('\\');
                        out.push(escaped);
                        continue;
                    }
                };
                out.push_str(ascii);
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

/// Refuses what only one of the two engines knows.
struct Subset {
    /// How often the part that is looked at may be repeated, behind those for the parts around it. As in RE2,
    /// each repetition divides what is left, without a remainder.
    left: Vec<u32>,
}

impl Visitor for Subset {
    type Output = ();
    type Err = String;

    fn finish(self) -> Result<(), String> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), String> {
        match ast {
            Ast::Flags(_) => Err("flags inside are not taken; write `/…/i` to ignore case".to_owned()),
            Ast::Assertion(assertion) => match assertion.kind {
                ast::AssertionKind::StartLine
                | ast::AssertionKind::EndLine
                | ast::AssertionKind::WordBoundary => Ok(()),
                _ => Err("of the assertions only `^`, `$` and `\\b` are taken".to_owned()),
            },
            Ast::Group(group) => group_kind(&group.kind),
            Ast::Repetition(repetition) => match *repetition.ast {
                Ast::Repetition(_) => {
                    Err("one repetition right after another is not taken; write `(?:…)` around the inner one"
                        .to_owned())
                }
                _ => {
                    let left = self.left.last().copied().unwrap_or(MAX_REPEAT);
                    self.left.push(repeat(&repetition.op.kind, left)?);
                    Ok(())
                }
            },
            Ast::Literal(literal) => literal_kind(literal),
            Ast::ClassUnicode(_) => {
                Err("classes like `\\p{…}` are not taken; list the characters".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn visit_post(&mut self, ast: &Ast) -> Result<(), String> {
        if let Ast::Repetition(_) = ast {
            self.left.pop();
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), String> {
        match item {
            ClassSetItem::Bracketed(_) => {
                Err("a class inside a class is not taken; escape `[` as `\\[`".to_owned())
            }
            ClassSetItem::Unicode(_) => {
                Err("classes like `\\p{…}` are not taken; list the characters".to_owned())
            }
            ClassSetItem::Literal(literal) => literal_kind(literal),
            ClassSetItem::Perl(perl) if perl.negated => {
                Err("a negated class like `\\D` inside a class is not taken; negate the whole class"
                    .to_owned())
            }
            _ => Ok(()),
        }
    }

    fn visit_class_set_binary_op_pre(&mut self, _: &ast::ClassSetBinaryOp) -> Result<(), String> {
        Err("set operations inside a class (`&&`, `--`, `~~`) are not taken".to_owned())
    }
}

fn group_kind(kind: &ast::GroupKind) -> Result<(), String> {
    match kind {
        ast::GroupKind::CaptureIndex(_) => Ok(()),
        ast::GroupKind::CaptureName { .. } => {
            Err("named groups are not taken; use `(…)` and its number".to_owned())
        }
        ast::GroupKind::NonCapturing(flags) if flags.items.is_empty() => Ok(()),
        ast::GroupKind::NonCapturing(_) => {
            Err("flags inside are not taken; write `/…/i` to ignore case".to_owned())
        }
    }
}

/// Returns how often what is repeated may be repeated inside, of the times that are `left` here.
fn repeat(kind: &ast::RepetitionKind, left: u32) -> Result<u32, String> {
    let most = match kind {
        ast::RepetitionKind::Range(ast::RepetitionRange::Exactly(n) | ast::RepetitionRange::AtLeast(n)) => *n,
        ast::RepetitionKind::Range(ast::RepetitionRange::Bounded(_, n)) => *n,
        _ => 0,
    };
    if most > MAX_REPEAT {
        return Err(format!("at most {MAX_REPEAT} repetitions are taken"));
    }
    match left / most.max(1) {
        0 => {
            Err(format!("a part may be repeated at most {MAX_REPEAT} times, with the repetitions around it"))
        }
        left => Ok(left),
    }
}

fn literal_kind(literal: &ast::Literal) -> Result<(), String> {
    match literal.kind {
        ast::LiteralKind::HexFixed(ast::HexLiteralKind::UnicodeShort | ast::HexLiteralKind::UnicodeLong)
        | ast::LiteralKind::HexBrace(ast::HexLiteralKind::UnicodeShort | ast::HexLiteralKind::UnicodeLong) => {
            Err("write a character by its number as `\\x{…}`".to_owned())
        }
        _ => Ok(()),
    }
}

/// The parser's reasons, in words that say what to do.
fn explain(kind: &ast::ErrorKind) -> String {
    match kind {
        ast::ErrorKind::UnsupportedLookAround => {
            "look-around is not taken: it cannot be matched in linear time".to_owned()
        }
        ast::ErrorKind::UnsupportedBackreference => {
            "back-references are not taken: they cannot be matched in linear time".to_owned()
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_subset() {
        for good in [
            "[A-Z]{3}-[0-9]{3}",
            "^JIRA-[0-9]{4,}$",
            r"a\.b|c\d+",
            "(?:x)(y)",
            r"\x{e9}",
            r"[\w-]+",
            r"\bprod\b",
            "(a{40}){25}",
            "(a+b*){1000}",
            "(a{500}|b{500}){2}",
            "a{1000}b{1000}",
        ] {
            assert!(check(good, "").is_ok(), "{good}: {:?}", check(good, ""));
        }
        let bad = [
            "(",
            "[a",
            r"(?=x)",
            r"(a)\1",
            r"\p{L}",
            "(?i)a",
            "(?P<n>a)",
            "(?i:a)",
            "[a[b]]",
            "[a&&b]",
            "a{1001}",
            r"\u00e9",
            r"\A",
            r"\z",
            r"[\D]",
            "a**",
            "a{2}{3}",
            "a+?*",
            "a{,5}",
            "(a{50}){50}",
            "(?:a{2}b?){501}",
            "((a{10}){10}){11}",
            "(a{40,}){30}",
        ];
        for bad in bad {
            assert!(check(bad, "").is_err(), "{bad}");
        }
        for long in [".{1,256}", r"[\w .:/=+@-]{0,256}", "[A-Za-z0-9_-]{1,1000}"] {
            assert!(check(long, "").is_ok(), "{long}: {:?}", check(long, ""));
        }
        assert!(check("a", "x").is_err());
        assert!(check("((a{100}){100}){100}", "").is_err());
    }

    #[test]
    fn classes_are_ascii_and_dot_is_no_newline() {
        let regex = |pattern: &str| compile(&check(pattern, "").unwrap(), true).unwrap();
        assert!(regex(r"\d+").is_match("12"));
        assert!(!regex(r"\d+").is_match("१२"));
        assert!(!regex(r"[\w]+").is_match("é"));
        assert!(!regex(".").is_match("\n"));
        assert!(regex(".").is_match("é"));
        // `$` is the end of the text, not a place before a last newline.
        assert!(!regex("ENG$").is_match("ENG\n"));
    }
}
