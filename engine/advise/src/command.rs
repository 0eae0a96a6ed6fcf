//! The commands that advice contains. There are no others: a model cannot write one.

use crate::sentence::{Command, Part};

/// Whether a text can stand in a command line of any shell as it is, and is not taken for an option.
fn is_plain(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._:/@+-".contains(c);
    !text.is_empty() && !text.starts_with('-') && text.chars().all(is_plain)
}

/// Returns a command, whose first argument is the id of a resource if `is_foreign`. None if an argument would have to
/// be quoted: what a shell makes of a foreign text is not worth the risk.
fn command(words: &str, arguments: &[&str], is_foreign: bool) -> Option<Part> {
    if !arguments.iter().all(|argument| is_plain(argument)) {
        return None;
    }
    let text = format!("tagpol {words} {}", arguments.join(" "));
    let foreign = arguments.first().filter(|_| is_foreign).map(|text| (*text).to_owned());
    Some(Part::Command(Command { text, foreign }))
}

/// Shows a finding of a resource.
pub(crate) fn explain(resource: &str, policy: &str, check: &str) -> Option<Part> {
    command("explain", &[resource, &format!("{policy}/{check}")], true)
}

/// Shows how a resource gets a tag.
pub(crate) fn explain_tag(resource: &str, tag: &str) -> Option<Part> {
    command("explain", &[resource, tag], true)
}

/// Suggests missing values of a tag.
pub(crate) fn suggest(tag: &str) -> Option<Part> {
    command("suggest --tag", &[tag], false)
}

/// Proposes rules and spellings for a tag.
pub(crate) fn learn(tag: &str) -> Option<Part> {
    command("learn --tag", &[tag], false)
}

/// Plans the changes of tags that close findings of a policy.
pub(crate) fn remediate(policy: &str) -> Option<Part> {
    command("remediate plan --policy", &[policy], false)
}

/// Shows costs by a tag.
pub(crate) fn cost_by(tag: &str) -> Option<Part> {
    command("cost --by", &[tag], false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_texts_are_never_quoted() {
        let shown = |resource: &str| explain_tag(resource, "owner").map(|part| part.plain().into_owned());
        assert_eq!(shown("arn:aws:s3:::logs").as_deref(), Some("tagpol explain arn:aws:s3:::logs owner"));
        for resource in
            ["", "-i", "--help", "a b", "a;b", "$(x)", "`x`", "a\nb", "a'b", "a|b", "größe", "a*", "~"]
        {
            assert_eq!(shown(resource), None, "{resource}");
        }
    }
}
