//! Events are put in order and replayed on a resource.
//!
//! In: a resource as it was listed, and the set of its events. Out: the resource as it is after them, or none if it is
//! gone. The order of the set does not matter.

use std::collections::BTreeMap;

use super::{Change, Channel, Event};
use crate::resource::{Resource, UnknownTags};

/// The beginning of keys that AWS itself sets; calls that replace all tags leave them alone.
const OWN_KEYS: &str = "aws:";

/// Returns a resource after its events; None if it was deleted and not written again.
pub(super) fn replay(resource: &Resource, events: &[&Event]) -> Option<Resource> {
    let mut tags: BTreeMap<String, String> = resource.tags.iter().cloned().collect();
    let mut unknown = resource.unknown.clone();
    let mut exists = true;
    for event in in_order(events) {
        exists = event.change != Change::Deleted;
        match &event.change {
            Change::Edited { set, removed, removed_values } => {
                for (key, value) in removed_values {
                    if tags.get(key) == Some(value) {
                        tags.remove(key);
                    }
                }
                for key in removed {
                    tags.remove(key);
                }
                tags.extend(set.iter().map(|(key, value)| (key.clone(), value.clone())));
                unknown.keys.retain(|key| !removed.contains(key) && !set.contains_key(key));
            }
            Change::Replaced { tags: all, removed } => {
                let is_own = |key: &String| event.channel != Channel::AssetFeed && key.starts_with(OWN_KEYS);
                tags.retain(|key, _| is_own(key) && !removed.contains(key));
                tags.extend(all.iter().map(|(key, value)| (key.clone(), value.clone())));
                unknown = UnknownTags::default();
            }
            Change::Written => {
                tags.clear();
                unknown = UnknownTags { keys: Vec::new(), others: true };
            }
            Change::Deleted => {}
        }
    }
    exists.then(|| Resource {
        name: name(resource, &tags),
        tags: tags.into_iter().collect(),
        unknown,
        ..resource.clone()
    })
}

/// Returns the name of a resource that is named by a tag, after its tags changed.
fn name(resource: &Resource, tags: &BTreeMap<String, String>) -> Option<String> {
    let old = resource.tags.iter().find(|(key, _)| key.eq_ignore_ascii_case("name"));
    let old = old.filter(|(_, value)| Some(value) == resource.name.as_ref());
    let new = old.and_then(|(key, _)| tags.get(key)).filter(|value| !value.is_empty());
    new.cloned().or_else(|| resource.name.clone())
}

/// Returns the events of a resource in the order in which they happened.
///
/// Times of events have seconds, and clocks differ. Where the cloud numbers the sets of tags, an event is therefore
/// never before one with a lower number.
fn in_order<'e>(events: &[&'e Event]) -> Vec<&'e Event> {
    let mut numbered: Vec<&Event> = events.iter().copied().filter(|event| event.version.is_some()).collect();
    numbered.sort_by_key(|event| (event.version, *event));
    let mut latest = i64::MIN;
    let numbered = numbered.into_iter().map(|event| {
        latest = latest.max(event.time);
        (latest, event)
    });
    let others = events.iter().filter(|event| event.version.is_none()).map(|event| (event.time, *event));
    let mut ordered: Vec<(i64, &Event)> = numbered.chain(others).collect();
    let rank = |change: &Change| match change {
        Change::Edited { .. } => 0,
        Change::Replaced { .. } => 1,
        Change::Written => 2,
        Change::Deleted => 3,
    };
    ordered.sort_by_key(|(time, event)| (*time, rank(&event.change), event.version, *event));
    ordered.into_iter().map(|(_, event)| event).collect()
}
