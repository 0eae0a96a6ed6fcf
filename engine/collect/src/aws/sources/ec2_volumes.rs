//! EBS volumes with their state, size and type.

use serde_json::{Value, json};

use super::super::{Place, xml};
use super::ec2_instances::describe;
use super::owned;
use crate::output::Pages;
use crate::pager::{Page, Pager, lacks};
use crate::source::{Call, Running, Source, Stop};

pub(super) const NAME: &str = "aws-ec2-volumes";
pub(super) const TYPES: &[&str] = &["ec2:volume"];

/// What it asks.
const CALLS: [Call; 1] = [Call::of("ec2:DescribeVolumes")];

/// What is kept of a volume, as the command line of AWS names it.
const MEMBERS: [xml::Member; 9] = [
    ("VolumeId", "volumeId"),
    ("State", "status"),
    ("VolumeType", "volumeType"),
    ("Size", "size"),
    ("Iops", "iops"),
    ("Encrypted", "encrypted"),
    ("CreateTime", "createTime"),
    ("AvailabilityZone", "availabilityZone"),
    ("SnapshotId", "snapshotId"),
];

pub(super) struct Volumes;

impl Source<Place> for Volumes {
    fn name(&self) -> &'static str {
        NAME
    }

    fn calls(&self) -> &'static [Call] {
        &CALLS
    }

    fn types(&self) -> Vec<String> {
        owned(TYPES)
    }

    fn pages<'a>(&'a self, place: &'a Place, pages: &'a mut Pages) -> Running<'a> {
        Box::pin(async move {
            let mut pager = Pager::new(|token| async move {
                page(&describe(place, "DescribeVolumes", token.as_deref()).await?, &place.account)
            });
            while let Some(volumes) = pager.next().await? {
                let count = volumes.len();
                if count > 0 {
                    pages.add(&json!({"Volumes": volumes}), count)?;
                }
            }
            Ok(())
        })
    }
}

/// Returns the volumes of a page.
fn page(text: &str, account: &str) -> Result<Page<Vec<Value>>, Stop> {
    let document = xml::parse(text)?;
    let root = document.root_element();
    let missing = || lacks(CALLS[0].name, "volumeSet");
    let set = xml::child(root, "volumeSet").ok_or_else(missing)?;
    let volume = |node: roxmltree::Node<'_, '_>| {
        let mut object = xml::object(node, &MEMBERS);
        // A volume does not name its account, without which its id is not an ARN.
        object.insert("OwnerId".to_owned(), Value::from(account));
        object.insert("Tags".to_owned(), xml::tags(xml::child(node, "tagSet")));
        Value::Object(object)
    };
    let content = set.children().filter(roxmltree::Node::is_element).map(volume).collect();
    Ok(Page { content, next: xml::text(root, "nextToken").map(str::to_owned) })
}
