//! Plans.

use std::collections::BTreeMap;

use chrono::DateTime;
use tagpol_remediate::{
    Operation, PLAN_VERSION, Plan, PlanKind, PlanSettings, PlannedResource, PlannedSnapshot, Provenance,
    ProvenanceSource, TagChange, TerraformOwner,
};
use tagpol_sema::clouds::Cloud;

/// A plan of resources, made on 2026-11-30.
pub(crate) fn plan(mut resources: Vec<PlannedResource>) -> Plan {
    resources.sort_by(|one, other| one.id.cmp(&other.id));
    let created = DateTime::from_timestamp(1_796_000_000, 0).unwrap();
    let plan = Plan {
        tagpol_plan: PLAN_VERSION,
        content_hash: String::new(),
        kind: PlanKind::Remediation,
        program_hash: "0123456789abcdef".to_owned(),
        snapshot: PlannedSnapshot { id: "s".to_owned(), content_hash: "h".to_owned() },
        created,
        expires: Plan::expiry(created),
        settings: PlanSettings::default(),
        resources,
        effects: Vec::new(),
        skipped: Vec::new(),
        closes_elsewhere: Default::default(),
    };
    plan.seal()
}

/// A resource with the tags that its changes need.
pub(crate) fn resource(cloud: Cloud, type_: &str, id: &str, changes: Vec<TagChange>) -> PlannedResource {
    let before = |change: &TagChange| {
        let key = change.previous_key.as_ref().unwrap_or(&change.key).clone();
        change.before.clone().map(|value| (key, value))
    };
    PlannedResource {
        id: id.to_owned(),
        cloud,
        account: None,
        region: None,
        type_: Some(type_.to_owned()),
        name: None,
        tags: changes.iter().filter_map(before).collect(),
        terraform: None,
        changes,
    }
}

/// A resource of AWS in Ireland.
pub(crate) fn queue(name: &str, changes: Vec<TagChange>) -> PlannedResource {
    resource(Cloud::Aws, "sqs:queue", &format!("arn:aws:sqs:eu-west-1:111122223333:{name}"), changes)
}

/// The same, managed by Terraform.
pub(crate) fn managed(address: &str, cloud: Cloud, changes: Vec<TagChange>) -> PlannedResource {
    let terraform = Some(TerraformOwner { address: address.to_owned() });
    PlannedResource { terraform, ..resource(cloud, "x", &format!("id-of-{address}"), changes) }
}

fn change(operation: Operation, key: &str, before: Option<&str>, after: Option<&str>) -> TagChange {
    TagChange {
        operation,
        key: key.to_owned(),
        previous_key: None,
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
        tag: "t".to_owned(),
        closes: Vec::new(),
        provenance: Provenance {
            source: ProvenanceSource::Decided,
            by: None,
            name: None,
            place: None,
            confidence: None,
        },
    }
}

pub(crate) fn set(key: &str, value: &str) -> TagChange {
    change(Operation::Set, key, None, Some(value))
}

pub(crate) fn replace(key: &str, before: &str, after: &str) -> TagChange {
    change(Operation::Replace, key, Some(before), Some(after))
}

pub(crate) fn delete(key: &str, before: &str) -> TagChange {
    change(Operation::Delete, key, Some(before), None)
}

pub(crate) fn rename(old: &str, new: &str, value: &str) -> TagChange {
    TagChange {
        previous_key: Some(old.to_owned()),
        ..change(Operation::Rename, new, Some(value), Some(value))
    }
}

/// The tags of each resource after a plan.
pub(crate) fn tags_after(plan: &Plan) -> BTreeMap<String, BTreeMap<String, String>> {
    plan.resources.iter().map(|resource| (resource.id.clone(), resource.tags_after())).collect()
}
