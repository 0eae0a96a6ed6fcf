//! The attributes of a resource: what is known, what only applying tells, and what is secret.

use serde_json::value::RawValue;

use crate::tags::{Members, json_text};

/// Attributes under which resources have their names.
const NAMES: [&str; 8] = [
    "name",
    "bucket",
    "identifier",
    "cluster_identifier",
    "function_name",
    "replication_group_id",
    "domain_name",
    "db_instance_identifier",
];

/// Attributes that say where a resource is.
const PLACES: [&str; 2] = ["region", "location"];
const ZONES: [&str; 2] = ["availability_zone", "zone"];

/// The attributes of a resource.
#[derive(Debug)]
pub(super) struct Attributes<'a> {
    text: Option<&'a str>,
    known: Members<'a>,
    unknown: Members<'a>,
    sensitive: Members<'a>,
}

/// What is known of an attribute that is a map or a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part<'a> {
    pub(super) known: Option<&'a str>,
    pub(super) unknown: Option<&'a str>,
    pub(super) sensitive: Option<&'a str>,
}

impl<'a> Attributes<'a> {
    /// Takes them apart; what is not an object has no attributes.
    pub(super) fn of(
        known: Option<&'a RawValue>,
        unknown: Option<&'a RawValue>,
        sensitive: Option<&'a RawValue>,
    ) -> Self {
        let members = |json: Option<&'a RawValue>| {
            json.and_then(|json| serde_json::from_str(json.get()).ok()).unwrap_or(Members(Vec::new()))
        };
        Self {
            text: known.map(RawValue::get),
            known: members(known),
            unknown: members(unknown),
            sensitive: members(sensitive),
        }
    }

    /// Returns the text of all that is known, by which its line is found.
    pub(super) fn start(&self) -> Option<&'a str> {
        self.text
    }

    /// Whether resources of this type have the attribute, with or without a value.
    pub(super) fn has(&self, name: &str) -> bool {
        [&self.known, &self.unknown].iter().any(|members| members.0.iter().any(|(found, _)| found == name))
    }

    /// Returns what is known of an attribute.
    pub(super) fn part(&self, name: &str) -> Part<'a> {
        Part {
            known: self.known.json(name),
            unknown: self.unknown.json(name).filter(|json| *json != "false"),
            sensitive: self.sensitive.json(name).filter(|json| *json != "false"),
        }
    }

    /// Returns an attribute that is a text and no secret.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let part = self.part(name);
        let text = json_text(part.known?).filter(|text| !text.is_empty());
        text.filter(|_| part.sensitive.is_none()).map(std::borrow::Cow::into_owned)
    }

    /// Returns the name of the resource.
    pub(super) fn name(&self) -> Option<String> {
        NAMES.iter().find_map(|name| self.text(name))
    }

    /// Returns the region of the resource; that of its zone where it has only one.
    pub(super) fn region(&self) -> Option<String> {
        let zone = || ZONES.iter().find_map(|name| self.text(name));
        let region = |zone: String| match zone.rsplit_once('-') {
            // `europe-west1-b` of Google; AWS writes `eu-west-1b`.
            Some((region, end)) if end.len() == 1 && end.bytes().all(|b| b.is_ascii_lowercase()) => {
                region.to_owned()
            }
            _ => crate::read::aws_region(&zone).unwrap_or(&zone).to_owned(),
        };
        PLACES.iter().find_map(|name| self.text(name)).or_else(|| zone().map(region))
    }
}

impl<'a> Part<'a> {
    /// Whether nothing of it is known before applying.
    pub(super) fn is_unknown(&self) -> bool {
        self.unknown == Some("true")
    }

    /// Returns the members of an object; None if nothing of one is known.
    pub(super) fn members(&self) -> Option<Attributes<'a>> {
        let raw = |json: Option<&'a str>| json.and_then(|json| serde_json::from_str::<&RawValue>(json).ok());
        self.known.filter(|json| json.starts_with('{'))?;
        Some(Attributes::of(raw(self.known), raw(self.unknown), raw(self.sensitive)))
    }

    /// Returns the elements of a list.
    pub(super) fn elements(&self) -> Vec<Attributes<'a>> {
        let list = |json: Option<&'a str>| -> Vec<&'a RawValue> {
            json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
        };
        let (known, unknown, sensitive) = (list(self.known), list(self.unknown), list(self.sensitive));
        let element =
            |(at, known)| Attributes::of(Some(known), unknown.get(at).copied(), sensitive.get(at).copied());
        known.into_iter().enumerate().map(element).collect()
    }
}
