//! The tags of a resource in a plan or a state.
//!
//! `tags_all` of AWS and `effective_labels` of Google hold what the provider adds; where they are not
//! known, the provider's defaults are laid under the resource's own. A value that only applying tells,
//! or that is secret, is replaced by a text that says so, and noted: the tag is there.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::value::RawValue;

use super::attributes::{Attributes, Part};
use crate::read::fields::Field;
use crate::read::record::Record;
use crate::tags::{Members, json_text};

/// What stands for a value that only applying tells.
const UNKNOWN: &str = "(known after apply)";

/// What stands for a value that is a secret.
const SENSITIVE: &str = "(sensitive value)";

/// What is said where no tag is known.
const ALL_UNKNOWN: &str = "the tags are known only after apply; only default tags are evaluated";

/// Attributes that hold all labels of Google, the most complete first, and the others.
const ALL_LABELS: [&str; 2] = ["effective_labels", "terraform_labels"];
const OWN_LABELS: [&str; 3] = ["labels", "resource_labels", "user_labels"];

/// The tags of a resource.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Tagging {
    tags: Vec<(String, String)>,
    /// Where each key stands in `tags`.
    places: FxHashMap<String, usize>,
    notes: Vec<String>,
    noted: FxHashSet<String>,
}

/// Returns the tags of a resource; none where it cannot carry any.
pub(super) fn tags_of(
    attributes: &Attributes<'_>,
    cloud: &str,
    defaults: &[(String, String)],
) -> Option<Tagging> {
    match cloud {
        "aws" => aws_tags(attributes, defaults),
        "gcp" => google_labels(attributes, defaults),
        "oci" => own_tags(attributes, &["freeform_tags", "defined_tags"]),
        _ => own_tags(attributes, &["tags"]),
    }
}

fn aws_tags(attributes: &Attributes<'_>, defaults: &[(String, String)]) -> Option<Tagging> {
    let mut tagging = Tagging::default();
    if attributes.has("tags") || attributes.has("tags_all") {
        let all = attributes.part("tags_all");
        if all.known.is_some() && !all.is_unknown() {
            tagging.add_map(&all);
        } else {
            tagging.add_defaults(defaults);
        }
        tagging.add_map(&attributes.part("tags"));
        return Some(tagging);
    }
    // Groups of instances write each tag as a block, and get no default tags.
    attributes.has("tag").then(|| {
        tagging.add_blocks(&attributes.part("tag"), |_| true);
        tagging
    })
}

fn google_labels(attributes: &Attributes<'_>, defaults: &[(String, String)]) -> Option<Tagging> {
    let mut tagging = Tagging::default();
    let complete = ALL_LABELS.iter().map(|name| attributes.part(name));
    if let Some(all) = complete.into_iter().find(|part| part.known.is_some() && !part.is_unknown()) {
        tagging.add_map(&all);
        return Some(tagging);
    }
    if let Some(own) = OWN_LABELS.iter().find(|name| attributes.has(name)) {
        tagging.add_defaults(defaults);
        tagging.add_map(&attributes.part(own));
        return Some(tagging);
    }
    // Databases have their labels among their settings.
    let settings = attributes.part("settings").elements().into_iter().next()?;
    settings.has("user_labels").then(|| {
        tagging.add_map(&settings.part("user_labels"));
        tagging
    })
}

/// Reads attributes that are maps; a list of words is something else, as of network tags.
fn own_tags(attributes: &Attributes<'_>, names: &[&str]) -> Option<Tagging> {
    let mut tagging = Tagging::default();
    let is_list = |name: &&&str| attributes.part(name).known.is_some_and(|json| json.starts_with('['));
    let mut names = names.iter().filter(|name| attributes.has(name) && !is_list(name)).peekable();
    names.peek()?;
    for name in names {
        tagging.add_map(&attributes.part(name));
    }
    Some(tagging)
}

impl Tagging {
    /// Returns the tags that instances of a group inherit; none where it hands none on.
    pub(super) fn propagated(group: &Attributes<'_>) -> Option<Self> {
        let mut tagging = Self::default();
        tagging
            .add_blocks(&group.part("tag"), |block| block.part("propagate_at_launch").known == Some("true"));
        (!tagging.tags.is_empty()).then_some(tagging)
    }

    /// Returns the tags of these attributes, the first of them that is there.
    pub(super) fn first_of(attributes: &Attributes<'_>, names: &[&str]) -> Option<Self> {
        let given = |part: &Part<'_>| part.known.is_some_and(|json| json != "{}") || part.unknown.is_some();
        let part = names.iter().map(|name| attributes.part(name)).find(given)?;
        let mut tagging = Self::default();
        tagging.add_map(&part);
        Some(tagging)
    }

    /// Returns the value of the tag that names a resource.
    pub(super) fn name(&self) -> Option<String> {
        let named = self.tags.iter().find(|(key, _)| key == "Name" || key == "name")?;
        Some(named.1.clone()).filter(|name| !name.is_empty() && name != UNKNOWN && name != SENSITIVE)
    }

    /// Hands the tags and the notes over.
    pub(super) fn into_record(self, record: &mut Record<'static>) {
        let own = |(key, value)| (Cow::Owned(key), Cow::Owned(value));
        record.draft.tags = self.tags.into_iter().map(own).collect();
        for note in self.notes {
            record.note(Field::Tags, note, "");
        }
    }

    fn add_defaults(&mut self, defaults: &[(String, String)]) {
        for (key, value) in defaults {
            self.set(key, value.clone());
        }
    }

    /// Adds a map of tags, over those that are there.
    fn add_map(&mut self, part: &Part<'_>) {
        if part.is_unknown() {
            self.notes.push(ALL_UNKNOWN.to_owned());
            return;
        }
        let members = |json: Option<&str>| -> Vec<(String, String)> {
            let members: Option<Members<'_>> = json.and_then(|json| serde_json::from_str(json).ok());
            let own = |(key, value): (Cow<'_, str>, &RawValue)| (key.into_owned(), value.get().to_owned());
            members.map(|Members(members)| members.into_iter().map(own).collect()).unwrap_or_default()
        };
        let secret: FxHashSet<String> = members(part.sensitive)
            .into_iter()
            .filter_map(|(key, json)| (json == "true").then_some(key))
            .collect();
        let all_secret = part.sensitive == Some("true");
        for (key, json) in members(part.known) {
            if json == "null" {
                continue;
            }
            let hidden = all_secret || secret.contains(&key);
            if hidden {
                self.note(&key, "is sensitive", SENSITIVE);
                self.set(&key, SENSITIVE.to_owned());
            } else {
                self.set(&key, json_text(&json).map_or(json.clone(), Cow::into_owned));
            }
        }
        for (key, json) in members(part.unknown) {
            if json == "true" {
                self.note(&key, "is known only after apply", UNKNOWN);
                self.set(&key, UNKNOWN.to_owned());
            }
        }
    }

    /// Adds tags that are blocks of `key` and `value`.
    fn add_blocks(&mut self, part: &Part<'_>, wanted: impl Fn(&Attributes<'_>) -> bool) {
        if part.is_unknown() {
            self.notes.push(ALL_UNKNOWN.to_owned());
        }
        for block in part.elements().iter().filter(|block| wanted(block)) {
            let Some(key) = block.text("key") else { continue };
            let value = block.part("value");
            if value.is_unknown() {
                self.note(&key, "is known only after apply", UNKNOWN);
                self.set(&key, UNKNOWN.to_owned());
            } else if let Some(value) = value.known.and_then(json_text) {
                self.set(&key, value.into_owned());
            }
        }
    }

    fn note(&mut self, key: &str, what: &str, stands: &str) {
        let key = crate::value::shorten(key);
        let note = format!("the value of tag `{key}` {what}; it is kept as `{stands}`");
        if self.noted.insert(note.clone()) {
            self.notes.push(note);
        }
    }

    fn set(&mut self, key: &str, value: String) {
        let known = self.places.get(key).and_then(|place| self.tags.get_mut(*place));
        if let Some((_, known)) = known {
            *known = value;
        } else {
            self.places.insert(key.to_owned(), self.tags.len());
            self.tags.push((key.to_owned(), value));
        }
    }
}
