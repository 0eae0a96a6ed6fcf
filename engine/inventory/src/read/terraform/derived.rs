//! Resources that come with others and have no address of their own: the volumes of instances, and
//! the instances of groups. They inherit tags, and cost money.

use std::borrow::Cow;

use super::Found;
use super::attributes::Attributes;
use super::tags::Tagging;
use crate::read::record::Record;

/// Blocks of an instance that are volumes.
const VOLUMES: [&str; 2] = ["root_block_device", "ebs_block_device"];

/// Returns what comes with a resource.
pub(super) fn of(found: &Found<'_>, record: &Record<'static>) -> Vec<Record<'static>> {
    match found.type_ {
        "aws_instance" => volumes(found, record),
        "aws_autoscaling_group" => instances(found, record),
        _ => Vec::new(),
    }
}

/// Returns the volumes that an instance declares: each has its block's tags, else those of
/// `volume_tags`.
fn volumes(found: &Found<'_>, record: &Record<'static>) -> Vec<Record<'static>> {
    let common = Tagging::first_of(&found.attributes, &["volume_tags"]);
    let volume = |block: &str, number: usize, attributes: &Attributes<'_>| {
        let own = Tagging::first_of(attributes, &["tags_all", "tags"]);
        let tagging = own.or_else(|| common.clone()).unwrap_or_default();
        derived(found, record, &format!("{block}[{number}]"), "ec2:volume", tagging)
    };
    let blocks = VOLUMES.iter().map(|block| (*block, found.attributes.part(block).elements()));
    let declared: Vec<_> = blocks
        .flat_map(|(block, elements)| {
            let volumes = elements.iter().enumerate().map(|(number, element)| volume(block, number, element));
            volumes.collect::<Vec<_>>()
        })
        .collect();
    match common {
        // An instance has a root volume, whether its block is written or not.
        Some(tagging) if declared.is_empty() => {
            vec![derived(found, record, "root_block_device[0]", "ec2:volume", tagging)]
        }
        _ => declared,
    }
}

/// Returns the instances of a group that hands tags on to them, as one resource.
fn instances(found: &Found<'_>, record: &Record<'static>) -> Vec<Record<'static>> {
    let tagging = Tagging::propagated(&found.attributes);
    tagging.map(|tagging| derived(found, record, "instances", "ec2:instance", tagging)).into_iter().collect()
}

fn derived(
    found: &Found<'_>,
    parent: &Record<'static>,
    part: &str,
    type_: &'static str,
    tagging: Tagging,
) -> Record<'static> {
    let mut record = Record::default();
    let draft = &mut record.draft;
    draft.id = Cow::Owned(format!("{}.{part}", found.address));
    draft.type_ = Some(Cow::Borrowed(type_));
    draft.provider = parent.draft.provider.clone();
    draft.account = parent.draft.account.clone();
    draft.region = parent.draft.region.clone();
    draft.meta = parent.draft.meta.clone();
    let name = tagging.name().or_else(|| parent.draft.name.as_deref().map(str::to_owned));
    draft.name = name.map(Cow::Owned);
    tagging.into_record(&mut record);
    record
}
