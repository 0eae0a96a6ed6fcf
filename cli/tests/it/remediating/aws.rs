//! Plans for AWS, applied to moto behind a proxy that injects failures.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{POLICIES, Rows, findings, hash, plan, promised, read_plan, says, skipped};
use crate::fetching::aws::{credentials, fetch_command};
use crate::fetching::peers::{Peer, SKIPPED};
use crate::support::{Folder, Run};

/// Rounds of the test that kills the program.
fn rounds() -> u64 {
    std::env::var("TAGPOL_TEST_KILLS").map_or(5, |count| count.parse().unwrap())
}

/// An account of AWS with volumes, and a project that has fetched them.
struct World {
    peer: Peer,
    folder: Folder,
    arns: Vec<String>,
}

impl World {
    /// Makes a volume for each set of tags. None if moto is not installed.
    fn with(tags: &[Value]) -> Option<Self> {
        let peer = Peer::start("aws_writes.py", "moto, flask, flask_cors, boto3")?;
        let made = peer.command("volumes", &json!({"tags": tags}));
        let arns = made["arns"].as_array().unwrap().iter().map(|arn| arn.as_str().unwrap().to_owned());
        let folder = Folder::with(&[("tagpol.toml", ""), ("p.tagpol", POLICIES)]);
        let world = Self { arns: arns.collect(), peer, folder };
        world.fetch();
        Some(world)
    }

    fn fetch(&self) {
        let args = ["--region", "eu-west-1", "--source", "aws-ec2-volumes"];
        let mut command = fetch_command(&self.folder, &self.peer.address, &args);
        Run::of(command.output().unwrap()).ends_with(0);
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.folder.command(&[&["remediate"], args].concat());
        credentials(&mut command, &self.peer.address);
        command
    }

    fn apply(&self, name: &str) -> Run {
        let plan = read_plan(&self.folder, name);
        Run::of(self.command(&["apply", name, "--confirm", hash(&plan)]).output().unwrap())
    }

    /// The tags of all volumes, as moto has them.
    fn tags(&self) -> Rows {
        serde_json::from_value(self.peer.command("tags", &Value::Null)["tags"].clone()).unwrap()
    }

    /// Sets the faults of writes, and returns the requests that wrote since the last call.
    fn writes(&self, faults: &Value) -> Vec<(String, usize)> {
        let written = self.peer.command("writes", faults)["written"].as_array().unwrap().clone();
        let request = |one: &Value| {
            (one["operation"].as_str().unwrap().to_owned(), one["arns"].as_array().unwrap().len())
        };
        written.iter().map(request).collect()
    }
}

#[test]
fn a_plan_closes_exactly_the_findings_that_it_promises_and_is_undone_byte_for_byte() {
    let world = World::with(&[
        json!({"env": "n/a", "Team": "web", "Note": " spaces \u{e9} "}),
        json!({"ENVIRONMENT": "n/a", "owner": "ana@example.com"}),
        json!({"Environment": "prod", "owner": "nobody", "team": "web"}),
        json!({"team": "data", "OWNER": "ana@example.com"}),
        json!({}),
    ]);
    let Some(world) = world else { return println!("{SKIPPED}") };
    let (before, found) = (world.tags(), findings(&world.folder));
    let plan = plan(&world.folder, &[]);
    let promised = promised(&plan);
    assert!(!promised.is_empty() && promised.is_subset(&found));
    let shown = world.folder.run(&["remediate", "show", "plan.json"]).ends_with(0);
    for part in [
        "+ Environment: \"development\"  remedy of placed (p.tagpol:",
        "~ ENVIRONMENT -> Environment: \"n/a\" -> \"development\"",
        "+ Owner: \"web@example.com\"  remedy of owned",
        "~ owner -> Owner: \"nobody\" -> \"web@example.com\"",
        "+ cost-center: \"CC-100\"  rule cost-center-of-team",
        "closes owned/owner (high)",
        &format!("--confirm {}", hash(&plan).split_at(16).0),
    ] {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
    says(&world.apply("plan.json"), 0, &["5 resources changed"]);
    world.fetch();
    let left: Vec<_> = found.difference(&findings(&world.folder)).cloned().collect();
    assert_eq!(left.into_iter().collect::<std::collections::BTreeSet<_>>(), promised);
    assert!(findings(&world.folder).is_subset(&found));
    // Planning again gives nothing, and what is applied is undone.
    let again = super::plan(&world.folder, &[]);
    assert_eq!(again["resources"], json!([]), "{again:#}");
    world.folder.write("plan.json", plan.to_string());
    world.folder.run(&["remediate", "rollback", "plan.json", "-o", "undo.json"]).ends_with(0);
    says(&world.apply("undo.json"), 0, &["5 resources changed"]);
    assert_eq!(world.tags(), before);
}

#[test]
fn a_plan_that_may_not_be_applied_is_a_clear_error() {
    let Some(world) = World::with(&[json!({"team": "web"})]) else { return println!("{SKIPPED}") };
    let before = world.tags();
    let apply = |name: &str, hash: &str| {
        Run::of(world.command(&["apply", name, "--confirm", hash]).output().unwrap())
    };
    let plan = plan(&world.folder, &[]);
    let hash = hash(&plan).to_owned();
    apply("plan.json", "0123456789abcdef").fails_with(2, &["does not confirm this plan", "remediate show"]);
    world.folder.write("edited.json", plan.to_string().replace("web@example.com", "eve@example.com"));
    apply("edited.json", &hash).fails_with(2, &["the plan was edited", "make a new plan"]);
    world.folder.run(&["remediate", "plan", "--now", "2026-01-01", "-o", "old.json"]).ends_with(0);
    let old = read_plan(&world.folder, "old.json");
    apply("old.json", super::hash(&old)).fails_with(2, &["the plan expired at 2026-01-02 00:00:00 UTC"]);
    apply("p.tagpol", &hash).fails_with(2, &["this is not a plan"]);
    world.folder.write("p.tagpol", POLICIES.replace("CC-100", "CC-200"));
    apply("plan.json", &hash).fails_with(2, &["the policies have changed"]);
    world.folder.write("p.tagpol", POLICIES);
    assert_eq!(world.tags(), before);
    // Another snapshot.
    world.peer.command("volumes", &json!({"tags": [{"team": "new"}]}));
    world.fetch();
    apply("plan.json", &hash).fails_with(2, &["the plan is for the snapshot", "and the newest one is"]);
    let run = world.folder.run(&["remediate", "rollback", "plan.json"]);
    run.fails_with(2, &["the plan was not applied here"]);
    // Twice.
    let plan = super::plan(&world.folder, &[]);
    says(&world.apply("plan.json"), 0, &["2 resources changed"]);
    apply("plan.json", super::hash(&plan)).fails_with(2, &["the plan was applied at", "remediate rollback"]);
}

#[test]
fn a_plan_of_which_nothing_was_sent_is_checked_again() {
    let Some(world) = World::with(&[json!({"team": "web"})]) else { return println!("{SKIPPED}") };
    let before = world.tags();
    let plan = plan(&world.folder, &[]);
    let confirm = ["remediate", "apply", "plan.json", "--confirm", hash(&plan)];
    let without_credentials = || {
        let mut command = world.folder.command(&confirm);
        command
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", "none")
            .env("AWS_REGION", "eu-west-1");
        Run::of(command.env("AWS_SHARED_CREDENTIALS_FILE", "none").output().unwrap())
    };
    assert_eq!(without_credentials().code, 3);
    let run = world.folder.run(&["remediate", "rollback", "plan.json"]);
    run.fails_with(2, &["the plan was not applied here"]);
    world.folder.write("p.tagpol", POLICIES.replace("CC-100", "CC-200"));
    world.apply("plan.json").fails_with(2, &["the policies have changed"]);
    world.folder.write("p.tagpol", POLICIES);
    world.peer.command("volumes", &json!({"tags": [{"team": "new"}]}));
    world.fetch();
    world.apply("plan.json").fails_with(2, &["the plan is for the snapshot", "and the newest one is"]);
    assert_eq!(world.tags()[&world.arns[0]], before[&world.arns[0]]);
}

/// Makes a plan that has expired, as an interrupted run leaves it: the cloud was asked to change some resources.
fn interrupted(world: &World, changed: &[&str]) -> Value {
    world.folder.run(&["remediate", "plan", "--now", "2026-01-01", "-o", "plan.json"]).ends_with(0);
    let plan = read_plan(&world.folder, "plan.json");
    let start = json!({"event": "start", "plan": hash(&plan), "at": "2026-01-01T00:00:00Z"});
    let batch = json!({"event": "batch", "resources": changed});
    let journal = format!(".tagpol/remediation/{}.journal", hash(&plan));
    std::fs::create_dir_all(world.folder.path().join(".tagpol/remediation")).unwrap();
    world.folder.write(&journal, format!("{start}\n{batch}\n"));
    plan
}

#[test]
fn what_was_started_is_brought_to_its_end_or_undone_whatever_has_expired_or_changed() {
    let tags: Vec<Value> = (0..3).map(|_| json!({"team": "web", "owner": "?"})).collect();
    let Some(world) = World::with(&tags) else { return println!("{SKIPPED}") };
    let before = world.tags();
    let [whole, part, none] = [0, 1, 2].map(|at| world.arns[at].as_str());
    let wanted = json!({"team": "web", "Owner": "web@example.com", "Environment": "development", "cost-center": "CC-100"});
    let half = json!({"team": "web", "owner": "?", "Owner": "web@example.com", "Environment": "development"});
    let interrupt = || {
        world.peer.command("replace", &json!({"arn": whole, "tags": wanted}));
        world.peer.command("replace", &json!({"arn": part, "tags": half}));
    };
    // To its end, although it has expired and the policies have changed.
    interrupted(&world, &[whole, part, none]);
    interrupt();
    world.folder.write("p.tagpol", POLICIES.replace("CC-100", "CC-200"));
    let warning = "warning: the plan expired at 2026-01-02 00:00:00 UTC; it is applied to its end";
    says(&world.apply("plan.json"), 0, &[warning, "went on with a run", "3 resources changed"]);
    let wanted: std::collections::BTreeMap<String, String> = serde_json::from_value(wanted.clone()).unwrap();
    assert!(world.tags().values().all(|tags| *tags == wanted), "{:?}", world.tags());
    // Undone, of what nobody knows whether it was changed, and not applied again afterwards.
    world.folder.write("p.tagpol", POLICIES);
    for (arn, tags) in &before {
        world.peer.command("replace", &json!({"arn": arn, "tags": tags}));
    }
    std::fs::remove_dir_all(world.folder.path().join(".tagpol/remediation")).unwrap();
    let plan = interrupted(&world, &[whole, part, none]);
    interrupt();
    let undo = ["remediate", "rollback", "plan.json", "-o", "undo.json"];
    says(&world.folder.run(&undo), 0, &["warning: applying the plan was interrupted; it is given up"]);
    let args = ["apply", "plan.json", "--confirm", hash(&plan)];
    let run = Run::of(world.command(&args).output().unwrap());
    run.fails_with(2, &["it was given up at", "tagpol remediate rollback"]);
    says(&world.apply("undo.json"), 0, &["2 resources changed", "1 already as planned"]);
    assert_eq!(world.tags(), before);
}

#[test]
fn keys_that_are_protected_after_the_plan_are_not_changed() {
    let Some(world) = World::with(&[json!({"team": "web", "env": "staging"})]) else {
        return println!("{SKIPPED}");
    };
    let before = world.tags();
    plan(&world.folder, &[]);
    let protect = || world.folder.write("tagpol.toml", "protect = [\"OWNER\"]\n");
    protect();
    let refused = ["`tagpol.toml` protects `OWNER`, and the plan changes it on 1 resource", "remove the key"];
    world.apply("plan.json").fails_with(2, &refused);
    assert_eq!(world.tags(), before);
    world.folder.write("tagpol.toml", "");
    says(&world.apply("plan.json"), 0, &["1 resource changed"]);
    let undo = || world.folder.run(&["remediate", "rollback", "plan.json", "-o", "undo.json"]).ends_with(0);
    undo();
    protect();
    world.apply("undo.json").fails_with(2, &refused);
    undo();
    assert_eq!(
        skipped(&read_plan(&world.folder, "undo.json")),
        [(world.arns[0].clone(), "protected".to_owned())]
    );
    says(&world.apply("undo.json"), 0, &["1 resource changed"]);
    let mut expected = before[&world.arns[0]].clone();
    expected.insert("Owner".to_owned(), "web@example.com".to_owned());
    assert_eq!(world.tags()[&world.arns[0]], expected);
}

#[test]
fn equal_changes_share_requests_of_at_most_20_resources() {
    let tags: Vec<Value> = (0..45).map(|_| json!({"team": "web", "owner": "a@example.com"})).collect();
    let Some(world) = World::with(&tags) else { return println!("{SKIPPED}") };
    plan(&world.folder, &[]);
    world.writes(&json!({}));
    says(&world.apply("plan.json"), 0, &["45 resources changed"]);
    let tag = |count| ("TagResources".to_owned(), count);
    assert_eq!(world.writes(&json!({})), [tag(20), tag(20), tag(5)]);
}

#[test]
fn injected_failures_and_drift_overwrite_nothing() {
    let tags: Vec<Value> = (0..6).map(|n| json!({"team": "web", "n": n.to_string()})).collect();
    let Some(world) = World::with(&tags) else { return println!("{SKIPPED}") };
    let before = world.tags();
    plan(&world.folder, &[]);
    let [a, b, c, d, e, f] = [0, 1, 2, 3, 4, 5].map(|at| world.arns[at].as_str());
    // One has got another value, one another tag, one fails for good, one is throttled twice.
    world.peer.command(
        "replace",
        &json!({"arn": a, "tags": {"team": "web", "n": "0", "Owner": "new@example.com"}}),
    );
    world.peer.command("replace", &json!({"arn": b, "tags": {"team": "ops", "n": "1"}}));
    let drifted = world.tags();
    world.writes(&json!({"failing": [
        {"arn": c, "times": 99, "status": 400, "message": "the resource is locked"},
        {"arn": d, "times": 2, "status": 400, "message": "Throttling: Rate exceeded"},
    ]}));
    let run = world.apply("plan.json");
    says(
        &run,
        1,
        &[
            &format!("{a}: skipped: its tags have changed: `Owner` is `new@example.com`, not missing"),
            &format!("{b}: skipped: its tags have changed: `team` is `ops`, not `web`"),
            &format!("{c}: failed: `tag:TagResources` failed: the resource is locked"),
            "3 resources changed, 2 skipped, 1 failed",
            "not everything was applied",
        ],
    );
    let after = world.tags();
    for arn in [a, b, c] {
        assert_eq!(after[arn], drifted[arn], "{arn}");
    }
    for arn in [d, e, f] {
        assert_eq!(after[arn]["Owner"], "web@example.com", "{arn}");
    }
    // Only what was throttled was sent again.
    let sent: Vec<usize> = world.writes(&json!({})).into_iter().map(|(_, count)| count).collect();
    assert_eq!(sent, [4, 1, 1]);
    // Only what was changed is undone.
    world.folder.run(&["remediate", "rollback", "plan.json", "-o", "undo.json"]).ends_with(0);
    says(&world.apply("undo.json"), 0, &["3 resources changed"]);
    let undone = world.tags();
    assert!([c, d, e, f].iter().all(|arn| undone[*arn] == before[*arn]));
}

#[test]
fn a_resource_that_is_changed_in_part_is_reported_and_undone() {
    let tags = [json!({"team": "web", "owner": "?"}), json!({"team": "web", "owner": "?", "env": "prod"})];
    let Some(world) = World::with(&tags) else { return println!("{SKIPPED}") };
    let before = world.tags();
    plan(&world.folder, &["--policy", "owned"]);
    let [part, whole] = [0, 1].map(|at| world.arns[at].as_str());
    world.writes(&json!({"failing": [
        {"arn": part, "operation": "UntagResources", "times": 99, "status": 400, "message": "the resource is locked"},
    ]}));
    says(
        &world.apply("plan.json"),
        1,
        &[
            &format!(
                "{part}: failed after some of its changes: `tag:UntagResources` failed: the resource is locked"
            ),
            "1 resource changed, 1 failed after some of its changes",
        ],
    );
    assert_eq!(
        (world.tags()[part]["owner"].as_str(), world.tags()[part]["Owner"].as_str()),
        ("?", "web@example.com")
    );
    assert_eq!(world.tags()[whole].get("owner"), None);
    world.writes(&json!({}));
    world.folder.run(&["remediate", "rollback", "plan.json", "-o", "undo.json"]).ends_with(0);
    says(&world.apply("undo.json"), 0, &["2 resources changed"]);
    assert_eq!(world.tags(), before);
}

#[test]
fn a_tag_of_a_full_resource_is_renamed() {
    let mut tags: serde_json::Map<String, Value> = (0..47).map(|n| (format!("k{n}"), json!("x"))).collect();
    tags.extend([
        ("team".to_owned(), json!("web")),
        ("owner".to_owned(), json!("?")),
        ("env".to_owned(), json!("prod")),
    ]);
    let Some(world) = World::with(&[Value::Object(tags)]) else { return println!("{SKIPPED}") };
    let plan = plan(&world.folder, &[]);
    assert_eq!(skipped(&plan), [(world.arns[0].clone(), "too-many-tags".to_owned())]);
    world.writes(&json!({}));
    says(&world.apply("plan.json"), 0, &["1 resource changed"]);
    let sent: Vec<String> = world.writes(&json!({})).into_iter().map(|(operation, _)| operation).collect();
    assert_eq!(sent, ["UntagResources", "TagResources"]);
    let after = &world.tags()[&world.arns[0]];
    assert_eq!((after.len(), after["Owner"].as_str()), (50, "web@example.com"));
}

#[test]
fn a_request_that_fails_as_a_whole_is_repeated_only_if_it_was_throttled() {
    for (code, attempts, exit) in [("ThrottledException", 3, 0), ("InvalidParameterException", 1, 1)] {
        let Some(world) = World::with(&[json!({"team": "web"})]) else { return println!("{SKIPPED}") };
        plan(&world.folder, &[]);
        world.writes(&json!({}));
        let body = json!({"__type": code, "message": "told by the cloud"}).to_string();
        let fault = json!({"operation": "TagResources", "times": 2, "status": 400, "body": body});
        world.peer.command("faults", &json!({"faults": [fault]}));
        let run = world.apply("plan.json");
        assert_eq!(run.code, exit, "{run:#?}");
        assert_eq!(world.writes(&json!({})).len(), attempts, "{code}");
    }
}

#[test]
fn what_is_never_touched_is_not_planned() {
    let world = World::with(&[
        json!({"team": "web", "Owner": "ana@example.com", "Environment": "staging", "cost-center": "CC-999"}),
        json!({"team": "web", "Owner": "ana@example.com"}),
        json!({"Owner": "ana@example.com", "env": "staging"}),
    ]);
    let Some(world) = world else { return println!("{SKIPPED}") };
    world.folder.write("tagpol.toml", "protect = [\"ENVIRONMENT\", \"env\", \"stage\"]\n");
    let set = ["tags", "set", &world.arns[2], "environment=production", "--by", "ana"];
    world.folder.run(&set).ends_with(0);
    let plan = plan(&world.folder, &["--where", "team == \"web\" or owner is set"]);
    let changes: Vec<&str> = plan["resources"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|resource| resource["changes"].as_array().unwrap())
        .map(|change| change["key"].as_str().unwrap())
        .collect();
    assert_eq!(changes, ["cost-center"]);
    let skipped = skipped(&plan);
    let of = |arn: &str| {
        let own = skipped.iter().filter(|(id, _)| id == arn);
        own.map(|(_, reason)| reason.clone()).collect::<Vec<_>>()
    };
    let reasons = [0, 1, 2].map(|at| of(&world.arns[at]));
    assert_eq!(reasons, [vec![], vec!["protected".to_owned()], vec!["protected".to_owned()]]);
    // Not protected, what a person decided is written, in place of a valid value.
    world.folder.write("tagpol.toml", "");
    let plan = super::plan(&world.folder, &[]);
    let decided: Vec<&Value> = plan["resources"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|resource| resource["id"] == world.arns[2].as_str())
        .collect();
    let change = &decided[0]["changes"][0];
    assert_eq!(change["after"], "production");
    assert_eq!(change["provenance"]["source"], "decided");
}

#[test]
fn a_killed_run_goes_on_to_the_same_end() {
    let tags: Vec<Value> = (0..50)
        .map(|n| match n % 3 {
            0 => json!({"team": "web", "env": "n/a"}),
            1 => json!({"team": "data", "owner": "?"}),
            _ => json!({"n": n.to_string()}),
        })
        .collect();
    let Some(world) = World::with(&tags) else { return println!("{SKIPPED}") };
    let before = world.tags();
    plan(&world.folder, &[]);
    says(&world.apply("plan.json"), 0, &["50 resources changed"]);
    let end = world.tags();
    let requests = world.writes(&json!({})).len() as u64;
    assert!(requests >= 4, "{requests}");
    for round in 0..rounds() {
        for (arn, tags) in &before {
            world.peer.command("replace", &json!({"arn": arn, "tags": tags}));
        }
        std::fs::remove_dir_all(world.folder.path().join(".tagpol/remediation")).unwrap();
        // Every request is reached in turn, and some runs are killed more than once.
        let mut kills = 0;
        for (after, when) in [(round * 5 % requests, "after"), (round * 3 % 4, "before")] {
            let hash = hash(&read_plan(&world.folder, "plan.json")).to_owned();
            let mut command = world.command(&["apply", "plan.json", "--confirm", &hash]);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            world.writes(&json!({"kill": {"pid": child.id(), "after": after, "when": when}}));
            kills += u32::from(!child.wait().unwrap().success());
        }
        world.writes(&json!({}));
        assert!(kills > 0, "round {round}: nothing was killed");
        let run = world.apply("plan.json");
        // The second run may have come to the end.
        match run.code {
            0 => says(&run, 0, &["went on with a run that was interrupted"]),
            _ => says(&run, 2, &["the plan was applied at"]),
        }
        assert_eq!(world.tags(), end, "round {round}");
        world.folder.run(&["remediate", "rollback", "plan.json", "-o", "undo.json"]).ends_with(0);
        says(&world.apply("undo.json"), 0, &["50 resources changed"]);
        assert_eq!(world.tags(), before, "round {round}");
    }
}
