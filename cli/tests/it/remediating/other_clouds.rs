//! Plans for Azure and Google Cloud, applied to replay peers.

use serde_json::{Value, json};

use super::{POLICIES, Rows, hash, plan, read_plan, says};
use crate::fetching::peers::{Peer, SKIPPED};
use crate::support::{Folder, Run};

/// A cloud with resources, and a project with a list of them.
struct World {
    peer: Peer,
    cloud: &'static str,
    folder: Folder,
}

impl World {
    fn with(cloud: &'static str, resources: &[(&str, Value)]) -> Option<Self> {
        let package =
            if cloud == "azure" { "azure.mgmt.resourcegraph" } else { "google.cloud.asset_v1, cryptography" };
        let peer = Peer::start(&format!("cloud_writes.py {cloud}"), package)?;
        let row = |(id, tags): &(&str, Value)| {
            json!({"id": id, "provider": cloud, "tags": tags}).to_string() + "\n"
        };
        let list: String = resources.iter().map(row).collect();
        let folder = Folder::with(&[("tagpol.toml", ""), ("p.tagpol", POLICIES), ("list.ndjson", &list)]);
        let world = Self { peer, cloud, folder };
        let by_id: serde_json::Map<String, Value> =
            resources.iter().map(|(id, tags)| ((*id).to_owned(), tags.clone())).collect();
        world.peer.command("resources", &Value::Object(by_id));
        Some(world)
    }

    fn plan(&self, args: &[&str]) -> Value {
        plan(&self.folder, &[&["-i", "list.ndjson"], args].concat())
    }

    fn apply(&self, name: &str) -> Run {
        let plan = read_plan(&self.folder, name);
        let endpoint = format!("--{}-endpoint", self.cloud);
        let args = ["remediate", "apply", name, "--confirm", hash(&plan), "--attempts", "3"];
        let args = [&args[..], &[&endpoint, &self.peer.address]].concat();
        let mut command = self.folder.command(&args);
        command.env("NO_PROXY", "127.0.0.1");
        match self.cloud {
            "azure" => {
                command.env("AZURE_AUTHORITY_HOST", &self.peer.address).env("AZURE_TENANT_ID", "tenant");
                command.env("AZURE_CLIENT_ID", "client").env("AZURE_CLIENT_SECRET", "secret");
            }
            _ => {
                let key = self.peer.command("faults", &json!({"faults": []}))["key"].to_string();
                self.folder.write("key.json", key);
                command.env("GOOGLE_APPLICATION_CREDENTIALS", self.folder.path().join("key.json"));
            }
        }
        Run::of(command.output().unwrap())
    }

    fn tags(&self) -> Rows {
        serde_json::from_value(self.peer.command("tags", &Value::Null)["tags"].clone()).unwrap()
    }

    /// The requests for tags since the last call.
    fn log(&self) -> Vec<String> {
        serde_json::from_value(self.peer.command("log", &Value::Null)["log"].clone()).unwrap()
    }

    fn roll_back(&self, said: &str) {
        self.folder.run(&["remediate", "rollback", "plan.json", "-o", "undo.json"]).ends_with(0);
        says(&self.apply("undo.json"), 0, &[said]);
    }
}

const GROUP: &str = "/subscriptions/00000001-0000-0000-0000-000000000000/resourceGroups/web rg/providers";

fn azure(name: &str) -> String {
    format!("{GROUP}/Microsoft.Compute/disks/{name}")
}

#[test]
fn azure_keeps_the_case_of_keys_unless_they_are_rewritten() {
    let [a, b, c] = ["a", "b", "c"].map(azure);
    let world = World::with(
        "azure",
        &[
            (&a, json!({"OWNER": "nobody", "team": "web"})),
            (&b, json!({"team": "data", "env": "PRD", "hidden-link:x": "y"})),
            (&c, json!({"owner": "ana@example.com", "env": "staging"})),
        ],
    );
    let Some(world) = world else { return println!("{SKIPPED}") };
    let before = world.tags();
    let plan = world.plan(&[]);
    assert!(plan["resources"].as_array().unwrap().iter().all(|one| one["id"] != c.as_str()), "{plan:#}");
    says(&world.apply("plan.json"), 0, &["2 resources changed"]);
    let after = world.tags();
    // `write` wants another case, but keys are the same tag there.
    assert_eq!(after[&a]["OWNER"], "web@example.com");
    assert_eq!((after[&b]["Owner"].as_str(), after[&b]["env"].as_str()), ("data@example.com", "PRD"));
    assert_eq!(after[&c], before[&c]);
    assert!(!world.log().iter().any(|request| request == "PATCH Delete"));
    world.roll_back("2 resources changed");
    assert_eq!(world.tags(), before);
    world.log();
    // Rewritten, a key of another case is deleted and added, since merging it would change nothing.
    world.plan(&["--canonical", "--where", "owner is set"]);
    let shown = world.folder.run(&["remediate", "show", "plan.json"]).ends_with(0);
    assert!(shown.contains("~ owner -> Owner: \"ana@example.com\"  spelling"), "{shown}");
    says(&world.apply("plan.json"), 0, &["resources changed"]);
    let after = world.tags();
    assert_eq!(after[&c].keys().collect::<Vec<_>>(), ["Owner", "env"]);
    let log = world.log();
    let deleted = log.iter().position(|request| request == "PATCH Delete").unwrap();
    assert_eq!(log[deleted + 1], "PATCH Merge");
    world.roll_back("resources changed");
    assert_eq!(world.tags(), before);
    // If adding fails after deleting, the old tag is added again.
    world.plan(&["--canonical", "--where", &format!("resource.id == \"{c}\"")]);
    let locked = json!({"error": {"code": "ScopeLocked", "message": "the scope is locked"}});
    world
        .peer
        .command("faults", &json!({"faults": [{"after": 2, "times": 1, "status": 403, "body": locked}]}));
    says(&world.apply("plan.json"), 1, &["c: failed: `Merge` failed with status 403", "1 failed"]);
    assert_eq!(world.tags(), before);
}

#[test]
fn azure_skips_what_has_changed_and_repeats_only_conflicts() {
    let [a, b, c] = ["a", "b", "c"].map(azure);
    let world = World::with(
        "azure",
        &[(&a, json!({"team": "web"})), (&b, json!({"team": "web"})), (&c, json!({"team": "web"}))],
    );
    let Some(world) = world else { return println!("{SKIPPED}") };
    world.plan(&[]);
    world.peer.command("resources", &json!({&a: {"team": "ops"}, &b: {"team": "web"}}));
    let conflict = json!({"error": {"code": "Conflict", "message": "another operation is in progress"}});
    world
        .peer
        .command("faults", &json!({"faults": [{"after": 1, "times": 1, "status": 409, "body": conflict}]}));
    says(
        &world.apply("plan.json"),
        1,
        &[
            "a: skipped: its tags have changed: `team` is `ops`, not `web`",
            "c: skipped: its tags have changed: it does not exist",
            "1 resource changed, 2 skipped",
        ],
    );
    let tags = world.tags();
    assert_eq!(tags[&a], [("team".to_owned(), "ops".to_owned())].into());
    assert_eq!(tags[&b]["Owner"], "web@example.com");
    // Another error is not repeated.
    world.plan(&["--where", "resource.id ends with \"/b\""]);
    world.peer.command("resources", &json!({&b: {"team": "web"}}));
    let locked = json!({"error": {"code": "ScopeLocked", "message": "the scope is locked"}});
    world
        .peer
        .command("faults", &json!({"faults": [{"after": 1, "times": 1, "status": 403, "body": locked}]}));
    world.log();
    says(
        &world.apply("plan.json"),
        1,
        &["failed: `Merge` failed with status 403: the scope is locked (ScopeLocked)"],
    );
    assert_eq!(world.tags()[&b], [("team".to_owned(), "web".to_owned())].into());
}

const VM: &str = "//compute.googleapis.com/projects/web-prod/zones/europe-west1-b/instances/vm";
const DISK: &str = "//compute.googleapis.com/projects/web-prod/zones/europe-west1-b/disks/disk";
const BUCKET: &str = "//storage.googleapis.com/site";
const DATA: &str = "//bigquery.googleapis.com/projects/web-prod/datasets/data";
const CLUSTER: &str = "//container.googleapis.com/projects/web-prod/zones/europe-west1-b/clusters/shop";
const SECRET: &str = "//secretmanager.googleapis.com/projects/web-prod/secrets/key";
const DATABASE: &str = "//cloudsql.googleapis.com/projects/web-prod/instances/orders";
const SERVICE: &str = "//run.googleapis.com/projects/web-prod/locations/europe-west1/services/shop";
const PROJECT: &str = "//cloudresourcemanager.googleapis.com/projects/web-prod";
const TOPIC: &str = "//pubsub.googleapis.com/projects/web-prod/topics/jobs";

/// What is legal as labels.
fn labels(folder: &Folder) {
    folder.write(
        "p.tagpol",
        POLICIES
            .replace("tag owner: email", "tag owner: text")
            .replace("@example.com", "-team")
            .replace("CC-", "cc-"),
    );
}

#[test]
fn labels_of_google_cloud_are_changed_by_their_services() {
    let world = World::with(
        "gcp",
        &[
            (VM, json!({"team": "web", "goog-x": "y"})),
            (BUCKET, json!({"team": "web", "stage": "n-a"})),
            (DATA, json!({"team": "data", "env": "prod"})),
            (CLUSTER, json!({"team": "web", "goog-y": "z"})),
            (SECRET, json!({"team": "web", "env": "prod"})),
            (DATABASE, json!({"team": "data", "stage": "n-a"})),
            (SERVICE, json!({"team": "web"})),
            (PROJECT, json!({"team": "web"})),
            (TOPIC, json!({"team": "web"})),
        ],
    );
    let Some(world) = world else { return println!("{SKIPPED}") };
    labels(&world.folder);
    let before = world.tags();
    world.plan(&["--canonical"]);
    says(
        &world.apply("plan.json"),
        1,
        &[
            &format!(
                "{TOPIC}: failed: labels of `pubsub.googleapis.com` are not written, since its API does not refuse"
            ),
            "8 resources changed, 1 failed",
        ],
    );
    let after = world.tags();
    assert_eq!(after[VM]["owner"], "web-team");
    assert_eq!(after[VM]["goog-x"], "y");
    assert_eq!(after[DATA]["env"], "production");
    assert_eq!(after[CLUSTER]["owner"], "web-team");
    assert_eq!(after[CLUSTER]["goog-y"], "z");
    assert_eq!(after[SECRET]["env"], "production");
    assert_eq!(after[DATABASE]["owner"], "data-team");
    assert_eq!(after[SERVICE]["owner"], "web-team");
    assert_eq!(after[PROJECT]["owner"], "web-team");
    assert_eq!(after[TOPIC], before[TOPIC]);
    let log = world.log();
    for request in [
        "POST compute",
        "PATCH storage",
        "PATCH bigquery",
        "POST container",
        "PATCH secretmanager",
        "PATCH sqladmin",
        "PATCH run",
        "PATCH cloudresourcemanager",
    ] {
        assert_eq!(log.iter().filter(|one| *one == request).count(), 1, "{log:?}");
    }
    world.roll_back("8 resources changed");
    assert_eq!(world.tags(), before);
}

#[test]
fn a_fingerprint_that_does_not_match_overwrites_nothing() {
    for id in [VM, BUCKET, DATA, CLUSTER, SECRET, DATABASE, SERVICE] {
        let world = World::with("gcp", &[(id, json!({"team": "web"})), (DISK, json!({"team": "web"}))]);
        let Some(world) = world else { return println!("{SKIPPED}") };
        labels(&world.folder);
        world.plan(&[]);
        // One change that leaves the labels alone, and one that changes them.
        world.peer.command("interfere", &json!([{"id": id}, {"id": DISK, "tags": {"team": "ops"}}]));
        says(
            &world.apply("plan.json"),
            1,
            &[
                &format!("{DISK}: skipped: its tags have changed: `team` is `ops`, not `web`"),
                "1 resource changed, 1 skipped",
            ],
        );
        assert_eq!(world.tags()[id]["owner"], "web-team", "{id}");
        assert_eq!(world.tags()[DISK], [("team".to_owned(), "ops".to_owned())].into());
        // Changed each time: it is read again once, then skipped.
        world.peer.command("resources", &json!({id: {"team": "web"}}));
        world.plan(&["--where", &format!("resource.id == \"{id}\"")]);
        world.peer.command("interfere", &json!([{"id": id}, {"id": id}, {"id": id}]));
        says(
            &world.apply("plan.json"),
            1,
            &["changed by somebody else at the same time", "0 resources changed"],
        );
        assert_eq!(world.tags()[id], [("team".to_owned(), "web".to_owned())].into());
    }
}
