//! Definitions of Azure Policy about tags.
//!
//! `deny` and `audit` become a predicate with the `if`, and a policy that forbids it; `modify` and `append` become rules
//! that give the virtual tag the value. Parameters have the value of a setting, of an assignment among the files, or
//! their default; else their own name stands in their place, and is reported.

mod assignments;
mod conditions;
mod expression;
mod sets;

use assignments::Assignment;
use conditions::{Conditions, Effects};
use expression::{Argument, Parameters, evaluate, tag_key};

use super::{Draft, about};
use crate::Input;
use crate::construct::{Outcome, Place};
use crate::document::{self, Cursor, Node};
use crate::error::MigrateError;
use crate::policy::condition::{Attribute, Condition, Literal, Subject, Test};
use crate::policy::names::kebab;
use crate::policy::{Check, Item, ItemKind, Policy, Rule, RuleValue};

const EXPECTED: &str = "a definition of Azure Policy has a `policyRule` with `if` and `then`";

/// Types that the mode `Indexed` leaves out.
const NOT_INDEXED: [&str; 3] = [
    "microsoft.resources/resourcegroups",
    "microsoft.resources/subscriptions/resourcegroups",
    "microsoft.resources/subscriptions",
];

/// Reads all definitions of all files, with the parameters of the assignments among them.
pub(super) fn read(inputs: &[Input], draft: &mut Draft<'_>) -> Result<(), MigrateError> {
    let nodes = inputs
        .iter()
        .map(|input| document::either(&input.name, &input.text))
        .collect::<Result<Vec<Node>, _>>()?;
    let mut documents: Vec<(usize, Cursor<'_>)> = Vec::new();
    for (at, (input, node)) in inputs.iter().zip(&nodes).enumerate() {
        let root = Cursor::new(&input.name, node);
        let list = root.get("value").filter(Cursor::is_list).unwrap_or(root);
        documents.extend(list.one_or_more().into_iter().map(|document| (at, document)));
    }
    documents.iter().for_each(|(_, document)| ignore_members(document));
    let (sets, documents): (Vec<_>, Vec<_>) = documents
        .into_iter()
        .partition(|(_, document)| properties(document).get("policyDefinitions").is_some());
    let (assignments, definitions): (Vec<_>, Vec<_>) = documents
        .into_iter()
        .partition(|(_, document)| properties(document).get("policyDefinitionId").is_some());
    let assignments: Vec<Assignment<'_>> =
        assignments.into_iter().map(|(_, cursor)| Assignment::new(cursor)).collect();
    let assignments = sets::with_members(&sets, assignments, &definitions, draft)?;
    for (at, input) in inputs.iter().enumerate() {
        let mut items = Vec::new();
        for (_, definition) in definitions.iter().filter(|(file, _)| *file == at) {
            let rule = properties(definition).get("policyRule").filter(Cursor::is_map);
            let Some(rule) = rule else {
                return Err(definition.error(format!("this is not a definition of Azure Policy: {EXPECTED}")));
            };
            items.extend(assigned_items(definition, &rule, &assignments, draft)?);
        }
        draft.add_file(&input.name, about("Definitions of Azure Policy", &input.name), items);
    }
    assignments::report_unassigned(&assignments, &definitions, draft);
    for (input, node) in inputs.iter().zip(&nodes) {
        draft.report_unread(&Cursor::new(&input.name, node), 0);
    }
    if definitions.is_empty() && sets.is_empty() {
        return Err(MigrateError::Nothing { expected: EXPECTED });
    }
    Ok(())
}

/// Marks the members of a document that change nothing about its meaning.
fn ignore_members(document: &Cursor<'_>) {
    const SILENT: [&str; 12] = [
        "$schema",
        "apiVersion",
        "description",
        "displayName",
        "id",
        "metadata",
        "name",
        "policyType",
        "systemData",
        "type",
        "version",
        "versions",
    ];
    document.ignore_members(&SILENT);
    properties(document).ignore_members(&SILENT);
}

/// Returns the title of a definition, a set or an assignment.
fn title_of<'a>(document: &Cursor<'a>, other: &'a str) -> &'a str {
    let shown = properties(document).get("displayName").and_then(|name| name.text());
    let name = document.get("name").and_then(|name| name.text());
    [shown, name].into_iter().flatten().find(|title| !title.is_empty()).unwrap_or(other)
}

/// The command line of Azure writes properties without the object around them.
fn properties<'a>(document: &Cursor<'a>) -> Cursor<'a> {
    document.get("properties").filter(Cursor::is_map).unwrap_or_else(|| document.clone())
}

/// A definition that is being migrated.
struct Definition<'a> {
    title: String,
    base: String,
    scope: Condition,
    description: String,
    cursor: Cursor<'a>,
}

/// Migrates a definition once for each of its assignments, or once alone if it has none.
fn assigned_items(
    cursor: &Cursor<'_>,
    rule: &Cursor<'_>,
    assignments: &[Assignment<'_>],
    draft: &mut Draft<'_>,
) -> Result<Vec<Item>, MigrateError> {
    let own: Vec<&Assignment<'_>> = assignments.iter().filter(|one| one.is_of(cursor)).collect();
    let title = title_of(cursor, "definition");
    match own.as_slice() {
        [] => definition_items(cursor, rule, title, None, draft),
        [assignment] => definition_items(cursor, rule, title, Some(assignment), draft),
        several => {
            let mut items = Vec::new();
            for assignment in several {
                let title = format!("{title} ({})", assignment.title());
                items.extend(definition_items(cursor, rule, &title, Some(assignment), draft)?);
            }
            Ok(items)
        }
    }
}

fn definition_items(
    cursor: &Cursor<'_>,
    rule: &Cursor<'_>,
    title: &str,
    assignment: Option<&Assignment<'_>>,
    draft: &mut Draft<'_>,
) -> Result<Vec<Item>, MigrateError> {
    let own = properties(cursor);
    let parameters = parameters(cursor, title, assignment, draft)?;
    let scope = scope(&own, title, draft);
    let described = own.get("description").and_then(|text| text.text()).unwrap_or_default();
    let message = assignment.and_then(Assignment::message).unwrap_or(described);
    let definition = Definition {
        title: title.to_owned(),
        base: kebab(title, "definition"),
        scope,
        description: message.to_owned(),
        cursor: cursor.clone(),
    };
    let condition = rule.get("if").ok_or_else(|| rule.error("the rule has no `if`"))?;
    let then = rule.get("then").ok_or_else(|| rule.error("the rule has no `then`"))?;
    let effect = effect(&then, &parameters)?;
    if let Some(assignment) = assignment {
        assignment.report(title, &effect, draft);
    }
    let mut reader = Conditions {
        draft,
        parameters: &parameters,
        definition: title.to_owned(),
        effects: Effects::default(),
    };
    let read = reader.condition(&condition, true).map(Condition::simplified);
    let effects = reader.effects;
    let Some(condition) = read else {
        draft.constructs.lost(
            format!("definition {title}"),
            cursor.place(),
            "none of its conditions can be migrated",
        );
        return Ok(Vec::new());
    };
    Ok(match effect.to_ascii_lowercase().as_str() {
        "deny" | "audit" => policy_items(&definition, condition, effects, &effect, &then, draft),
        "modify" | "append" => rule_items(&definition, &condition, &then, &parameters, draft),
        "disabled" => {
            draft.constructs.exact(format!("{title}: effect {effect}"), then.place(), None);
            then.ignore_members(&["details"]);
            Vec::new()
        }
        _ => {
            let reason = "the effect looks at or deploys other resources, which tagpol does not";
            draft.constructs.lost(format!("{title}: effect {effect}"), then.place(), reason);
            Vec::new()
        }
    })
}

/// Returns the effect, which is often a parameter.
fn effect(then: &Cursor<'_>, parameters: &Parameters) -> Result<String, MigrateError> {
    let effect = then.get("effect").and_then(|effect| effect.text());
    let effect = effect.ok_or_else(|| then.error("`then` has no `effect`"))?;
    match evaluate(effect, parameters) {
        Ok(Argument::Text(effect)) => Ok(effect),
        Ok(_) => Err(then.error("the effect is not a text")),
        Err(reason) => Err(then.error(reason)),
    }
}

/// Returns the parameters with their values.
fn parameters(
    cursor: &Cursor<'_>,
    title: &str,
    assignment: Option<&Assignment<'_>>,
    draft: &mut Draft<'_>,
) -> Result<Parameters, MigrateError> {
    let mut found = Parameters::new();
    let Some(declared) = properties(cursor).get("parameters") else { return Ok(found) };
    for (parameter, declaration) in declared.entries() {
        draft.parameters.insert(parameter.to_owned());
        let assigned = assignment.and_then(|assignment| assignment.value(parameter));
        // What a parameter may be, and its default where it has a value.
        declaration.ignore_members(&["metadata", "allowedValues", "defaultValue"]);
        let is_list = declaration
            .get("type")
            .and_then(|kind| kind.text())
            .is_some_and(|kind| kind.eq_ignore_ascii_case("array"));
        let set = draft.settings.parameters.get(parameter).map(|text| {
            if is_list {
                Argument::List(text.split(',').map(|part| part.trim().to_owned()).collect())
            } else {
                Argument::Text(text.clone())
            }
        });
        let construct = format!("{title}: parameter {parameter}");
        let value = match (set, assigned) {
            (Some(value), _) => Some(value),
            (None, Some(assigned)) => assigned.ok(),
            (None, None) => declaration.get("defaultValue").and_then(|value| plain(&value)),
        };
        if let Some(value) = value {
            draft.constructs.exact(construct, declaration.place(), None);
            found.insert(parameter.to_owned(), value);
            continue;
        }
        let reason = format!(
            "it has no value: pass `--set {parameter}=…`, or migrate its assignment with it; its name stands in its place"
        );
        draft.constructs.lost(construct, declaration.place(), reason);
        let name = parameter.to_owned();
        found.insert(
            parameter.to_owned(),
            if is_list { Argument::List(vec![name]) } else { Argument::Text(name) },
        );
    }
    Ok(found)
}

fn plain(value: &Cursor<'_>) -> Option<Argument> {
    if value.is_list() {
        return value.items().map(|item| item.scalar()).collect::<Option<Vec<_>>>().map(Argument::List);
    }
    value.scalar().map(Argument::Text)
}

/// The resources that the mode of a definition means.
fn scope(own: &Cursor<'_>, title: &str, draft: &mut Draft<'_>) -> Condition {
    let azure = Condition::Test(
        Subject::Attribute(Attribute::Provider),
        Test::Equals(Literal::Word("azure".to_owned())),
    );
    let mode = own.get("mode");
    let text = mode.as_ref().and_then(|mode| mode.text()).unwrap_or("Indexed");
    let place = mode.as_ref().map_or_else(|| own.place(), Cursor::place);
    let construct = format!("{title}: mode {text}");
    match text.to_ascii_lowercase().as_str() {
        "all" => {
            draft.constructs.exact(construct, place, None);
            azure
        }
        "indexed" => {
            let reason = "the policy also applies to types that have no tags or no location, if the inventory lists them";
            draft.constructs.add(construct, Outcome::Broader, place, None, Some(reason.to_owned()));
            let types = NOT_INDEXED.map(str::to_owned).to_vec();
            let type_ = Subject::Lower(Box::new(Subject::Attribute(Attribute::Type)));
            Condition::All(vec![azure, Condition::one_of(type_, types).not()])
        }
        _ => {
            draft.constructs.lost(construct, place, "only the modes `All` and `Indexed` have a counterpart");
            azure
        }
    }
}

/// The predicate and the policy of `deny` and `audit`.
fn policy_items(
    definition: &Definition<'_>,
    condition: Condition,
    effects: Effects,
    effect: &str,
    then: &Cursor<'_>,
    draft: &mut Draft<'_>,
) -> Vec<Item> {
    let title = &definition.title;
    if let Condition::Always(value) = condition {
        let reason =
            if value { "its condition is true for all resources" } else { "its condition is never true" };
        draft.constructs.lost(format!("definition {title}"), definition.cursor.place(), reason);
        return Vec::new();
    }
    let name = draft.names.unique(&definition.base);
    let define = draft.names.unique(&format!("{name}-violated"));
    let is_deny = effect.eq_ignore_ascii_case("deny");
    let (outcome, reason) = if is_deny {
        (Outcome::Narrower, Some("violations are reported; Azure refuses the request".to_owned()))
    } else {
        (Outcome::Exact, None)
    };
    draft.constructs.add(format!("{title}: effect {effect}"), outcome, then.place(), Some(&name), reason);
    add_definition(definition, effects, &name, draft);
    let check = Check {
        label: "violated".to_owned(),
        forbid: true,
        condition: Condition::Define(define.clone()),
        message: crate::policy::message(&definition.description),
    };
    let policy = Policy {
        name,
        severity: if is_deny { "high" } else { "medium" },
        scope: Some(definition.scope.clone()),
        checks: vec![check],
    };
    vec![
        Item::with_remark(
            ItemKind::Define { name: define, condition },
            format!("When Azure applies: {title}."),
        ),
        Item::with_remark(ItemKind::Policy(policy), format!("{title}.")),
    ]
}

fn add_definition(definition: &Definition<'_>, effects: Effects, became: &str, draft: &mut Draft<'_>) {
    let (outcome, reason) = match (effects.broader, effects.narrower) {
        (false, false) => (Outcome::Exact, None),
        (true, false) => (Outcome::Broader, Some("some of its conditions are broader or lost")),
        (false, true) => (Outcome::Narrower, Some("some of its conditions are narrower or lost")),
        (true, true) => (Outcome::Broader, Some("some of its conditions are broader, narrower or lost")),
    };
    let construct = format!("definition {}", definition.title);
    draft.constructs.add(
        construct,
        outcome,
        definition.cursor.place(),
        Some(became),
        reason.map(str::to_owned),
    );
}

/// The rules of `modify` and `append`.
fn rule_items(
    definition: &Definition<'_>,
    condition: &Condition,
    then: &Cursor<'_>,
    parameters: &Parameters,
    draft: &mut Draft<'_>,
) -> Vec<Item> {
    let title = &definition.title;
    let details = then.get("details");
    // Who writes the tags, and which of several definitions counts, are matters of the cloud.
    details.iter().for_each(|details| details.ignore_members(&["roleDefinitionIds", "conflictEffect"]));
    let operations =
        details.as_ref().map(|details| details.get("operations").unwrap_or_else(|| details.clone()));
    let mut items = Vec::new();
    for operation in operations.iter().flat_map(Cursor::items) {
        let kind = operation.get("operation").and_then(|kind| kind.text()).unwrap_or("append").to_owned();
        let construct = format!("{title}: {kind}");
        match rule_item(definition, condition, &operation, &kind, parameters, draft) {
            Ok((rule, item)) => {
                let reason = "the virtual tag has the value; the tag in the cloud stays as it is";
                draft.constructs.add(
                    construct,
                    Outcome::Narrower,
                    operation.place(),
                    Some(&rule),
                    Some(reason.to_owned()),
                );
                items.push(item);
            }
            Err(reason) => draft.constructs.lost(construct, operation.place(), reason),
        }
    }
    if items.is_empty() {
        let place: Place = then.place();
        draft.constructs.lost(format!("definition {title}"), place, "none of its operations can be migrated");
    }
    items
}

fn rule_item(
    definition: &Definition<'_>,
    condition: &Condition,
    operation: &Cursor<'_>,
    kind: &str,
    parameters: &Parameters,
    draft: &mut Draft<'_>,
) -> Result<(String, Item), String> {
    let set = match kind.to_ascii_lowercase().as_str() {
        "add" | "append" => false,
        "addorreplace" => true,
        _ => return Err("a rule gives values, and removes none".to_owned()),
    };
    let field =
        operation.get("field").and_then(|field| field.text()).ok_or("the operation has no `field`")?;
    let Argument::Text(field) = evaluate(field, parameters)? else {
        return Err("the field is not a text".to_owned());
    };
    let key = tag_key(&field).ok_or_else(|| format!("the field `{field}` is not a tag"))?;
    let tag = draft.tag(key)?;
    let value =
        operation.get("value").and_then(|value| value.scalar()).ok_or("the operation has no value")?;
    let value = match evaluate(&value, parameters)? {
        Argument::Text(text) if tagpol_sema::formats::is_blank(&text) => {
            return Err("a rule gives no blank value".to_owned());
        }
        Argument::Text(text) => RuleValue::Literal(Literal::Text(text)),
        Argument::GroupTag(key) => RuleValue::Subject(related("azure-resource-group", &key, draft)?),
        Argument::SubscriptionTag(key) => RuleValue::Subject(related("azure-subscription", &key, draft)?),
        Argument::List(_) => return Err("a tag has one value".to_owned()),
    };
    let name = draft.names.unique(&definition.base);
    let when = Condition::All(vec![definition.scope.clone(), condition.clone()]).simplified();
    let rule = Rule { name: name.clone(), priority: 0, when: Some(when), set, tag, value };
    Ok((name, Item::with_remark(ItemKind::Rule(rule), format!("{}.", definition.title))))
}

fn related(relation: &'static str, key: &str, draft: &mut Draft<'_>) -> Result<Subject, String> {
    let tag = draft.tag(key)?;
    draft.use_relation(relation);
    Ok(Subject::Related { relation: relation.to_owned(), tag })
}
