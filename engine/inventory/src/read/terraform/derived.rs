//! Resources that come with others and have no address of their own: the volumes of instances, and
//! the instances and volumes of groups. They inherit tags, and cost money.

use std::borrow::Cow;

use super::Found;
use super::attributes::Attributes;
use super::launch::{Launch, Templates};
use super::tags::Tagging;
use crate::read::record::Record;

/// Blocks of an instance that are volumes.
const VOLUMES: [&str; 2] = ["root_block_device", "ebs_block_device"];

/// Returns what comes with a resource.
pub(super) fn of(found: &Found<'_>, record: &Record<'static>, templates: &Templates) -> Vec<Record<'static>> {
    let launch = || templates.of_resource(&found.address, &found.attributes);
    match found.type_ {
        "aws_instance" => volumes(found, record),
        "aws_autoscaling_group" => {
            let mut instances = Tagging::default();
            instances.add_propagated(&found.attributes);
            started(found, record, "", instances, &launch())
        }
        // They hand no tags of their own on.
        "aws_eks_node_group" | "aws_ec2_fleet" => started(found, record, "", Tagging::default(), &launch()),
        "aws_spot_fleet_request" => spot_fleet(found, record, templates),
        "aws_batch_compute_environment" => batch(found, record),
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

/// Returns the instances that a group starts, as one resource, and their volumes, as another: tags that the
/// group hands on count before those of the launch template, and reach instances only. Volumes are not
/// listed if neither have tags: one finding is enough.
fn started(
    found: &Found<'_>,
    record: &Record<'static>,
    block: &str,
    mut instances: Tagging,
    launch: &Launch<'_>,
) -> Vec<Record<'static>> {
    let volumes = match launch {
        Launch::Template(template) => {
            instances.add_below(&template.instances);
            template.volumes.clone()
        }
        Launch::Unknown => {
            instances = instances.and_unknown();
            Tagging::default().and_unknown()
        }
        Launch::WithoutTags => Tagging::default(),
    };
    let with_volumes = !(instances.is_empty() && volumes.is_empty());
    let mut started = vec![derived(found, record, &format!("{block}instances"), "ec2:instance", instances)];
    if with_volumes {
        started.push(derived(found, record, &format!("{block}volumes"), "ec2:volume", volumes));
    }
    started
}

/// Returns the instances of a spot fleet: those of each specification, or those of its launch template.
fn spot_fleet(found: &Found<'_>, record: &Record<'static>, templates: &Templates) -> Vec<Record<'static>> {
    let specifications = found.attributes.part("launch_specification").elements();
    if specifications.is_empty() {
        let launch = templates.of_resource(&found.address, &found.attributes);
        return started(found, record, "", Tagging::default(), &launch);
    }
    let one = |(number, specification): (usize, &Attributes<'_>)| {
        let mut instances = Tagging::default();
        instances.add_map(&specification.part("tags"));
        let block = format!("launch_specification[{number}].");
        started(found, record, &block, instances, &Launch::WithoutTags)
    };
    specifications.iter().enumerate().flat_map(one).collect()
}

/// Returns the instances of a compute environment of AWS Batch that runs on instances.
fn batch(found: &Found<'_>, record: &Record<'static>) -> Vec<Record<'static>> {
    let resources = found.attributes.part("compute_resources").elements();
    let on_instances = resources.iter().filter(|resources| {
        resources.text("type").is_some_and(|type_| matches!(type_.as_str(), "EC2" | "SPOT"))
    });
    let instances = |resources: &Attributes<'_>| {
        let mut tagging = Tagging::default();
        tagging.add_map(&resources.part("tags"));
        derived(found, record, "instances", "ec2:instance", tagging)
    };
    on_instances.map(instances).collect()
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
