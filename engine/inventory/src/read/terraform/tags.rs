//! The tags of a resource in a plan or a state.
//!
//! `tags_all` of AWS and `effective_labels` of Google contain the tags that the provider adds; if they are
//! not known yet, the provider's defaults are used below the resource's own tags. Other providers have tags
//! under other names and in other forms: maps, lists of keys and values, lists of words, JSON in a text. A
//! secret value is replaced by a text that says so, and noted: the tag is there. So is a value that is known
//! only after apply, which is also listed as unknown.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::value::RawValue;

use super::attributes::{Attributes, Part};
use super::defaults::Inherited;
use crate::read::fields::Field;
use crate::read::record::{Note, Record};
use crate::resource::UnknownTags;
use crate::tags::{Members, json_text, parse_tags};

/// Stands for a value that is known only after apply.
const UNKNOWN: &str = "(known after apply)";

/// Stands for a secret value.
const SENSITIVE: &str = "(sensitive value)";

/// Attributes that have all labels of Google, the most complete first, and those with the resource's own.
const ALL_LABELS: [&str; 2] = ["effective_labels", "terraform_labels"];
const OWN_LABELS: [&str; 3] = ["labels", "resource_labels", "user_labels"];

/// The label with which the provider of Google marks what it made: nobody chose it.
const ATTRIBUTION_LABEL: &str = "goog-terraform-provisioned";

/// Attributes with the tags of `awscc`, whose names are those of CloudFormation.
const AWSCC_TAGS: [&str; 9] = [
    "tags",
    "tag_list",
    "file_system_tags",
    "hosted_zone_tags",
    "user_pool_tags",
    "access_point_tags",
    "backup_vault_tags",
    "backup_plan_tags",
    "key_tags",
];

/// Members with the key of a tag, in lists of keys and values.
const KEYS: [&str; 3] = ["key", "name", "label"];

/// Attributes with the tags of providers that have no rule of their own.
const OTHER_TAGS: [&str; 4] = ["tags", "labels", "custom_tags", "tag"];

/// Types that have an attribute `tag` or `labels` for another resource, to which they add it.
const TAGS_OF_OTHERS: [&str; 5] = [
    "aws_autoscaling_group_tag",
    "kubernetes_labels",
    "kubernetes_node_taint",
    "google_tags_tag_binding",
    "google_compute_project_metadata",
];

/// What is known of the tags of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tags {
    /// They were read; perhaps there are none.
    Read(Tagging),
    /// Resources of this type have no tags.
    Untaggable,
    /// The attribute has something else than keys and values, so that nothing is known of the tags.
    Unreadable { attribute: String, reason: String },
}

/// The tags of a resource.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Tagging {
    tags: Vec<(String, String)>,
    /// Where each key stands in `tags`.
    places: FxHashMap<String, usize>,
    notes: Vec<String>,
    noted: FxHashSet<String>,
    /// Keys whose values are known only after apply.
    unknown_keys: FxHashSet<String>,
    /// Whether there may be tags of any other key.
    has_unknown_keys: bool,
}

/// What may stand in a list of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Words {
    /// Tags, like `team:core` or `web`.
    Tags,
    /// Not keys and values.
    Other,
}

/// Returns the tags of a resource of a type of this provider (the last part of its source, like `awscc`).
pub(super) fn tags_of(
    attributes: &Attributes<'_>,
    (provider, type_): (&str, &str),
    defaults: &Inherited,
) -> Tags {
    if TAGS_OF_OTHERS.contains(&type_) {
        return Tags::Untaggable;
    }
    match provider {
        "awscc" => first_attribute(attributes, &AWSCC_TAGS, Words::Other),
        "aws" => aws_tags(attributes, defaults),
        "google" | "google-beta" => google_labels(attributes, defaults),
        "oci" => own_tags(attributes, &["freeform_tags", "defined_tags"]),
        "azapi" => azapi_tags(attributes, defaults),
        // Objects of a directory are not resources, and their `tags` are switches.
        "azuread" => Tags::Untaggable,
        "azurerm" | "azurestack" => first_attribute(attributes, &["tags"], Words::Other),
        "kubectl" => manifest_text(attributes),
        "vsphere" => first_attribute(attributes, &["tags"], Words::Other),
        _ => other_tags(attributes),
    }
}

fn aws_tags(attributes: &Attributes<'_>, defaults: &Inherited) -> Tags {
    let mut tagging = Tagging::default();
    if attributes.has("tags") || attributes.has("tags_all") {
        let all = attributes.part("tags_all");
        if all.known.is_some() && !all.is_unknown() {
            tagging.add_map(&all);
        } else {
            tagging.add_defaults(defaults);
        }
        return tagging.with(attributes, "tags", Words::Other);
    }
    // Groups of instances write each tag as a block, and get no default tags.
    if is_blocks(attributes, "tag") {
        return tagging.with(attributes, "tag", Words::Other);
    }
    Tags::Untaggable
}

fn google_labels(attributes: &Attributes<'_>, defaults: &Inherited) -> Tags {
    // Services of Cloud Run have their labels below `metadata`, databases among their settings.
    let below = ["metadata", "settings"];
    let places = below.iter().filter_map(|block| attributes.part(block).elements().into_iter().next());
    let known = ALL_LABELS.iter().chain(&OWN_LABELS);
    let labelled = |place: &Attributes<'_>| known.clone().any(|name| place.has(name));
    if labelled(attributes) {
        return labels_at(attributes, defaults);
    }
    match places.into_iter().find(labelled) {
        Some(place) => labels_at(&place, &Inherited::default()),
        None => Tags::Untaggable,
    }
}

fn labels_at(attributes: &Attributes<'_>, defaults: &Inherited) -> Tags {
    let mut tagging = Tagging::default();
    let complete = ALL_LABELS.iter().map(|name| attributes.part(name));
    if let Some(all) = complete.into_iter().find(|part| part.known.is_some() && !part.is_unknown()) {
        tagging.add_map(&all);
        tagging.remove(ATTRIBUTION_LABEL);
        return Tags::Read(tagging);
    }
    tagging.add_defaults(defaults);
    match OWN_LABELS.iter().find(|name| attributes.has(name)) {
        Some(own) => tagging.with(attributes, own, Words::Other),
        None => Tags::Read(tagging),
    }
}

/// Reads `tags`, or the `tags` of the body that is sent to the API; both may be given.
fn azapi_tags(attributes: &Attributes<'_>, defaults: &Inherited) -> Tags {
    let body = attributes.part("body");
    // Version 1 of the provider has the body as JSON in a text.
    let text = body.known.and_then(json_text);
    let json = text.as_deref().or(body.known).filter(|json| json.starts_with('{'));
    let raw = json.and_then(|json| serde_json::from_str::<&RawValue>(json).ok());
    let unknown = body.unknown.and_then(|json| serde_json::from_str::<&RawValue>(json).ok());
    let inner = Attributes::of(raw, unknown, None);
    if inner.has("tags") {
        let mut tagging = Tagging::default();
        tagging.add_defaults(defaults);
        return tagging.with(&inner, "tags", Words::Other);
    }
    if !attributes.has("tags") {
        return Tags::Untaggable;
    }
    let mut tagging = Tagging::default();
    tagging.add_defaults(defaults);
    tagging.with(attributes, "tags", Words::Other)
}

/// Reads the tags of a provider without a rule of its own: of Kubernetes the labels below `metadata`, of
/// others maps and lists under the usual names.
fn other_tags(attributes: &Attributes<'_>) -> Tags {
    let metadata = attributes.part("metadata").elements().into_iter().next();
    if let Some(metadata) = metadata.filter(|metadata| metadata.has("labels")) {
        return Tagging::default().with(&metadata, "labels", Words::Other);
    }
    let manifest = attributes.part("manifest").members();
    if let Some(metadata) = manifest.map(|manifest| manifest.part("metadata").members()) {
        let metadata = metadata.unwrap_or_else(|| Attributes::of(None, None, None));
        return Tagging::default().with(&metadata, "labels", Words::Other);
    }
    first_attribute(attributes, &OTHER_TAGS, Words::Tags)
}

/// A manifest of Kubernetes as a text of YAML.
fn manifest_text(attributes: &Attributes<'_>) -> Tags {
    if !attributes.has("yaml_body") {
        return Tags::Untaggable;
    }
    Tags::Unreadable {
        attribute: "yaml_body".to_owned(),
        reason: "labels in a text of YAML are not read; use `kubernetes_manifest`".to_owned(),
    }
}

/// Reads the first of these attributes that the type has. A single `tag` is a name, as of an image.
fn first_attribute(attributes: &Attributes<'_>, names: &[&str], words: Words) -> Tags {
    let has_tags = |name: &&&str| attributes.has(name) && (**name != "tag" || is_blocks(attributes, name));
    match names.iter().find(has_tags) {
        Some(name) => Tagging::default().with(attributes, name, words),
        None => Tags::Untaggable,
    }
}

/// Whether an attribute consists of blocks, or is not known yet.
fn is_blocks(attributes: &Attributes<'_>, name: &str) -> bool {
    let part = attributes.part(name);
    part.known.is_some_and(|json| json.starts_with('[')) || (part.known.is_none() && part.is_unknown())
}

/// Reads attributes that are maps, those of all names together.
fn own_tags(attributes: &Attributes<'_>, names: &[&str]) -> Tags {
    let mut tagging = Tagging::default();
    let mut names = names.iter().filter(|name| attributes.has(name)).peekable();
    if names.peek().is_none() {
        return Tags::Untaggable;
    }
    for name in names {
        tagging.add_map(&attributes.part(name));
    }
    Tags::Read(tagging)
}

impl Tagging {
    /// Adds the tags of an attribute, in whatever form it has them.
    fn with(mut self, attributes: &Attributes<'_>, name: &str, words: Words) -> Tags {
        match self.add(&attributes.part(name), words) {
            Ok(()) => Tags::Read(self),
            Err(reason) => Tags::Unreadable { attribute: name.to_owned(), reason },
        }
    }

    /// Adds tags in whatever form they are.
    ///
    /// # Errors
    ///
    /// Returns the reason why they cannot be read.
    fn add(&mut self, part: &Part<'_>, words: Words) -> Result<(), String> {
        match part.known.and_then(|json| json.as_bytes().first()) {
            Some(b'[') => self.add_list(part, words),
            Some(b'"') if part.sensitive.is_some() => Err("the tags are a secret text".to_owned()),
            Some(b'"') => {
                let tags = parse_tags(part.known.unwrap_or_default())?;
                for (key, value) in &tags.tags {
                    self.set(key, value.clone().into_owned());
                }
                self.notes.extend(tags.notes);
                Ok(())
            }
            Some(b'{') | None => {
                self.add_map(part);
                Ok(())
            }
            Some(_) => Err("the tags are neither keys with values nor a list".to_owned()),
        }
    }

    /// Adds a list of objects with a key and a value, or of words.
    fn add_list(&mut self, part: &Part<'_>, words: Words) -> Result<(), String> {
        let elements = part.elements();
        let is_text = |element: &Attributes<'_>| element.start().is_some_and(|json| json.starts_with('"'));
        if !elements.iter().any(is_text) {
            let nameless = |element: &Attributes<'_>| {
                !KEYS.iter().any(|key| element.has(key)) && element.start() != Some("null")
            };
            if elements.iter().any(nameless) {
                return Err("its elements have no `key`".to_owned());
            }
            self.add_blocks(part, |_| true);
            return Ok(());
        }
        if words == Words::Other {
            return Err("it is a list of words instead of keys and values".to_owned());
        }
        if part.sensitive == Some("true") {
            return Err("the tags are secret".to_owned());
        }
        for word in elements.iter().filter_map(|element| json_text(element.start()?)) {
            let (key, value) = word.split_once([':', '=']).unwrap_or((&word, ""));
            self.set(key.trim(), value.trim().to_owned());
        }
        Ok(())
    }

    fn remove(&mut self, key: &str) {
        if let Some(place) = self.places.remove(key) {
            self.tags.remove(place);
            for other in self.places.values_mut().filter(|other| **other > place) {
                *other -= 1;
            }
        }
    }

    /// Adds the tags that a group hands on to the instances that it starts.
    pub(super) fn add_propagated(&mut self, group: &Attributes<'_>) {
        self.add_blocks(&group.part("tag"), |block| block.part("propagate_at_launch").known == Some("true"));
    }

    /// Notes that there may be more tags than are known.
    pub(super) fn and_unknown(mut self) -> Self {
        self.has_unknown_keys = true;
        self
    }

    /// Adds tags below those that are there.
    pub(super) fn add_below(&mut self, others: &Self) {
        for (key, value) in &others.tags {
            if !self.places.contains_key(key) {
                self.set(key, value.clone());
                if others.unknown_keys.contains(key) {
                    self.unknown_keys.insert(key.clone());
                }
            }
        }
        self.has_unknown_keys |= others.has_unknown_keys;
        for note in &others.notes {
            if self.noted.insert(note.clone()) {
                self.notes.push(note.clone());
            }
        }
    }

    /// Whether there are none, for certain.
    pub(super) fn is_empty(&self) -> bool {
        self.tags.is_empty() && !self.has_unknown_keys
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
        let mut keys: Vec<String> = self.unknown_keys.into_iter().collect();
        keys.sort_unstable();
        if !keys.is_empty() || self.has_unknown_keys {
            let which = match keys.first().filter(|_| !self.has_unknown_keys) {
                Some(key) => format!("tag `{}`", crate::value::shorten(key)),
                None => "tags".to_owned(),
            };
            let reason = format!(
                "values are known only after apply, such as {which} of `{}`; checks that depend on them are undetermined",
                crate::value::shorten(&record.draft.id)
            );
            record.notes.push(Note::remark(Field::Tags, reason));
        }
        let unknown = UnknownTags { keys, others: self.has_unknown_keys };
        record.draft.unknown = (!unknown.is_empty()).then(|| Box::new(unknown));
        for note in self.notes {
            record.note(Field::Tags, note, "");
        }
    }

    /// Adds the tags that the provider adds to all its resources.
    fn add_defaults(&mut self, defaults: &Inherited) {
        if defaults.has_unknown_tags {
            self.has_unknown_keys = true;
        }
        for (key, value) in &defaults.tags {
            self.set(key, value.clone());
        }
    }

    /// Adds a map of tags, over those that are there.
    pub(super) fn add_map(&mut self, part: &Part<'_>) {
        if part.is_unknown() {
            // It may have other values for what is there already.
            self.unknown_keys.extend(self.tags.iter().map(|(key, _)| key.clone()));
            self.has_unknown_keys = true;
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
                self.set_unknown(&key);
            }
        }
    }

    /// Adds tags that are objects with a `key` (or `name`) and a `value`.
    fn add_blocks(&mut self, part: &Part<'_>, wanted: impl Fn(&Attributes<'_>) -> bool) {
        if part.is_unknown() {
            self.has_unknown_keys = true;
            return;
        }
        for block in part.elements().iter().filter(|block| wanted(block)) {
            let Some(key) = KEYS.iter().find_map(|key| block.text(key)) else {
                // The key itself is known only after apply, so that it may be any.
                self.has_unknown_keys = true;
                continue;
            };
            let value = block.part("value");
            if value.is_unknown() {
                self.set_unknown(&key);
            } else if value.sensitive.is_some() {
                self.note(&key, "is sensitive", SENSITIVE);
                self.set(&key, SENSITIVE.to_owned());
            } else {
                let text = value.known.map(|json| json_text(json).unwrap_or(Cow::Borrowed(json)));
                self.set(&key, text.unwrap_or_default().into_owned());
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

    fn set_unknown(&mut self, key: &str) {
        self.set(key, UNKNOWN.to_owned());
        self.unknown_keys.insert(key.to_owned());
    }

    fn set(&mut self, key: &str, value: String) {
        self.unknown_keys.remove(key);
        let known = self.places.get(key).and_then(|place| self.tags.get_mut(*place));
        if let Some((_, known)) = known {
            *known = value;
        } else {
            self.places.insert(key.to_owned(), self.tags.len());
            self.tags.push((key.to_owned(), value));
        }
    }
}
