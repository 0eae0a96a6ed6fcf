//! What is legal in the clouds, written from their documentation and not from the planner.

use std::collections::BTreeSet;

use tagpol_inventory::Resource;

/// Returns what is illegal about the tags of a changed resource that was not there before.
pub(crate) fn illegal(before: &Resource, after: &Resource) -> Vec<String> {
    let mut wrong = Vec::new();
    let provider = after.provider.as_deref().unwrap();
    let of = |resource: &Resource| resource.tags.iter().cloned().collect::<BTreeSet<(String, String)>>();
    let (old, new) = (of(before), of(after));
    for (key, value) in new.difference(&old) {
        if let Some(reason) = illegal_tag(provider, after.type_.as_deref().unwrap(), key, value) {
            wrong.push(format!("{key}={value}: {reason}"));
        }
    }
    for (key, _) in new.symmetric_difference(&old) {
        if is_foreign(provider, key) {
            wrong.push(format!("{key} belongs to the cloud"));
        }
    }
    let count = |tags: &BTreeSet<(String, String)>| {
        let counted =
            tags.iter().filter(|(key, _)| provider != "aws" || !key.to_ascii_lowercase().starts_with("aws:"));
        counted.count()
    };
    if count(&new) > limit(provider, after.type_.as_deref().unwrap()) && count(&new) > count(&old) {
        wrong.push(format!("{} tags", count(&new)));
    }
    let mut keys: Vec<String> = after.tags.iter().map(|(key, _)| key.clone()).collect();
    if provider == "azure" {
        keys = keys.iter().map(|key| key.to_lowercase()).collect();
    }
    let distinct: BTreeSet<&String> = keys.iter().collect();
    if distinct.len() < keys.len() {
        wrong.push("a key is there twice".to_owned());
    }
    wrong
}

fn limit(provider: &str, type_: &str) -> usize {
    match (provider, type_) {
        (
            "azure",
            "microsoft.automation/automationaccounts"
            | "microsoft.cdn/profiles"
            | "microsoft.network/dnszones",
        ) => 15,
        ("gcp", "sqladmin.googleapis.com/Instance") => 50,
        ("gcp", _) => 64,
        _ => 50,
    }
}

fn is_foreign(provider: &str, key: &str) -> bool {
    let key = key.to_lowercase();
    let prefixes: &[&str] = match provider {
        "aws" => &["aws:", "eks:", "kubernetes.io/"],
        "azure" => &["hidden-"],
        _ => &["goog-"],
    };
    prefixes.iter().any(|prefix| key.starts_with(prefix))
}

fn illegal_tag(provider: &str, type_: &str, key: &str, value: &str) -> Option<&'static str> {
    let (keys, values) = (key.chars().count(), value.chars().count());
    let aws = |c: char| c.is_alphabetic() || c.is_numeric() || c == ' ' || "_.:/=+-@".contains(c);
    let gcp = |c: char| (c.is_alphabetic() && !c.is_uppercase()) || c.is_numeric() || "_-".contains(c);
    match provider {
        "aws" if !(1..=128).contains(&keys) || values > 256 => Some("length"),
        "aws" if !key.chars().all(aws) || !value.chars().all(aws) => Some("characters"),
        "azure" if keys > if type_ == "microsoft.storage/storageaccounts" { 128 } else { 512 } => {
            Some("length")
        }
        "azure" if keys < 1 || values > 256 => Some("length"),
        "azure" if key.contains(['<', '>', '%', '&', '\\', '?', '/']) => Some("characters"),
        "gcp" if !(1..=63).contains(&keys) || values > 63 => Some("length"),
        "gcp" if !key.chars().all(gcp) || !value.chars().all(gcp) => Some("characters"),
        "gcp" if !key.chars().next().unwrap().is_alphabetic() => Some("a key begins with a letter"),
        _ => None,
    }
}
