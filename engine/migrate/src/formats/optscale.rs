//! Tagging policies of OptScale, as its API has them: a required tag, a prohibited one, or one that needs another.

use super::requirements::{Checks, Requirement};
use super::{Draft, about};
use crate::Input;
use crate::document::{self, Cursor};
use crate::error::MigrateError;
use crate::policy::condition::{Attribute, Condition, Subject, Test};
use crate::policy::names::kebab;

const EXPECTED: &str = "a tagging policy of OptScale has a `definition` with `conditions`";

/// Reads a policy, a list of policies, or the answer of the API with them.
pub(super) fn read(inputs: &[Input], draft: &mut Draft<'_>) -> Result<(), MigrateError> {
    let mut found = 0;
    for input in inputs {
        let node = document::either(&input.name, &input.text)?;
        let root = Cursor::new(&input.name, &node);
        let list =
            root.get("organization_constraints").filter(Cursor::is_list).unwrap_or_else(|| root.clone());
        let mut items = Vec::new();
        for constraint in list.one_or_more() {
            let title =
                constraint.get("name").and_then(|name| name.text()).unwrap_or("tagging-policy").to_owned();
            let kind = constraint.get("type").and_then(|kind| kind.text()).unwrap_or("tagging_policy");
            if !constraint.is_map() || constraint.get("definition").is_none() {
                return Err(constraint.error(format!("this is not a tagging policy of OptScale: {EXPECTED}")));
            }
            found += 1;
            if kind != "tagging_policy" {
                draft.constructs.lost(
                    format!("policy {title}"),
                    constraint.place(),
                    format!("`{kind}` is not about tags"),
                );
                continue;
            }
            items.extend(policy(&constraint, &title, draft)?);
        }
        draft.report_unread(&root, 0);
        draft.add_file(&input.name, about("Tagging policies of OptScale", &input.name), items);
    }
    if found == 0 {
        return Err(MigrateError::Nothing { expected: EXPECTED });
    }
    Ok(())
}

fn policy(
    constraint: &Cursor<'_>,
    title: &str,
    draft: &mut Draft<'_>,
) -> Result<Option<crate::policy::Item>, MigrateError> {
    let conditions = constraint.at(&["definition", "conditions"]);
    let conditions = conditions
        .ok_or_else(|| constraint.error(format!("this is not a tagging policy of OptScale: {EXPECTED}")))?;
    let key = |member: &str| conditions.get(member).and_then(|key| key.text()).filter(|key| !key.is_empty());
    let mut checks = Checks::default();
    let (tag, without) = (key("tag"), key("without_tag"));
    match (tag, without) {
        (None, Some(required)) => drop(checks.add(required, Requirement::Present, "")),
        (Some(prohibited), None) => drop(checks.add(prohibited, Requirement::Absent, "")),
        (Some(tag), Some(needed)) => {
            let missing = Condition::Test(Subject::Native(tag.to_owned()), Test::Missing);
            let present = Condition::Test(Subject::Native(needed.to_owned()), Test::Set);
            let message = format!("a resource with the tag {tag} needs the tag {needed}");
            checks.add_condition(&kebab(needed, "tag"), Condition::Any(vec![missing, present]), &message);
        }
        (None, None) => {
            draft.constructs.lost(format!("policy {title}"), conditions.place(), "it names no tag");
            return Ok(None);
        }
    }
    let scope = filters(constraint, title, draft);
    let name = draft.names.unique(&kebab(title, "tagging-policy"));
    draft.constructs.exact(format!("policy {title}"), constraint.place(), Some(&name));
    report_members(constraint, title, draft);
    Ok(checks.policy(&name, "medium", scope))
}

/// Reads the filters that have a counterpart.
fn filters(constraint: &Cursor<'_>, title: &str, draft: &mut Draft<'_>) -> Option<Condition> {
    let mut parts = Vec::new();
    let filters = constraint.get("filters");
    for (member, list) in filters.iter().flat_map(Cursor::entries) {
        let texts: Vec<String> = list
            .items()
            .filter_map(|item| {
                item.ignore_members(&["id", "type", "cloud_type"]);
                let named = item.get_any(&["name", "id"]).and_then(|name| name.text()).map(str::to_owned);
                item.scalar().or(named)
            })
            .collect();
        let construct = format!("{title}: filter {member}");
        if list.is_empty() {
            continue;
        }
        if texts.is_empty() {
            draft.constructs.lost(construct, list.place(), "the filter is not a list of names");
            continue;
        }
        let attribute = match member {
            "region" => Attribute::Region,
            _ => {
                let reason = "the filter has no counterpart: the policy applies to more resources; narrow it with `for resource where …`";
                draft.constructs.lost(construct, list.place(), reason);
                continue;
            }
        };
        draft.constructs.exact(construct, list.place(), None);
        parts.push(Condition::one_of(Subject::Attribute(attribute), texts));
    }
    (!parts.is_empty()).then(|| Condition::All(parts).simplified())
}

fn report_members(constraint: &Cursor<'_>, title: &str, draft: &mut Draft<'_>) {
    if let Some(start) = constraint.at(&["definition", "start_date"]) {
        draft.constructs.lost(
            format!("{title}: start_date"),
            start.place(),
            "a policy applies as soon as it is in the project",
        );
    }
    constraint.ignore_members(&[
        "type",
        "id",
        "organization_id",
        "created_at",
        "deleted_at",
        "last_run",
        "last_run_result",
        "hit_days",
    ]);
}
