//! Azure Event Grid: events of subscriptions and resource groups, in its own schema and as CloudEvents.
//!
//! They report that a resource was written, not with which tags: its tags are unknown until the next fetch. Only
//! notifications of Azure Resource Manager (`Microsoft.ResourceNotifications.Resources`) have them.

use serde_json::Value;

use super::read::{moment, text, text_map};
use super::{Change, Channel, Event, Record};

/// The end of ids of the tags of a resource, which are written as a resource of their own.
const TAGS: &str = "/providers/microsoft.resources/tags/default";

/// Whether an event is one of Event Grid.
pub(super) fn fits(event: &Value) -> bool {
    type_of(event).is_some_and(|type_| type_.starts_with("Microsoft."))
}

fn type_of(event: &Value) -> Option<&str> {
    text(event, "eventType").or_else(|| text(event, "type"))
}

/// Reads an event.
pub(super) fn read(event: &Value) -> Result<Record, String> {
    let type_ = type_of(event).unwrap_or_default();
    let change = match type_ {
        "Microsoft.Resources.ResourceWriteSuccess" => Change::Written,
        "Microsoft.Resources.ResourceDeleteSuccess" | "Microsoft.ResourceNotifications.Resources.Deleted" => {
            Change::Deleted
        }
        "Microsoft.ResourceNotifications.Resources.CreatedOrUpdated" => {
            let tags = event.pointer("/data/resourceInfo/tags").and_then(text_map);
            tags.map_or(Change::Written, Change::replaced)
        }
        other if other.ends_with("Failure") || other.ends_with("Cancel") => {
            return Ok(Record::Other("operations that failed or were canceled".to_owned()));
        }
        other => return Ok(Record::Other(format!("`{other}` events"))),
    };
    let id = ["/data/resourceUri", "/data/resourceInfo/id", "/subject"]
        .iter()
        .find_map(|pointer| event.pointer(pointer)?.as_str())
        .ok_or("it does not identify its resource")?;
    let (resource, change) = match strip_tags(id) {
        Some(parent) => (parent, Change::Written),
        None => (id, change),
    };
    let time = moment(event, &["eventTime", "time"])?;
    let (resource, channel) = (resource.to_owned(), Channel::EventGrid);
    Ok(Record::Changes(vec![Event { resource, time, version: None, channel, change }]))
}

/// Returns the resource whose tags have an id; None if it is the id of something else.
fn strip_tags(id: &str) -> Option<&str> {
    let parent = id.len().checked_sub(TAGS.len())?;
    id.get(parent..).filter(|end| end.eq_ignore_ascii_case(TAGS))?;
    id.get(..parent)
}
