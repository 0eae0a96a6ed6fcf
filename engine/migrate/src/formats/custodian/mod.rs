//! Policies of Cloud Custodian.
//!
//! A policy selects resources of a type by filters, and acts on them. Here it becomes a predicate with the filters, and
//! a policy that forbids it, since what a policy of Custodian selects is what it finds wrong. Files are YAML with
//! `policies`, or NDJSON whose lines have such a text in `yaml`.

mod actions;
mod filters;
mod marked;
mod operators;
mod resources;
mod values;

pub(super) use resources::is_type;

use filters::{Effects, Filters};
use resources::{Resource, resource};

use super::{Draft, about};
use crate::Input;
use crate::construct::{Outcome, Place};
use crate::document::{self, Cursor, Node, Value};
use crate::error::MigrateError;
use crate::policy::condition::{Attribute, Condition, Subject};
use crate::policy::names::kebab;
use crate::policy::{Check, Item, ItemKind, Policy};

const EXPECTED: &str = "a file of Cloud Custodian has a list of `policies`";

/// Members of a policy that change nothing about what it selects.
const SILENT: [&str; 10] =
    ["name", "resource", "description", "comments", "comment", "tags", "metadata", "title", "source", "vars"];

/// Reads all policies of all files.
pub(super) fn read(inputs: &[Input], draft: &mut Draft<'_>) -> Result<(), MigrateError> {
    let mut found = 0;
    for input in inputs {
        let mut items = Vec::new();
        for node in documents(input)? {
            let before = draft.constructs.0.len();
            let root = Cursor::new(&input.name, &node);
            let policies = root.get("policies").filter(Cursor::is_list);
            let policies = policies
                .ok_or_else(|| root.error(format!("this is not a file of Cloud Custodian: {EXPECTED}")))?;
            for policy in policies.items() {
                found += 1;
                items.extend(policy_items(&policy, draft)?);
            }
            // Anchors that policies refer to; the policies have copies of them.
            root.ignore_members(&["vars"]);
            draft.report_unread(&root, before);
        }
        draft.add_file(&input.name, about("Policies of Cloud Custodian", &input.name), items);
    }
    if found == 0 {
        return Err(MigrateError::Nothing { expected: EXPECTED });
    }
    Ok(())
}

/// Returns the documents of a file: one, or one a line of NDJSON.
fn documents(input: &Input) -> Result<Vec<Node>, MigrateError> {
    if !document::looks_like_json(&input.text) {
        let documents = document::yaml(&input.name, &input.text)?;
        let empty = || MigrateError::invalid(&input.name, None, format!("the file is empty: {EXPECTED}"));
        return if documents.is_empty() { Err(empty()) } else { Ok(documents) };
    }
    let first = input.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let is_lines = document::json(&input.name, first)
        .is_ok_and(|node| Cursor::new(&input.name, &node).get("yaml").is_some());
    if !is_lines {
        return Ok(vec![document::json(&input.name, &input.text)?]);
    }
    let mut all = Vec::new();
    for (line, number) in input.text.lines().zip(1_u32..).filter(|(line, _)| !line.trim().is_empty()) {
        let at_line =
            |error: MigrateError| MigrateError::invalid(&input.name, Some(number), error.to_string());
        let node = document::json(&input.name, line).map_err(at_line)?;
        let root = Cursor::new(&input.name, &node);
        let Some(text) = root.get("yaml").and_then(|text| text.text()) else {
            return Err(MigrateError::invalid(&input.name, Some(number), "the line has no text `yaml`"));
        };
        for mut node in document::yaml(&input.name, text).map_err(at_line)? {
            set_line(&mut node, number);
            all.push(node);
        }
    }
    Ok(all)
}

/// Gives all nodes the line of the file that their text came from.
fn set_line(node: &mut Node, line: u32) {
    node.line = Some(line);
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| set_line(item, line)),
        Value::Map(entries) => entries.iter_mut().for_each(|(_, item)| set_line(item, line)),
        _ => {}
    }
}

/// Makes the items of one policy.
fn policy_items(policy: &Cursor<'_>, draft: &mut Draft<'_>) -> Result<Vec<Item>, MigrateError> {
    let text = |member: &str| policy.get(member).and_then(|value| value.text());
    let Some(name) = text("name") else { return Err(policy.error("the policy has no `name`")) };
    let Some(kind) = text("resource") else {
        return Err(policy.error(format!("the policy `{name}` has no `resource`")));
    };
    let resource = match resource(kind) {
        Ok(resource) => resource,
        Err(reason) => {
            draft.constructs.lost(format!("policy {name}"), place_of(policy, "resource"), reason);
            policy.ignore();
            return Ok(Vec::new());
        }
    };
    draft.constructs.add(
        format!("{name}: resource {kind}"),
        resource.outcome,
        place_of(policy, "resource"),
        None,
        resource.reason.clone(),
    );
    report_members(policy, name, draft);
    let mut filters = Filters {
        constructs: &mut draft.constructs,
        provider: resource.provider.clone(),
        policy: name.to_owned(),
        effects: Effects::default(),
    };
    let selected = match policy.get("filters").filter(|filters| !filters.is_null()) {
        Some(list) => filters.all(&list, true),
        None => Some(Condition::Always(true)),
    };
    let effects = filters.effects;
    let Some(selected) = selected.map(Condition::simplified) else {
        draft.constructs.lost(
            format!("policy {name}"),
            policy.place(),
            "none of its filters can be migrated",
        );
        actions::report(policy, name, draft);
        return Ok(Vec::new());
    };
    let mut items = Vec::new();
    let scope = scope(&resource, policy);
    match &selected {
        Condition::Always(true) => {
            let reason = "it has no filters: it acts on all resources of the type, and finds nothing wrong";
            draft.constructs.lost(format!("policy {name}"), policy.place(), reason);
        }
        Condition::Always(false) => {
            draft.constructs.lost(
                format!("policy {name}"),
                policy.place(),
                "its filters never select a resource",
            );
        }
        _ => items = selecting_items(policy, name, &scope, selected.clone(), effects, &resource, draft),
    }
    let named = items.iter().find_map(|item: &Item| match &item.kind {
        ItemKind::Define { name, .. } => Some(Condition::Define(name.clone())),
        _ => None,
    });
    items.extend(actions::rules(policy, name, &scope, &named.unwrap_or(selected), draft));
    Ok(items)
}

/// The type of the resources, and the region of the policy.
fn scope(resource: &Resource, policy: &Cursor<'_>) -> Condition {
    let region = policy.get("region").and_then(|region| region.text());
    let region = region.map(|region| Condition::equals(Subject::Attribute(Attribute::Region), region));
    Condition::All([vec![resource.scope.clone()], region.into_iter().collect()].concat()).simplified()
}

/// The predicate of the filters, and the policy that forbids it.
fn selecting_items(
    policy: &Cursor<'_>,
    name: &str,
    scope: &Condition,
    selected: Condition,
    effects: Effects,
    resource: &Resource,
    draft: &mut Draft<'_>,
) -> Vec<Item> {
    let own = draft.names.unique(&kebab(name, "policy"));
    let define = draft.names.unique(&format!("{own}-selected"));
    let broader = effects.broader || resource.outcome == Outcome::Broader;
    let (outcome, reason) = match (broader, effects.narrower) {
        (false, false) => (Outcome::Exact, None),
        (true, false) => (
            Outcome::Broader,
            Some("some parts of it are broader or lost, so that it selects more resources"),
        ),
        (false, true) => (
            Outcome::Narrower,
            Some("some parts of it are narrower or lost, so that it selects fewer resources"),
        ),
        (true, true) => (
            Outcome::Broader,
            Some("some parts of it are broader, narrower or lost: it selects other resources"),
        ),
    };
    let reason = reason.map(str::to_owned);
    draft.constructs.add(format!("policy {name}"), outcome, policy.place(), Some(&own), reason);
    let description = ["description", "comments", "comment"]
        .iter()
        .find_map(|member| policy.get(member).and_then(|text| text.text()))
        .unwrap_or_default();
    let message = crate::policy::message(description);
    let check = Check {
        label: "selected".to_owned(),
        forbid: true,
        condition: Condition::Define(define.clone()),
        message,
    };
    let policy =
        Policy { name: own, severity: severity(policy), scope: Some(scope.clone()), checks: vec![check] };
    vec![
        Item::with_remark(
            ItemKind::Define { name: define, condition: selected },
            format!("What the policy {name} of Custodian selects."),
        ),
        Item::with_remark(ItemKind::Policy(policy), description.to_owned()),
    ]
}

/// The severity in the metadata of a policy; `medium` if it has none.
fn severity(policy: &Cursor<'_>) -> &'static str {
    let text = policy.at(&["metadata", "severity"]).and_then(|severity| severity.text()).unwrap_or_default();
    let known = ["critical", "high", "medium", "low"];
    known.into_iter().find(|known| known.eq_ignore_ascii_case(text)).unwrap_or("medium")
}

fn place_of(policy: &Cursor<'_>, member: &str) -> Place {
    policy.get(member).map_or_else(|| policy.place(), |member| member.place())
}

/// Reports the members of a policy that have no counterpart.
fn report_members(policy: &Cursor<'_>, name: &str, draft: &mut Draft<'_>) {
    for (member, value) in policy.entries() {
        let reason = match member {
            "filters" | "actions" | "region" => continue,
            member if SILENT.contains(&member) => {
                value.ignore();
                continue;
            }
            "mode" => {
                "the policy runs on events or a schedule; tagpol evaluates inventories when it is called"
            }
            "conditions" => "the policy runs under conditions; a policy of tagpol always counts",
            "query" => {
                "the query limits which resources Custodian fetches; the policy applies to all of the type"
            }
            "max-resources" | "max-resources-percent" => "a limit of actions; tagpol takes none",
            _ => "tagpol has no counterpart of this member",
        };
        draft.constructs.lost(format!("{name}: {member}"), value.place(), reason);
    }
}
