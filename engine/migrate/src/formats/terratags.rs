//! The configuration of Terratags: required tags with expressions, and exemptions.
//!
//! Types are those of Terraform, as inventories made from plans have them. Waivers of tagpol end: the setting gives the
//! day.

use tagpol_sema::formats::is_blank;

use super::requirements::{Checks, Requirement};
use super::{Draft, about};
use crate::Input;
use crate::construct::Outcome;
use crate::document::{self, Cursor};
use crate::error::MigrateError;
use crate::policy::condition::{Attribute, Condition, Subject};
use crate::policy::names::last_name;
use crate::policy::pattern::Pattern;
use crate::policy::{Exemption, Item, ItemKind};

const EXPECTED: &str = "a configuration of Terratags has `required_tags` or `exemptions`";

/// Keys with the labels of their checks.
type Labels = Vec<(String, String)>;

/// Reads configurations and exemptions; exemptions apply to the required tags of all files.
pub(super) fn read(inputs: &[Input], draft: &mut Draft<'_>) -> Result<(), MigrateError> {
    let mut nodes = Vec::new();
    for input in inputs {
        nodes.push(document::either(&input.name, &input.text)?);
    }
    let mut policies: Vec<(String, Labels)> = Vec::new();
    for (input, node) in inputs.iter().zip(&nodes) {
        let root = Cursor::new(&input.name, node);
        if !root.is_map() || root.get_any(&["required_tags", "exemptions"]).is_none() {
            return Err(root.error(format!("this is not a configuration of Terratags: {EXPECTED}")));
        }
        for (member, value) in root.entries() {
            if !["required_tags", "exemptions"].contains(&member) {
                draft.constructs.lost(member, value.place(), "the member is not known");
            }
        }
        if let Some(required) = root.get("required_tags") {
            let policy = draft.names.unique("required-tags");
            let mut labels = Labels::new();
            let mut checks = Checks::default();
            for (key, tag) in tags(&required)? {
                requirement(&key, &tag, &mut checks, &mut labels, draft)?;
            }
            let items: Vec<Item> = checks.policy(&policy, "high", None).into_iter().collect();
            draft.add_file(&input.name, about("Required tags of Terratags", &input.name), items);
            policies.push((policy, labels));
        }
    }
    for (input, node) in inputs.iter().zip(&nodes) {
        let root = Cursor::new(&input.name, node);
        let exemptions = root.get("exemptions");
        let mut items = Vec::new();
        for exemption in exemptions.iter().flat_map(Cursor::items) {
            items.extend(exempt(&exemption, &policies, draft));
        }
        draft.add_file(
            &format!("{}-exemptions", stem(&input.name)),
            about("Exemptions of Terratags", &input.name),
            items,
        );
        draft.report_unread(&root, 0);
    }
    Ok(())
}

fn stem(name: &str) -> &str {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    base.split_once('.').map_or(base, |(stem, _)| stem)
}

/// Returns the tags of a list of keys, a list of objects with a `key`, or a map.
fn tags<'a>(required: &Cursor<'a>) -> Result<Vec<(String, Cursor<'a>)>, MigrateError> {
    if required.is_map() {
        return Ok(required.entries().map(|(key, tag)| (key.to_owned(), tag)).collect());
    }
    if !required.is_list() {
        return Err(required.error(format!(
            "the required tags are {}, where a list or an object is expected",
            required.kind()
        )));
    }
    let key = |item: Cursor<'a>| {
        let key = item
            .text()
            .map(str::to_owned)
            .or_else(|| item.get("key").and_then(|key| key.text()).map(str::to_owned));
        key.map(|key| (key, item.clone()))
            .ok_or_else(|| item.error("a key, or an object with a `key`, is expected"))
    };
    required.items().map(key).collect()
}

fn requirement(
    key: &str,
    tag: &Cursor<'_>,
    checks: &mut Checks,
    labels: &mut Labels,
    draft: &mut Draft<'_>,
) -> Result<(), MigrateError> {
    if is_blank(key) {
        return Err(tag.error("the key is empty"));
    }
    let construct = format!("required tag {key}");
    let description = tag.get("description").and_then(|text| text.text()).unwrap_or_default();
    for (member, value) in tag.entries() {
        if !["key", "pattern", "description"].contains(&member) {
            draft.constructs.lost(format!("{construct}: {member}"), value.place(), "the member is not known");
        }
    }
    let pattern = tag.get("pattern").and_then(|pattern| pattern.text()).filter(|pattern| !pattern.is_empty());
    let (requirement, outcome, reason) = match pattern.map(|pattern| (pattern, Pattern::new(pattern, false)))
    {
        None => (Requirement::Present, Outcome::Exact, None),
        // An expression of Go finds a part of the value.
        Some((_, Ok(pattern))) => (Requirement::Finds(pattern), Outcome::Exact, None),
        Some((_, Err(reason))) => {
            let reason =
                format!("only the tag itself is required, since the expression cannot be used: {reason}");
            (Requirement::Present, Outcome::Narrower, Some(reason))
        }
    };
    let label = checks.add(key, requirement, description);
    draft.constructs.add(construct, outcome, tag.place(), Some(&label), reason);
    labels.push((key.to_owned(), label));
    Ok(())
}

/// Makes the waiver of an exemption.
fn exempt(exemption: &Cursor<'_>, policies: &[(String, Labels)], draft: &mut Draft<'_>) -> Option<Item> {
    let text = |member: &str| exemption.get(member).and_then(|value| value.text()).unwrap_or_default();
    let (type_, resource) = (text("resource_type"), text("resource_name"));
    let construct = format!("exemption {type_} {resource}");
    let keys: Vec<String> =
        exemption.get("exempt_tags").iter().flat_map(Cursor::items).filter_map(|key| key.scalar()).collect();
    let mut checks = Vec::new();
    for (policy, labels) in policies {
        for (_, label) in labels.iter().filter(|(key, _)| keys.contains(key)) {
            checks.push(format!("{}/{}", last_name(policy), last_name(label)));
        }
    }
    if checks.is_empty() {
        draft.constructs.lost(construct, exemption.place(), "it exempts from no tag that the files require");
        return None;
    }
    let mut parts = Vec::new();
    if !matches!(type_, "" | "*") {
        parts.push(Condition::equals(Subject::Attribute(Attribute::Type), type_));
    }
    if !matches!(resource, "" | "*") {
        parts.push(Condition::equals(Subject::Attribute(Attribute::Name), resource));
    }
    let because = if is_blank(text("reason")) { "exempt in Terratags" } else { text("reason") };
    let until = draft.settings.waivers_end.clone();
    let reason = format!(
        "it ends on {until}, since waivers of tagpol have an end; names are those of resources, and not their addresses in Terraform"
    );
    draft.constructs.add(construct, Outcome::Narrower, exemption.place(), None, Some(reason));
    let scope = Condition::All(parts).simplified();
    Some(Item::new(ItemKind::Exempt(Exemption {
        checks,
        scope: (scope != Condition::Always(true)).then_some(scope),
        until,
        because: because.to_owned(),
    })))
}
