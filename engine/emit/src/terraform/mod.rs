//! A patch of a Terraform configuration.
//!
//! Resources are found by their addresses. An edit replaces the bytes of one value, one key or one entry, so that comments
//! and formatting stay; what cannot be edited like that is left out, with its place, and so is an edit that would have no
//! effect.
//!
//! - `parse`: texts as trees that know places
//! - `attribute`: which attribute has the tags of a type, and whether Terraform writes it
//! - `edit`: the edits

mod attribute;
mod edit;
mod parse;

use std::collections::BTreeMap;

use tagpol_remediate::PlannedResource;

use crate::{ConfigurationFile, Draft};
use edit::Configuration;

pub(crate) fn write(
    resources: &[&PlannedResource],
    files: &[ConfigurationFile],
    draft: &mut Draft,
) -> String {
    let before: BTreeMap<&str, &str> =
        files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    let mut configuration = Configuration::new(files);
    for resource in resources {
        let Some(owner) = &resource.terraform else { continue };
        for change in &resource.changes {
            if let Err(reason) = configuration.change(&owner.address, resource.cloud, change) {
                draft.leave_out_key(resource, &change.key, &format!("`{}`: {reason}", owner.address));
            }
        }
    }
    let mut out = String::new();
    for (path, text) in configuration.texts() {
        let old = before.get(path).copied().unwrap_or_default();
        if old == text {
            continue;
        }
        let diff = similar::TextDiff::from_lines(old, text.as_str());
        // `patch` reads a name up to a space, unless a tab ends it.
        let end = if path.contains(' ') { "\t" } else { "" };
        let (from, to) = (format!("a/{path}{end}"), format!("b/{path}{end}"));
        out.push_str(&diff.unified_diff().context_radius(3).header(&from, &to).to_string());
    }
    out
}
