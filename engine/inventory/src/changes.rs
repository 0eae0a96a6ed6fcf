//! What changed between two snapshots: resources that came, went, or are described otherwise.
//!
//! In: two snapshots, whose resources are sorted by id. Out: the differences in the order of the ids, found in one
//! pass over both, so that memory does not grow with them. Only what clouds say counts; policies have no part in it.

use std::collections::BTreeMap;

use crate::error::ImportError;
use crate::resource::Resource;
use crate::snapshot::Snapshot;

/// A resource that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Only the later snapshot has it.
    Added(Box<Resource>),
    /// Only the earlier snapshot has it.
    Removed(Box<Resource>),
    /// Both have it, and they differ.
    Changed {
        /// As the later snapshot has it.
        resource: Box<Resource>,
        /// What differs, attributes before tags; not empty.
        differences: Vec<Difference>,
    },
}

/// Something of a resource that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is.
    pub of: Of,
    /// What the earlier snapshot has. None: nothing.
    pub before: Option<String>,
    /// What the later snapshot has. None: nothing.
    pub after: Option<String>,
}

/// What of a resource can differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// An attribute: `name`, `type`, `provider`, `account`, `region`.
    Attribute(&'static str),
    /// A native tag, by its key.
    Tag(String),
}

/// What stands for the value of a tag that is not known yet.
pub const UNKNOWN_VALUE: &str = "(unknown)";

/// Compares two snapshots, and calls back for each resource that differs, in the order of their ids.
///
/// # Errors
///
/// Where a snapshot cannot be read, or that of `each`.
pub fn changes<E: From<ImportError>>(
    before: &Snapshot,
    after: &Snapshot,
    mut each: impl FnMut(Change) -> Result<(), E>,
) -> Result<(), E> {
    let (mut before, mut after) = (before.resources()?, after.resources()?);
    let (mut old, mut new) = (before.next().transpose()?, after.next().transpose()?);
    loop {
        let order = match (&old, &new) {
            (None, None) => return Ok(()),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(old), Some(new)) => old.id.as_bytes().cmp(new.id.as_bytes()),
        };
        if order.is_lt() {
            if let Some(old) = old {
                each(Change::Removed(Box::new(old)))?;
            }
            old = before.next().transpose()?;
        } else if order.is_gt() {
            if let Some(new) = new {
                each(Change::Added(Box::new(new)))?;
            }
            new = after.next().transpose()?;
        } else {
            if let (Some(old), Some(new)) = (old, new) {
                let differences = differences(&old, &new);
                if !differences.is_empty() {
                    each(Change::Changed { resource: Box::new(new), differences })?;
                }
            }
            old = before.next().transpose()?;
            new = after.next().transpose()?;
        }
    }
}

/// Returns what differs between two descriptions of a resource.
fn differences(old: &Resource, new: &Resource) -> Vec<Difference> {
    let attributes = [
        ("name", &old.name, &new.name),
        ("type", &old.type_, &new.type_),
        ("provider", &old.provider, &new.provider),
        ("account", &old.account, &new.account),
        ("region", &old.region, &new.region),
    ];
    let mut differences: Vec<Difference> = attributes
        .into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(name, before, after)| Difference {
            of: Of::Attribute(name),
            before: before.clone(),
            after: after.clone(),
        })
        .collect();
    let (before, mut after) = (tags(old), tags(new));
    let mut of_tags = BTreeMap::new();
    for (key, value) in before {
        let now = after.remove(key);
        if now != Some(value) {
            of_tags.insert(key, (Some(value), now));
        }
    }
    of_tags.extend(after.into_iter().map(|(key, value)| (key, (None, Some(value)))));
    // Whether a key that is not listed is there is not known: that it is listed now is no change.
    of_tags.retain(|_, (before, after)| {
        let may_have_been = before.is_none() && old.unknown.others;
        let may_still_be = after.is_none() && new.unknown.others;
        !may_have_been && !may_still_be
    });
    differences.extend(of_tags.into_iter().map(|(key, (before, after))| Difference {
        of: Of::Tag(key.to_owned()),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    }));
    differences
}

/// Returns the tags of a resource by their keys.
fn tags(resource: &Resource) -> BTreeMap<&str, &str> {
    // The text in the place of a value that is not known means nothing.
    let is_unknown = |key: &String| resource.unknown.keys.contains(key);
    let value = |(key, text)| (key as &str, if is_unknown(key) { UNKNOWN_VALUE } else { text });
    resource.tags.iter().map(|(key, text)| (key, text.as_str())).map(value).collect()
}
