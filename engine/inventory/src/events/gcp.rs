//! Feeds of Google's Cloud Asset Inventory: a `TemporalAsset` is the state of an asset from a moment on, with the state
//! before.

use std::collections::BTreeMap;

use serde_json::Value;

use super::read::{moment, text, text_map};
use super::{Change, Channel, Event, Record};

/// Where the data of an asset has its labels.
const LABELS: [&str; 3] = ["/labels", "/resourceLabels", "/settings/userLabels"];

/// Whether an event is one of a feed.
pub(super) fn fits(event: &Value) -> bool {
    let is_asset = |name: &str| event.get(name).is_some_and(|asset| text(asset, "name").is_some());
    is_asset("asset") || is_asset("priorAsset")
}

/// Reads an event.
pub(super) fn read(event: &Value) -> Result<Record, String> {
    // The asset of a deletion has its name alone, or is left out.
    let asset = event.get("asset").or_else(|| event.get("priorAsset"));
    let name = asset.and_then(|asset| text(asset, "name")).ok_or("its asset has no `name`")?;
    let window = event.get("window");
    let time = window
        .and_then(|window| moment(window, &["startTime", "start_time"]).ok())
        .map_or_else(|| moment(asset.unwrap_or(event), &["updateTime", "update_time"]), Ok)
        .map_err(|_| "it has no `window.startTime`")?;
    let is_deleted = event.get("deleted").and_then(Value::as_bool) == Some(true);
    let change = match event.pointer("/asset/resource/data") {
        _ if is_deleted || event.get("asset").is_none() => Change::Deleted,
        // A feed of another content type, such as policies, has no labels.
        None => Change::Written,
        Some(data) => Change::replaced(labels(data)?),
    };
    let (resource, channel) = (name.to_owned(), Channel::AssetFeed);
    Ok(Record::Changes(vec![Event { resource, time, version: None, channel, change }]))
}

/// Returns the labels in the data of an asset. Empty lists are left out of it.
fn labels(data: &Value) -> Result<BTreeMap<String, String>, String> {
    match LABELS.iter().find_map(|pointer| data.pointer(pointer)).filter(|labels| !labels.is_null()) {
        None => Ok(BTreeMap::new()),
        Some(labels) => text_map(labels).ok_or_else(|| "its labels are not an object of texts".to_owned()),
    }
}
