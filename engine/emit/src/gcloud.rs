//! A script for `gcloud`.
//!
//! Each type has its own command. Keys and values of labels have letters, digits, `_` and `-` only, so that a list of them
//! with commas is read as it is meant; others are left out.

use tagpol_remediate::{Plan, PlannedResource};
use tagpol_sema::clouds::Cloud;

use crate::shell::{FOOTER, chain, header, word};
use crate::{Draft, Writes};

pub(crate) fn write(plan: &Plan, resources: &[&PlannedResource], draft: &mut Draft) -> String {
    let mut out = header(plan, "gcloud");
    out.push('\n');
    for resource in resources {
        match commands(resource) {
            Ok(commands) => out.push_str(&chain(&commands, None, "")),
            Err(reason) => draft.leave_out(resource, &reason),
        }
    }
    out.push('\n');
    out.push_str(FOOTER);
    out
}

fn commands(resource: &PlannedResource) -> Result<Vec<String>, String> {
    let words = command(&resource.id)?;
    let writes = Writes::of(resource);
    for (key, value) in writes.set.iter().chain(&writes.delete) {
        let wrong = Cloud::Gcp.wrong_name(key).or_else(|| Cloud::Gcp.wrong_value(value));
        if let Some(reason) = wrong {
            return Err(format!("`{key}={value}` is not a label, since {reason}"));
        }
    }
    let pairs: Vec<String> = writes.set.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let keys: Vec<&str> = writes.delete.keys().copied().collect();
    let update = (!pairs.is_empty()).then(|| format!("--update-labels={}", pairs.join(",")));
    let remove = (!keys.is_empty()).then(|| format!("--remove-labels={}", keys.join(",")));
    let line = |flags: &[&String]| {
        let words = words.iter().chain(flags.iter().copied()).map(|text| word(text));
        format!("gcloud --quiet {}", words.collect::<Vec<_>>().join(" "))
    };
    let flags: Vec<&String> = update.iter().chain(&remove).collect();
    // Clusters take one of the two flags at a time.
    let is_cluster = words.first().is_some_and(|word| word == "container");
    Ok(if is_cluster { flags.into_iter().map(|flag| line(&[flag])).collect() } else { vec![line(&flags)] })
}

/// Returns the command for the labels of a resource.
fn command(id: &str) -> Result<Vec<String>, String> {
    let unknown = || "`gcloud` has no command for its labels, or tagpol does not know it: `tagpol remediate apply` changes them";
    let path = id.strip_prefix("//").ok_or("it has no full resource name of Google Cloud")?;
    let parts: Vec<&str> = path.split('/').collect();
    let is_plain = |part: &&str| {
        let first = part.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        first && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:~-".contains(&byte))
    };
    if !parts.iter().all(is_plain) {
        return Err("its name has characters that no resource of Google Cloud has".to_owned());
    }
    let flag = |name: &str, value: &str| format!("--{name}={value}");
    let words = |words: &[&str], flags: &[(&str, &str)]| {
        let words = words.iter().map(|word| (*word).to_owned());
        Ok(words.chain(flags.iter().map(|(name, value)| flag(name, value))).collect())
    };
    match parts.as_slice() {
        ["compute.googleapis.com", "projects", p, "zones", z, kind @ ("instances" | "disks"), n] => {
            words(&["compute", kind, "update", n], &[("project", p), ("zone", z)])
        }
        ["compute.googleapis.com", "projects", p, "regions", r, "disks", n] => {
            words(&["compute", "disks", "update", n], &[("project", p), ("region", r)])
        }
        ["compute.googleapis.com", "projects", p, "global", kind @ ("snapshots" | "images"), n] => {
            words(&["compute", kind, "update", n], &[("project", p)])
        }
        ["storage.googleapis.com", n] => words(&["storage", "buckets", "update", &format!("gs://{n}")], &[]),
        ["pubsub.googleapis.com", "projects", p, kind @ ("topics" | "subscriptions"), n] => {
            words(&["pubsub", kind, "update", n], &[("project", p)])
        }
        ["sqladmin.googleapis.com" | "cloudsql.googleapis.com", "projects", p, "instances", n] => {
            words(&["sql", "instances", "patch", n], &[("project", p)])
        }
        ["container.googleapis.com", "projects", p, "locations" | "zones", l, "clusters", n] => {
            words(&["container", "clusters", "update", n], &[("project", p), ("location", l)])
        }
        ["cloudresourcemanager.googleapis.com", "projects", p] => words(&["projects", "update", p], &[]),
        ["run.googleapis.com", "projects", p, "locations", r, "services", n] => {
            words(&["run", "services", "update", n], &[("project", p), ("region", r)])
        }
        ["secretmanager.googleapis.com", "projects", p, "secrets", n] => {
            words(&["secrets", "update", n], &[("project", p)])
        }
        ["cloudkms.googleapis.com", "projects", p, "locations", l, "keyRings", r, "cryptoKeys", n] => {
            words(&["kms", "keys", "update", n], &[("project", p), ("location", l), ("keyring", r)])
        }
        ["dataproc.googleapis.com", "projects", p, "regions", r, "clusters", n] => {
            words(&["dataproc", "clusters", "update", n], &[("project", p), ("region", r)])
        }
        ["redis.googleapis.com", "projects", p, "locations", r, "instances", n] => {
            words(&["redis", "instances", "update", n], &[("project", p), ("region", r)])
        }
        _ => Err(unknown().to_owned()),
    }
}
