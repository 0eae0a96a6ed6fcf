//! Which texts are values of a type, and what the type is called.

use std::sync::LazyLock;

use crate::program::{Regex, TagType};
use crate::{formats, regex};

/// A form of [`formats`], compiled once.
type Form = LazyLock<Option<::regex::Regex>>;

static EMAIL: Form = LazyLock::new(|| form(formats::EMAIL, false));
static NUMBER: Form = LazyLock::new(|| form(formats::NUMBER, false));
static URL: Form = LazyLock::new(|| form(formats::URL, false));
static DURATION: Form = LazyLock::new(|| form(formats::DURATION, true));

fn form(pattern: &str, ignore_case: bool) -> Option<::regex::Regex> {
    regex::compile(&Regex { pattern: pattern.to_owned(), ignore_case }, true).ok()
}

/// Tells the valid values of a type from other texts; made once for many of them.
#[derive(Debug)]
pub struct Validity<'t> {
    ty: &'t TagType,
    /// The expression of `text matching`; none where it is none that a checked program may hold.
    pattern: Option<::regex::Regex>,
}

impl<'t> Validity<'t> {
    /// Returns that of a type.
    pub fn of(ty: &'t TagType) -> Self {
        let pattern = match ty {
            TagType::Matching(pattern) => regex::compile(pattern, true).ok(),
            _ => None,
        };
        Self { ty, pattern }
    }

    /// Whether a text, which is not empty, is a valid value as it is.
    pub fn holds(&self, text: &str) -> bool {
        let matches = |form: &Option<::regex::Regex>| form.as_ref().is_some_and(|form| form.is_match(text));
        match self.ty {
            TagType::Text => !formats::is_blank(text),
            TagType::Matching(_) => matches(&self.pattern),
            TagType::OneOf(members) => members.iter().any(|member| member == text),
            TagType::Email => matches(&EMAIL),
            TagType::Date => formats::is_date(text),
            TagType::Number => matches(&NUMBER),
            TagType::Bool => matches!(text, "true" | "false"),
            TagType::Url => matches(&URL),
            TagType::Duration => matches(&DURATION),
        }
    }
}

/// Whether a text, which is not empty, is a valid value of a type.
pub(crate) fn is_valid_text(ty: &TagType, text: &str) -> bool {
    Validity::of(ty).holds(text)
}

/// Members of an enumeration that are listed when its type is described.
const LISTED: usize = 40;

/// Returns the type in words, to be read after "is": `one of gold, basic`. Of a long enumeration only the
/// first members are listed: each wrong value is reported with them.
pub fn describe(ty: &TagType) -> String {
    match ty {
        TagType::Text => "text".to_owned(),
        TagType::Matching(regex) => format!("text matching /{}/", regex.pattern),
        TagType::OneOf(members) => match members.split_at_checked(LISTED) {
            Some((listed, others @ [_, ..])) => {
                format!("one of {} and {} more", listed.join(", "), others.len())
            }
            _ => format!("one of {}", members.join(", ")),
        },
        TagType::Email => "an email address".to_owned(),
        TagType::Date => "a date like 2027-03-31".to_owned(),
        TagType::Number => "a number".to_owned(),
        TagType::Bool => "true or false".to_owned(),
        TagType::Url => "an http or https address".to_owned(),
        TagType::Duration => "a length of time like 72h or 30 days".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_enumeration_the_first_members_are_listed() {
        let one_of = |count: usize| TagType::OneOf((0..count).map(|i| format!("m{i}")).collect());
        assert_eq!(describe(&one_of(2)), "one of m0, m1");
        assert!(describe(&one_of(40)).ends_with("m38, m39"));
        assert!(describe(&one_of(16_000)).ends_with("m38, m39 and 15960 more"));
    }
}
