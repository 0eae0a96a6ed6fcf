//! Nothing of a document is left out of the report: members that no format knows, put into each of its objects.

use std::borrow::Cow;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::Value;
use tagpol_migrate::{Format, Outcome};

use crate::support::{run, settings};

const MEMBER: &str = "zzUnknown";

/// Returns the JSON pointers of all objects in a value.
fn objects(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.push(pointer.to_owned());
            for (key, member) in members {
                let step = key.replace('~', "~0").replace('/', "~1");
                objects(member, &format!("{pointer}/{step}"), found);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                objects(item, &format!("{pointer}/{at}"), found);
            }
        }
        _ => {}
    }
}

fn is_named(text: &str) -> bool {
    let text = text.to_lowercase();
    text.contains("zzunknown") || text.contains("zz-unknown")
}

/// Whether a report mentions the member, or something lost that it is inside of.
fn is_reported(format: Format, documents: &[(&str, &str)], pointer: &str) -> bool {
    let place = format!("{pointer}/{MEMBER}");
    match run(format, documents, &settings(&[("tagName", "cost-center")])) {
        Err(error) => error.place().is_some_and(|found| place.starts_with(&found.pointer)),
        // A name may be data, as the key of a tag.
        Ok(migration) if migration.files.iter().any(|file| is_named(&file.text)) => true,
        Ok(migration) => migration.constructs.iter().any(|one| {
            let is_around =
                place == one.place.pointer || place.starts_with(&format!("{}/", one.place.pointer));
            one.construct.contains(MEMBER) || (one.outcome == Outcome::Lost && is_around)
        }),
    }
}

/// Puts the member into each object of one document; `open` are objects whose members mean nothing to tagpol,
/// whatever they are.
fn assert_reported(format: Format, documents: &[(&str, &str)], at: usize, open: &[&str]) {
    let (name, text) = documents[at];
    let document: Value = serde_json::from_str(text).unwrap();
    let mut pointers = Vec::new();
    objects(&document, "", &mut pointers);
    assert!(pointers.len() > 1, "{format}");
    let is_open = |pointer: &String| pointer.split('/').any(|part| open.contains(&part));
    let mut silent = Vec::new();
    for pointer in pointers.iter().filter(|pointer| !is_open(pointer)) {
        let mut changed = document.clone();
        let object = changed.pointer_mut(pointer).unwrap();
        object[MEMBER] = Value::String("zzvalue".to_owned());
        let changed = changed.to_string();
        let mut with = documents.to_vec();
        with[at] = (name, &changed);
        if !is_reported(format, &with, pointer) {
            silent.push(pointer);
        }
    }
    assert!(silent.is_empty(), "{format}: `{MEMBER}` is not reported in {silent:#?}");
}

/// Turns YAML into JSON; a tag such as `!Ref` becomes an object.
fn as_json(text: &str) -> String {
    let mut open: Vec<(Value, Option<String>, Option<String>)> = Vec::new();
    let local = |tag: Option<Cow<'_, Tag>>| tag.map(|tag| format!("{}{}", tag.handle, tag.suffix));
    for event in Parser::new_from_str(text) {
        let complete = match event.unwrap().0 {
            Event::Scalar(text, style, _, tag) => {
                let plain = (style == ScalarStyle::Plain).then(|| serde_json::from_str(&text).ok()).flatten();
                tagged(plain.unwrap_or_else(|| Value::String(text.into_owned())), local(tag))
            }
            Event::SequenceStart(_, tag) => {
                open.push((Value::Array(Vec::new()), local(tag), None));
                continue;
            }
            Event::MappingStart(_, tag) => {
                open.push((Value::Object(serde_json::Map::new()), local(tag), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let (value, tag, _) = open.pop().unwrap();
                tagged(value, tag)
            }
            _ => continue,
        };
        let Some((parent, _, key)) = open.last_mut() else { return complete.to_string() };
        match (parent, key.take()) {
            (Value::Array(items), _) => items.push(complete),
            (parent, Some(key)) => parent[key] = complete,
            (_, None) => *key = Some(complete.as_str().unwrap().to_owned()),
        }
    }
    panic!("the text has no document")
}

fn tagged(value: Value, tag: Option<String>) -> Value {
    match tag.filter(|tag| tag.starts_with('!') && tag.len() > 1) {
        Some(tag) => serde_json::json!({ tag: value }),
        None => value,
    }
}

/// Makes a test of a fixture; the objects in the last list mean nothing to tagpol, whatever is in them.
macro_rules! unread {
    ($test:ident, $format:ident, [$($file:literal),+], [$($open:literal),*]) => {
        #[test]
        fn $test() {
            let texts = [$(($file, include_str!(concat!("fixtures/", $file)))),+];
            let texts = texts.map(|(file, text)| {
                let is_yaml = file.ends_with(".yaml");
                (file, if is_yaml { as_json(text) } else { text.to_owned() })
            });
            let documents: Vec<(&str, &str)> = texts.iter().map(|(file, text)| (*file, text.as_str())).collect();
            for at in 0..documents.len() {
                assert_reported(Format::$format, &documents, at, &[$($open),*]);
            }
        }
    };
}

unread!(aws_tag_policy, AwsTagPolicy, ["tag-policy-root.json", "tag-policy-account.json"], []);
unread!(aws_config_template, AwsConfig, ["config-template.yaml"], ["Parameters", "Conditions"]);
unread!(aws_config_api, AwsConfig, ["config-rules.json"], []);
unread!(aws_config_terraform, AwsConfig, ["config.tf.json"], []);
unread!(custodian, Custodian, ["custodian.yaml"], ["metadata", "vars"]);
unread!(cost_categories, CostCategories, ["cost-categories.json"], []);
unread!(cost_categories_api, CostCategories, ["cost-category-api.json"], []);
unread!(costformation, Costformation, ["costformation.yaml"], ["Off"]);
unread!(terratags, Terratags, ["terratags.yaml", "terratags-exempt.yaml"], []);
unread!(infracost, Infracost, ["infracost.json"], []);
unread!(optscale, Optscale, ["optscale.json"], []);
unread!(azure_policy, AzurePolicy, ["azure-definitions.json"], ["metadata"]);
