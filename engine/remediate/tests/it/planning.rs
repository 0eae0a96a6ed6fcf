//! Plans of cases that are not random.

use std::collections::BTreeMap;

use tagpol_inventory::{Resource, UnknownTags};
use tagpol_remediate::{Operation, Plan, PlanSettings, SkipReason};

use crate::support::{planned, program, resource};

fn plan(policies: &str, resources: &[Resource], settings: &PlanSettings) -> Plan {
    planned(&program(policies).unwrap(), resources, settings).unwrap()
}

fn usual(policies: &str, resources: &[Resource]) -> Plan {
    plan(policies, resources, &PlanSettings::default())
}

/// `r1 owner: valid-value`
fn skips(plan: &Plan) -> Vec<String> {
    let skip = |skip: &tagpol_remediate::Skip| {
        let tag = skip.tag.as_ref().map(|tag| format!(" {tag}")).unwrap_or_default();
        format!("{}{tag}: {}", skip.resource, skip.reason.as_str())
    };
    plan.skipped.iter().map(skip).collect()
}

const OWNED: &str = r#"
tag owner: text
policy owned { severity high  require owner  remediate set owner = "jane" }
"#;

#[test]
fn unknown_tags_are_never_planned() {
    let unknown = |unknown| Resource { unknown, ..resource("aws", "unknown", "sqs", &[]) };
    let others = unknown(UnknownTags { keys: Vec::new(), others: true });
    let billed = Resource { source: Some("focus-csv".to_owned()), ..resource("aws", "billed", "sqs", &[]) };
    let stack = resource("aws", "stack", "cloudformation:stackset", &[]);
    let foreign = resource("oci", "foreign", "instance", &[]);
    let plan = usual(OWNED, &[others, billed, stack, foreign, resource("aws", "known", "sqs", &[])]);
    assert_eq!(plan.resources.len(), 1);
    assert_eq!(plan.resources[0].id, "known");
    let expected =
        ["billed: unknown-tags", "foreign: other-provider", "stack: refused", "unknown: unknown-tags"];
    assert_eq!(skips(&plan), expected);
}

#[test]
fn what_terraform_manages_is_marked() {
    let meta = r#"{"terraform": {"address": "aws_instance.web[0]", "type": "aws_instance"}}"#;
    let managed = Resource { meta: Some(meta.to_owned()), ..resource("aws", "web", "ec2:instance", &[]) };
    let plan = usual(OWNED, &[managed]);
    assert_eq!(plan.resources[0].terraform.as_ref().unwrap().address, "aws_instance.web[0]");
}

#[test]
fn valid_values_stay_and_invalid_ones_are_replaced() {
    let policies = r#"
        tag class: one of [public, secret]
        rule r { set class = secret }
    "#;
    let plan = usual(
        policies,
        &[
            resource("aws", "a", "sqs", &[("class", "public")]),
            resource("aws", "b", "sqs", &[("class", "?")]),
            resource("aws", "c", "sqs", &[]),
            resource("aws", "d", "sqs", &[("CLASS", " Secret ")]),
        ],
    );
    let changes: BTreeMap<&str, Operation> =
        plan.resources.iter().map(|resource| (resource.id.as_str(), resource.changes[0].operation)).collect();
    assert_eq!(changes, BTreeMap::from([("b", Operation::Replace), ("c", Operation::Set)]));
    assert_eq!(skips(&plan), ["a class: valid-value"]);
}

#[test]
fn a_change_that_opens_a_finding_is_left_out() {
    let policies = r#"
        tag owner: text
        tag team: text
        policy owned { severity high  require owner  remediate set owner = "jane" }
        policy owners-have-teams { severity low  for resource where owner is set  require team }
    "#;
    let plan =
        usual(policies, &[resource("aws", "a", "sqs", &[]), resource("aws", "b", "sqs", &[("team", "x")])]);
    assert_eq!(plan.resources.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["b"]);
    assert_eq!(skips(&plan), ["a owner: worsens"]);
    assert_eq!(plan.skipped[0].detail, "it would open a finding of owners-have-teams/team");
}

#[test]
fn findings_of_related_resources_close_or_forbid_the_plan() {
    let policies = r#"
        tag owner: text
        tag team: text
        relation instance = resource where type == "ec2:instance" and id == resource.meta["Instance"]
        rule owner-of-instance { fill owner = instance.owner }
        policy owned { severity high  require owner }
        policy instances { severity high  for resource where resource.type == "ec2:instance"  require owner
          remediate set owner = "jane" }
        policy teamed { severity high  for resource where resource.id == "w"  require team
          remediate set team = "web" }
    "#;
    let meta = Some(r#"{"Instance": "i"}"#.to_owned());
    let volume = Resource { meta, ..resource("aws", "v", "ec2:volume", &[]) };
    // Another one that is changed itself.
    let changed = Resource { id: "w".to_owned(), ..volume.clone() };
    let resources = [resource("aws", "i", "ec2:instance", &[]), volume, changed];
    let plan = usual(policies, &resources);
    // What a rule takes over from the instance is written too.
    assert_eq!(plan.resources.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["i", "v", "w"]);
    let keys = |at: usize| plan.resources[at].changes.iter().map(|one| one.key.as_str()).collect::<Vec<_>>();
    assert_eq!([keys(0), keys(1), keys(2)], [vec!["owner"], vec!["owner"], vec!["owner", "team"]]);
    assert_eq!(plan.effects, []);
    let elsewhere = plan.closes_elsewhere.iter().map(|one| one.resource.as_str());
    assert_eq!(elsewhere.collect::<Vec<_>>(), ["v", "w"]);
    assert_eq!(plan.closed_findings().len(), 5);
    let forbidding = policies.to_owned()
        + "policy volumes { severity low  for resource where resource.type == \"ec2:volume\"  forbid owner }";
    let error = planned(&program(&forbidding).unwrap(), &resources, &PlanSettings::default()).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("would open a finding of volumes/owner on `v`"), "{message}");
}

#[test]
fn tags_are_taken_over_along_a_chain_of_relations() {
    let policies = r#"
        tag owner: text
        relation parent = resource where id == resource.meta["Parent"]
        rule owner-of-parent { fill owner = parent.owner }
        policy owned { severity high  for resource where resource.type == "ec2:instance"  require owner
          remediate set owner = "jane" }
    "#;
    let child = |id: &str, type_: &str, parent: &str| Resource {
        meta: Some(format!(r#"{{"Parent": "{parent}"}}"#)),
        ..resource("aws", id, type_, &[])
    };
    let resources = [
        resource("aws", "a", "ec2:instance", &[]),
        child("b", "ec2:volume", "a"),
        child("c", "ec2:snapshot", "b"),
        child("d", "ec2:image", "c"),
        Resource { tags: vec![("owner".to_owned(), "bo".to_owned())], ..child("e", "ec2:volume", "a") },
    ];
    let plan = usual(policies, &resources);
    let planned: Vec<(&str, Option<&str>)> =
        plan.resources.iter().map(|one| (one.id.as_str(), one.changes[0].after.as_deref())).collect();
    assert_eq!(planned, ["a", "b", "c", "d"].map(|id| (id, Some("jane"))));
    // Planning again finds nothing to do.
    let after = resources.map(|one| match plan.resources.iter().any(|planned| planned.id == one.id) {
        true => Resource { tags: vec![("owner".to_owned(), "jane".to_owned())], ..one },
        false => one,
    });
    assert_eq!(usual(policies, &after).resources, []);
}

#[test]
fn tags_that_grow_in_a_circle_of_relations_do_not_grow_in_a_plan() {
    let policies = r#"
        tag owner: text
        relation other = resource where id == resource.meta["Other"]
        rule owner-of-other { when other.owner is set  fill owner = "{other.owner}x" }
        policy owned { severity high  require owner  remediate set owner = "jane" }
    "#;
    let with_other = |id: &str, other: &str| Resource {
        meta: Some(format!(r#"{{"Other": "{other}"}}"#)),
        ..resource("aws", id, "sqs", &[])
    };
    let plan = usual(policies, &[with_other("a", "b"), with_other("b", "a")]);
    let values: Vec<Option<&str>> =
        plan.resources.iter().map(|one| one.changes[0].after.as_deref()).collect();
    assert_eq!(values, [Some("jane"), Some("jane")]);
}

#[test]
fn only_findings_of_some_policies_are_closed_on_request() {
    let policies = r#"
        tag owner: text
        tag team: text
        policy owned { severity high  require owner  remediate set owner = "jane" }
        policy teamed { severity high  require team  remediate set team = "web" }
    "#;
    let settings = PlanSettings { policies: vec!["teamed".to_owned()], ..PlanSettings::default() };
    let plan = plan(policies, &[resource("aws", "a", "sqs", &[])], &settings);
    let keys: Vec<&str> = plan.resources[0].changes.iter().map(|change| change.key.as_str()).collect();
    assert_eq!(keys, ["team"]);
}

#[test]
fn a_full_resource_gets_no_further_tag_but_may_replace_one() {
    let full: Vec<(String, String)> = (0..50).map(|n| (format!("k{n}"), String::new())).collect();
    let tags: Vec<(&str, &str)> = full.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let mut with_owner = tags.clone();
    with_owner[0] = ("Owner", " ");
    let mut of_cloud = tags.clone();
    of_cloud[0] = ("aws:cloudformation:stack-name", "s");
    let plan = usual(
        OWNED,
        &[
            resource("aws", "full", "sqs", &tags),
            resource("aws", "of-cloud", "sqs", &of_cloud),
            resource("aws", "with-owner", "sqs", &with_owner),
        ],
    );
    let changed: Vec<&str> = plan.resources.iter().map(|resource| resource.id.as_str()).collect();
    assert_eq!(changed, ["of-cloud", "with-owner"]);
    assert_eq!(skips(&plan), ["full owner: too-many-tags"]);
    assert_eq!(plan.skipped[0].reason, SkipReason::TooManyTags);
    let detail = "it has 50 tags and would have 51 with those of the plan, and may have 50 in aws";
    assert_eq!(plan.skipped[0].detail, detail);
}

#[test]
fn what_follows_from_a_change_is_listed() {
    let policies = r#"
        tag owner: text
        tag contact: text
        rule contact-of-owner { when owner is set  fill contact = "{owner}@example.com" }
        policy owned { severity high  require owner  remediate set owner = "jane" }
    "#;
    // What follows is written as well, since a rule gives it.
    let plan = usual(policies, &[resource("aws", "a", "sqs", &[])]);
    let written: Vec<(&str, Option<&str>)> = plan.resources[0]
        .changes
        .iter()
        .map(|change| (change.key.as_str(), change.after.as_deref()))
        .collect();
    assert_eq!(written, [("owner", Some("jane")), ("contact", Some("jane@example.com"))]);
    // Where it cannot be, it is an effect.
    let plan = usual(policies, &[resource("gcp", "a", "x", &[])]);
    assert_eq!(skips(&plan), ["a contact: illegal"]);
    assert_eq!(plan.effects.len(), 1);
    assert_eq!(plan.effects[0].after.as_deref(), Some("jane@example.com"));
}

#[test]
fn tags_that_depend_on_each_other_in_a_circle_are_left_alone() {
    let policies = r#"
        tag owner: text
        tag team: text matching /[a-z]+-[0-9]{2}/
        normalize team { keys "alias" }
        rule owner-of-team { when native["team"] is set  set owner = "{team}" }
        policy teamed { severity high  require team  remediate set team = "{owner}-01" }
    "#;
    let resources = [resource("aws", "a", "sqs", &[("team", "gamma")])];
    let plan = usual(policies, &resources);
    assert_eq!(plan.resources, Vec::new());
    assert!(skips(&plan).contains(&"a owner: not-read-back".to_owned()), "{:#?}", plan.skipped);
}
