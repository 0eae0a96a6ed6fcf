//! The sentence of a finding, where the policy gives none of its own.

use std::borrow::Cow;

use tagpol_plan::ir::CheckInfo;
use tagpol_sema::pretty::Words;
use tagpol_sema::program::{Attr, Check, CheckKind, Program, TagId};

/// Characters of a value that a message shows.
const MAX_VALUE_CHARS: usize = 60;

/// What a sentence about a check needs of it.
#[derive(Debug, Clone)]
pub struct Requirement<'a> {
    subject: Cow<'a, str>,
    /// Whether sentences tell the value of the subject.
    shows_value: bool,
    kind: CheckKind,
    message: Option<&'a str>,
    expectation: &'a str,
}

impl<'a> From<&'a CheckInfo> for Requirement<'a> {
    fn from(check: &'a CheckInfo) -> Self {
        Self {
            subject: Cow::Borrowed(&check.subject),
            shows_value: shows_value(check.tag, check.attr),
            kind: check.kind,
            message: check.message.as_deref(),
            expectation: &check.expectation,
        }
    }
}

impl<'a> Requirement<'a> {
    /// Makes it of its parts, as [`CheckInfo`] has them; `shows_value` is what [`shows_value`] says.
    pub fn of_parts(
        subject: &'a str,
        shows_value: bool,
        kind: CheckKind,
        message: Option<&'a str>,
        expectation: &'a str,
    ) -> Self {
        Self { subject: Cow::Borrowed(subject), shows_value, kind, message, expectation }
    }

    /// Returns it for a check of a program.
    pub fn of(program: &Program, check: &'a Check) -> Self {
        Self {
            subject: Cow::Owned(Words::new(program).subject(check)),
            shows_value: shows_value(check.tag, check.attr()),
            kind: check.kind,
            message: check.message.as_deref(),
            expectation: &check.expectation,
        }
    }

    /// Returns what the check asks for: the policy's own message, or the requirement in words.
    pub fn asks(&self) -> String {
        self.message.map_or_else(|| format!("{} {}", self.subject, self.must()), str::to_owned)
    }

    /// Returns the sentence for a finding: the policy's own, or one made of what was required and
    /// the value that was found.
    pub fn message(&self, value: Option<&str>) -> String {
        if let Some(message) = self.message {
            return message.to_owned();
        }
        let (subject, must) = (&self.subject, self.must());
        match value {
            _ if !self.shows_value => format!("{subject} {must}"),
            None if self.expectation == "be set" => format!("{subject} is missing"),
            None => format!("{subject} is missing; it {must}"),
            Some("") => format!("{subject} is empty; it {must}"),
            Some(value) => format!("{subject} is `{}`; it {must}", shown(value)),
        }
    }

    fn must(&self) -> String {
        format!("{} {}", self.kind.must(), self.expectation)
    }
}

/// Whether findings tell the value of what a check is about: of tags, and of attributes that are
/// texts.
pub fn shows_value(tag: Option<TagId>, attr: Option<Attr>) -> bool {
    tag.is_some() || attr.is_some_and(Attr::is_text)
}

/// The value in one line, shortened.
pub fn shown(value: &str) -> String {
    let mut shown: String =
        value.chars().take(MAX_VALUE_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if value.chars().count() > MAX_VALUE_CHARS {
        shown.push('…');
    }
    shown
}
