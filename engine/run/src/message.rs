//! The sentence of a finding, where the policy gives none of its own.

use tagpol_plan::ir::CheckInfo;
use tagpol_sema::program::{Attr, Check, CheckKind};

/// Characters of a value that a message shows.
const SHOWN: usize = 60;

/// What a sentence about a check needs of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    id: &'a str,
    kind: CheckKind,
    message: Option<&'a str>,
    expectation: &'a str,
    attr: Option<Attr>,
}

impl<'a> From<&'a CheckInfo> for Asked<'a> {
    fn from(check: &'a CheckInfo) -> Self {
        Self {
            id: &check.id,
            kind: check.kind,
            message: check.message.as_deref(),
            expectation: &check.expectation,
            attr: check.attr,
        }
    }
}

impl<'a> From<&'a Check> for Asked<'a> {
    fn from(check: &'a Check) -> Self {
        Self {
            id: &check.id,
            kind: check.kind,
            message: check.message.as_deref(),
            expectation: &check.expectation,
            attr: if check.tag.is_none() { check.pred.subject() } else { None },
        }
    }
}

/// Returns what a check asks for: the policy's own message, or the requirement in words.
pub(crate) fn asks<'a>(check: impl Into<Asked<'a>>, tag: Option<&str>) -> String {
    let check = check.into();
    let subject = || attribute(check).or_else(|| tag.map(str::to_owned));
    let sentence = || format!("{} {}", subject().as_deref().unwrap_or(check.id), must(check));
    check.message.map_or_else(sentence, str::to_owned)
}

/// Returns the attribute that a check is about, as the language writes it.
fn attribute(check: Asked<'_>) -> Option<String> {
    check.attr.map(|attr| format!("resource.{}", attr.as_str()))
}

/// Whether an attribute is a text, whose value findings tell.
pub(crate) fn is_text(attr: Attr) -> bool {
    !matches!(attr, Attr::Created | Attr::Age | Attr::MonthlyCost)
}

/// Returns the sentence for a finding of a check: the policy's own, or one made of what was
/// required and the value that was found.
pub(crate) fn message<'a>(check: impl Into<Asked<'a>>, tag: Option<&str>, value: Option<&str>) -> String {
    let check = check.into();
    if let Some(message) = check.message {
        return message.to_owned();
    }
    let must = must(check);
    let attribute = attribute(check);
    let told = tag.or_else(|| attribute.as_deref().filter(|_| check.attr.is_some_and(is_text)));
    match (told, value) {
        (None, _) => format!("{} {must}", attribute.as_deref().unwrap_or(check.id)),
        (Some(tag), None) if check.expectation == "be set" => format!("{tag} is missing"),
        (Some(tag), None) => format!("{tag} is missing; it {must}"),
        (Some(tag), Some("")) => format!("{tag} is empty; it {must}"),
        (Some(tag), Some(value)) => format!("{tag} is `{}`; it {must}", shown(value)),
    }
}

fn must(check: Asked<'_>) -> String {
    match check.kind {
        CheckKind::Require => format!("must {}", check.expectation),
        CheckKind::Forbid => format!("must not {}", check.expectation),
    }
}

/// The value in one line, shortened.
pub(crate) fn shown(value: &str) -> String {
    let mut shown: String = value.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if value.chars().count() > SHOWN {
        shown.push('…');
    }
    shown
}
