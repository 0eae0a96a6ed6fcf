//! Definitions of Azure Policy: one for each check.
//!
//! Names of tags and all texts are compared regardless of case. A condition that names the types that it is about is
//! written for the mode `All`; others are written for `Indexed`, since types without tags would always fail them.

use serde_json::{Map, Value, json};
use tagpol_interp::Options;
use tagpol_sema::clouds::Cloud;
use tagpol_sema::program::Program;

use super::{Unique, cut, pretty};
use crate::findings::{Finding, collect};
use crate::guard::{Attribute, Form, Guard, Matcher, Test};
use crate::reduce::{Dialect, Fit};
use crate::{Construct, EnforceError, File, Mode, Settings};

/// Definitions of one scope.
const MAX_DEFINITIONS: usize = 500;

/// Conditions in conditions.
pub(super) const MAX_CONDITIONS: usize = 512;

/// Characters of the name, the displayed name and the description of a definition.
pub(super) const MAX_NAME: usize = 64;
const MAX_DISPLAY_NAME: usize = 128;
const MAX_DESCRIPTION: usize = 512;

pub(super) const ROLLOUT: &str = include_str!("rollout/azure-policy.md");

/// Conditions of Azure Policy.
pub(super) struct Azure;

/// What a definition leaves out that names no types.
pub(super) const INDEXED: &str =
    "Azure looks only at types with tags and locations, and not at resource groups and subscriptions";

const CASE: &str = "Azure compares texts regardless of case";

impl Dialect for Azure {
    fn cloud(&self) -> Cloud {
        Cloud::Azure
    }

    fn fit(&self, test: &Test) -> Result<Fit, String> {
        let of_matcher = |matcher: &Matcher| {
            match matcher.form {
                Form::Regex => return Err("Azure has no regular expressions".to_owned()),
                Form::Glob if matcher.texts.iter().any(|text| text.contains('?')) => {
                    return Err("a pattern of Azure has no `?`".to_owned());
                }
                Form::Glob if matcher.texts.iter().any(|text| text.matches('*').count() > 1) => {
                    return Err("a pattern of Azure has one `*`".to_owned());
                }
                Form::Glob | Form::Equal => {}
            }
            let cased = !matcher.any_case && matcher.texts.iter().any(|text| has_case(text));
            Ok(if cased { Fit::over(CASE) } else { Fit::default() })
        };
        match test {
            Test::Key(key) if !key.any_case => Ok(Fit::over("Azure compares keys regardless of case")),
            Test::Key(_) => Ok(Fit::default()),
            Test::Value(_, matcher) => of_matcher(matcher),
            Test::Attribute(Attribute::Account, matcher) if matcher.form == Form::Glob => {
                Err("a pattern of subscriptions has no counterpart in Azure".to_owned())
            }
            Test::Attribute(_, matcher) => of_matcher(matcher),
            Test::Spelling(_) => Err("Azure keeps one spelling of a key and does not compare it".to_owned()),
        }
    }
}

fn has_case(text: &str) -> bool {
    tagpol_sema::formats::lower(text) != tagpol_sema::formats::upper(text)
}

/// Writes the definitions.
pub(super) fn write(
    program: &Program,
    settings: &Settings,
    options: &Options,
) -> Result<(Vec<File>, Vec<Construct>), EnforceError> {
    let mut found = collect(program, &Azure, &[], options);
    let mut names = Unique::default();
    let mut files = Vec::new();
    for finding in &found.findings {
        let Some(entry) = found.entries.get_mut(finding.entry) else { continue };
        let Some((_, guard)) = finding.guards.first() else { continue };
        let conditions = guard.size();
        if conditions > MAX_CONDITIONS {
            entry
                .lost
                .push(format!("the condition has {conditions} parts, and Azure takes {MAX_CONDITIONS}"));
            continue;
        }
        let names_types = names_types(guard);
        if !names_types {
            entry.differences.narrower(INDEXED);
        }
        let wanted = format!("{}-{}", finding.policy.name, finding.check.id);
        let name = names.name(&wanted, MAX_NAME, "-");
        entry.became = Some(name.clone());
        let definition = guard_of(finding, guard, names_types, &name, settings.mode);
        files.push(File { name: format!("{name}.json"), text: pretty(&definition) });
    }
    check_count(&files)?;
    Ok((files, found.constructs()))
}

/// Fails if there are more definitions than a scope takes.
pub(super) fn check_count(files: &[File]) -> Result<(), EnforceError> {
    if files.len() > MAX_DEFINITIONS {
        let what = "definitions of Azure Policy".to_owned();
        return Err(EnforceError::TooMany { count: files.len(), what, limit: MAX_DEFINITIONS });
    }
    Ok(())
}

fn guard_of(finding: &Finding<'_>, guard: &Guard, names_types: bool, name: &str, mode: Mode) -> Value {
    let (policy, check) = (finding.policy, finding.check);
    let words = format!("{} {}", check.kind.must(), check.expectation);
    let message = check.message.clone().unwrap_or_else(|| format!("{}: {words}", check.id));
    let doc = policy.doc.trim();
    let description = if doc.is_empty() { message } else { format!("{doc} {message}") };
    let effects = match mode {
        Mode::Deny => ["Deny", "Audit", "Disabled"],
        _ => ["Audit", "Deny", "Disabled"],
    };
    let rule = json!({
        "if": condition(guard),
        "then": { "effect": "[parameters('effect')]" },
    });
    let display = format!("{}/{}", policy.name, check.id);
    definition((name, &display, &description), names_types, &effects, &rule)
}

/// Writes a definition with its name, displayed name and description. The first of the effects is the default.
pub(super) fn definition(
    (name, display, description): (&str, &str, &str),
    names_types: bool,
    effects: &[&str],
    rule: &Value,
) -> Value {
    let mut allowed = effects.to_vec();
    allowed.sort_unstable();
    json!({
        "name": name,
        "properties": {
            "displayName": cut(display, MAX_DISPLAY_NAME),
            "description": cut(&plain(description), MAX_DESCRIPTION),
            "policyType": "Custom",
            "mode": if names_types { "All" } else { "Indexed" },
            "metadata": { "category": "Tags" },
            "parameters": {
                "effect": {
                    "type": "String",
                    "allowedValues": allowed,
                    "defaultValue": effects.first(),
                    "metadata": { "displayName": "Effect" },
                },
            },
            "policyRule": rule,
        },
    })
}

/// Returns a text on one line.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the condition is true only for types that it names.
pub(super) fn names_types(guard: &Guard) -> bool {
    match guard {
        Guard::Test(Test::Attribute(Attribute::Type, matcher)) => matcher.form == Form::Equal,
        Guard::All(parts) => parts.iter().any(names_types),
        Guard::Any(parts) => parts.iter().all(names_types),
        Guard::Const(_) | Guard::Not(_) | Guard::Test(_) => false,
    }
}

pub(super) fn condition(guard: &Guard) -> Value {
    let each = |parts: &[Guard]| parts.iter().map(condition).collect::<Vec<_>>();
    match guard {
        Guard::All(parts) => json!({ "allOf": each(parts) }),
        Guard::Any(parts) => json!({ "anyOf": each(parts) }),
        Guard::Not(inner) => match &**inner {
            Guard::Test(Test::Key(key)) => json!({ "field": tag(&key.text), "exists": "false" }),
            other => json!({ "not": condition(other) }),
        },
        Guard::Test(Test::Key(key)) => json!({ "field": tag(&key.text), "exists": "true" }),
        Guard::Test(Test::Value(key, matcher)) => of_matcher("field", &tag(&key.text), matcher),
        Guard::Test(Test::Attribute(attribute, matcher)) => match attribute {
            Attribute::Account => of_matcher("value", "[subscription().subscriptionId]", matcher),
            Attribute::Name => of_matcher("field", "name", matcher),
            Attribute::Region => of_matcher("field", "location", matcher),
            Attribute::Type => of_matcher("field", "type", matcher),
        },
        // A finding has neither.
        Guard::Const(_) | Guard::Test(Test::Spelling(_)) => json!({ "field": "type", "exists": "false" }),
    }
}

/// Returns the field of a tag. A quote in a key is written twice in an expression.
pub(super) fn tag(key: &str) -> String {
    if key.contains('\'') || key.contains(']') {
        return format!("[concat('tags[', '{}', ']')]", key.replace('\'', "''"));
    }
    format!("tags['{key}']")
}

fn of_matcher(subject: &str, name: &str, matcher: &Matcher) -> Value {
    let one = |operator: &str, value: Value| {
        let mut members = Map::new();
        members.insert(subject.to_owned(), json!(name));
        members.insert(operator.to_owned(), value);
        Value::Object(members)
    };
    let texts: Vec<String> = matcher.texts.iter().map(|text| literal(text)).collect();
    match (matcher.form, texts.as_slice()) {
        (Form::Equal, [text]) => one("equals", json!(text)),
        (Form::Equal, texts) => one("in", json!(texts)),
        (_, [text]) => one("like", json!(text)),
        (_, texts) => {
            json!({ "anyOf": texts.iter().map(|text| one("like", json!(text))).collect::<Vec<_>>() })
        }
    }
}

/// Writes a text that Azure does not read as an expression.
pub(super) fn literal(text: &str) -> String {
    if text.starts_with('[') { format!("[{text}") } else { text.to_owned() }
}
