//! The filter `value` of Cloud Custodian, in its short and its long form.

use super::filters::{Read, count_condition};
use super::operators::{Operand, Operator, compare};
use crate::construct::Outcome;
use crate::document::{Cursor, Value};
use crate::policy::condition::{Condition, Literal, Subject, Test};

/// Members of a value filter that are read here.
const MEMBERS: [&str; 5] = ["type", "key", "value", "op", "value_type"];

/// Digits of a number in the language.
const MAX_DIGITS: usize = 28;

/// Reads `KEY: VALUE`.
pub(super) fn short(key: &str, value: &Cursor<'_>, provider: &str) -> Result<Read, String> {
    let subject = subject(key, provider)?;
    match subject {
        Some(subject) => compare(&subject, None, &operand(value)?, false),
        None => Err("the number of tags is compared with `type: value` and an `op`".to_owned()),
    }
}

/// Reads `type: value`.
pub(super) fn value_filter(filter: &Cursor<'_>, provider: &str) -> Result<Read, String> {
    if let Some((member, _)) = filter.entries().find(|(member, _)| !MEMBERS.contains(member)) {
        let reason = match member {
            "value_from" => {
                "the values are in another file or table: write them into the policy, or into a table"
            }
            "value_regex" | "value_path" | "default" => "tagpol compares values as a whole",
            "tag_key_transforms" => "tagpol folds keys by its own rules: use a tag with `normalize`",
            _ => "the member is not known",
        };
        return Err(format!("`{member}`: {reason}"));
    }
    let key = filter.get("key").and_then(|key| key.text()).ok_or("the filter has no `key`")?;
    let value = filter.get("value").ok_or("the filter has no `value`")?;
    let op = filter.get("op").and_then(|op| op.text());
    let value_type = filter.get("value_type").and_then(|value_type| value_type.text());
    let Some(subject) = subject(key, provider)? else {
        let count = value.scalar().unwrap_or_default();
        return match value_type {
            None => count_condition(op.unwrap_or("eq"), &count),
            Some(value_type) => {
                Err(format!("`value_type: {value_type}` has no counterpart for a number of tags"))
            }
        };
    };
    let operator = op.map(Operator::parse).transpose()?;
    match value_type {
        None => compare(&subject, operator, &operand(&value)?, false),
        Some("normalize") => compare(&subject, operator, &operand(&value)?, true),
        Some("swap") => swapped(&subject, operator, &operand(&value)?),
        Some("age") => age(&subject, operator, &value, true),
        Some("expiration") => age(&subject, operator, &value, false),
        Some(value_type) => Err(format!("`value_type: {value_type}` has no counterpart")),
    }
}

/// Returns what a key is about. None: the number of tags.
fn subject(key: &str, provider: &str) -> Result<Option<Subject>, String> {
    if let Some(tag) = key.strip_prefix("tag:") {
        return native(tag).map(Some);
    }
    // Tags of the other clouds are also written as paths into the resource.
    let map = match provider {
        "azure" => "tags.",
        "gcp" => "labels.",
        "oci" => "freeform_tags.",
        _ => "\0",
    };
    if let Some(tag) = key.strip_prefix(map) {
        return native(tag.trim_matches('"')).map(Some);
    }
    if key == "length(Tags)" {
        return Ok(None);
    }
    path(key).map(|path| Some(Subject::Meta(path))).ok_or_else(|| {
        format!("`{key}` is more than a path into the resource: expressions of JMESPath have no counterpart")
    })
}

fn native(key: &str) -> Result<Subject, String> {
    if key.is_empty() { Err("the key is empty".to_owned()) } else { Ok(Subject::Native(key.to_owned())) }
}

/// Turns a path of JMESPath into one of the language: `Attachments[0].Device` is `Attachments.0.Device`.
fn path(key: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in key.split('.') {
        let (name, index) = match part.split_once('[') {
            Some((name, rest)) => (name, Some(rest.strip_suffix(']')?)),
            None => (part, None),
        };
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            return None;
        }
        parts.push(name.to_owned());
        if let Some(index) = index {
            index.parse::<u32>().ok()?;
            parts.push(index.to_owned());
        }
    }
    Some(parts.join("."))
}

/// Returns the value of a filter.
fn operand(value: &Cursor<'_>) -> Result<Operand, String> {
    Ok(match &value.node.value {
        Value::Null => Operand::Null,
        Value::Bool(value) => Operand::Literal(Literal::Bool(*value)),
        Value::Number(number) if number.len() > MAX_DIGITS => {
            return Err(format!("numbers have at most {MAX_DIGITS} digits"));
        }
        Value::Number(number) => Operand::Literal(Literal::Number(number.trim_start_matches('+').to_owned())),
        Value::Text(text) => Operand::Text(text.clone()),
        Value::Special(_) => Operand::Special,
        // Texts only: a tag is never equal to a number or a truth value.
        Value::List(items) => Operand::List {
            texts: value.items().filter_map(|item| item.text().map(str::to_owned)).collect(),
            other: items.iter().any(|item| !matches!(item.value, Value::Text(_))),
        },
        Value::Map(_) => return Err("the value is an object".to_owned()),
    })
}

/// `value_type: swap`: the value of the filter is looked for in that of the resource.
fn swapped(subject: &Subject, operator: Option<Operator>, value: &Operand) -> Result<Read, String> {
    let Operand::Text(text) = value else {
        return Err("with `value_type: swap`, only a text has a counterpart".to_owned());
    };
    if matches!(subject, Subject::Meta(_)) {
        return Err("`value_type: swap` looks into a list of the resource".to_owned());
    }
    let contains = || Condition::Test(subject.clone(), Test::Contains(vec![text.clone()]));
    match operator {
        // The words have a meaning of their own, whatever the operator.
        _ if ["absent", "present", "not-null", "empty"].contains(&text.as_str()) => {
            Err("`value_type: swap` with this word has no counterpart".to_owned())
        }
        Some(Operator::In) => Ok(Read::exact(contains())),
        Some(Operator::NotIn) => Ok(Read::exact(contains().not())),
        _ => Err("with `value_type: swap`, only `in` and `not-in` have a counterpart".to_owned()),
    }
}

/// `value_type: age` and `expiration`: days since or until the date in the value.
fn age(
    subject: &Subject,
    operator: Option<Operator>,
    value: &Cursor<'_>,
    past: bool,
) -> Result<Read, String> {
    let days = value.scalar().and_then(|text| text.parse::<u32>().ok()).filter(|days| *days <= 36_500);
    let days = days.ok_or("a whole number of days is expected")?;
    let is_date = || {
        Condition::Any(vec![
            Condition::Test(subject.clone(), Test::WithinLastDays(36_500)),
            Condition::Test(subject.clone(), Test::WithinNextDays(36_500)),
        ])
    };
    let young = Condition::Test(subject.clone(), Test::WithinLastDays(days));
    let soon = Condition::Test(subject.clone(), Test::WithinNextDays(days));
    let ahead = Condition::Test(subject.clone(), Test::WithinNextDays(36_500));
    let behind = Condition::Test(subject.clone(), Test::WithinLastDays(36_500));
    let condition = match (operator, past) {
        (Some(Operator::Greater | Operator::AtLeast), true) => {
            Condition::All(vec![is_date(), Condition::Any(vec![young, ahead]).not()])
        }
        (Some(Operator::Less | Operator::AtMost), true) => Condition::Any(vec![young, ahead]),
        (Some(Operator::Greater | Operator::AtLeast), false) => {
            Condition::All(vec![is_date(), Condition::Any(vec![soon, behind]).not()])
        }
        (Some(Operator::Less | Operator::AtMost), false) => Condition::Any(vec![soon, behind]),
        _ => return Err("a date is compared with `gt`, `ge`, `lt` or `le`".to_owned()),
    };
    let reason = "dates are compared by whole days, and only dates of the form `2026-11-30` are read; Custodian also reads others, and takes a text that is not a date for a very old one";
    Ok(Read::other(condition, Outcome::Narrower, reason))
}
