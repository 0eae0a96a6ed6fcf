//! Changes of resources since a snapshot was taken, as clouds report them.
//!
//! In: a snapshot, and files of events in the forms in which clouds deliver them, whatever queue they went through. Out:
//! a new snapshot whose resources have the tags that the events report, with the events themselves in
//! `events.ndjson`, and every event that changes nothing, counted with the reason.
//!
//! Promises that
//!
//! - the resources depend on the *set* of all events since the last listing, not on the order in which files have them,
//!   on how often one is delivered, or on how they are divided between runs: each run replays all of them on the
//!   snapshot that was listed,
//! - an event changes only a resource that the snapshot has; one about any other is a reject,
//! - an event that reports a change without the tags makes them unknown, never absent,
//! - a full listing stays the truth: events from before it are counted and not applied.

mod apply;
mod aws;
mod azure;
mod cloudtrail;
mod gcp;
mod read;
mod replay;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use apply::{AppliedEvents, EventOptions, EventReport, apply_events};
pub use read::check_events;

/// A change of one resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Event {
    /// Id of the resource: as the event has it, and once it is found in a snapshot, as that has it.
    pub(crate) resource: String,
    /// When it changed, in microseconds since 1970.
    #[serde(with = "moment")]
    pub(crate) time: i64,
    /// The number of the set of tags, which grows with each change of them. None: the cloud does not number them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<u64>,
    /// The form in which it was delivered.
    pub(crate) channel: Channel,
    pub(crate) change: Change,
}

/// The form in which a cloud delivers events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Channel {
    /// EventBridge: `Tag Change on Resource`.
    AwsTag,
    /// CloudTrail: calls that set or remove tags.
    Cloudtrail,
    /// Azure Event Grid.
    EventGrid,
    /// A feed of Google's Cloud Asset Inventory.
    AssetFeed,
}

/// What changed. Of two changes at the same time, the one further down is applied last: it knows more, or claims less.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Change {
    /// Some tags were set or removed; the others are as before.
    Edited {
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        set: BTreeMap<String, String>,
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        removed: BTreeSet<String>,
        /// Removed only if they had this value.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        removed_values: BTreeMap<String, String>,
    },
    /// These are now all tags that people and programs gave it.
    Replaced {
        tags: BTreeMap<String, String>,
        /// Keys that are certainly gone: tags that the cloud itself sets stay otherwise.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        removed: BTreeSet<String>,
    },
    /// It was written, and the event does not have its tags.
    Written,
    /// It is gone.
    Deleted,
}

impl Change {
    /// All tags, with nothing known about those that the cloud itself sets.
    fn replaced(tags: BTreeMap<String, String>) -> Self {
        Self::Replaced { tags, removed: BTreeSet::new() }
    }
}

/// What a record of a file is.
#[derive(Debug)]
enum Record {
    /// Changes, one for each resource.
    Changes(Vec<Event>),
    /// An event that changes no tags, with what it is, in the plural: `calls that failed`.
    Other(String),
}

/// Times in RFC 3339 with microseconds.
mod moment {
    use chrono::{DateTime, SecondsFormat};
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference over")]
    pub(super) fn serialize<S: Serializer>(time: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        let time = DateTime::from_timestamp_micros(*time).unwrap_or_default();
        serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = DateTime::parse_from_rfc3339(&text).map_err(serde::de::Error::custom)?;
        Ok(time.timestamp_micros())
    }
}
