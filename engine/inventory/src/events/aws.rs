//! EventBridge: `Tag Change on Resource`, and calls that CloudTrail delivers through it.
//!
//! Whoever may put events on a bus can write any event, but only AWS itself one whose source begins with `aws.`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::read::{moment, text, text_map};
use super::{Change, Channel, Event, Record, cloudtrail};
use crate::value::shorten;

/// Reads an event of EventBridge.
pub(super) fn read(event: &Value) -> Result<Record, String> {
    let source = text(event, "source").unwrap_or_default();
    match text(event, "detail-type").unwrap_or_default() {
        "Tag Change on Resource" if source != "aws.tag" => {
            Err(format!("its `source` is `{}`, and AWS sends such events as `aws.tag`", shorten(source)))
        }
        "Tag Change on Resource" => tag_change(event),
        "AWS API Call via CloudTrail" if !source.starts_with("aws.") => {
            Err(format!("its `source` is `{}`, and those of AWS begin with `aws.`", shorten(source)))
        }
        "AWS API Call via CloudTrail" => match event.get("detail") {
            Some(detail) => cloudtrail::read(detail),
            None => Err("it has no `detail`".to_owned()),
        },
        other => Ok(Record::Other(format!("`{other}` events"))),
    }
}

fn tag_change(event: &Value) -> Result<Record, String> {
    let detail = event.get("detail").ok_or("it has no `detail`")?;
    let tags = detail.get("tags").ok_or("its `detail` has no `tags`")?;
    let tags = text_map(tags).ok_or("the `tags` of its `detail` are not an object of texts")?;
    let changed = detail.get("changed-tag-keys").and_then(Value::as_array);
    let changed = changed.into_iter().flatten().filter_map(Value::as_str);
    let removed: BTreeSet<String> =
        changed.filter(|key| !tags.contains_key(*key)).map(str::to_owned).collect();
    let (time, version) = (moment(event, &["time"])?, detail.get("version").and_then(Value::as_u64));
    let resources = event.get("resources").and_then(Value::as_array);
    let resources: Vec<&str> = resources.into_iter().flatten().filter_map(Value::as_str).collect();
    if resources.is_empty() {
        return Err("its `resources` name no resource".to_owned());
    }
    let change = |resource: &str| Event {
        resource: resource.to_owned(),
        time,
        version,
        channel: Channel::AwsTag,
        change: Change::Replaced { tags: tags.clone(), removed: removed.clone() },
    };
    Ok(Record::Changes(resources.into_iter().map(change).collect()))
}
