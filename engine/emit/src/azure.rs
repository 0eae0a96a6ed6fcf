//! A script for `az`.
//!
//! Azure takes a key that differs in case only for the one that is there, and keeps its spelling, so that such a tag is
//! deleted and added again. If it cannot be added, it is written as it was.

use std::collections::BTreeMap;

use serde_json::json;
use tagpol_remediate::{Plan, PlannedResource};

use crate::shell::{FOOTER, chain, header, is_hiding, json_text, word};
use crate::{Draft, Writes};

/// The version of the API that `az rest` calls.
const API_VERSION: &str = "2021-04-01";

pub(crate) fn write(plan: &Plan, resources: &[&PlannedResource], draft: &mut Draft) -> String {
    let mut out = header(plan, "az");
    out.push('\n');
    for resource in resources {
        match commands(resource) {
            Ok((commands, restore)) => out.push_str(&chain(&commands, restore.as_deref(), "")),
            Err(reason) => draft.leave_out(resource, &reason),
        }
    }
    out.push('\n');
    out.push_str(FOOTER);
    out
}

/// Returns the commands of a resource, of which each needs those before it, and the one that undoes them if the last one fails.
fn commands(resource: &PlannedResource) -> Result<(Vec<String>, Option<String>), String> {
    let id = &resource.id;
    if let Some(reason) = resource.cloud.wrong_id(id) {
        return Err(format!("it has no id of Azure Resource Manager, since {reason}"));
    }
    if is_hiding(id) {
        return Err("its id has characters that cannot be seen in a script".to_owned());
    }
    let writes = Writes::of(resource);
    let command = |operation: &str, tags: &BTreeMap<&str, &str>| {
        (!tags.is_empty()).then(|| update(id, operation, tags))
    };
    let merge = command("Merge", &writes.set);
    let delete = command("Delete", &writes.delete);
    let is_deleted_first = writes.differs_in_case() || writes.is_full;
    let restore =
        command("Merge", &writes.delete).filter(|_| is_deleted_first && merge.is_some()).transpose()?;
    let ordered = if is_deleted_first { [delete, merge] } else { [merge, delete] };
    Ok((ordered.into_iter().flatten().collect::<Result<_, _>>()?, restore))
}

/// Writes one update. Each tag is an argument `key=value`, unless `az` would read it as something else, or a reader of the
/// script would not see all of it.
fn update(id: &str, operation: &str, tags: &BTreeMap<&str, &str>) -> Result<String, String> {
    let is_plain = |key: &str, value: &str| {
        !key.starts_with(['-', '@']) && !key.contains('=') && !is_hiding(key) && !is_hiding(value)
    };
    if tags.iter().all(|(key, value)| is_plain(key, value)) {
        let tags: Vec<String> = tags.iter().map(|(key, value)| word(&format!("{key}={value}"))).collect();
        let (id, tags) = (word(id), tags.join(" "));
        return Ok(format!(
            "az tag update --resource-id {id} --operation {operation} --output none --tags {tags}"
        ));
    }
    if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._()-".contains(&byte)) {
        return Err(
            "`az tag update` cannot take its tags, and its id cannot be a part of an address".to_owned()
        );
    }
    let body = json!({ "operation": operation, "properties": { "tags": tags } });
    let url = format!(
        "https://management.azure.com{id}/providers/Microsoft.Resources/tags/default?api-version={API_VERSION}"
    );
    Ok(format!(
        "az rest --method patch --output none --url {} --body {}",
        word(&url),
        word(&json_text(&body))
    ))
}
