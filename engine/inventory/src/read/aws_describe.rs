//! Answers of the AWS `describe` commands that carry tags: `DescribeInstances`, `DescribeVolumes`,
//! `DescribeDBInstances`, …
//!
//! The id becomes an ARN where the answer tells account and region, else it stays as it is: a volume
//! is `vol-…`. Answers that never carry tags (load balancers, functions) are not among them, because
//! everything in them would count as untagged.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::aws_region;
use super::fields::Field;
use super::json::Answers;
use super::members::{members, object, text};
use super::probe::Probe;
use super::record::{BadRow, Meta, Record};
use crate::identity::identify;
use crate::inventory::Draft;
use crate::tags::Members;

/// Where the records are, and what one means.
pub(crate) const ANSWERS: Answers = Answers { lists: &LISTS, parse, scope: Some(region) };

/// What the elements of a list are.
struct Kind {
    list: &'static str,
    /// Members that hold the id, the best first.
    ids: &'static [&'static str],
    /// What EC2 puts before the id in an ARN; none where ids are ARNs already.
    ec2: Option<&'static str>,
    name: Option<&'static str>,
    created: Option<&'static str>,
    tags: &'static str,
}

/// A kind of EC2.
const fn ec2(list: &'static str, id: &'static [&'static str], kind: &'static str) -> Kind {
    Kind { list, ids: id, ec2: Some(kind), name: None, created: None, tags: "Tags" }
}

/// A kind whose ids are ARNs.
const fn arn(
    list: &'static str,
    ids: &'static [&'static str],
    name: &'static str,
    created: &'static str,
    tags: &'static str,
) -> Kind {
    Kind { list, ids, ec2: None, name: Some(name), created: Some(created), tags }
}

const KINDS: [Kind; 44] = [
    Kind { created: Some("LaunchTime"), ..ec2("Instances", &["InstanceId"], "instance") },
    Kind { created: Some("CreateTime"), ..ec2("Volumes", &["VolumeId"], "volume") },
    Kind { created: Some("StartTime"), ..ec2("Snapshots", &["SnapshotId"], "snapshot") },
    Kind { created: Some("CreationDate"), name: Some("Name"), ..ec2("Images", &["ImageId"], "image") },
    ec2("Vpcs", &["VpcId"], "vpc"),
    ec2("Subnets", &["SubnetArn", "SubnetId"], "subnet"),
    Kind {
        name: Some("GroupName"),
        ..ec2("SecurityGroups", &["SecurityGroupArn", "GroupId"], "security-group")
    },
    Kind { tags: "TagSet", ..ec2("NetworkInterfaces", &["NetworkInterfaceId"], "network-interface") },
    Kind { created: Some("CreateTime"), ..ec2("NatGateways", &["NatGatewayId"], "natgateway") },
    ec2("InternetGateways", &["InternetGatewayId"], "internet-gateway"),
    ec2("RouteTables", &["RouteTableId"], "route-table"),
    ec2("NetworkAcls", &["NetworkAclId"], "network-acl"),
    ec2("Addresses", &["AllocationId"], "elastic-ip"),
    Kind {
        created: Some("CreateTime"),
        name: Some("LaunchTemplateName"),
        ..ec2("LaunchTemplates", &["LaunchTemplateId"], "launch-template")
    },
    ec2("TransitGateways", &["TransitGatewayArn"], "transit-gateway"),
    Kind { created: Some("CreationTimestamp"), ..ec2("VpcEndpoints", &["VpcEndpointId"], "vpc-endpoint") },
    ec2("VpcPeeringConnections", &["VpcPeeringConnectionId"], "vpc-peering-connection"),
    ec2("VpnGateways", &["VpnGatewayId"], "vpn-gateway"),
    ec2("VpnConnections", &["VpnConnectionId"], "vpn-connection"),
    ec2("CustomerGateways", &["CustomerGatewayId"], "customer-gateway"),
    ec2("DhcpOptions", &["DhcpOptionsId"], "dhcp-options"),
    ec2("KeyPairs", &["KeyPairId"], "key-pair"),
    ec2("EgressOnlyInternetGateways", &["EgressOnlyInternetGatewayId"], "egress-only-internet-gateway"),
    ec2("TransitGatewayAttachments", &["TransitGatewayAttachmentId"], "transit-gateway-attachment"),
    ec2("TransitGatewayRouteTables", &["TransitGatewayRouteTableId"], "transit-gateway-route-table"),
    ec2("CapacityReservations", &["CapacityReservationArn", "CapacityReservationId"], "capacity-reservation"),
    ec2("Hosts", &["HostId"], "dedicated-host"),
    ec2("FlowLogs", &["FlowLogId"], "vpc-flow-log"),
    ec2("PrefixLists", &["PrefixListArn", "PrefixListId"], "prefix-list"),
    ec2("PlacementGroups", &["GroupArn"], "placement-group"),
    ec2("SpotInstanceRequests", &["SpotInstanceRequestId"], "spot-instances-request"),
    ec2("ReservedInstances", &["ReservedInstancesId"], "reserved-instances"),
    ec2("ClientVpnEndpoints", &["ClientVpnEndpointId"], "client-vpn-endpoint"),
    arn("DBInstances", &["DBInstanceArn"], "DBInstanceIdentifier", "InstanceCreateTime", "TagList"),
    arn("DBClusters", &["DBClusterArn"], "DBClusterIdentifier", "ClusterCreateTime", "TagList"),
    arn("DBSnapshots", &["DBSnapshotArn"], "DBSnapshotIdentifier", "SnapshotCreateTime", "TagList"),
    arn("AutoScalingGroups", &["AutoScalingGroupARN"], "AutoScalingGroupName", "CreatedTime", "Tags"),
    arn("TagDescriptions", &["ResourceArn", "LoadBalancerName"], "LoadBalancerName", "", "Tags"),
    arn("FileSystems", &["FileSystemArn", "ResourceARN"], "Name", "CreationTime", "Tags"),
    arn("SecretList", &["ARN"], "Name", "CreatedDate", "Tags"),
    arn("Stacks", &["StackId"], "StackName", "CreationTime", "Tags"),
    arn("Clusters", &["ClusterNamespaceArn"], "ClusterIdentifier", "ClusterCreateTime", "Tags"),
    arn("clusters", &["clusterArn"], "clusterName", "", "tags"),
    arn("services", &["serviceArn"], "serviceName", "createdAt", "tags"),
];

/// The members of answers that hold them.
const LISTS: [&str; 44] = [
    "Reservations",
    "Volumes",
    "Snapshots",
    "Images",
    "Vpcs",
    "Subnets",
    "SecurityGroups",
    "NetworkInterfaces",
    "NatGateways",
    "InternetGateways",
    "RouteTables",
    "NetworkAcls",
    "Addresses",
    "LaunchTemplates",
    "TransitGateways",
    "VpcEndpoints",
    "VpcPeeringConnections",
    "VpnGateways",
    "VpnConnections",
    "CustomerGateways",
    "DhcpOptions",
    "KeyPairs",
    "EgressOnlyInternetGateways",
    "TransitGatewayAttachments",
    "TransitGatewayRouteTables",
    "CapacityReservations",
    "Hosts",
    "FlowLogs",
    "PrefixLists",
    "PlacementGroups",
    "SpotInstanceRequests",
    "ReservedInstances",
    "ClientVpnEndpoints",
    "DBInstances",
    "DBClusters",
    "DBSnapshots",
    "AutoScalingGroups",
    "TagDescriptions",
    "FileSystems",
    "SecretList",
    "Stacks",
    "Clusters",
    "clusters",
    "services",
];

/// Whether the text holds such answers.
pub(crate) fn fits(probe: &Probe) -> bool {
    let reservations = probe.has(".Reservations[].Instances") || probe.has("[].Reservations[].Instances");
    let named = |kind: &Kind| {
        kind.ids.iter().any(|id| {
            probe.has(&format!(".{}[].{id}", kind.list)) || probe.has(&format!("[].{}[].{id}", kind.list))
        })
    };
    // An empty list of a common name says nothing; `{"Reservations": []}` says enough.
    reservations || probe.has(".Reservations") || KINDS.iter().any(named)
}

fn parse<'a>(json: &'a str, list: Option<&str>) -> Result<Vec<Record<'a>>, BadRow> {
    let record = members(json)?;
    if list == Some("Reservations") {
        let owner = text(&record, "OwnerId");
        let instances = record.json("Instances").unwrap_or("[]");
        let bad = || BadRow::new("its `Instances` is not a list of objects");
        let instances: Vec<&'a RawValue> = serde_json::from_str(instances).map_err(|_| bad())?;
        let kind = KINDS.first().ok_or_else(|| BadRow::new("its kind is unknown"))?;
        let instance = |json: &&'a RawValue| {
            let members = serde_json::from_str(json.get()).map_err(|_| bad())?;
            read(kind, &members, owner.clone())
        };
        return instances.iter().map(instance).collect();
    }
    let known = |kind: &&Kind| list == Some(kind.list);
    let bare = |kind: &&Kind| list.is_none() && kind.ids.iter().any(|id| record.json(id).is_some());
    let kind = KINDS.iter().find(known).or_else(|| KINDS.iter().find(bare));
    let kind = kind.ok_or_else(|| BadRow::new("it is not the output of a known `describe` command"))?;
    Ok(vec![read(kind, &record, None)?])
}

/// Reads a resource; `owner` is the account that what is around it tells.
fn read<'a>(kind: &Kind, members: &Members<'a>, owner: Option<Cow<'a, str>>) -> Result<Record<'a>, BadRow> {
    let mut record = Record::default();
    let mut meta = Meta::default();
    record.draft.provider = Some(Cow::Borrowed("aws"));
    record.draft.id = kind.ids.iter().find_map(|id| text(members, id)).unwrap_or_default();
    record.draft.account = owner.or_else(|| text(members, "OwnerId"));
    record.draft.region = zone(members).as_deref().and_then(aws_region).map(|r| Cow::Owned(r.to_owned()));
    let named = [(kind.name, Field::Name), (kind.created, Field::Created), (Some(kind.tags), Field::Tags)];
    for (name, field) in named {
        if let Some(json) = name.and_then(|name| members.json(name)) {
            record.set_json(field, json, &mut meta);
        }
    }
    for (name, value) in &members.0 {
        if name != kind.tags {
            meta.add(name, value.get());
        }
    }
    record.draft.meta = meta.into_json().map(Cow::Owned);
    if let Some(part) = kind.ec2 {
        record.draft.type_ = Some(Cow::Owned(format!("ec2:{part}")));
        complete_id(&mut record, part);
    }
    record.check_id(&format!("it has no `{}`", kind.ids.first().unwrap_or(&"id")))?;
    Ok(record)
}

/// Returns the region of a resource; one command asks one region.
fn region(draft: &Draft<'_>) -> Option<String> {
    let region = draft.region.as_deref();
    region.or_else(|| identify(&draft.id).region).map(str::to_owned)
}

/// Returns the availability zone of a resource.
fn zone<'a>(members: &Members<'a>) -> Option<Cow<'a, str>> {
    let placed = || text(&object(members, "Placement")?, "AvailabilityZone");
    text(members, "AvailabilityZone").or_else(placed)
}

/// Makes an ARN of an id of EC2 where account and region are known.
fn complete_id(record: &mut Record<'_>, kind: &str) {
    let draft = &mut record.draft;
    if draft.id.is_empty() || draft.id.starts_with("arn:") {
        return;
    }
    if let (Some(account), Some(region)) = (&draft.account, &draft.region) {
        let partition = match region {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        draft.id = Cow::Owned(format!("arn:{partition}:ec2:{region}:{account}:{kind}/{}", draft.id));
    }
}
