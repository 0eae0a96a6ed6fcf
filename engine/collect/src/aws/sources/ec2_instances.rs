//! EC2 instances with their state and type.

use serde_json::{Value, json};

use super::super::signed::Service;
use super::super::{Place, xml};
use super::owned;
use crate::output::Pages;
use crate::pager::{Page, Pager, lacks};
use crate::source::{Call, Running, Source, Stop};

pub(super) const NAME: &str = "aws-ec2-instances";
pub(super) const TYPES: &[&str] = &["ec2:instance"];

/// What it asks.
const CALLS: [Call; 1] = [Call::of("ec2:DescribeInstances")];

/// What is kept of an instance, as the command line of AWS names it.
const MEMBERS: [xml::Member; 17] = [
    ("InstanceId", "instanceId"),
    ("State.Name", "instanceState/name"),
    ("InstanceType", "instanceType"),
    ("LaunchTime", "launchTime"),
    ("Placement.AvailabilityZone", "placement/availabilityZone"),
    ("Placement.Tenancy", "placement/tenancy"),
    ("ImageId", "imageId"),
    ("VpcId", "vpcId"),
    ("SubnetId", "subnetId"),
    ("Architecture", "architecture"),
    ("Platform", "platform"),
    ("PlatformDetails", "platformDetails"),
    ("InstanceLifecycle", "instanceLifecycle"),
    ("KeyName", "keyName"),
    ("PrivateIpAddress", "privateIpAddress"),
    ("PublicIpAddress", "ipAddress"),
    ("IamInstanceProfile.Arn", "iamInstanceProfile/arn"),
];

pub(super) struct Instances;

impl Source<Place> for Instances {
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
                page(&describe(place, "DescribeInstances", token.as_deref()).await?, &place.account)
            });
            while let Some(reservations) = pager.next().await? {
                let instances =
                    reservations.iter().filter_map(|reservation| reservation.get("Instances")?.as_array());
                let count = instances.map(Vec::len).sum();
                if count > 0 {
                    pages.add(&json!({"Reservations": reservations}), count)?;
                }
            }
            Ok(())
        })
    }
}

/// Gets a page of a list of EC2.
pub(super) async fn describe(place: &Place, operation: &str, token: Option<&str>) -> Result<String, Stop> {
    let parameters = [Some(("MaxResults", "1000")), token.map(|token| ("NextToken", token))];
    let parameters: Vec<_> = parameters.into_iter().flatten().collect();
    place.signed.query(Service::EC2, &place.region, operation, &parameters).await
}

/// Returns the reservations of a page.
fn page(text: &str, account: &str) -> Result<Page<Vec<Value>>, Stop> {
    let document = xml::parse(text)?;
    let root = document.root_element();
    let missing = || lacks(CALLS[0].name, "reservationSet");
    let set = xml::child(root, "reservationSet").ok_or_else(missing)?;
    let reservation = |node: roxmltree::Node<'_, '_>| {
        let instances = xml::child(node, "instancesSet");
        let instances =
            instances.into_iter().flat_map(|set| set.children()).filter(roxmltree::Node::is_element);
        let instance = |node: roxmltree::Node<'_, '_>| {
            let mut object = xml::object(node, &MEMBERS);
            object.insert("Tags".to_owned(), xml::tags(xml::child(node, "tagSet")));
            Value::Object(object)
        };
        let owner = xml::text(node, "ownerId").unwrap_or(account);
        json!({"OwnerId": owner, "Instances": instances.map(instance).collect::<Vec<_>>()})
    };
    let content = set.children().filter(roxmltree::Node::is_element).map(reservation).collect();
    Ok(Page { content, next: xml::text(root, "nextToken").map(str::to_owned) })
}
