//! The documents and the report of one project, for each target.

use tagpol_enforce::{Mode, Target};

use crate::support::{run, shown};

const PROJECT: &str = include_str!("fixtures/project.tagpol");

/// What gives tags values.
const WRITERS: &str = r#"
tag unit: text

rule unit-of-network {
  when resource.type == "Microsoft.Network/virtualNetworks"
  fill unit = "network"
}

rule unit-of-name {
  when resource.name starts with "web"
  fill unit = "web"
}

policy in-a-unit {
  severity high
  require unit
  remediate set unit = "unknown"
}
"#;

#[test]
fn aws_tag_policies_that_report() {
    insta::assert_snapshot!(shown(&run(Target::AwsTagPolicy, Mode::Audit, PROJECT).unwrap()));
}

#[test]
fn aws_tag_policies_that_deny() {
    insta::assert_snapshot!(shown(&run(Target::AwsTagPolicy, Mode::Deny, PROJECT).unwrap()));
}

#[test]
fn aws_service_control_policies() {
    insta::assert_snapshot!(shown(&run(Target::AwsScp, Mode::Deny, PROJECT).unwrap()));
}

#[test]
fn azure_policies() {
    insta::assert_snapshot!(shown(&run(Target::AzurePolicy, Mode::Audit, PROJECT).unwrap()));
}

#[test]
fn azure_policies_that_write_tags() {
    let text = format!("{PROJECT}{WRITERS}");
    insta::assert_snapshot!(shown(&run(Target::AzurePolicy, Mode::Modify, &text).unwrap()));
}

#[test]
fn gcp_constraints() {
    insta::assert_snapshot!(shown(&run(Target::GcpOrgPolicy, Mode::Deny, PROJECT).unwrap()));
}
