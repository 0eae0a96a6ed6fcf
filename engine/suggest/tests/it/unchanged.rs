//! A small model stays the same from version to version.
//!
//! `unchanged.json` has the saved form and the suggestions of the model of [`organization`]. Processors differ in the last
//! digits of sums, which training amplifies, so that numbers are compared with a tolerance; everything else has to be
//! equal. An intended change is written with `TAGPOL_UPDATE=1` and reviewed as a diff.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use tagpol_suggest::{About, Model, Registry, Resource};

use crate::inventory::{ENVIRONMENT, TEAM, organization, resource, trained};

/// How far a number may be off.
const TOLERANCE: f64 = 0.02;

#[test]
fn a_small_model_is_unchanged() {
    let found = described();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/unchanged.json");
    if std::env::var_os("TAGPOL_UPDATE").is_some() {
        fs::write(&path, serde_json::to_string_pretty(&found).unwrap() + "\n").unwrap();
    }
    let expected: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let mut differences = Vec::new();
    compare("", &expected, &found, &mut differences);
    assert!(differences.is_empty(), "{differences:#?}");
}

/// Returns the saved form of a model, without the numbers of its networks, and its suggestions.
fn described() -> Value {
    let trained = trained(&organization(), 1);
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::new(folder.path().join("models"));
    let about = About {
        trained_at: "2026-11-01T00:00:00Z".to_owned(),
        snapshot: "s".to_owned(),
        seed: 1,
        program: "0".to_owned(),
    };
    let id = registry.add(&trained.model, &about, &trained.report).unwrap();
    let read = |name: &str| fs::read(registry.folder().join(&id).join(name)).unwrap();
    let file: Value = serde_json::from_slice(&read("model.json")).unwrap();
    let report: Value = serde_json::from_slice(&read("report.json")).unwrap();
    let model = registry.load(&id).unwrap();
    let shown = [resource(2, "prod", 40), bare(2, "prod", 40), bare(5, "uat", 3), stranger()];
    let suggested: Vec<Value> = shown.iter().map(|one| suggestions(&model, one)).collect();
    json!({
        "version": file["version"],
        "model": file["model"],
        "numbers": read("numbers.bin").len(),
        "report": report,
        "suggestions": suggested,
    })
}

/// The same resource without tags.
fn bare(team: usize, environment: &str, number: usize) -> Resource {
    Resource { tags: Vec::new(), ..resource(team, environment, number) }
}

/// A resource unlike all of the organization.
fn stranger() -> Resource {
    Resource { id: "zzz".to_owned(), name: Some("qqqq-xyzzy".to_owned()), ..Resource::default() }
}

fn suggestions(model: &Model, resource: &Resource) -> Value {
    let answers = model.suggest(&[(resource, &[ENVIRONMENT, TEAM])]);
    let mut told = Map::new();
    for (target, answer) in model.targets().iter().zip(&answers[0]) {
        let values: Vec<Value> = answer
            .suggestions
            .iter()
            .take(2)
            .map(|one| json!({ "value": one.value, "probability": one.probability, "confidence": one.confidence }))
            .collect();
        told.insert(target.name.clone(), Value::Array(values));
    }
    json!({ "id": resource.id, "tags": told })
}

/// Lists where two values differ by more than numbers may.
fn compare(at: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let keys = |map: &Map<String, Value>| map.keys().cloned().collect::<Vec<String>>();
            if keys(expected) != keys(found) {
                differences.push(format!("{at}: {:?} and not {:?}", keys(found), keys(expected)));
            }
            for (key, expected) in expected {
                compare(
                    &format!("{at}/{key}"),
                    expected,
                    found.get(key).unwrap_or(&Value::Null),
                    differences,
                );
            }
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            for (number, (expected, found)) in expected.iter().zip(found).enumerate() {
                compare(&format!("{at}/{number}"), expected, found, differences);
            }
        }
        (Value::Number(expected), Value::Number(found)) if expected.is_f64() && found.is_f64() => {
            let (expected, found) = (expected.as_f64().unwrap(), found.as_f64().unwrap());
            if (expected - found).abs() > TOLERANCE {
                differences.push(format!("{at}: {found} and not {expected}"));
            }
        }
        _ if expected == found => {}
        _ => differences.push(format!("{at}: {found} and not {expected}")),
    }
}
