//! JSON compared with a JSON Schema: the part of draft 2020-12 that the project's schemas use, and
//! no keyword that is not understood.
//!
//! It is stricter than the draft in one point: a member that no `properties` describes is an error,
//! so that a field cannot be added without being documented.

use regex::Regex;
use serde_json::{Map, Value};

/// Keywords that say nothing about the value.
const ANNOTATIONS: [&str; 5] = ["$schema", "$id", "$defs", "title", "description"];

/// Returns a line for each thing in which the value is not as the schema says.
///
/// # Panics
/// Where the schema uses a keyword that is not understood here, or refers to nothing.
pub(crate) fn errors(schema: &Value, value: &Value) -> Vec<String> {
    let mut validator = Validator { root: schema, errors: Vec::new() };
    validator.check(schema, value, "");
    validator.errors
}

/// Returns the path of each described part of a schema that has no description, itself or by what
/// it refers to.
pub(crate) fn undescribed(schema: &Value) -> Vec<String> {
    fn visit(root: &Value, schema: &Value, path: &str, found: &mut Vec<String>) {
        for (name, member) in members(schema, "properties") {
            let path = format!("{path}/{name}");
            let referred = member.get("$ref").map(|reference| resolve(root, reference));
            let described = [Some(member), referred].into_iter().flatten();
            if !described.into_iter().any(|s| s.get("description").is_some()) {
                found.push(path.clone());
            }
            visit(root, member, &path, found);
        }
        if let Some(items) = schema.get("items") {
            visit(root, items, &format!("{path}[]"), found);
        }
    }
    let mut found = Vec::new();
    visit(schema, schema, "", &mut found);
    for (name, definition) in members(schema, "$defs") {
        visit(schema, definition, &format!("#{name}"), &mut found);
    }
    found
}

struct Validator<'a> {
    root: &'a Value,
    errors: Vec<String>,
}

impl Validator<'_> {
    fn check(&mut self, schema: &Value, value: &Value, path: &str) {
        let keywords = schema.as_object().expect("a schema is an object");
        for (keyword, wanted) in keywords {
            if let Some(wrong) = self.keyword(keyword, wanted, value, path) {
                self.errors.push(format!("{path}: {wrong}: {value}"));
            }
        }
        let Value::Object(found) = value else { return };
        if keywords.contains_key("properties") {
            self.members(keywords, found, path);
        }
    }

    /// Checks one keyword; returns what is wrong with the value itself.
    fn keyword(&mut self, keyword: &str, wanted: &Value, value: &Value, path: &str) -> Option<String> {
        let holds = match keyword {
            "$ref" => {
                self.check(resolve(self.root, wanted), value, path);
                true
            }
            "type" => match wanted {
                Value::Array(types) => types.iter().any(|ty| has_type(value, ty)),
                ty => has_type(value, ty),
            },
            "const" => value == wanted,
            "enum" => wanted.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_none_or(|n| n >= wanted.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|n| n <= wanted.as_f64().unwrap()),
            "pattern" => {
                let pattern = Regex::new(wanted.as_str().unwrap()).unwrap();
                value.as_str().is_none_or(|text| pattern.is_match(text))
            }
            "items" => {
                for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.check(wanted, item, &format!("{path}[{at}]"));
                }
                true
            }
            // Seen to by `members`.
            "properties" | "required" => true,
            annotation if ANNOTATIONS.contains(&annotation) => true,
            unknown => panic!("the keyword `{unknown}` is not understood here"),
        };
        (!holds).then(|| format!("not {keyword} {wanted}"))
    }

    fn members(&mut self, keywords: &Map<String, Value>, found: &Map<String, Value>, path: &str) {
        let described = keywords["properties"].as_object().unwrap();
        for (name, value) in found {
            match described.get(name) {
                Some(schema) => self.check(schema, value, &format!("{path}/{name}")),
                None => self.errors.push(format!("{path}/{name}: not described")),
            }
        }
        let required = keywords.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !found.contains_key(name) {
                self.errors.push(format!("{path}/{name}: missing"));
            }
        }
    }
}

fn members<'a>(schema: &'a Value, keyword: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    schema.get(keyword).and_then(Value::as_object).into_iter().flatten()
}

fn resolve<'a>(root: &'a Value, reference: &Value) -> &'a Value {
    let name = reference.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
    &root["$defs"][name]
}

fn has_type(value: &Value, ty: &Value) -> bool {
    match ty.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("there is no type `{other}`"),
    }
}

#[test]
fn what_a_schema_does_not_allow_is_told() {
    let schema = serde_json::json!({
        "type": "object",
        "required": ["a", "b"],
        "properties": {
            "a": { "description": "A.", "type": ["integer", "null"], "minimum": 0 },
            "b": { "$ref": "#/$defs/list" },
        },
        "$defs": { "list": { "type": "array", "items": { "type": "string", "pattern": "^x" } } },
    });
    let wrong = |value: Value| errors(&schema, &value);
    assert_eq!(wrong(serde_json::json!({"a": null, "b": ["x", "xy"]})), Vec::<String>::new());
    assert_eq!(wrong(serde_json::json!({"a": -1, "b": []})), ["/a: not minimum 0: -1"]);
    assert_eq!(wrong(serde_json::json!({"a": 1, "b": ["y"]})), ["/b[0]: not pattern \"^x\": \"y\""]);
    assert_eq!(wrong(serde_json::json!({"a": 1, "c": 2})), ["/c: not described", "/b: missing"]);
    assert_eq!(wrong(serde_json::json!([])).len(), 1);
    assert_eq!(undescribed(&schema), ["/b"]);
}
