//! Tagging policies of Infracost, as its API has them.
//!
//! An expression of Infracost finds a part of the value, so that `dev` also allows `development`; here too, and the
//! report names it.

use super::requirements::{Checks, Requirement};
use super::{Draft, about};
use crate::Input;
use crate::construct::Outcome;
use crate::document::{self, Cursor};
use crate::error::MigrateError;
use crate::policy::condition::{Condition, Subject, Test};
use crate::policy::names::kebab;
use crate::policy::pattern::Pattern;

const EXPECTED: &str = "a tagging policy of Infracost has `tags`, a list of objects with a `key`";

/// Members of a policy that change nothing about what it requires.
const SILENT: [&str; 5] = ["id", "type", "createdAt", "updatedAt", "tagPolicyId"];

/// Reads a policy, a list of policies, or the answer of the API with them.
pub(super) fn read(inputs: &[Input], draft: &mut Draft<'_>) -> Result<(), MigrateError> {
    let mut found = 0;
    for input in inputs {
        let node = document::either(&input.name, &input.text)?;
        let root = Cursor::new(&input.name, &node);
        let list = root
            .get_any(&["data", "taggingPolicies", "tagPolicies"])
            .filter(Cursor::is_list)
            .unwrap_or_else(|| root.clone());
        let mut items = Vec::new();
        for policy in list.one_or_more() {
            policy.ignore_members(&SILENT);
            let attributes = policy.get("attributes").filter(Cursor::is_map).unwrap_or(policy);
            let tags = attributes.get("tags").filter(Cursor::is_list);
            let tags = tags.ok_or_else(|| {
                attributes.error(format!("this is not a tagging policy of Infracost: {EXPECTED}"))
            })?;
            found += 1;
            let title =
                attributes.get("name").and_then(|name| name.text()).unwrap_or("tagging-policy").to_owned();
            let message = attributes.get("message").and_then(|text| text.text()).unwrap_or_default();
            let mut checks = Checks::default();
            for tag in tags.items() {
                tag_check(&tag, &title, message, &mut checks, draft)?;
            }
            report_members(&attributes, &title, draft);
            let name = draft.names.unique(&kebab(&title, "tagging-policy"));
            match checks.policy(&name, "medium", None) {
                Some(item) => {
                    draft.constructs.exact(format!("policy {title}"), attributes.place(), Some(&name));
                    items.push(item);
                }
                None => draft.constructs.lost(
                    format!("policy {title}"),
                    attributes.place(),
                    "it requires nothing",
                ),
            }
        }
        draft.report_unread(&root, 0);
        draft.add_file(&input.name, about("Tagging policies of Infracost", &input.name), items);
    }
    if found == 0 {
        return Err(MigrateError::Nothing { expected: EXPECTED });
    }
    Ok(())
}

fn tag_check(
    tag: &Cursor<'_>,
    title: &str,
    default_message: &str,
    checks: &mut Checks,
    draft: &mut Draft<'_>,
) -> Result<(), MigrateError> {
    let key = tag.get("key").and_then(|key| key.text()).filter(|key| !key.is_empty());
    let key = key.ok_or_else(|| tag.error("the tag has no `key`"))?;
    let construct = format!("{title}: tag {key}");
    // `valueType` names which of the other members counts, and they show it themselves.
    tag.ignore_members(&["valueType", "description"]);
    let mandatory = tag.get("mandatory").is_none_or(|value| value.scalar().as_deref() != Some("false"));
    let message = tag.get("message").and_then(|message| message.text()).unwrap_or(default_message).to_owned();
    let values: Vec<String> =
        tag.get("allowedValues").iter().flat_map(Cursor::items).filter_map(|value| value.scalar()).collect();
    let regex = tag.get("allowedRegex").and_then(|regex| regex.text()).filter(|regex| !regex.is_empty());
    let subject = || Subject::Native(key.to_owned());
    let (condition, outcome, reason) = if let Some(regex) = regex {
        match expression(regex) {
            Ok(pattern) => {
                let reason = "the expression finds a part of the value, as in Infracost: anchor it with `^` and `$`, or use `matches`, if all of it is meant";
                let anchored = regex.trim_matches('/').starts_with('^');
                let condition = Condition::Test(subject(), Test::Finds(pattern));
                (condition, Outcome::Exact, (!anchored).then(|| reason.to_owned()))
            }
            Err(reason) => {
                let reason = format!("any value is allowed, since the expression cannot be used: {reason}");
                (Condition::Test(subject(), Test::Set), Outcome::Narrower, Some(reason))
            }
        }
    } else if values.is_empty() {
        (Condition::Test(subject(), Test::Set), Outcome::Exact, None)
    } else {
        (Condition::one_of(subject(), values), Outcome::Exact, None)
    };
    let is_presence = matches!(condition, Condition::Test(_, Test::Set));
    if !mandatory && is_presence {
        draft.constructs.exact(construct, tag.place(), None);
        return Ok(());
    }
    if mandatory && matches!(condition, Condition::Test(_, Test::Set)) {
        let label = checks.add(key, Requirement::Present, &message);
        draft.constructs.add(construct, outcome, tag.place(), Some(&label), reason);
        return Ok(());
    }
    let missing = (!mandatory).then(|| Condition::Test(subject(), Test::Missing));
    let condition = Condition::Any(missing.into_iter().chain([condition]).collect()).simplified();
    let message = if message.is_empty() { format!("give the tag {key} an allowed value") } else { message };
    let label = checks.add_condition(&kebab(key, "tag"), condition, &message);
    draft.constructs.add(construct, outcome, tag.place(), Some(&label), reason);
    Ok(())
}

/// Reads `/dev/i` and `dev`.
fn expression(text: &str) -> Result<Pattern, String> {
    let inner = text.strip_prefix('/').and_then(|rest| rest.rsplit_once('/'));
    match inner {
        Some((pattern, "")) => Pattern::new(pattern, false),
        Some((pattern, "i")) => Pattern::new(pattern, true),
        Some((_, flags)) => Err(format!("the flags `{flags}` have no counterpart")),
        None => Pattern::new(text, false),
    }
}

fn report_members(policy: &Cursor<'_>, title: &str, draft: &mut Draft<'_>) {
    policy.ignore_members(&SILENT);
    for (member, value) in policy.members() {
        let reason = match member {
            "filters" if value.is_empty() => continue,
            "filters" => "the policy applies to all resources; narrow it with `for resource where …`",
            "prComment" | "blockPr" => {
                "what a pull request shows or blocks is a matter of the command in CI: `tagpol eval --fail-on`"
            }
            _ => continue,
        };
        draft.constructs.lost(format!("{title}: {member}"), value.place(), reason);
    }
}
