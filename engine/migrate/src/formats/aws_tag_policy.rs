//! Tag policies of AWS Organizations.
//!
//! `tags.KEY { tag_key, tag_value, enforced_for, report_required_tag_for }`, each with the operators of inheritance
//! (`@@assign`, `@@append`, `@@remove`, `@@operators_allowed_for_child_policies`). Several files are the policies from
//! the root to the account, and become the effective policy. The result of `describe-effective-policy`, which has plain
//! values, is read too.
//!
//! AWS finds no fault with a resource that lacks the tag; only `report_required_tag_for` requires it.

use std::collections::BTreeMap;

use super::{Draft, about};
use crate::Input;
use crate::construct::{Outcome, Place};
use crate::document::{self, Cursor};
use crate::error::MigrateError;
use crate::policy::condition::{Attribute, Comparison, Condition, Subject, Test};
use crate::policy::names::tag_name;
use crate::policy::pattern::Pattern;
use crate::policy::{Check, Item, ItemKind, Policy, Type};

const EXPECTED: &str = "a tag policy has `tags` with `tag_key` and `tag_value` in it";

/// The members of a tag in a policy.
const MEMBERS: [&str; 4] = ["tag_key", "tag_value", "enforced_for", "report_required_tag_for"];

/// Operators that change a value.
const OPERATORS: [&str; 3] = ["@@assign", "@@append", "@@remove"];

const CHILD_CONTROL: &str = "@@operators_allowed_for_child_policies";

/// A member of the effective policy.
#[derive(Debug, Clone, Default)]
struct Setting {
    values: Vec<String>,
    /// Where it was last changed.
    place: Option<Place>,
    /// Operators that policies further down may use.
    allowed: Option<Vec<String>>,
}

/// A tag of the effective policy.
#[derive(Debug, Clone)]
struct TagRule {
    /// The key of the policy, as its first file writes it.
    policy_key: String,
    place: Place,
    settings: BTreeMap<&'static str, Setting>,
}

/// Reads policies in the order from the root to the account.
pub(super) fn read(inputs: &[Input], draft: &mut Draft<'_>) -> Result<(), MigrateError> {
    let mut tags: Vec<TagRule> = Vec::new();
    for input in inputs {
        let node = document::either(&input.name, &input.text)?;
        let root = Cursor::new(&input.name, &node);
        merge(&policy_of(&root)?, &mut tags, draft)?;
        draft.report_unread(&root, 0);
    }
    if tags.is_empty() {
        return Err(MigrateError::Nothing { expected: EXPECTED });
    }
    let mut items = Vec::new();
    for tag in &tags {
        items.extend(tag_items(tag, draft)?);
    }
    let source = inputs.last().map_or("tag-policy", |input| input.name.as_str());
    draft.add_file(source, about("A tag policy of AWS Organizations", source), items);
    Ok(())
}

/// Finds the policy in a document: the policy itself, or what the command line of AWS prints around it.
fn policy_of<'a>(root: &Cursor<'a>) -> Result<Cursor<'a>, MigrateError> {
    let content = root.at(&["Policy", "Content"]).or_else(|| root.at(&["EffectivePolicy", "PolicyContent"]));
    if content.is_some() {
        return Err(root.error("the policy is a text in the output of a command").with_help(
            "write the text alone to a file: `aws organizations describe-policy … --query Policy.Content --output text`",
        ));
    }
    match root.get("tags").filter(Cursor::is_map) {
        Some(tags) => Ok(tags),
        None => Err(root.error(format!("this is not a tag policy: {EXPECTED}"))),
    }
}

/// Applies one policy to what its parents left.
fn merge(policy: &Cursor<'_>, tags: &mut Vec<TagRule>, draft: &mut Draft<'_>) -> Result<(), MigrateError> {
    for (key, tag) in policy.entries() {
        if key == CHILD_CONTROL {
            tag.ignore();
            draft.constructs.exact(key, tag.place(), None);
            continue;
        }
        if !tag.is_map() {
            return Err(tag.error(format!("the tag `{key}` is {}, where an object is expected", tag.kind())));
        }
        let folded = key.to_lowercase();
        let at = tags.iter().position(|known| known.policy_key.to_lowercase() == folded);
        let at = at.unwrap_or_else(|| {
            tags.push(TagRule { policy_key: key.to_owned(), place: tag.place(), settings: BTreeMap::new() });
            tags.len() - 1
        });
        let Some(rule) = tags.get_mut(at) else { continue };
        for (member, setting) in tag.entries() {
            if member == CHILD_CONTROL {
                setting.ignore();
                draft.constructs.exact(format!("tag {key}: {member}"), setting.place(), None);
                continue;
            }
            let Some(member) = MEMBERS.into_iter().find(|known| *known == member) else {
                draft.constructs.lost(
                    format!("tag {key}: {member}"),
                    setting.place(),
                    "tag policies have no such member",
                );
                continue;
            };
            apply(&setting, rule.settings.entry(member).or_default())?;
        }
    }
    Ok(())
}

/// Applies the operators of one member.
fn apply(setting: &Cursor<'_>, known: &mut Setting) -> Result<(), MigrateError> {
    let operators: Vec<(&str, Cursor<'_>)> =
        if setting.is_map() { setting.entries().collect() } else { vec![("@@assign", setting.clone())] };
    // What the parents allow counts for this policy, and what this one allows for its children.
    let allowed = known.allowed.clone();
    for (operator, value) in operators {
        if operator == CHILD_CONTROL {
            let values = texts(&value)?;
            let all = values.iter().any(|value| value == "@@all");
            known.allowed = if all { None } else { Some(values) };
            continue;
        }
        if !OPERATORS.contains(&operator) {
            return Err(value
                .error(format!("there is no operator `{operator}`"))
                .with_help("use @@assign, @@append or @@remove"));
        }
        if allowed.as_ref().is_some_and(|allowed| !allowed.iter().any(|one| one == operator)) {
            return Err(value
                .error(format!("a parent policy does not allow `{operator}` here"))
                .with_help("give the files in the order from the root to the account"));
        }
        let values = texts(&value)?;
        known.place = Some(setting.place());
        match operator {
            "@@assign" => known.values = values,
            "@@append" => known.values.extend(values),
            _ => known.values.retain(|value| !values.contains(value)),
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    known.values.retain(|value| seen.insert(value.clone()));
    Ok(())
}

fn texts(value: &Cursor<'_>) -> Result<Vec<String>, MigrateError> {
    let text = |item: Cursor<'_>| {
        item.text().map(str::to_owned).ok_or_else(|| {
            item.error(format!("here is {}, where a text or a list of texts is expected", item.kind()))
        })
    };
    value.one_or_more().into_iter().map(text).collect()
}

/// Makes the tag and its policies.
fn tag_items(rule: &TagRule, draft: &mut Draft<'_>) -> Result<Vec<Item>, MigrateError> {
    let setting = |member: &str| rule.settings.get(member).filter(|setting| setting.place.is_some());
    let key_setting = setting("tag_key");
    let key = key_setting
        .and_then(|setting| setting.values.first().cloned())
        .unwrap_or_else(|| rule.policy_key.to_lowercase());
    let place = |setting: Option<&Setting>| {
        setting.and_then(|one| one.place.clone()).unwrap_or_else(|| rule.place.clone())
    };
    let invalid = |message: String| MigrateError::Document { place: place(key_setting), message, help: None };
    if key.to_lowercase() != rule.policy_key.to_lowercase() {
        return Err(invalid(format!(
            "`tag_key` is `{key}`, which is not a spelling of `{}`",
            rule.policy_key
        )));
    }
    let Some(tag) = tag_name(&key) else {
        draft.constructs.lost(format!("tag {key}"), rule.place.clone(), format!(
            "no tag of the language can have the key `{key}`: a name has ASCII letters, digits and hyphens, and begins with a letter; write checks of `native[\"{key}\"]` instead"
        ));
        return Ok(Vec::new());
    };
    if !draft.names.take(&tag) {
        return Err(invalid(format!("`{key}` and another key become the same tag `{tag}`: tagpol reads keys that differ in case and separators as one"))
            .with_help("migrate one of them alone, or give both one spelling first"));
    }
    let scope_policy = draft.names.unique(&format!("{tag}-tag-policy"));
    let values = setting("tag_value").map(|setting| setting.values.clone()).unwrap_or_default();
    let mut items = vec![Item::with_remark(
        ItemKind::Tag { name: tag.clone(), ty: type_of(&values) },
        format!("The tag that AWS knows as {key}."),
    )];
    items.push(policy_item(&key, &tag, &scope_policy, &values)?);
    let separators = "keys that differ from it in `-`, `_`, `.`, `:`, `/` or spaces count as spellings too, which AWS takes for other keys";
    draft.constructs.add(
        format!("tag {key}: tag_key"),
        Outcome::Broader,
        place(key_setting),
        Some(&scope_policy),
        Some(separators.to_owned()),
    );
    if let Some(setting) = setting("tag_value") {
        draft.constructs.add(
            format!("tag {key}: tag_value"),
            Outcome::Broader,
            place(Some(setting)),
            Some(&scope_policy),
            Some(separators.to_owned()),
        );
    }
    if let Some(setting) = setting("enforced_for") {
        draft.constructs.lost(
            format!("tag {key}: enforced_for"),
            place(Some(setting)),
            "AWS refuses noncompliant tags of these types when they are written; tagpol reports them, and prevents nothing",
        );
    }
    if let Some(setting) = setting("report_required_tag_for") {
        items.push(required(&key, &tag, setting, &place(Some(setting)), draft));
    }
    Ok(items)
}

/// The type of the tag: an enumeration, if the values can be one.
fn type_of(values: &[String]) -> Type {
    let folded: std::collections::BTreeSet<String> =
        values.iter().map(|value| value.to_lowercase()).collect();
    let plain = values.iter().all(|value| !value.contains('*') && !tagpol_sema::formats::is_blank(value));
    if !values.is_empty() && plain && folded.len() == values.len() {
        Type::OneOf(values.to_vec())
    } else {
        Type::Text
    }
}

/// The policy about spelling and values, for resources that have the tag at all.
fn policy_item(key: &str, tag: &str, name: &str, values: &[String]) -> Result<Item, MigrateError> {
    let pattern =
        Pattern::literal_ignoring_case(key).map_err(|message| MigrateError::invalid(key, None, message))?;
    let check = |label: &str, condition, message: String| Check {
        label: label.to_owned(),
        forbid: false,
        condition,
        message,
    };
    let mut checks = vec![
        check(
            "spelling",
            Condition::equals(Subject::EveryKeyOf(tag.to_owned()), key),
            format!("spell the key {key}"),
        ),
        check(
            "one-spelling",
            Condition::Test(
                Subject::KeyCountOf(tag.to_owned()),
                Test::Compare(Comparison::AtMost, "1".to_owned()),
            ),
            format!("remove the other spellings of {key}"),
        ),
    ];
    if !values.is_empty() {
        let subject = Subject::EveryValueOf(tag.to_owned());
        let condition = if values.iter().any(|value| value.contains('*')) {
            // A `?` is literal in a tag policy, so it cannot stand in a glob.
            match values.iter().any(|value| value.contains('?')) {
                true => Condition::Test(subject, Test::Matches(values_pattern(values)?)),
                false => Condition::Test(subject, Test::Like(values.to_vec())),
            }
        } else {
            Condition::one_of(subject, values.to_vec())
        };
        checks.push(check("value", condition, "use one of the values of the tag policy".to_owned()));
    }
    let policy = Policy {
        name: name.to_owned(),
        severity: "medium",
        scope: Some(Condition::Test(Subject::AnyKey, Test::Matches(pattern))),
        checks,
    };
    Ok(Item::with_remark(ItemKind::Policy(policy), "A resource without the tag is compliant, as in AWS."))
}

/// Values with `*`, as one expression.
fn values_pattern(values: &[String]) -> Result<Pattern, MigrateError> {
    let parts: Vec<String> = values
        .iter()
        .map(|value| value.split('*').map(crate::policy::pattern::escaped).collect::<Vec<_>>().join(".*"))
        .collect();
    Pattern::new(&parts.join("|"), false).map_err(|message| MigrateError::invalid("tag_value", None, message))
}

/// The policy of `report_required_tag_for`.
fn required(key: &str, tag: &str, setting: &Setting, place: &Place, draft: &mut Draft<'_>) -> Item {
    let mut types = Vec::new();
    let mut services = Vec::new();
    for value in &setting.values {
        match value.split_once(':') {
            Some((service, "ALL_SUPPORTED" | "*")) => services.push(format!("{service}:")),
            _ => types.push(value.clone()),
        }
    }
    let subject = || Subject::Attribute(Attribute::Type);
    let mut parts = Vec::new();
    if !types.is_empty() {
        parts.push(Condition::one_of(subject(), types));
    }
    let broader = !services.is_empty();
    if broader {
        parts.push(Condition::Test(subject(), Test::StartsWith(services)));
    }
    let name = draft.names.unique(&format!("{tag}-required"));
    let (outcome, reason) = if broader {
        (
            Outcome::Broader,
            Some(
                "ALL_SUPPORTED covers the types that AWS supports at the time; here all types of the service"
                    .to_owned(),
            ),
        )
    } else {
        (Outcome::Exact, None)
    };
    draft.constructs.add(
        format!("tag {key}: report_required_tag_for"),
        outcome,
        place.clone(),
        Some(&name),
        reason,
    );
    let pattern = Pattern::literal_ignoring_case(key);
    let condition = match pattern {
        Ok(pattern) => Condition::Test(Subject::AnyKey, Test::Matches(pattern)),
        Err(_) => Condition::Test(Subject::Native(key.to_owned()), Test::Set),
    };
    let check =
        Check { label: tag.to_owned(), forbid: false, condition, message: format!("add the tag {key}") };
    Item::new(ItemKind::Policy(Policy {
        name,
        severity: "high",
        scope: Some(Condition::Any(parts).simplified()),
        checks: vec![check],
    }))
}
