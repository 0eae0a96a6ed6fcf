//! The output of one plan for each target.

use tagpol_emit::{ConfigurationFile, EmitTarget, emit};
use tagpol_remediate::Plan;
use tagpol_sema::clouds::Cloud;

use crate::support::{delete, managed, plan, queue, rename, replace, resource, set};

const VM: &str = "/subscriptions/0-1/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm";

fn example() -> Plan {
    let bucket = "//storage.googleapis.com/data";
    let instance = "//compute.googleapis.com/projects/shop/zones/europe-west1-b/instances/web";
    plan(vec![
        queue("jobs", vec![set("Owner", "ann's team"), replace("env", "prd", "production")]),
        queue("mail", vec![set("Owner", "ann's team"), replace("env", "prd", "production")]),
        resource(
            Cloud::Aws,
            "iam:role",
            "arn:aws:iam::111122223333:role/ci/deploy",
            vec![delete("temp", "1")],
        ),
        resource(Cloud::Aws, "s3:bucket", "arn:aws:s3:::logs", vec![set("Owner", "ann")]),
        resource(
            Cloud::Azure,
            "microsoft.compute/virtualmachines",
            VM,
            vec![rename("owner", "Owner", "ann"), set("-x", "1")],
        ),
        resource(Cloud::Gcp, "storage.googleapis.com/Bucket", bucket, vec![set("owner", "ann")]),
        resource(
            Cloud::Gcp,
            "compute.googleapis.com/Instance",
            instance,
            vec![set("owner", "ann"), delete("temp", "1")],
        ),
        resource(
            Cloud::Gcp,
            "dns.googleapis.com/ManagedZone",
            "//dns.googleapis.com/projects/p/managedZones/z",
            vec![set("owner", "ann")],
        ),
        managed(
            "aws_sqs_queue.orders",
            Cloud::Aws,
            vec![set("Owner", "ann"), replace("env", "prd", "production")],
        ),
    ])
}

fn shown(target: EmitTarget) -> String {
    let configuration =
        ConfigurationFile { path: "main.tf".to_owned(), text: include_str!("fixtures/main.tf").to_owned() };
    let emission = emit(&example(), target, &[configuration]);
    let mut out = emission.text;
    out.push_str(&format!("==== {} written\n", emission.written));
    for left in emission.left_out {
        out.push_str(&format!("{} {}: {}\n", left.resource, left.key, left.reason));
    }
    out
}

#[test]
fn aws() {
    insta::assert_snapshot!(shown(EmitTarget::Aws));
}

#[test]
fn az() {
    insta::assert_snapshot!(shown(EmitTarget::Az));
}

#[test]
fn gcloud() {
    insta::assert_snapshot!(shown(EmitTarget::Gcloud));
}

#[test]
fn terraform() {
    insta::assert_snapshot!(shown(EmitTarget::Terraform));
}

#[test]
fn c7n() {
    insta::assert_snapshot!(shown(EmitTarget::C7n));
}
