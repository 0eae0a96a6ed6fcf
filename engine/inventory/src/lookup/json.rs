//! Tables as JSON: objects in an array, or one after the other.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::{Found, LookupColumns, LookupError, LookupRow};
use crate::read::RECORD_LIMIT;
use crate::read::json_values::{Found as Record, Records};
use crate::source::Source;

/// Objects whose members count as headings.
const SAMPLE: usize = 1000;

/// Returns the members of the first objects in the order in which they come first.
pub(super) fn headings(source: Source, path: &Path) -> Result<Option<Vec<String>>, LookupError> {
    let mut records = Records::new(source, &[], RECORD_LIMIT);
    let mut seen = HashSet::new();
    let mut headings: Option<Vec<String>> = None;
    for _ in 0..SAMPLE {
        let Some(record) = records.next().map_err(|failure| failure.into_error(path))? else { break };
        let Members(members) = members(path, &record)?;
        let names = members.into_iter().map(|(name, _)| name);
        headings.get_or_insert_default().extend(names.filter(|name| seen.insert(name.clone())));
    }
    Ok(headings)
}

/// Reads the rows.
pub(super) fn read(
    source: Source,
    path: &Path,
    columns: LookupColumns<'_>,
    each: &mut dyn FnMut(LookupRow<'_>),
) -> Result<(), LookupError> {
    let mut records = Records::new(source, &[], RECORD_LIMIT);
    while let Some(record) = records.next().map_err(|failure| failure.into_error(path))? {
        let (line, Members(members)) = (record.line, members(path, &record)?);
        let bad = |reason: String| LookupError::new(path, reason).line(line);
        let mut found = Found::new(columns);
        for (index, (name, _)) in members.iter().enumerate() {
            found.take(name, index).map_err(bad)?;
        }
        let cell = |slot: &Option<(String, usize)>| match slot {
            Some((name, index)) => members.get(*index).map_or(Ok(None), |(_, value)| cell(name, value)),
            None => Ok(None),
        };
        let cells: Result<Vec<Option<Cow<'_, str>>>, String> = found.at.iter().map(cell).collect();
        each(LookupRow { line, cells: &cells.map_err(bad)? });
    }
    Ok(())
}

/// Returns a plain value as text; null is none.
fn cell<'v>(name: &str, value: &'v Value) -> Result<Option<Cow<'v, str>>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(Cow::Borrowed(text))),
        Value::Bool(_) | Value::Number(_) => Ok(Some(Cow::Owned(value.to_string()))),
        Value::Array(_) => Err(format!("its `{name}` is a list, expected a text, a number or a Boolean")),
        Value::Object(_) => Err(format!("its `{name}` is an object, expected a text, a number or a Boolean")),
    }
}

fn members(path: &Path, record: &Record<'_>) -> Result<Members, LookupError> {
    let bad = |reason: String| LookupError::new(path, reason).line(record.line);
    if !record.whole {
        return Err(bad(format!("a row is longer than {} MiB", RECORD_LIMIT >> 20)));
    }
    serde_json::from_slice(record.text).map_err(|error| {
        // The parser's line counts from where the row begins.
        let line = record.line + (error.line() as u64).saturating_sub(1);
        let reason = error.to_string();
        let reason = reason.rsplit_once(" at line ").map_or(reason.as_str(), |(reason, _)| reason);
        let rows = "a table is an array of objects, or one object a line";
        bad(format!("expected an object: {reason}")).line(line).help(rows)
    })
}

/// The members of an object in their order, those of one name too.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}
