//! Scripts are run with programs that record their arguments. Whatever a plan contains, each argument is one text, nothing
//! else is run, and what the arguments mean is what the plan wants.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use tagpol_emit::{Emission, EmitTarget, emit};
use tagpol_remediate::{Plan, PlannedResource, TagChange};
use tagpol_sema::clouds::Cloud;

use crate::support::{delete, plan, queue, rename, replace, resource, set, tags_after};

/// A program that records its name and its arguments, each with a NUL behind it, and answers as the cloud does. The call with
/// the number `FAILING`, from 0, fails and is not recorded.
const STUB: &str = r#"#!/bin/sh
name="${0##*/}"
[ "$name $1" = "aws sts" ] || {
  number=0
  [ -e "$RECORD.number" ] && read -r number < "$RECORD.number"
  echo $((number + 1)) > "$RECORD.number"
  [ "$number" = "$FAILING" ] && exit 254
}
printf '%s\0' "$name" "$@" >> "$RECORD"
printf '\001\0' >> "$RECORD"
[ "$name $1" = "aws sts" ] && echo "$ACCOUNT"
[ "$name $1" = "aws resourcegroupstaggingapi" ] && echo "$FAILED"
exit 0
"#;

/// What a run of a script did.
struct Recorded {
    code: i32,
    err: String,
    calls: Vec<Vec<String>>,
}

/// Runs a script in an empty folder, where only the stubs can be found.
fn run(script: &str, account: &str, failed: &str) -> Recorded {
    run_failing(script, account, failed, None)
}

/// As [`run`], with a call that fails.
fn run_failing(script: &str, account: &str, failed: &str, failing: Option<usize>) -> Recorded {
    let folder = tempfile::tempdir().unwrap();
    let (programs, empty) = (folder.path().join("programs"), folder.path().join("empty"));
    fs::create_dir(&programs).unwrap();
    fs::create_dir(&empty).unwrap();
    for name in ["aws", "az", "gcloud"] {
        let path = programs.join(name);
        fs::write(&path, STUB).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = folder.path().join("script");
    fs::write(&path, script).unwrap();
    let record = folder.path().join("record");
    let output = Command::new("/bin/sh")
        .arg(&path)
        .current_dir(&empty)
        .env_clear()
        .env("PATH", &programs)
        .env("RECORD", &record)
        .env("ACCOUNT", account)
        .env("FAILED", failed)
        .env("FAILING", failing.map(|number| number.to_string()).unwrap_or_default())
        .output()
        .unwrap();
    assert_eq!(fs::read_dir(&empty).unwrap().count(), 0, "the script wrote a file:\n{script}");
    let calls = calls(&record);
    Recorded {
        code: output.status.code().unwrap(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
        calls,
    }
}

fn calls(record: &Path) -> Vec<Vec<String>> {
    let text = String::from_utf8(fs::read(record).unwrap_or_default()).unwrap();
    let mut calls = vec![Vec::new()];
    for argument in text.split_terminator('\0') {
        match argument {
            "\u{1}" => calls.push(Vec::new()),
            argument => calls.last_mut().unwrap().push(argument.to_owned()),
        }
    }
    calls.pop();
    calls
}

type Tags = BTreeMap<String, BTreeMap<String, String>>;

/// Applies the calls to the tags that the plan was made from.
fn applied(plan: &Plan, calls: &[Vec<String>]) -> Tags {
    let mut all: Tags = plan.resources.iter().map(|one| (one.id.clone(), one.tags.clone())).collect();
    for call in calls {
        let words: Vec<&str> = call.iter().map(String::as_str).collect();
        let option = |name: &str| {
            let at = words.iter().position(|word| *word == name).unwrap();
            words[at + 1]
        };
        match words.as_slice() {
            ["aws", "sts", ..] => {}
            ["aws", "resourcegroupstaggingapi", action, ..] => {
                let input: Value = serde_json::from_str(option("--cli-input-json")).unwrap();
                for id in input["ResourceARNList"].as_array().unwrap() {
                    let tags = all.get_mut(id.as_str().unwrap()).unwrap();
                    match *action {
                        "tag-resources" => add(tags, &input["Tags"]),
                        _ => input["TagKeys"]
                            .as_array()
                            .unwrap()
                            .iter()
                            .for_each(|key| drop(tags.remove(key.as_str().unwrap()))),
                    }
                }
            }
            ["aws", "iam", action, ..] => {
                let input: Value = serde_json::from_str(option("--cli-input-json")).unwrap();
                let name = format!("/{}", input["RoleName"].as_str().unwrap());
                let tags = all.iter_mut().find(|(id, _)| id.ends_with(&name)).unwrap().1;
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                match *action {
                    "tag-role" => {
                        let added = input["Tags"].as_array().unwrap().iter();
                        tags.extend(added.map(|tag| (text(&tag["Key"]), text(&tag["Value"]))));
                    }
                    _ => input["TagKeys"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .for_each(|key| drop(tags.remove(&text(key)))),
                }
            }
            ["az", "tag", "update", ..] => {
                let tags = all.get_mut(option("--resource-id")).unwrap();
                let at = words.iter().position(|word| *word == "--tags").unwrap();
                for pair in &words[at + 1..] {
                    let (key, value) = pair.split_once('=').unwrap();
                    assert!(!pair.starts_with(['-', '@']), "{pair}");
                    azure(tags, option("--operation"), key, value);
                }
            }
            ["az", "rest", ..] => {
                let id = option("--url").strip_prefix("https://management.azure.com").unwrap();
                let id = id.split("/providers/Microsoft.Resources/").next().unwrap();
                let body: Value = serde_json::from_str(option("--body")).unwrap();
                for (key, value) in body["properties"]["tags"].as_object().unwrap() {
                    azure(
                        all.get_mut(id).unwrap(),
                        body["operation"].as_str().unwrap(),
                        key,
                        value.as_str().unwrap(),
                    );
                }
            }
            ["gcloud", "--quiet", ..] => {
                let tags =
                    all.iter_mut().find(|(id, _)| words.contains(&id.rsplit('/').next().unwrap())).unwrap().1;
                for word in &words {
                    if let Some(pairs) = word.strip_prefix("--update-labels=") {
                        let pairs = pairs.split(',').map(|pair| pair.split_once('=').unwrap());
                        tags.extend(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())));
                    }
                    if let Some(keys) = word.strip_prefix("--remove-labels=") {
                        keys.split(',').for_each(|key| drop(tags.remove(key)));
                    }
                }
            }
            other => panic!("another call: {other:?}"),
        }
    }
    all
}

fn add(tags: &mut BTreeMap<String, String>, added: &Value) {
    let added = added.as_object().unwrap().iter();
    tags.extend(added.map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned())));
}

/// Azure keeps the spelling of a key that is there, and deletes a tag only if its value is the given one.
fn azure(tags: &mut BTreeMap<String, String>, operation: &str, key: &str, value: &str) {
    let known = tags.keys().find(|known| known.to_lowercase() == key.to_lowercase()).cloned();
    match (operation, known) {
        ("Merge", known) => drop(tags.insert(known.unwrap_or_else(|| key.to_owned()), value.to_owned())),
        ("Delete", Some(known)) if tags[&known] == value => drop(tags.remove(&known)),
        other => panic!("{other:?} {key}={value}"),
    }
}

/// Texts that are something to a shell, to a command line, or to JSON.
fn text() -> impl Strategy<Value = String> {
    let piece = select(
        &[
            "'",
            "\"",
            "\\",
            "$(touch pwned)",
            "`touch pwned`",
            "${HOME}",
            "$PATH",
            "\n",
            "; touch pwned;",
            "&& ",
            "|",
            ">x",
            "<x",
            "*",
            "?",
            "~",
            "!",
            "#",
            "-",
            "--help",
            "=",
            ",",
            "{",
            "}",
            "[",
            "@/etc/passwd",
            "file:///etc/passwd",
            "%s",
            "\t",
            "\r",
            "é",
            "\u{202e}",
            "\u{2028}",
            "\u{1b}[2K",
            "\u{1}x",
            " ",
            "a",
            "b",
            "=",
            ":",
        ][..],
    );
    prop_oneof![
        3 => prop::collection::vec(piece, 1..5).prop_map(|pieces| pieces.concat()),
        1 => any::<String>().prop_filter("a key is not empty", |text| !text.is_empty()),
    ]
}

/// Changes with different keys, also regardless of case.
fn changes() -> impl Strategy<Value = Vec<TagChange>> {
    let change = (0..4u8, text(), text(), text()).prop_map(|(kind, key, one, other)| match kind {
        0 => set(&key, &one),
        1 => replace(&key, &one, &other),
        2 => delete(&key, &one),
        _ => rename(&key, &format!("{key}X"), &one),
    });
    prop::collection::vec(change, 1..4).prop_map(|changes| {
        let mut keys = std::collections::BTreeSet::new();
        let is_new = |change: &TagChange| {
            let both = [Some(&change.key), change.previous_key.as_ref()].into_iter().flatten();
            both.filter(|key| !keys.insert(key.to_lowercase())).count() == 0
        };
        let mut is_new = is_new;
        changes.into_iter().filter(|change| is_new(change)).collect()
    })
}

/// Asserts that a script does what is planned, apart from what is left out.
fn assert_inert(plan: &Plan, target: EmitTarget) -> Result<Emission, TestCaseError> {
    let emission = emit(plan, target, &[]);
    // Whoever reads the script on a terminal sees all of it.
    let is_hiding = |c: char| c != '\n' && tagpol_sink::terminal::is_steering(c);
    prop_assert!(!emission.text.contains(is_hiding), "{:?}", emission.text);
    let recorded = run(&emission.text, "111122223333", "{}");
    prop_assert_eq!(recorded.code, 0, "{}\n{}", recorded.err, emission.text);
    let applied = applied(plan, &recorded.calls);
    let wanted = tags_after(plan);
    for one in &plan.resources {
        let is_left_out = emission.left_out.iter().any(|left| left.resource == one.id);
        let expected = if is_left_out { &one.tags } else { &wanted[&one.id] };
        prop_assert_eq!(&applied[&one.id], expected, "{}", emission.text);
    }
    prop_assert_eq!(emission.written + emission.left_out.len(), plan.change_count());
    Ok(emission)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_texts_are_inert_for_aws(one in changes(), other in changes(), name in text()) {
        let made = plan(vec![queue("jobs", one.clone()), queue("mail", one), queue(&format!("x{name}"), other)]);
        assert_inert(&made, EmitTarget::Aws)?;
    }

    #[test]
    fn any_texts_are_inert_for_az(one in changes(), name in text()) {
        let id = |name: &str| format!("/subscriptions/0-1/resourceGroups/g/providers/Microsoft.Web/sites/{name}");
        let site = |name: &str| resource(Cloud::Azure, "microsoft.web/sites", &id(name), one.clone());
        let made = plan(vec![site("shop"), site(&format!("x{name}"))]);
        assert_inert(&made, EmitTarget::Az)?;
    }

    #[test]
    fn any_texts_are_inert_for_gcloud(one in changes(), key in "[a-z][a-z0-9_-]{0,5}", value in "[a-z0-9_-]{0,5}", name in text()) {
        let id = |name: &str| format!("//pubsub.googleapis.com/projects/p/topics/{name}");
        let topic = |name: &str, changes: &[TagChange]| resource(Cloud::Gcp, "pubsub", &id(name), changes.to_vec());
        let made = plan(vec![topic("a", &one), topic("b", &[set(&key, &value)]), topic(&format!("x{name}"), &one)]);
        let emission = assert_inert(&made, EmitTarget::Gcloud)?;
        prop_assert!(emission.left_out.iter().all(|left| left.resource != id("b")));
    }
}

#[test]
fn a_key_in_another_case_is_deleted_and_added_again_in_azure() {
    let id = "/subscriptions/0-1/resourceGroups/g";
    let made = plan(vec![resource(Cloud::Azure, "g", id, vec![rename("owner", "Owner", "ann")])]);
    let emission = assert_inert(&made, EmitTarget::Az).unwrap();
    let recorded = run(&emission.text, "", "");
    let operations: Vec<&String> = recorded.calls.iter().map(|call| &call[6]).collect();
    assert_eq!(operations, ["Delete", "Merge"]);
}

#[test]
fn a_full_resource_is_untagged_before_it_is_tagged() {
    let tags: BTreeMap<String, String> =
        (0..49).map(|number| (format!("k{number}"), "v".to_owned())).collect();
    let mut full = queue("full", vec![rename("cost_center", "CostCenter", "1")]);
    full.tags.extend(tags);
    let emission = assert_inert(&plan(vec![full]), EmitTarget::Aws).unwrap();
    let actions: Vec<String> =
        run(&emission.text, "111122223333", "{}").calls.iter().skip(1).map(|call| call[2].clone()).collect();
    assert_eq!(actions, ["untag-resources", "tag-resources"]);
}

/// A resource that has as many tags as it may have.
fn full(resource: PlannedResource) -> PlannedResource {
    let mut full = resource;
    for number in full.tags.len()..full.cloud.most_tags(full.type_.as_deref()) {
        full.tags.insert(format!("k{number}"), "v".to_owned());
    }
    full
}

#[test]
fn no_tag_is_lost_if_a_call_fails() {
    let renamed = || vec![rename("label", "Label", "x"), rename("cost_center", "CostCenter", "1")];
    let role = |name: &str| {
        resource(Cloud::Aws, "iam:role", &format!("arn:aws:iam::111122223333:role/ci/{name}"), renamed())
    };
    let site = |name: &str| {
        let id = format!("/subscriptions/0-1/resourceGroups/g/providers/Microsoft.Web/sites/{name}");
        resource(Cloud::Azure, "microsoft.web/sites", &id, renamed())
    };
    let moved = |name: &str| {
        let id = format!("/subscriptions/0-1/resourceGroups/g/providers/Microsoft.Web/sites/{name}");
        resource(Cloud::Azure, "microsoft.web/sites", &id, vec![rename("cost_center", "CostCenter", "1")])
    };
    let cluster = |name: &str| {
        let id = format!("//container.googleapis.com/projects/p/locations/l/clusters/{name}");
        resource(Cloud::Gcp, "container", &id, vec![rename("cost_center", "cost-center", "1")])
    };
    for (target, one) in [
        (EmitTarget::Aws, queue("q", renamed())),
        (EmitTarget::Aws, full(queue("q", renamed()))),
        (EmitTarget::Aws, role("r")),
        (EmitTarget::Aws, full(role("r"))),
        (EmitTarget::Az, site("s")),
        (EmitTarget::Az, full(moved("s"))),
        (EmitTarget::Gcloud, cluster("c")),
    ] {
        let plan = plan(vec![one.clone()]);
        let emission = assert_inert(&plan, target).unwrap();
        assert_eq!(emission.left_out, []);
        for failing in 0..2 {
            let recorded = run_failing(&emission.text, "111122223333", "{}", Some(failing));
            assert_eq!(recorded.code, 1, "{}", emission.text);
            let tags = &applied(&plan, &recorded.calls)[&one.id];
            for change in &one.changes {
                let keys = [Some(&change.key), change.previous_key.as_ref()];
                let is_there = keys.into_iter().flatten().any(|key| tags.get(key) == change.before.as_ref());
                assert!(is_there, "call {failing} of {target:?} lost `{}`\n{}", change.key, emission.text);
            }
        }
    }
    // A response that lists failures is one.
    let emission = emit(&plan(vec![queue("q", renamed())]), EmitTarget::Aws, &[]);
    let recorded = run(&emission.text, "111122223333", "{\"arn\": {\"ErrorCode\": \"Locked\"}}");
    assert_eq!((recorded.code, recorded.calls.len()), (1, 2), "{}", emission.text);
}

#[test]
fn old_values_that_a_script_does_not_contain_do_not_matter() {
    let old = "nul\0";
    let change = |old_value: &str| {
        vec![TagChange {
            after: Some("x".to_owned()),
            before: Some(old_value.to_owned()),
            ..rename("cost_center", "CostCenter", "x")
        }]
    };
    assert_eq!(assert_inert(&plan(vec![queue("q", change(old))]), EmitTarget::Aws).unwrap().left_out, []);
    let site = "/subscriptions/0-1/resourceGroups/g/providers/Microsoft.Web/sites/s";
    let made = plan(vec![resource(Cloud::Azure, "microsoft.web/sites", site, change(old))]);
    assert_eq!(assert_inert(&made, EmitTarget::Az).unwrap().left_out, []);
}

#[test]
fn other_accounts_and_failures_are_reported() {
    let made = plan(vec![queue("jobs", vec![set("a", "b")])]);
    let emission = emit(&made, EmitTarget::Aws, &[]);
    let other = run(&emission.text, "444455556666", "{}");
    assert_eq!((other.code, other.calls.len()), (1, 1), "{}", other.err);
    assert!(other.err.contains("skipped: changes in account 111122223333"), "{}", other.err);
    let failed = run(&emission.text, "111122223333", "{\"arn\": {\"ErrorCode\": \"Throttled\"}}");
    assert_eq!(failed.code, 1);
    assert!(failed.err.contains("Throttled"), "{}", failed.err);
}

#[test]
fn requests_have_20_resources_with_the_same_change() {
    let queues: Vec<PlannedResource> =
        (0..45).map(|number| queue(&format!("q{number}"), vec![set("a", "b")])).collect();
    let emission = assert_inert(&plan(queues), EmitTarget::Aws).unwrap();
    assert_eq!(run(&emission.text, "111122223333", "{}").calls.len(), 1 + 3);
}

#[test]
fn what_a_script_cannot_do_is_left_out_with_its_reason() {
    let change = || vec![set("a", "b")];
    for (target, resource, reason) in [
        (EmitTarget::Aws, resource(Cloud::Aws, "t", "i-0abc", change()), "it has no ARN"),
        (
            EmitTarget::Aws,
            resource(Cloud::Aws, "t", "arn:aws:s3:::logs", change()),
            "does not have its region",
        ),
        (EmitTarget::Aws, resource(Cloud::Gcp, "t", "//x/y", change()), "`tagpol remediate emit gcloud`"),
        (EmitTarget::Az, resource(Cloud::Azure, "t", "vm-1", change()), "no id of Azure Resource Manager"),
        (EmitTarget::Gcloud, resource(Cloud::Gcp, "t", "//x/-y", change()), "characters that no resource"),
        (EmitTarget::Gcloud, queue("q", change()), "`tagpol remediate emit aws`"),
        (EmitTarget::Terraform, queue("q", change()), "no Terraform state"),
        (
            EmitTarget::Aws,
            resource(
                Cloud::Aws,
                "t",
                "arn:aws:autoscaling:eu-west-1:111122223333:autoScalingGroup:u:autoScalingGroupName/g",
                change(),
            ),
            "whether its instances get it",
        ),
        (EmitTarget::Aws, crate::support::managed("aws_x.y", Cloud::Aws, change()), "would undo the change"),
    ] {
        let emission = emit(&plan(vec![resource]), target, &[]);
        assert_eq!((emission.written, emission.left_out.len()), (0, 1), "{target:?}");
        assert!(emission.left_out[0].reason.contains(reason), "{:?}", emission.left_out[0]);
    }
}
