//! `tagpol snapshot fetch azure` and `gcp`, against replay peers.

use serde_json::{Value, json};

use super::coverage::{findings, manifest};
use super::peers::{Peer, Rows, SKIPPED, schedules, written};
use crate::support::{Folder, Run};

const POLICY: &str = "tag owner: text\npolicy owned { severity high  require owner }\n";

const SUBSCRIPTION: &str = "00000001-0000-0000-0000-000000000000";

fn with_policy() -> Folder {
    Folder::with(&[("tagpol.toml", ""), ("p.tagpol", POLICY)])
}

/// Few attempts, if a test does not name its own number of them.
fn attempts(args: &[&str]) -> Vec<&'static str> {
    if args.contains(&"--attempts") { Vec::new() } else { vec!["--attempts", "3"] }
}

fn azure(peer: &Peer, folder: &Folder, args: &[&str]) -> Run {
    let args =
        [&["snapshot", "fetch", "azure", "--endpoint", &peer.address], &attempts(args)[..], args].concat();
    let mut command = folder.command(&args);
    command.env("AZURE_AUTHORITY_HOST", &peer.address).env("AZURE_TENANT_ID", "tenant");
    command
        .env("AZURE_CLIENT_ID", "client")
        .env("AZURE_CLIENT_SECRET", "secret")
        .env("NO_PROXY", "127.0.0.1");
    Run::of(command.output().unwrap())
}

fn gcp(peer: &Peer, folder: &Folder, args: &[&str]) -> Run {
    let args =
        [&["snapshot", "fetch", "gcp", "--endpoint", &peer.address], &attempts(args)[..], args].concat();
    let mut command = folder.command(&args);
    let key = folder.path().parent().unwrap().join(format!("key-{}.json", std::process::id()));
    std::fs::write(&key, peer.command("log", &Value::Null)["key"].to_string()).unwrap();
    command.env("GOOGLE_APPLICATION_CREDENTIALS", &key).env("NO_PROXY", "127.0.0.1");
    let run = Run::of(command.output().unwrap());
    std::fs::remove_file(key).unwrap();
    run
}

/// Returns the ids and tags in a fetched file, each once.
fn rows(folder: &Folder, name: &str, list: &str, [id, tags]: [&str; 2]) -> Rows {
    let text = folder.read(&format!(".tagpol/fetched/{name}"));
    let mut rows = Rows::new();
    for page in serde_json::Deserializer::from_str(&text).into_iter::<Value>().map(Result::unwrap) {
        for row in page[list].as_array().unwrap() {
            let tags = serde_json::from_value::<Option<_>>(row[tags].clone()).unwrap().unwrap_or_default();
            assert!(rows.insert(row[id].as_str().unwrap().to_owned(), tags).is_none(), "{row} arrives twice");
        }
    }
    rows
}

fn statuses(folder: &Folder) -> Vec<String> {
    let coverage = manifest(folder)["coverage"].as_array().unwrap().clone();
    coverage.iter().map(|part| format!("{} {}", part["source"], part["status"]).replace('"', "")).collect()
}

#[test]
fn subscriptions_of_azure_are_listed_whole() {
    let Some(peer) = Peer::start("clouds.py azure", "azure.mgmt.resourcegraph") else {
        return println!("{SKIPPED}");
    };
    let folder = with_policy();
    // The quota is empty after each page, and full again at once.
    let quota = json!({"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:00:00"});
    peer.command("faults", &json!({"faults": [], "headers": quota}));
    let out = azure(&peer, &folder, &[]).ends_with(0);
    assert!(out.contains("resources   2503 (1669 with tags)"), "{out}");
    assert!(out.contains("listed by   azure-resources: 2500 resources; whole in 1 place"), "{out}");
    assert_eq!(findings(&folder), (834, 0));
    let fetched = rows(&folder, "azure/azure-resources.json", "data", ["id", "tags"]);
    assert_eq!(peer.vendor("azure")["azure-resources"], fetched);
    let table = folder.read(".tagpol/fetched/azure/accounts.csv");
    let line = format!("{SUBSCRIPTION},subscription 0,Enabled,platform,Platform,ana");
    assert_eq!(table.lines().nth(1), Some(line.as_str()));
    assert!(peer.log().iter().all(|name| name.ends_with("/read")));
    let of_one = ["--subscription", SUBSCRIPTION, "--type", "microsoft.compute/disks"];
    let out = azure(&peer, &folder, &of_one).ends_with(0);
    assert!(out.contains("resources   835 (557 with tags)"), "{out}");
}

#[test]
fn answers_of_azure_that_are_not_whole() {
    let Some(peer) = Peer::start("clouds.py azure", "azure.mgmt.resourcegraph") else {
        return println!("{SKIPPED}");
    };
    let folder = with_policy();
    let error = |code: &str| json!({"error": {"code": code, "message": "told by the cloud"}});
    let fault = |after: u32, times: u32, status: u16| json!({"after": after, "times": times, "status": status, "body": error("Code")});
    let limit = json!({"x-ms-tenant-subscription-limit-hit": "true"});
    let whole = ["azure-resources whole", "azure-subscriptions whole"];
    let cut = ["azure-resources cut-off", "azure-subscriptions whole"];
    for (faults, headers, expected, code, said) in [
        (vec![fault(1, 2, 429)], json!({}), whole, 0, ""),
        (vec![fault(2, 1, 503)], json!({}), whole, 0, ""),
        (vec![fault(2, 9, 429)], json!({}), cut, 3, "Azure throttles these requests"),
        (
            vec![fault(2, 9, 403)],
            json!({}),
            ["azure-resources denied", "azure-subscriptions whole"],
            3,
            "Reader",
        ),
        (
            vec![fault(2, 9, 401)],
            json!({}),
            ["azure-resources denied", "azure-subscriptions whole"],
            3,
            "sign in again",
        ),
        (vec![], limit, ["azure-resources cut-off", "azure-subscriptions cut-off"], 3, "--subscription"),
    ] {
        peer.command("faults", &json!({"faults": faults, "headers": headers}));
        let run = azure(&peer, &folder, &[]);
        assert_eq!(run.code, code, "{faults:?} {run:#?}");
        assert!(run.err.contains(said), "{run:#?}");
        assert_eq!(statuses(&folder), expected, "{faults:?}");
        // Only resources that were listed have findings.
        let untagged = if run.out.contains("resources   2503") { 834 } else { 334 };
        assert_eq!(findings(&folder), (untagged, 0), "{run:#?}");
    }
    peer.command("faults", &json!({"faults": [fault(0, 9, 403)]}));
    azure(&peer, &folder, &["--allow-partial"]).fails_with(3, &["nothing could be listed", "Reader"]);
}

#[test]
fn resources_of_google_cloud_are_listed_whole() {
    let Some(peer) = Peer::start("clouds.py gcp", "google.cloud.asset_v1, cryptography") else {
        return println!("{SKIPPED}");
    };
    let folder = with_policy();
    let out = gcp(&peer, &folder, &["--scope", "organizations/42"]).ends_with(0);
    assert!(out.contains("resources   1251 (834 with tags)"), "{out}");
    assert_eq!(findings(&folder), (417, 0));
    let fetched = rows(&folder, "gcp/gcp-assets.json", "results", ["name", "labels"]);
    assert_eq!(peer.vendor("gcp")["gcp-assets"], fetched);
    let table = folder.read(".tagpol/fetched/gcp/accounts.csv");
    assert_eq!(table, "id,name,state,parent,parent_name,tag:owner\nweb-prod,Web,ACTIVE,folders/42,,ana\n");
    assert!(peer.log().iter().all(|name| name.starts_with("search")));
    let error = |status: &str, message: &str| json!({"error": {"status": status, "message": message}});
    let disabled = "Cloud Asset API has not been used in project 1 before or it is disabled";
    for (status, body, expected, said) in [
        (403, error("PERMISSION_DENIED", "no"), "gcp-assets denied", "cloudasset.assets.searchAllResources"),
        (403, error("PERMISSION_DENIED", disabled), "gcp-assets not-enabled", "enable the Cloud Asset API"),
        (429, error("RESOURCE_EXHAUSTED", "slow"), "gcp-assets cut-off", "after 3 attempts"),
    ] {
        peer.command(
            "faults",
            &json!({"faults": [{"after": 1, "times": 9, "status": status, "body": body}]}),
        );
        let run = gcp(&peer, &folder, &["--scope", "projects/web-prod"]);
        assert_eq!(run.code, 3, "{run:#?}");
        assert!(run.err.contains(said), "{run:#?}");
        assert_eq!(statuses(&folder), [expected]);
        assert_eq!(findings(&folder), (167, 0));
    }
}

#[test]
fn credentials_and_options_of_other_clouds() {
    let folder = with_policy();
    let run = |args: &[&str], key: &str| {
        let mut command = folder.command(&[&["snapshot", "fetch"], args].concat());
        command.env("PATH", "").env("GCE_METADATA_HOST", "127.0.0.1:9").env("NO_PROXY", "*");
        command.env("HOME", folder.path()).env("GOOGLE_APPLICATION_CREDENTIALS", key);
        for name in ["AZURE_TENANT_ID", "IDENTITY_ENDPOINT", "CLOUDSDK_CONFIG"] {
            command.env_remove(name);
        }
        Run::of(command.output().unwrap())
    };
    let scope = ["gcp", "--scope", "projects/p", "--attempts", "1"];
    run(&scope, "")
        .fails_with(3, &["no credentials for Google Cloud", "`gcloud` cannot be run", "gcloud auth login"]);
    run(&scope, "none.json").fails_with(3, &["no credentials for Google Cloud: `none.json`"]);
    run(&["gcp", "--scope", "p"], "").fails_with(2, &["`p` is not a scope", "organizations/NUMBER"]);
    run(&["azure", "--subscription", "x"], "").fails_with(2, &["`x` is not the id of a subscription"]);
    run(&["azure", "--endpoint", "http://example.com"], "").fails_with(2, &["begins with `https://`"]);
    // The command of the cloud gives a token.
    folder.write("az", "#!/bin/sh\necho 'ERROR: Please run az login' >&2\nexit 1\n");
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder.path().join("az"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = folder.command(&["snapshot", "fetch", "azure", "--attempts", "1"]);
    command
        .env("PATH", folder.path())
        .env("NO_PROXY", "*")
        .env_remove("AZURE_TENANT_ID")
        .env_remove("IDENTITY_ENDPOINT");
    Run::of(command.output().unwrap()).fails_with(
        3,
        &["no credentials for Azure: `az`: ERROR: Please run az login", "AZURE_CLIENT_SECRET"],
    );
    assert!(!folder.path().join(".tagpol").exists());
}

#[test]
fn roles_of_other_clouds_are_printed() {
    let folder = with_policy();
    let run = folder.run(&["snapshot", "fetch", "azure", "--subscription", SUBSCRIPTION, "--dry-run"]);
    assert!(run.err.contains("Microsoft.ResourceGraph/resources/read"), "{}", run.err);
    let role: Value = serde_json::from_str(&run.ends_with(0)).unwrap();
    assert_eq!(role["Actions"], json!(["*/read"]));
    assert_eq!(role["AssignableScopes"], json!([format!("/subscriptions/{SUBSCRIPTION}")]));
    let run = folder.run(&["snapshot", "fetch", "gcp", "--scope", "organizations/42", "--dry-run"]);
    let role = run.ends_with(0);
    assert!(role.ends_with("includedPermissions:\n- cloudasset.assets.searchAllResources\n"), "{role}");
}

#[test]
fn whatever_other_clouds_throttle_the_bytes_are_the_same() {
    let azure_peer = Peer::start("clouds.py azure", "azure.mgmt.resourcegraph");
    let gcp_peer = Peer::start("clouds.py gcp", "google.cloud.asset_v1, cryptography");
    let Some((azure_peer, gcp_peer)) = azure_peer.zip(gcp_peer) else { return println!("{SKIPPED}") };
    let folder = Folder::with(&[("tagpol.toml", "")]);
    let attempts = ["--attempts", "40"];
    let fetch_azure = || azure(&azure_peer, &folder, &attempts).ends_with(0);
    let fetch_gcp =
        || gcp(&gcp_peer, &folder, &[&["--scope", "projects/web-prod"], &attempts[..]].concat()).ends_with(0);
    for (peer, cloud, fetch) in
        [(&azure_peer, "azure", &fetch_azure as &dyn Fn() -> String), (&gcp_peer, "gcp", &fetch_gcp)]
    {
        peer.command("faults", &json!({"faults": []}));
        fetch();
        let undisturbed = written(&folder, cloud);
        for seed in 1..=schedules() {
            peer.command("faults", &json!({"faults": [], "throttle": {"seed": seed, "share": 0.5}}));
            fetch();
            assert!(written(&folder, cloud) == undisturbed, "{cloud}: schedule {seed} has other files");
        }
    }
}

#[test]
fn only_what_changed_in_azure_is_read_again() {
    let Some(peer) = Peer::start("clouds.py azure", "azure.mgmt.resourcegraph") else {
        return println!("{SKIPPED}");
    };
    let folder = with_policy();
    peer.command("faults", &json!({"faults": []}));
    azure(&peer, &folder, &[]).ends_with(0);
    let disk = |number: u32| {
        let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/web");
        format!("{group}/providers/Microsoft.Compute/disks/disk-{number:05}")
    };
    let change = |number: u32, tags: Value| {
        peer.command("change", &json!({"id": disk(number), "tags": tags, "time": "2100-01-01T00:00:00Z"}));
    };
    // One gets an owner, one is deleted, and one is new. Another changed before.
    change(0, json!({"owner": "new"}));
    change(3, Value::Null);
    change(9999, json!({}));
    peer.command("change", &json!({"id": disk(6), "tags": {"owner": "old"}, "time": "2000-01-01T00:00:00Z"}));
    peer.command("faults", &json!({"faults": []}));
    let run = azure(&peer, &folder, &["--since"]);
    assert!(run.err.contains("read what changed since the fetch of "), "{run:#?}");
    assert!(run.out.contains("1 resource added") && run.out.contains("1 resource removed"), "{run:#?}");
    assert!(run.out.contains("tag owner: added \"new\""), "{run:#?}");
    assert!(run.out.contains("azure-resources: 2500 resources; whole in 1 place"), "{run:#?}");
    run.ends_with(0);
    // Subscriptions, what changed, and these resources: not the three pages of all of them.
    assert_eq!(peer.log().len(), 3);
    let by_changes = written(&folder, "azure").1;
    peer.command("change", &json!({"id": disk(6), "tags": null, "time": "2100-01-01T00:00:00Z"}));
    azure(&peer, &folder, &["--since"]).ends_with(0);
    let again = written(&folder, "azure").1;
    assert_ne!(by_changes, again);
    azure(&peer, &folder, &[]).ends_with(0);
    assert_eq!(written(&folder, "azure").1, again, "a whole fetch lists the same");
}

#[test]
fn what_is_in_the_way_of_changes_lists_everything() {
    let Some(peer) = Peer::start("clouds.py azure", "azure.mgmt.resourcegraph") else {
        return println!("{SKIPPED}");
    };
    let folder = with_policy();
    azure(&peer, &folder, &["--since"]).fails_with(3, &["there is no snapshot"]);
    folder.write("list.csv", "id,tag:owner\na,b\n");
    folder.run(&["snapshot", "import", "list.csv"]).ends_with(0);
    let lists = |args: &[&str], reason: &str| {
        let run = azure(&peer, &folder, &[&["--since"], args].concat());
        assert!(run.err.contains(&format!("listed everything again: {reason}")), "{run:#?}");
        run.ends_with(0);
    };
    lists(&[], "there is no earlier fetch");
    lists(&["--subscription", SUBSCRIPTION], "the earlier fetch has other subscriptions or types");
    azure(&peer, &folder, &[]).ends_with(0);
    // The second request is that for changes.
    let refused = json!({"faults": [{"after": 1, "status": 403, "body": {"error": {"code": "Forbidden", "message": "no"}}}]});
    peer.command("faults", &refused);
    lists(&[], "Resource Graph failed: no (Forbidden)");
    let path = ".tagpol/fetched/azure/request.json";
    let mut request: Value = serde_json::from_str(&folder.read(path)).unwrap();
    request["listed"] = json!("2026-01-01T00:00:00Z");
    folder.write(path, request.to_string());
    lists(&[], "the last whole fetch is older than 7 days");
    folder.write(path, "{}");
    lists(&[], "the earlier fetch is of another version");
    let later = json!({"faults": [{"after": 2, "times": 9, "status": 429, "body": {"error": {"code": "x", "message": "slow"}}}]});
    peer.command("faults", &later);
    assert_eq!(azure(&peer, &folder, &["--attempts", "1"]).code, 3);
    peer.command("faults", &json!({"faults": []}));
    lists(&[], "the earlier fetch is not whole");
    // Other clouds do not report deletions.
    let run = azure(&peer, &folder, &["--since=1999"]);
    run.fails_with(2, &["there is no snapshot `1999`"]);
}
