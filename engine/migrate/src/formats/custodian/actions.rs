//! Actions of Cloud Custodian: `tag` with plain values becomes rules; what changes a cloud has no counterpart.

use crate::construct::Outcome;
use crate::document::Cursor;
use crate::formats::Draft;
use crate::policy::condition::{Condition, Literal};
use crate::policy::names::kebab;
use crate::policy::{Item, ItemKind, Rule, RuleValue};

const NO_ACTIONS: &str = "tagpol reports, and changes nothing in a cloud";

/// Reports all actions of a policy of which nothing else became.
pub(super) fn report(policy: &Cursor<'_>, name: &str, draft: &mut Draft<'_>) {
    for action in actions(policy) {
        draft.constructs.lost(format!("{name}: action {}", kind(&action)), action.place(), NO_ACTIONS);
    }
}

/// Makes rules of the actions that write plain values of tags, and reports the others.
pub(super) fn rules(
    policy: &Cursor<'_>,
    name: &str,
    scope: &Condition,
    selected: &Condition,
    draft: &mut Draft<'_>,
) -> Vec<Item> {
    let mut items = Vec::new();
    for action in actions(policy) {
        let kind = kind(&action);
        let construct = format!("{name}: action {kind}");
        let tags = if matches!(kind, "tag" | "mark") { plain_tags(&action) } else { None };
        let Some(tags) = tags else {
            draft.constructs.lost(construct, action.place(), NO_ACTIONS);
            continue;
        };
        let when = Condition::All(vec![scope.clone(), selected.clone()]).simplified();
        for (key, value) in tags {
            let tag = match draft.tag(&key) {
                Ok(tag) => tag,
                Err(reason) => {
                    draft.constructs.lost(construct.clone(), action.place(), reason);
                    continue;
                }
            };
            let rule = draft.names.unique(&format!("{}-tag", kebab(name, "policy")));
            items.push(Item::new(ItemKind::Rule(Rule {
                name: rule.clone(),
                priority: 0,
                when: Some(when.clone()),
                set: true,
                tag,
                value: RuleValue::Literal(Literal::Text(value)),
            })));
            let reason = "the virtual tag has the value; the tag in the cloud stays as it is";
            draft.constructs.add(
                construct.clone(),
                Outcome::Narrower,
                action.place(),
                Some(&rule),
                Some(reason.to_owned()),
            );
        }
    }
    items
}

fn actions<'a>(policy: &Cursor<'a>) -> Vec<Cursor<'a>> {
    let actions = policy.get("actions").filter(|actions| !actions.is_null());
    actions.map_or_else(Vec::new, |actions| actions.one_or_more())
}

fn kind<'a>(action: &Cursor<'a>) -> &'a str {
    action.text().or_else(|| action.get("type").and_then(|kind| kind.text())).unwrap_or("without a type")
}

/// Returns the keys and values of a tag action. None: some are computed, or blank, which a rule gives no value for.
fn plain_tags(action: &Cursor<'_>) -> Option<Vec<(String, String)>> {
    const MEMBERS: [&str; 5] = ["type", "key", "tag", "value", "tags"];
    if action.entries().any(|(member, _)| !MEMBERS.contains(&member)) {
        return None;
    }
    let mut tags = Vec::new();
    if let Some(map) = action.get("tags") {
        for (key, value) in map.entries() {
            tags.push((key.to_owned(), value.scalar()?));
        }
    }
    if let Some(value) = action.get("value") {
        let key = action.get_any(&["key", "tag"])?.text()?;
        tags.push((key.to_owned(), value.scalar()?));
    }
    let usable = |(key, value): &(String, String)| {
        !tagpol_sema::formats::is_blank(value) && !tagpol_sema::formats::is_blank(key)
    };
    (!tags.is_empty() && tags.iter().all(usable)).then_some(tags)
}
