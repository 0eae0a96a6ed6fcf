//! The sentence of a finding, where the policy gives none of its own.

use tagpol_plan::ir::CheckInfo;
use tagpol_sema::program::{Attr, CheckKind};

/// Characters of a value that a message shows.
const SHOWN: usize = 60;

/// Returns what a check asks for: the policy's own message, or the requirement in words.
pub(crate) fn asks(check: &CheckInfo, tag: Option<&str>) -> String {
    let subject = || attribute(check).or_else(|| tag.map(str::to_owned));
    let sentence = || format!("{} {}", subject().as_deref().unwrap_or(&check.id), must(check));
    check.message.clone().unwrap_or_else(sentence)
}

/// Returns the attribute that a check is about, as the language writes it.
fn attribute(check: &CheckInfo) -> Option<String> {
    check.attr.map(|attr| format!("resource.{}", attr.as_str()))
}

/// Whether an attribute is a text, whose value findings tell.
pub(crate) fn is_text(attr: Attr) -> bool {
    !matches!(attr, Attr::Created | Attr::Age | Attr::MonthlyCost)
}

/// Returns the sentence for a finding of a check: the policy's own, or one made of what was
/// required and the value that was found.
pub(crate) fn message(check: &CheckInfo, tag: Option<&str>, value: Option<&str>) -> String {
    if let Some(message) = &check.message {
        return message.clone();
    }
    let must = must(check);
    let attribute = attribute(check);
    let told = tag.or_else(|| attribute.as_deref().filter(|_| check.attr.is_some_and(is_text)));
    match (told, value) {
        (None, _) => format!("{} {must}", attribute.as_deref().unwrap_or(&check.id)),
        (Some(tag), None) if check.expectation == "be set" => format!("{tag} is missing"),
        (Some(tag), None) => format!("{tag} is missing; it {must}"),
        (Some(tag), Some("")) => format!("{tag} is empty; it {must}"),
        (Some(tag), Some(value)) => format!("{tag} is `{}`; it {must}", shown(value)),
    }
}

fn must(check: &CheckInfo) -> String {
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
