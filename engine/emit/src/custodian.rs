//! Policies of Cloud Custodian: one for each kind of resources and change. They select resources by their ids and by the tags
//! that the plan was made from, so that one that has changed since is left alone.

use std::collections::BTreeMap;

use tagpol_remediate::PlannedResource;
use tagpol_sema::clouds::Cloud;

use crate::{Draft, Writes};

/// A kind of resources.
struct Kind {
    /// The type as inventories have it.
    type_: &'static str,
    /// The resource of Custodian.
    resource: &'static str,
    /// The field by which it is found.
    field: &'static str,
    /// Whether the field is the whole ARN, or the part of it behind the last `/` or `:`.
    whole: bool,
}

const fn kind(type_: &'static str, resource: &'static str, field: &'static str, whole: bool) -> Kind {
    Kind { type_, resource, field, whole }
}

const AWS: [Kind; 22] = [
    kind("dynamodb:table", "aws.dynamodb-table", "TableArn", true),
    kind("ec2:image", "aws.ami", "ImageId", false),
    kind("ec2:instance", "aws.ec2", "InstanceId", false),
    kind("ec2:natgateway", "aws.nat-gateway", "NatGatewayId", false),
    kind("ec2:network-interface", "aws.eni", "NetworkInterfaceId", false),
    kind("ec2:security-group", "aws.security-group", "GroupId", false),
    kind("ec2:snapshot", "aws.ebs-snapshot", "SnapshotId", false),
    kind("ec2:subnet", "aws.subnet", "SubnetId", false),
    kind("ec2:volume", "aws.ebs", "VolumeId", false),
    kind("ec2:vpc", "aws.vpc", "VpcId", false),
    kind("ecr:repository", "aws.ecr", "repositoryArn", true),
    kind("ecs:cluster", "aws.ecs", "clusterArn", true),
    kind("elasticfilesystem:file-system", "aws.efs", "FileSystemId", false),
    kind("elasticloadbalancing:loadbalancer", "aws.app-elb", "LoadBalancerArn", true),
    kind("lambda:function", "aws.lambda", "FunctionArn", true),
    kind("rds:cluster", "aws.rds-cluster", "DBClusterArn", true),
    kind("rds:db", "aws.rds", "DBInstanceArn", true),
    kind("rds:snapshot", "aws.rds-snapshot", "DBSnapshotArn", true),
    kind("s3:bucket", "aws.s3", "Name", false),
    kind("secretsmanager:secret", "aws.secrets-manager", "ARN", true),
    kind("sns:topic", "aws.sns", "TopicArn", true),
    kind("sqs:queue", "aws.sqs", "QueueArn", true),
];

/// By the part of an id of Google Cloud before the name.
const GCP: [(&str, &str); 4] = [
    ("disks", "gcp.disk"),
    ("images", "gcp.image"),
    ("instances", "gcp.instance"),
    ("snapshots", "gcp.snapshot"),
];

/// Resources that one policy can change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Selection {
    resource: &'static str,
    field: &'static str,
    /// Keys with the values that they have, or none.
    filters: Vec<(String, Option<String>)>,
    set: BTreeMap<String, String>,
    delete: Vec<String>,
}

pub(crate) fn write(resources: &[&PlannedResource], draft: &mut Draft) -> String {
    let mut selections: BTreeMap<Selection, Vec<String>> = BTreeMap::new();
    for resource in resources {
        match selection(resource) {
            Ok((selection, id)) => selections.entry(selection).or_default().push(id),
            Err(reason) => draft.leave_out(resource, &reason),
        }
    }
    let mut out = String::new();
    for (number, (selection, ids)) in selections.iter().enumerate() {
        out.push_str(&policy(number + 1, selection, ids));
    }
    if out.is_empty() { "policies: []\n".to_owned() } else { format!("policies:\n{out}") }
}

fn selection(resource: &PlannedResource) -> Result<(Selection, String), String> {
    let (name, field, id) = located(resource)?;
    let writes = Writes::of(resource);
    let texts = writes.set.iter().chain(&writes.delete).flat_map(|(key, value)| [*key, *value]);
    // Custodian replaces `{account_id}` and the like in all texts of a policy.
    if let Some(text) = texts.into_iter().find(|text| text.contains(['{', '}'])) {
        return Err(format!("Custodian reads braces as variables, and `{text}` has some"));
    }
    if resource.cloud == Cloud::Azure && writes.differs_in_case() {
        return Err("Azure keeps the spelling of a key that Custodian writes in another case".to_owned());
    }
    let filters = resource.changes.iter().map(|change| {
        let key = change.previous_key.as_ref().unwrap_or(&change.key);
        (key.clone(), change.before.clone())
    });
    let owned = |(key, value): (&&str, &&str)| ((*key).to_owned(), (*value).to_owned());
    let selection = Selection {
        resource: name,
        field,
        filters: filters.collect(),
        set: writes.set.iter().map(owned).collect(),
        delete: writes.delete.keys().map(|key| (*key).to_owned()).collect(),
    };
    Ok((selection, id))
}

/// Returns the resource of Custodian, the field, and its value.
fn located(resource: &PlannedResource) -> Result<(&'static str, &'static str, String), String> {
    let type_ = resource.type_.as_deref().unwrap_or_default();
    let unknown = || format!("tagpol does not know how Custodian finds resources of the type `{type_}`");
    match resource.cloud {
        Cloud::Aws => {
            let kind = AWS.iter().find(|kind| kind.type_ == type_).ok_or_else(unknown)?;
            let part = resource.id.rsplit(['/', ':']).next().unwrap_or_default();
            let id = if kind.whole { &resource.id } else { part };
            Ok((kind.resource, kind.field, id.to_owned()))
        }
        Cloud::Azure => Ok(("azure.armresource", "id", resource.id.to_lowercase())),
        Cloud::Gcp => {
            let path = resource.id.strip_prefix("//compute.googleapis.com/").ok_or_else(unknown)?;
            let (parents, _) = path.rsplit_once('/').ok_or_else(unknown)?;
            let collection = parents.rsplit('/').next().unwrap_or_default();
            let found = GCP.iter().find(|(name, _)| *name == collection).ok_or_else(unknown)?;
            Ok((found.1, "selfLink", format!("https://www.googleapis.com/compute/v1/{path}")))
        }
    }
}

fn policy(number: usize, selection: &Selection, ids: &[String]) -> String {
    let is_gcp = selection.resource.starts_with("gcp.");
    let is_azure = selection.resource.starts_with("azure.");
    let mut out = format!("- name: tagpol-{number}\n  resource: {}\n  filters:\n", selection.resource);
    out.push_str(&format!("  - type: value\n    key: {}\n", selection.field));
    if is_azure {
        out.push_str("    value_type: normalize\n");
    }
    out.push_str("    op: in\n    value:\n");
    for id in ids {
        out.push_str(&format!("    - {}\n", quoted(id)));
    }
    for (key, before) in &selection.filters {
        let path = if is_gcp { format!("labels.\"{key}\"") } else { format!("tag:{key}") };
        match before {
            None => {
                out.push_str(&format!("  - type: value\n    key: {}\n    value: absent\n", quoted(&path)))
            }
            Some(before) => out.push_str(&format!(
                "  - type: value\n    key: {}\n    op: in\n    value:\n    - {}\n",
                quoted(&path),
                quoted(before)
            )),
        }
    }
    out.push_str("  actions:\n");
    let tags = |out: &mut String| {
        for (key, value) in &selection.set {
            out.push_str(&format!("      {}: {}\n", quoted(key), quoted(value)));
        }
    };
    if is_gcp {
        out.push_str("  - type: set-labels\n");
        if !selection.set.is_empty() {
            out.push_str("    labels:\n");
            tags(&mut out);
        }
        if !selection.delete.is_empty() {
            out.push_str("    remove:\n");
            selection.delete.iter().for_each(|key| out.push_str(&format!("    - {}\n", quoted(key))));
        }
        return out;
    }
    if !selection.set.is_empty() {
        out.push_str("  - type: tag\n    tags:\n");
        tags(&mut out);
    }
    if !selection.delete.is_empty() {
        out.push_str(if is_azure {
            "  - type: untag\n    tags:\n"
        } else {
            "  - type: remove-tag\n    tags:\n"
        });
        selection.delete.iter().for_each(|key| out.push_str(&format!("    - {}\n", quoted(key))));
    }
    out
}

/// Writes a text in YAML, with escapes for everything that a reader may take for something else.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            c if u32::from(c) <= 0xff => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if u32::from(c) <= 0xffff => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}
