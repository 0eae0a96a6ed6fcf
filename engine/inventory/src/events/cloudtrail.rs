//! CloudTrail: calls that set or remove tags, of the tagging API, EC2, S3 and the services that have calls of their own.
//!
//! Services spell the parameters of these calls in many ways. A resource is whatever parameter is an ARN, or else the ARN
//! that CloudTrail itself adds to the record; tags are a map or a list of keys and values. If a successful call on a
//! resource cannot be understood further, its tags are unknown from then on.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::read::{key_list, moment, tag_map, text};
use super::{Change, Channel, Event, Record};

/// Parameters that are tags, and those that are keys of tags.
const TAGS: [&str; 8] =
    ["tags", "tagSet", "tagList", "Tagging", "tagging", "tagsToAdd", "tagsMap", "addTags"];
const KEYS: [&str; 6] = ["tagKeys", "tagKeyList", "tagsToRemove", "tagsToDelete", "keys", "removeTagKeys"];

/// Reads a record.
pub(super) fn read(record: &Value) -> Result<Record, String> {
    let name = text(record, "eventName").ok_or("it has no `eventName`")?;
    if !is_about_tags(name) {
        return Ok(Record::Other("calls that change no tags".to_owned()));
    }
    if record.get("errorCode").is_some_and(|code| !code.is_null()) {
        return Ok(Record::Other("calls that failed".to_owned()));
    }
    let time = moment(record, &["eventTime"])?;
    let nothing = Map::new();
    let input = record.get("requestParameters").and_then(Value::as_object).unwrap_or(&nothing);
    let failed = record.pointer("/responseElements/failedResourcesMap").and_then(Value::as_object);
    let mut resources = resources(record, input);
    if resources.is_empty() {
        return Err(format!("`{name}` does not identify its resource by an ARN"));
    }
    resources.retain(|resource| !failed.is_some_and(|failed| failed.contains_key(resource)));
    if resources.is_empty() {
        return Ok(Record::Other("calls that failed".to_owned()));
    }
    let change = change(name, input);
    let event = |resource: String| Event {
        resource,
        time,
        version: None,
        channel: Channel::Cloudtrail,
        change: change.clone(),
    };
    Ok(Record::Changes(resources.into_iter().map(event).collect()))
}

/// Whether a call changes tags, by its name: `TagResources`, `CreateTags`, `PutBucketTagging`, …
fn is_about_tags(name: &str) -> bool {
    let reads = ["Get", "List", "Describe", "Search", "Lookup"].iter().any(|verb| name.starts_with(verb));
    // Policies and options of tags are not the tags of a resource.
    let others = ["TagOption", "TagMutability", "TagPolicy", "TagSync"];
    let names_tags = name.contains("Tag") || name.starts_with("Untag");
    names_tags && !reads && !others.iter().any(|other| name.contains(other))
}

/// Returns the resources of a call: ARNs, and bare ids of EC2.
fn resources(record: &Value, input: &Map<String, Value>) -> BTreeSet<String> {
    let is_arn = |text: &&str| text.starts_with("arn:");
    let texts = |value: &'_ Value| -> Vec<String> {
        let list = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        list.iter().filter_map(Value::as_str).filter(is_arn).map(str::to_owned).collect()
    };
    let mut found: BTreeSet<String> = input.values().flat_map(texts).collect();
    let items = input.get("resourcesSet").and_then(|set| set.get("items")?.as_array());
    found.extend(items.into_iter().flatten().filter_map(|item| text(item, "resourceId")).map(str::to_owned));
    let region = text(record, "awsRegion").unwrap_or_default();
    let partition = match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    };
    if let Some(bucket) = input.get("bucketName").and_then(Value::as_str) {
        found.insert(format!("arn:{partition}:s3:::{bucket}"));
    }
    // `https://sqs.eu-west-1.amazonaws.com/111122223333/jobs`
    let queue = input.get("queueUrl").and_then(Value::as_str).and_then(|url| {
        let (start, name) = url.rsplit_once('/')?;
        Some((start.rsplit('/').next()?, name))
    });
    if let Some((account, name)) = queue {
        found.insert(format!("arn:{partition}:sqs:{region}:{account}:{name}"));
    }
    if found.is_empty() {
        let added = record.get("resources").and_then(Value::as_array);
        let arns = added.into_iter().flatten().filter_map(|resource| text(resource, "ARN"));
        found.extend(arns.filter(is_arn).map(str::to_owned));
    }
    found
}

/// Returns what a call did with the tags of its resources.
fn change(name: &str, input: &Map<String, Value>) -> Change {
    let removes = ["Untag", "Remove", "Delete"].iter().any(|verb| name.starts_with(verb));
    match name {
        "PutBucketTagging" => tags(input).map_or(Change::Written, Change::replaced),
        "DeleteBucketTagging" => Change::replaced(BTreeMap::new()),
        // EC2: a key alone, or a key with the value that it must have; without any, all tags.
        "DeleteTags" if input.contains_key("resourcesSet") => delete_tags(input),
        _ if removes => {
            let named = KEYS.iter().chain(&TAGS).find_map(|name| key_list(input.get(*name)?));
            named.map_or(Change::Written, |removed| edited(BTreeMap::new(), removed, BTreeMap::new()))
        }
        _ => tags(input).map_or(Change::Written, |set| edited(set, BTreeSet::new(), BTreeMap::new())),
    }
}

fn delete_tags(input: &Map<String, Value>) -> Change {
    let items = input.get("tagSet").and_then(|set| set.get("items")?.as_array());
    let Some(items) = items.filter(|items| !items.is_empty()) else {
        return Change::replaced(BTreeMap::new());
    };
    let (mut removed, mut removed_values) = (BTreeSet::new(), BTreeMap::new());
    for item in items {
        match (text(item, "key"), text(item, "value")) {
            (Some(key), Some(value)) => {
                removed_values.insert(key.to_owned(), value.to_owned());
            }
            (Some(key), None) => {
                removed.insert(key.to_owned());
            }
            (None, _) => return Change::Written,
        }
    }
    edited(BTreeMap::new(), removed, removed_values)
}

/// Returns the tags that a call sets; None if they are not recorded.
fn tags(input: &Map<String, Value>) -> Option<BTreeMap<String, String>> {
    TAGS.iter().find_map(|name| tag_map(input.get(*name)?))
}

fn edited(
    set: BTreeMap<String, String>,
    removed: BTreeSet<String>,
    removed_values: BTreeMap<String, String>,
) -> Change {
    Change::Edited { set, removed, removed_values }
}
