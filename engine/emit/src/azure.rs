//! A script for `az`.
//!
//! Azure takes a key that differs in case only for the one that is there, and keeps its spelling, so that such a tag is
//! deleted and added again.

use serde_json::json;
use tagpol_remediate::{Plan, PlannedResource};

use crate::shell::{FOOTER, header, word};
use crate::{Draft, Writes};

/// The version of the API that `az rest` calls.
const API_VERSION: &str = "2021-04-01";

pub(crate) fn write(plan: &Plan, resources: &[&PlannedResource], draft: &mut Draft) -> String {
    let mut out = header(plan, "az");
    out.push('\n');
    for resource in resources {
        match commands(resource) {
            Ok(commands) => out.push_str(&format!("{} || status=1\n", commands.join(" &&\n  "))),
            Err(reason) => draft.leave_out(resource, &reason),
        }
    }
    out.push('\n');
    out.push_str(FOOTER);
    out
}

/// Returns the commands of a resource, of which each needs those before it.
fn commands(resource: &PlannedResource) -> Result<Vec<String>, String> {
    let id = &resource.id;
    if !id.to_lowercase().starts_with("/subscriptions/") || id.chars().any(char::is_control) {
        return Err("it has no id of Azure Resource Manager".to_owned());
    }
    let writes = Writes::of(resource);
    if writes.has_nul() {
        return Err("a NUL character cannot be passed to a program".to_owned());
    }
    let command = |operation: &str, tags: Vec<(&str, &str)>| update(id, operation, &tags);
    let merge = (!writes.set.is_empty()).then(|| command("Merge", writes.set.clone().into_iter().collect()));
    let delete =
        (!writes.delete.is_empty()).then(|| command("Delete", writes.delete.clone().into_iter().collect()));
    let folded = |key: &&str| key.to_lowercase();
    let differs_in_case =
        writes.delete.keys().any(|old| writes.set.keys().any(|new| folded(old) == folded(new)));
    let ordered = if differs_in_case { [delete, merge] } else { [merge, delete] };
    ordered.into_iter().flatten().collect()
}

/// Writes one update. Each tag is an argument `key=value`, unless `az` would read it as something else.
fn update(id: &str, operation: &str, tags: &[(&str, &str)]) -> Result<String, String> {
    let is_plain = |key: &str| !key.starts_with(['-', '@']) && !key.contains('=');
    if tags.iter().all(|(key, _)| is_plain(key)) {
        let tags: Vec<String> = tags.iter().map(|(key, value)| word(&format!("{key}={value}"))).collect();
        let (id, tags) = (word(id), tags.join(" "));
        return Ok(format!(
            "az tag update --resource-id {id} --operation {operation} --output none --tags {tags}"
        ));
    }
    if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._()-".contains(&byte)) {
        return Err(
            "`az tag update` cannot take its keys, and its id cannot be a part of an address".to_owned()
        );
    }
    let tags: serde_json::Map<String, serde_json::Value> =
        tags.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    let body = json!({ "operation": operation, "properties": { "tags": tags } });
    let url = format!(
        "https://management.azure.com{id}/providers/Microsoft.Resources/tags/default?api-version={API_VERSION}"
    );
    Ok(format!(
        "az rest --method patch --output none --url {} --body {}",
        word(&url),
        word(&body.to_string())
    ))
}
