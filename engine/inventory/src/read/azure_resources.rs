//! Azure resources: answers of Resource Graph, and the lists of `az resource list`, `az group list`, `az vm list`
//! and others.
//!
//! Names of types and regions are folded, as Azure compares them without case. What is not an attribute
//! (`kind`, `sku`, `properties`, …) is kept in `meta`.

use std::borrow::Cow;

use super::fields::Field;
use super::json::Answers;
use super::members::{Meaning, members};
use super::probe::Probe;
use super::record::{BadRow, Note, Record};

/// Where the records are, and what one means.
pub(crate) const ANSWERS: Answers = Answers { lists: &["data", "value"], parse, scope: None };

/// What the members of a record mean.
const MEANING: Meaning = Meaning {
    fields: &[
        ("id", Field::Id),
        ("name", Field::Name),
        ("type", Field::Type),
        ("location", Field::Region),
        ("subscriptionId", Field::Account),
        ("createdTime", Field::Created),
        ("tags", Field::Tags),
    ],
    dropped: &[],
};

/// Members of a resource by which it is distinguished from a row of a plain list.
const TELLING: [&str; 6] =
    ["location", "resourceGroup", "subscriptionId", "tenantId", "managedBy", "properties"];

/// Whether the text holds such records.
pub(crate) fn fits(probe: &Probe) -> bool {
    let lists = ANSWERS.lists;
    let azure = probe.text_in_record(lists, "id").is_some_and(|id| {
        let start = id.get(.."/subscriptions/".len());
        start.is_some_and(|start| start.eq_ignore_ascii_case("/subscriptions/"))
    });
    let empty = probe.has(".data") && (probe.has(".total_records") || probe.has(".totalRecords"));
    let ours = TELLING.iter().any(|name| probe.has_in_record(lists, name));
    // These are ours, so whoever wrote them has a list of his own.
    let plain = ["region", "account", "monthly_cost"].iter().any(|name| probe.has_in_record(lists, name));
    empty || (azure && ours && !plain) || is_account_list(probe)
}

/// Whether the text is the output of `az account list`, whose ids are bare.
fn is_account_list(probe: &Probe) -> bool {
    ["cloudName", "tenantId", "isDefault"].iter().all(|name| probe.has_in_record(&[], name))
}

fn parse<'a>(json: &'a str, _: Option<&str>) -> Result<Vec<Record<'a>>, BadRow> {
    let members = members(json)?;
    if members.json("cloudName").is_some() && members.json("isDefault").is_some() {
        return Err(BadRow::new(
            "`az account list` has no tags, so that the subscription is not evaluated; use `az graph query -q \
             \"resourcecontainers | where type == 'microsoft.resources/subscriptions'\"`",
        ));
    }
    let mut record = MEANING.read(&members);
    record.draft.provider = Some(Cow::Borrowed("azure"));
    record.draft.type_ = record.draft.type_.map(|type_| Cow::Owned(type_.to_lowercase()));
    if !members.0.iter().any(|(name, _)| name == "tags") {
        let reason = "records without the member `tags` count as untagged; a query must keep that column";
        record.notes.push(Note::remark(Field::Tags, reason.to_owned()));
    }
    record.check_id("it has no `id`; a query must keep that column")?;
    Ok(vec![record])
}
