//! AWS Resource Explorer: answers of `search` and `list-resources`, whose tags are a property.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::fields::Field;
use super::json::Answers;
use super::members::{Meaning, members, text};
use super::probe::Probe;
use super::record::{BadRow, Record};
use crate::tags::{Members, parse_tags};

/// Where the records are, and what one means.
pub(crate) const ANSWERS: Answers = Answers { lists: &["Resources"], parse, scope: None };

/// What the members of a record mean.
const MEANING: Meaning = Meaning {
    fields: &[("Arn", Field::Id), ("OwningAccountId", Field::Account), ("Region", Field::Region)],
    dropped: &["Properties", "ResourceType", "Service"],
};

/// Whether the text holds such records.
pub(crate) fn fits(probe: &Probe) -> bool {
    let lists = ANSWERS.lists;
    let record = probe.has_in_record(lists, "Arn") && probe.has_in_record(lists, "OwningAccountId");
    record || (probe.has(".Resources") && probe.has(".ViewArn"))
}

fn parse<'a>(json: &'a str, _: Option<&str>) -> Result<Vec<Record<'a>>, BadRow> {
    let members = members(json)?;
    let mut record = MEANING.read(&members);
    record.draft.provider = Some(Cow::Borrowed("aws"));
    let properties = members.json("Properties").map(serde_json::from_str::<Vec<&'a RawValue>>);
    for property in properties.and_then(Result::ok).unwrap_or_default() {
        let Ok(property) = serde_json::from_str::<Members<'a>>(property.get()) else { continue };
        if text(&property, "Name").is_some_and(|name| name.eq_ignore_ascii_case("tags"))
            && let Some(data) = property.json("Data")
        {
            match parse_tags(data) {
                Ok(tags) => record.add_tags(tags, data),
                Err(reason) => {
                    record.note(Field::Tags, format!("{reason}; the resource has no tags from here"), data);
                }
            }
        }
    }
    record.check_id("it has no `Arn`")?;
    Ok(vec![record])
}
