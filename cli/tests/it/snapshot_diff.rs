//! `tagpol snapshot diff`: what changed in an inventory.

use crate::support::Folder;

const BEFORE: &str = "id,type,account,region,tag:owner,tag:team\n\
    a,s3:bucket,1,eu-west-1,x@example.com,web\n\
    b,s3:bucket,1,eu-west-1,,\n\
    c,sqs:queue,1,eu-west-1,y@example.com,\n";

const AFTER: &str = "id,type,account,region,tag:owner,tag:stage\n\
    a,s3:bucket,1,us-east-1,z@example.com,prod\n\
    c,sqs:queue,1,eu-west-1,y@example.com,\n\
    d,sqs:queue,2,eu-west-1,\"a \"\"b\"\", c\",\n";

/// Imports lists, each into a snapshot.
fn folder(lists: &[&str]) -> (Folder, Vec<String>) {
    let folder = Folder::with(&[("tagpol.toml", "")]);
    let mut ids = Vec::new();
    for (at, list) in lists.iter().enumerate() {
        let name = format!("list{at}.csv");
        folder.write(&name, list);
        let told = folder.run(&["snapshot", "import", &name]).ends_with(0);
        ids.push(told.lines().next().unwrap().trim_start_matches("snapshot ").to_owned());
        // Ids begin with seconds.
        std::thread::sleep(std::time::Duration::from_millis(1100));
    }
    (folder, ids)
}

#[test]
fn resources_that_came_went_and_changed_are_listed() {
    let (folder, ids) = folder(&[BEFORE, AFTER]);
    let told = folder.run(&["snapshot", "diff"]).ends_with(0);
    let expected = format!(
        "{} (3 resources) -> {} (3 resources)\n\n1 resource added\n  + d  sqs:queue  2  eu-west-1\n\n\
         1 resource removed\n  - b  s3:bucket  1  eu-west-1\n\n1 resource changed\n  ~ a  s3:bucket  1  us-east-1\n      \
         region: \"eu-west-1\" -> \"us-east-1\"\n      tag owner: \"x@example.com\" -> \"z@example.com\"\n      \
         tag stage: added \"prod\"\n      tag team: removed \"web\"\n",
        ids[0], ids[1]
    );
    assert_eq!(told, expected);
    // In the other direction, and by the starts of ids.
    let told = folder.run(&["snapshot", "diff", &ids[1], &ids[0]]).ends_with(0);
    assert!(told.contains("tag team: added \"web\"") && told.contains("+ b"), "{told}");
    assert!(folder.run(&["snapshot", "diff", &ids[0]]).ends_with(0).contains("tag stage: added"));
    assert!(
        folder.run(&["snapshot", "diff", &ids[0], &ids[0]]).ends_with(0).ends_with("\nno resource was added or removed, and no name, type, provider, account, region or native tag differs\n")
    );
    folder.run(&["snapshot", "diff", "nothing"]).fails_with(2, &["there is no snapshot `nothing`"]);
}

#[test]
fn differences_are_rows_for_other_programs() {
    let (folder, _) = folder(&[BEFORE, AFTER]);
    let csv = folder.run(&["snapshot", "diff", "--format", "csv"]).ends_with(0);
    assert_eq!(
        csv,
        "change,resource,name,type,provider,account,region,of,key,before,after\n\
         added,d,d,sqs:queue,,2,eu-west-1,,,,\n\
         removed,b,b,s3:bucket,,1,eu-west-1,,,,\n\
         changed,a,a,s3:bucket,,1,us-east-1,attribute,region,eu-west-1,us-east-1\n\
         changed,a,a,s3:bucket,,1,us-east-1,tag,owner,x@example.com,z@example.com\n\
         changed,a,a,s3:bucket,,1,us-east-1,tag,stage,,prod\n\
         changed,a,a,s3:bucket,,1,us-east-1,tag,team,web,\n"
    );
    let json = folder.run(&["snapshot", "diff", "--format", "json"]).ends_with(0);
    let rows: Vec<serde_json::Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 6);
    assert_eq!((&rows[4]["key"], &rows[4]["before"]), (&"stage".into(), &serde_json::Value::Null));
}

#[test]
fn long_lists_are_shortened() {
    let many: String = (0..25).map(|at| format!("n{at:02},sqs:queue,1,eu-west-1\n")).collect();
    let (folder, _) = folder(&[
        "id,type,account,region\nz,sqs:queue,1,eu-west-1\n",
        &format!("id,type,account,region\n{many}"),
    ]);
    let told = folder.run(&["snapshot", "diff"]).ends_with(0);
    assert!(
        told.contains("25 resources added\n") && told.contains("  … and 5 more: `--all` lists them\n"),
        "{told}"
    );
    assert!(!folder.run(&["snapshot", "diff", "--all"]).ends_with(0).contains('…'));
}

#[test]
fn one_snapshot_is_too_few() {
    let (folder, _) = folder(&[BEFORE]);
    folder
        .run(&["snapshot", "diff"])
        .fails_with(3, &["there are no two snapshots", "tagpol snapshot import"]);
}
