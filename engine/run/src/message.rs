//! The sentence of a finding, where the policy gives none of its own.

use tagpol_plan::ir::CheckInfo;
use tagpol_sema::program::CheckKind;

/// Characters of a value that a message shows.
const SHOWN: usize = 60;

/// Returns what a check asks for: the policy's own message, or the requirement in words.
pub(crate) fn asks(check: &CheckInfo, tag: Option<&str>) -> String {
    check.message.clone().unwrap_or_else(|| format!("{} {}", tag.unwrap_or(&check.id), must(check)))
}

/// Returns the sentence for a finding of a check: the policy's own, or one made of what was
/// required and the value that was found.
pub(crate) fn message(check: &CheckInfo, tag: Option<&str>, value: Option<&str>) -> String {
    if let Some(message) = &check.message {
        return message.clone();
    }
    let must = must(check);
    match (tag, value) {
        (None, _) => format!("{} {must}", check.id),
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
