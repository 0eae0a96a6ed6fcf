//! Records of APIs: some members are attributes of the resource, the others its `meta`.

use super::fields::Field;
use super::record::{BadRow, Meta, Record};
use crate::tags::{Members, json_text};

/// Reads the members of a JSON object.
pub(crate) fn members(json: &str) -> Result<Members<'_>, BadRow> {
    serde_json::from_str(json).map_err(|error| BadRow::syntax(&error))
}

/// Returns the text of a member; none where it is not a text, or the empty one.
pub(crate) fn text<'a>(members: &Members<'a>, name: &str) -> Option<std::borrow::Cow<'a, str>> {
    json_text(members.json(name)?).filter(|text| !text.is_empty())
}

/// Returns the members of a member that is an object; none where it is none.
pub(crate) fn object<'a>(members: &Members<'a>, name: &str) -> Option<Members<'a>> {
    serde_json::from_str(members.json(name)?).ok()
}

/// What the members of a record mean.
pub(crate) struct Meaning {
    /// Members that are attributes. Of several of one attribute the first that is there counts.
    pub(crate) fields: &'static [(&'static str, Field)],
    /// Members that are not kept.
    pub(crate) dropped: &'static [&'static str],
}

impl Meaning {
    /// Makes a record of members; what has no meaning is kept in its `meta`.
    pub(crate) fn read<'a>(&self, members: &Members<'a>) -> Record<'a> {
        let mut record = Record::default();
        let mut meta = Meta::default();
        let mut set: Vec<Field> = Vec::new();
        for (name, field) in self.fields {
            if let Some(json) = members.json(name)
                && json != "\"\""
                && !set.contains(field)
            {
                set.push(*field);
                record.set_json(*field, json, &mut meta);
            }
        }
        for (name, value) in &members.0 {
            let known = self.fields.iter().any(|(field, _)| field == name);
            if !known && !self.dropped.iter().any(|dropped| dropped == name) {
                meta.add(name, value.get());
            }
        }
        record.draft.meta = meta.into_json().map(std::borrow::Cow::Owned);
        record
    }
}
