//! Tests of text: whether they hold of a given one, and the languages that they stand for.

use super::automaton::Language;
use crate::formats;
use crate::program::{Format, Pred, Regex, TagType, TextOp};
use crate::validity::is_valid_text;

/// Patterns of a test up to which single texts are tried: all texts of one list against all patterns of another would
/// take the square of their number.
const PATTERNS: usize = 512;

/// A test of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextTest<'a> {
    /// `contains` and its kin: any of the patterns.
    Op(TextOp, &'a [String]),
    /// An expression; of the whole text or a part of it.
    Regex(&'a Regex, bool),
    /// `is email`
    Format(Format),
    /// `is valid`
    Type(&'a TagType),
}

/// What is known of the texts that pass a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::lint) struct Bounds {
    /// They are among these.
    pub(in crate::lint) over: Language,
    /// These are among them; none known otherwise.
    pub(in crate::lint) under: Option<Language>,
}

impl Bounds {
    fn exact(language: Language) -> Self {
        Self { under: Some(language.clone()), over: language }
    }

    /// Whether they are the same.
    pub(super) fn is_exact(&self) -> bool {
        self.under.as_ref() == Some(&self.over)
    }
}

impl TextTest<'_> {
    /// Reads a test of text out of a condition about one value.
    pub(super) fn of(pred: &Pred) -> Option<TextTest<'_>> {
        match pred {
            Pred::Text { op, patterns, .. } => Some(TextTest::Op(*op, patterns)),
            Pred::Matches { regex, whole, .. } => Some(TextTest::Regex(regex, *whole)),
            Pred::IsFormat(_, format) => Some(TextTest::Format(*format)),
            _ => None,
        }
    }

    /// Whether a text passes. None: not known.
    pub(super) fn holds(&self, text: &str) -> Option<bool> {
        Some(match self {
            Self::Op(_, patterns) if patterns.len() > PATTERNS => return None,
            Self::Op(op, patterns) => patterns.iter().any(|pattern| op_holds(*op, text, pattern)),
            Self::Regex(regex, whole) => crate::regex::compile(regex, *whole).ok()?.is_match(text),
            Self::Format(format) => is_valid_text(&format_type(*format), text),
            Self::Type(ty) => is_valid_text(ty, text),
        })
    }

    /// Whether infinitely many texts pass, and infinitely many do not, whatever else is asked of
    /// finitely many texts. False if that is not known at once.
    pub(super) fn is_loose(&self) -> bool {
        match self {
            Self::Op(TextOp::Like, patterns) => {
                patterns.iter().all(|pattern| pattern.contains('*') && pattern.contains(|c| c != '*'))
            }
            Self::Op(_, patterns) => patterns.iter().all(|pattern| !pattern.is_empty()),
            Self::Format(_) | Self::Type(TagType::Email | TagType::Url | TagType::Number | TagType::Date) => {
                true
            }
            Self::Regex(..) | Self::Type(_) => false,
        }
    }

    /// Whether some text passes. False if that is not known at once.
    pub(super) fn matches_something(&self) -> bool {
        match self {
            Self::Regex(regex, _) => matches_something(regex),
            Self::Type(TagType::Matching(regex)) => matches_something(regex),
            _ => false,
        }
    }

    /// Some texts that may pass.
    pub(super) fn examples(&self) -> Vec<String> {
        match self {
            Self::Op(_, patterns) if patterns.len() > PATTERNS => Vec::new(),
            Self::Op(TextOp::Like, patterns) => {
                patterns.iter().map(|pattern| pattern.replace('*', "").replace('?', "x")).collect()
            }
            Self::Op(_, patterns) => patterns.to_vec(),
            Self::Regex(..) | Self::Format(_) | Self::Type(_) => Vec::new(),
        }
    }

    /// The languages of the texts that pass.
    pub(super) fn bounds(&self) -> Bounds {
        match self {
            Self::Op(TextOp::HasWord, patterns) => any_word(patterns),
            Self::Op(op, patterns) => {
                Bounds::exact(Language::union(patterns.iter().map(|pattern| op_language(*op, pattern))))
            }
            Self::Regex(regex, whole) => {
                let language = Language::new(crate::regex::translated(regex));
                Bounds::exact(if *whole { language } else { language.within(true, true) })
            }
            Self::Format(format) => type_bounds(&format_type(*format)),
            Self::Type(ty) => type_bounds(ty),
        }
    }
}

fn format_type(format: Format) -> TagType {
    match format {
        Format::Email => TagType::Email,
        Format::Date => TagType::Date,
        Format::Number => TagType::Number,
        Format::Url => TagType::Url,
        Format::Duration => TagType::Duration,
    }
}

pub(super) fn op_holds(op: TextOp, text: &str, pattern: &str) -> bool {
    match op {
        TextOp::Contains => text.contains(pattern),
        TextOp::StartsWith => text.starts_with(pattern),
        TextOp::EndsWith => text.ends_with(pattern),
        TextOp::HasWord => formats::words(text).contains(&formats::lower(pattern)),
        TextOp::Like => glob_matches(pattern, text),
    }
}

/// Whether an expression matches some text. False if that is not known at once: it asks for the
/// end of the text or of a word.
pub(in crate::lint) fn matches_something(regex: &Regex) -> bool {
    regex_syntax::parse(&regex.pattern)
        .is_ok_and(|hir| hir.properties().look_set().is_empty() && hir.properties().minimum_len().is_some())
}

/// Whether the whole of a text matches a glob.
pub(in crate::lint) fn glob_matches(pattern: &str, text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    // Which beginnings of the text the pattern read so far may match, by their length.
    let mut reached = vec![false; chars.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for c in pattern.chars() {
        let before = reached.clone();
        let mut any = false;
        for (length, reached) in reached.iter_mut().enumerate() {
            let shorter = length.checked_sub(1).and_then(|i| Some((*before.get(i)?, *chars.get(i)?)));
            any |= before.get(length).copied().unwrap_or(false);
            *reached = match c {
                '*' => any,
                '?' => shorter.is_some_and(|(reached, _)| reached),
                c => shorter.is_some_and(|(reached, next)| reached && next == c),
            };
        }
    }
    reached.last().copied().unwrap_or(false)
}

/// The texts that a glob matches.
pub(in crate::lint) fn glob_language(pattern: &str) -> Language {
    let mut out = String::new();
    for c in pattern.chars() {
        match c {
            '*' => out.push_str("(?s:.*)"),
            '?' => out.push_str("(?s:.)"),
            c => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    Language::new(out)
}

fn op_language(op: TextOp, pattern: &str) -> Language {
    let literal = Language::literal(pattern);
    match op {
        TextOp::Contains => literal.within(true, true),
        TextOp::StartsWith => literal.within(false, true),
        TextOp::EndsWith => literal.within(true, false),
        TextOp::Like => glob_language(pattern),
        TextOp::HasWord => Language::any(),
    }
}

/// The texts that are valid for a type.
pub(in crate::lint) fn type_bounds(ty: &TagType) -> Bounds {
    let exact = |pattern: &str| Bounds::exact(Language::new(crate::regex::translated(&plain(pattern))));
    match ty {
        TagType::Text => Bounds::exact(Language::any()),
        TagType::Matching(regex) => Bounds::exact(Language::new(crate::regex::translated(regex))),
        TagType::OneOf(members) => {
            Bounds::exact(Language::union(members.iter().map(|member| Language::literal(member))))
        }
        TagType::Email => exact(formats::EMAIL),
        TagType::Number => exact(formats::NUMBER),
        TagType::Url => exact(formats::URL),
        TagType::Bool => exact("true|false"),
        TagType::Duration => Bounds::exact(Language::new(formats::DURATION).ignore_case()),
        // The calendar knows more than an expression can say.
        TagType::Date => Bounds {
            over: Language::new("[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"),
            under: Some(Language::new("[1-9][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])")),
        },
    }
}

fn plain(pattern: &str) -> Regex {
    Regex { pattern: pattern.to_owned(), ignore_case: false }
}

/// The texts that have any of some words.
fn any_word(words: &[String]) -> Bounds {
    let bounds: Vec<Bounds> = words.iter().map(|word| word_bounds(word)).collect();
    let under: Vec<Language> = bounds.iter().filter_map(|bounds| bounds.under.clone()).collect();
    Bounds {
        over: Language::union(bounds.into_iter().map(|bounds| bounds.over)),
        under: (!under.is_empty()).then(|| Language::union(under)),
    }
}

/// The texts that have a word. Those where it stands alone between what is not a letter are known
/// for sure, others hold it in whatever case.
fn word_bounds(word: &str) -> Bounds {
    if !word.bytes().all(|b| b.is_ascii_alphabetic()) || word.is_empty() {
        return Bounds { over: Language::any(), under: None };
    }
    let lower = word.to_ascii_lowercase();
    let upper = word.to_ascii_uppercase();
    let gap = r"[\x00-@\[-`{-\x7f]";
    let alone = format!("(?s:(?:.*{gap})?(?:{lower}|{upper})(?:{gap}.*)?)");
    Bounds { over: Language::new(lower).ignore_case().within(true, true), under: Some(Language::new(alone)) }
}

#[cfg(test)]
mod tests {
    use super::super::automaton::{Search, search};
    use super::*;

    #[test]
    fn globs() {
        for (pattern, text, matches) in [
            ("web-*", "web-1", true),
            ("web-*", "aweb-1", false),
            ("*", "", true),
            ("?", "", false),
            ("a?c*", "abcd", true),
            ("*a*b", "xaxb", true),
            ("*a*b", "xaxbc", false),
            ("", "", true),
        ] {
            assert_eq!(glob_matches(pattern, text), matches, "{pattern} {text}");
            let inside = search(&[glob_language(pattern), Language::literal(text)], &[]);
            assert_eq!(inside == Search::Nothing, !matches, "{pattern} {text}");
        }
    }

    /// Each test holds of a text exactly where its languages say so, as far as they are sure.
    #[test]
    fn languages_are_what_the_tests_say() {
        let words = ["prod".to_owned(), "dev".to_owned()];
        let regex = Regex { pattern: r"[a-z]+-\d".to_owned(), ignore_case: true };
        let email = TagType::Email;
        let tests = [
            TextTest::Op(TextOp::HasWord, &words),
            TextTest::Op(TextOp::Contains, &words),
            TextTest::Op(TextOp::StartsWith, &words),
            TextTest::Op(TextOp::EndsWith, &words),
            TextTest::Regex(&regex, true),
            TextTest::Regex(&regex, false),
            TextTest::Format(Format::Date),
            TextTest::Format(Format::Number),
            TextTest::Type(&email),
        ];
        let texts = [
            "prod",
            "Prod",
            "PROD",
            "xPROD",
            "PRODx",
            "prod1",
            "1dev",
            "a-prod-b",
            "WebProdApi",
            "preprod",
            "product",
            "",
            "DEV.x",
            "a-1",
            "xA-1",
            "2026-01-31",
            "2026-02-30",
            "0000-01-01",
            "2026-02-29",
            "1.5",
            "-2",
            "1.",
            "a@b.co",
            "a@b",
            "é",
            "prodé",
            "éprod",
            "web\nprod",
            "\u{212a}",
        ];
        for test in tests {
            let bounds = test.bounds();
            for text in texts {
                let is_in = |language: &Language| {
                    search(&[language.clone(), Language::literal(text)], &[]) != Search::Nothing
                };
                let holds = test.holds(text).unwrap();
                assert!(!holds || is_in(&bounds.over), "{test:?} {text}");
                assert!(holds || !bounds.under.as_ref().is_some_and(is_in), "{test:?} {text}");
                assert!(!bounds.is_exact() || holds == is_in(&bounds.over), "{test:?} {text}");
            }
        }
    }
}
