//! AWS Config: snapshots and histories that it delivers, and answers of `SelectResourceConfig`.
//!
//! An item of a deleted resource is left out. Types are those of the ARN; an item without one has
//! its type folded: `AWS::EC2::Instance` is `ec2:instance`.

use std::borrow::Cow;

use super::fields::Field;
use super::json::Answers;
use super::members::{Meaning, members, text};
use super::probe::Probe;
use super::record::{BadRow, Record};
use crate::tags::json_text;

/// Where the records are, and what one means.
pub(crate) const ANSWERS: Answers =
    Answers { lists: &["configurationItems", "Results", "baseConfigurationItems"], parse, scope: None };

/// What the members of an item mean.
const MEANING: Meaning = Meaning {
    fields: &[
        ("arn", Field::Id),
        ("ARN", Field::Id),
        ("resourceId", Field::Id),
        ("resourceName", Field::Name),
        ("awsAccountId", Field::Account),
        ("accountId", Field::Account),
        ("awsRegion", Field::Region),
        ("resourceCreationTime", Field::Created),
        ("tags", Field::Tags),
    ],
    dropped: &["resourceType", "relationships", "supplementaryConfiguration", "relatedEvents"],
};

/// Types whose configuration holds the environment of programs, and passwords with it.
const WITH_SECRETS: [&str; 2] = ["AWS::Lambda::Function", "AWS::ECS::TaskDefinition"];

/// What the members of an item of these types mean.
const MEANING_OF_SECRETS: Meaning = Meaning {
    fields: MEANING.fields,
    dropped: &[
        "resourceType",
        "relationships",
        "supplementaryConfiguration",
        "relatedEvents",
        "configuration",
    ],
};

/// Whether the text holds such records.
pub(crate) fn fits(probe: &Probe) -> bool {
    let item = ["resourceType", "awsRegion"].iter().all(|name| probe.has_in_record(ANSWERS.lists, name));
    let selected = [".Results[]", "[].Results[]"]
        .iter()
        .any(|results| probe.text(results).is_some_and(|text| text.starts_with('{')));
    item || selected || probe.has(".configurationItems") || (probe.has(".Results") && probe.has(".QueryInfo"))
}

fn parse<'a>(json: &'a str, _: Option<&str>) -> Result<Vec<Record<'a>>, BadRow> {
    if !json.starts_with('"') {
        return item(json);
    }
    // `SelectResourceConfig` answers with JSON in strings.
    let inner = json_text(json).ok_or_else(|| BadRow::new("it is not valid text"))?;
    Ok(item(&inner)?.into_iter().map(Record::into_owned).collect())
}

fn item(json: &str) -> Result<Vec<Record<'_>>, BadRow> {
    let members = members(json)?;
    let deleted = text(&members, "configurationItemStatus")
        .is_some_and(|status| status.starts_with("ResourceDeleted") || status == "ResourceNotRecorded");
    if deleted {
        return Ok(Vec::new());
    }
    let type_ = text(&members, "resourceType").unwrap_or_default();
    let meaning = if WITH_SECRETS.contains(&type_.as_ref()) { &MEANING_OF_SECRETS } else { &MEANING };
    let mut record = meaning.read(&members);
    record.draft.provider = Some(Cow::Borrowed("aws"));
    if !record.draft.id.starts_with("arn:") {
        record.draft.type_ = (!type_.is_empty()).then(|| Cow::Owned(fold_type(&type_)));
    }
    record.check_id("it has neither `arn` nor `resourceId`; a query must select one")?;
    Ok(vec![record])
}

/// Turns `AWS::EC2::SecurityGroup` into `ec2:security-group`.
fn fold_type(type_: &str) -> String {
    let mut parts = type_.split("::").skip(1);
    let service = parts.next().unwrap_or(type_).to_lowercase();
    let Some(kind) = parts.next() else { return service };
    let mut folded = String::new();
    let mut before = None;
    for c in kind.chars() {
        if c.is_uppercase() && before.is_some_and(char::is_lowercase) {
            folded.push('-');
        }
        folded.extend(c.to_lowercase());
        before = Some(c);
    }
    format!("{service}:{folded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_without_an_arn() {
        for (type_, folded) in [
            ("AWS::EC2::Instance", "ec2:instance"),
            ("AWS::EC2::SecurityGroup", "ec2:security-group"),
            ("AWS::EC2::EIP", "ec2:eip"),
            ("AWS::S3", "s3"),
            ("odd", "odd"),
        ] {
            assert_eq!(fold_type(type_), folded);
        }
    }
}
