//! Relations of the standard library over what the clouds print.

use crate::support::Folder;

const AZURE: &str = r#"use std::azure::{azure-resource-group, azure-subscription}
tag owner: text
tag cost-object: text
normalize cost-object { keys "Kostenstelle" }
rule group priority 20 {
  fill owner = azure-resource-group.owner
  fill cost-object = azure-resource-group.cost-object
}
rule subscription priority 10 {
  fill owner = azure-subscription.owner
  fill cost-object = azure-subscription.cost-object
}
"#;

/// As `az resource list` writes it.
const RESOURCES: &str = r#"[
 {"id": "/subscriptions/s1/resourceGroups/RG-Shop/providers/Microsoft.Compute/virtualMachines/vm1", "name": "vm1",
  "type": "Microsoft.Compute/virtualMachines", "location": "westeurope", "resourceGroup": "RG-Shop", "tags": {"Owner": "jane"}},
 {"id": "/subscriptions/s1/resourcegroups/rg-shop/providers/Microsoft.Network/networkInterfaces/nic1", "name": "nic1",
  "type": "Microsoft.Network/networkInterfaces", "location": "westeurope", "resourceGroup": "rg-shop", "tags": null},
 {"id": "/subscriptions/s2/resourceGroups/rg-shop/providers/Microsoft.Storage/storageAccounts/st1", "name": "st1",
  "type": "Microsoft.Storage/storageAccounts", "location": "westeurope", "resourceGroup": "rg-shop", "tags": {}}
]"#;

/// As `az group list` writes it: the same name in two subscriptions.
const GROUPS: &str = r#"[
 {"id": "/subscriptions/s1/resourceGroups/RG-Shop", "name": "RG-Shop", "location": "westeurope",
  "type": "Microsoft.Resources/resourceGroups", "tags": {"Owner": "shop", "Kostenstelle": "1"}},
 {"id": "/subscriptions/s2/resourceGroups/rg-shop", "name": "rg-shop", "location": "westeurope",
  "type": "Microsoft.Resources/resourceGroups", "tags": {"Owner": "lab"}},
 {"id": "/subscriptions/s2", "name": "lab", "location": "", "type": "microsoft.resources/subscriptions",
  "tags": {"Owner": "platform", "Kostenstelle": "2"}}
]"#;

/// Returns `resource tag value` of the resources of some names.
fn values(folder: &Folder, args: &[&str], names: &[&str]) -> Vec<String> {
    let out = folder.run(args).ends_with(0);
    let rows: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let named = |row: &serde_json::Value| {
        let id = row["resource"].as_str().unwrap_or_default();
        let name = names.iter().find(|name| id.ends_with(*name))?;
        Some(format!("{name} {} {}", row["tag"].as_str()?, row["value"].as_str().unwrap_or("-")))
    };
    rows.iter().filter_map(named).collect()
}

#[test]
fn tags_of_resource_groups_and_subscriptions() {
    let files = [("p.tagpol", AZURE), ("resources.json", RESOURCES), ("groups.json", GROUPS)];
    let folder = Folder::with(&files);
    let args = ["tags", "list", "--project", "p.tagpol", "-i", "resources.json", "-i", "groups.json"];
    let args = [&args[..], &["--format", "jsonl"]].concat();
    let found = values(&folder, &args, &["vm1", "nic1", "st1"]);
    let expected = [
        "vm1 cost-object 1",
        "vm1 owner jane",
        "nic1 cost-object 1",
        "nic1 owner shop",
        "st1 cost-object 2",
        "st1 owner lab",
    ];
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    assert_eq!(sorted(found), sorted(expected.map(str::to_owned).to_vec()));
}

const AWS: &str = r#"use std::aws::{aws-instance, aws-volume}
tag owner: text
rule instance { fill owner = aws-instance.owner }
rule volume { fill owner = aws-volume.owner }
policy owned {
  severity high
  require owner
}
"#;

const VOLUMES: &str = r#"{"Volumes": [
 {"VolumeId": "vol-1", "AvailabilityZone": "eu-west-1a", "State": "in-use",
  "Attachments": [{"InstanceId": "i-0a1", "VolumeId": "vol-1"}], "Tags": []},
 {"VolumeId": "vol-2", "AvailabilityZone": "eu-west-1a", "State": "in-use",
  "Attachments": [{"InstanceId": "i-0a1", "VolumeId": "vol-2"}], "Tags": [{"Key": "Owner", "Value": "joe"}]},
 {"VolumeId": "vol-3", "AvailabilityZone": "eu-west-1b", "State": "available", "Attachments": []}
]}"#;

const SNAPSHOTS: &str = r#"{"Snapshots": [
 {"SnapshotId": "snap-1", "VolumeId": "vol-2", "OwnerId": "111122223333", "StartTime": "2026-05-01T08:00:00Z"},
 {"SnapshotId": "snap-2", "VolumeId": "vol-1", "OwnerId": "111122223333", "StartTime": "2026-05-01T08:00:00Z"}
]}"#;

/// The reservation has the account, so the id of the instance becomes an ARN, and those of volumes do not.
const INSTANCES: &str = r#"{"Reservations": [{"OwnerId": "111122223333", "ReservationId": "r-1", "Instances": [
 {"InstanceId": "i-0a1", "Placement": {"AvailabilityZone": "eu-west-1a"}, "Tags": [{"Key": "Owner", "Value": "jane"}]}
]}]}"#;

#[test]
fn owners_of_volumes_and_snapshots() {
    let files = [
        ("p.tagpol", AWS),
        ("volumes.json", VOLUMES),
        ("snapshots.json", SNAPSHOTS),
        ("instances.json", INSTANCES),
    ];
    let folder = Folder::with(&files);
    let inventories = ["-i", "volumes.json", "-i", "snapshots.json", "-i", "instances.json"];
    let list = [&["tags", "list", "--project", "p.tagpol", "--format", "jsonl"][..], &inventories].concat();
    let found = values(&folder, &list, &["vol-1", "vol-2", "vol-3", "snap-1", "snap-2"]);
    let mut expected = ["vol-1 jane", "vol-2 joe", "vol-3 -", "snap-1 joe", "snap-2 -"]
        .map(|line| line.replacen(' ', " owner ", 1))
        .to_vec();
    expected.sort();
    let mut found = found;
    found.sort();
    // One hop: the owner of `vol-1` is that of its instance, which its snapshot does not read.
    assert_eq!(found, expected);
    let explain =
        [&["explain", "vol-1", "--project", "p.tagpol", "--no-state", "--format", "json"][..], &inventories]
            .concat();
    let explained: serde_json::Value = serde_json::from_str(&folder.run(&explain).ends_with(0)).unwrap();
    assert!(explained.to_string().contains(r#""related":[{"#), "{explained}");
}

#[test]
fn several_related_resources_are_reported() {
    let policies = "tag owner: text\nrelation app = resource where type == \"app\" and name == resource.name\n\
                    rule r { fill owner = app.owner }\npolicy p { severity low  require owner }\n";
    let list = "id,name,type,tags\nb,shop,app,{\"owner\":\"second\"}\na,shop,app,{\"owner\":\"first\"}\nc,shop,vm,{}\n";
    let list = list.replace("{\"owner\":\"second\"}", "\"{\"\"owner\"\":\"\"second\"\"}\"");
    let list = list.replace("{\"owner\":\"first\"}", "\"{\"\"owner\"\":\"\"first\"\"}\"");
    let folder = Folder::with(&[("p.tagpol", policies), ("list.csv", &list)]);
    let run = folder.run(&["eval", "p.tagpol", "-i", "list.csv", "--no-state"]);
    let warning =
        "relation `app` finds several resources for 3 resources, such as `a`; the first by id counts";
    assert!(run.err.contains(warning), "{}", run.err);
    let args = ["tags", "list", "--project", "p.tagpol", "-i", "list.csv", "--format", "jsonl"];
    assert_eq!(values(&folder, &args, &["c"]), ["c owner first"]);
}
