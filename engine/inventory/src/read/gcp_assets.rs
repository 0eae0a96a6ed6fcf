//! Google Cloud assets: exports and search results of Cloud Asset Inventory, and lists of single services.
//!
//! An export has the resource's own data, a search result its attributes; both may come as one
//! asset a line, as an array, or as an answer of the API. Labels are the tags; a label without a
//! value is there, with an empty one. What is not an attribute is kept in `meta`, the data of an export
//! as `resource.data`.

use std::borrow::Cow;

use super::fields::Field;
use super::gcp_lists;
use super::json::Answers;
use super::members::{Meaning, members, object, text};
use super::probe::Probe;
use super::record::{BadRow, Record};
use crate::tags::{Members, Tag, json_text};

/// Where the records are, and what one means.
pub(crate) const ANSWERS: Answers =
    Answers { lists: &["assets", "results", "readTimeAssets"], parse, scope: None };

/// What the members of a record mean.
const MEANING: Meaning = Meaning {
    fields: &[
        ("name", Field::Id),
        ("displayName", Field::Name),
        ("assetType", Field::Type),
        ("asset_type", Field::Type),
        ("location", Field::Region),
        ("createTime", Field::Created),
    ],
    dropped: &["labels"],
};

/// Members of the data of an export that say where and when a resource was made.
const LOCATIONS: [&str; 4] = ["location", "region", "zone", "locationId"];
const MADE: [&str; 4] = ["creationTimestamp", "timeCreated", "createTime", "creation_time"];

/// Whether the text holds such records.
pub(crate) fn fits(probe: &Probe) -> bool {
    let is_asset = ["assetType", "asset_type"].iter().any(|name| probe.has_in_record(ANSWERS.lists, name));
    is_asset || gcp_lists::fits(probe)
}

fn parse<'a>(json: &'a str, _: Option<&str>) -> Result<Vec<Record<'a>>, BadRow> {
    let members = members(json)?;
    if gcp_lists::is_listed(&members) {
        return Ok(vec![gcp_lists::parse(&members)?]);
    }
    if members.json("deleted") == Some("true") {
        return Ok(Vec::new());
    }
    let mut record = MEANING.read(&members);
    let resource = object(&members, "resource");
    let data = resource.as_ref().and_then(|resource| object(resource, "data"));
    record.draft.provider = Some(Cow::Borrowed("gcp"));
    record.draft.account = project(&members).or_else(|| record.draft.account.take());
    if let Some(resource) = &resource {
        record.draft.region = record.draft.region.take().or_else(|| text(resource, "location"));
    }
    if let Some(data) = &data {
        read_data(&mut record, data);
    }
    let labels = [&members].into_iter().chain(&data).find_map(|members| members.json("labels"));
    if let Some(labels) = labels {
        read_labels(&mut record, labels);
    }
    record.check_id("it has no `name`")?;
    Ok(vec![record])
}

/// Returns the project of the asset's full name, which is spelled out there, else its number.
fn project<'a>(members: &Members<'a>) -> Option<Cow<'a, str>> {
    let name = text(members, "name")?;
    if crate::identity::identify(&name).account.is_some() {
        return None;
    }
    let ancestors: Vec<String> =
        members.json("ancestors").and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let ancestor =
        || ancestors.into_iter().find(|ancestor| ancestor.starts_with("projects/")).map(Cow::Owned);
    let number = text(members, "project").or_else(ancestor)?;
    Some(Cow::Owned(number.strip_prefix("projects/").unwrap_or(&number).to_owned()))
}

/// Takes from the resource's own data what the asset does not say.
pub(super) fn read_data<'a>(record: &mut Record<'a>, data: &Members<'a>) {
    let draft = &mut record.draft;
    draft.name = draft.name.take().or_else(|| text(data, "name").filter(|name| !name.contains('/')));
    let place = LOCATIONS.iter().find_map(|name| text(data, name));
    // Zones and regions are given as addresses: `https://…/zones/europe-west1-b`.
    let place = place.map(|place| Cow::Owned(place.rsplit('/').next().unwrap_or_default().to_owned()));
    draft.region = draft.region.take().or(place);
    if draft.created.is_none()
        && let Some(made) = MADE.iter().find_map(|name| text(data, name))
    {
        draft.created = crate::value::parse_moment(&made);
    }
}

/// Reads labels; `null` is an empty value.
pub(super) fn read_labels<'a>(record: &mut Record<'a>, json: &'a str) {
    let Ok(Members(labels)) = serde_json::from_str(json) else {
        record.note(
            Field::Tags,
            "the labels are not a JSON object; the resource has no tags from here",
            json,
        );
        return;
    };
    let label = |(key, value): (Cow<'a, str>, &'a serde_json::value::RawValue)| -> Tag<'a> {
        let value = match value.get() {
            "null" => Cow::Borrowed(""),
            json => json_text(json).unwrap_or(Cow::Borrowed(json)),
        };
        (key, value)
    };
    record.add_tag_columns(labels.into_iter().map(label).collect());
}
