//! What schedules start: each of them does its job.

use std::fmt::Write as _;
use std::fs::File;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};
use tagpol_serve_core::schedules::DEFAULTS;

use super::client::{Client, Server, Shop, wait};
use super::on_both_databases;
use crate::fetching::peers::Peer;

on_both_databases!(
    every_schedule_is_performed,
    old_records_are_archived_and_deleted,
    requests_are_in_the_access_log,
);

/// Starts a schedule now; returns its job when it has ended.
fn start(shop: &Shop, client: &Client, name: &str) -> Value {
    let of_kind = |page: &Value| -> Vec<Value> {
        let jobs = page["items"].as_array().unwrap().iter();
        jobs.filter(|job| job["kind"] == name && job["requested_by"] == "system").cloned().collect()
    };
    let before = of_kind(&client.get("/api/v1/jobs?limit=500").json()).len();
    shop.run_sql(&format!("UPDATE serve_schedules SET next_at = 0 WHERE name = '{name}'"));
    let page = wait(client, "/api/v1/jobs?limit=500", |page| {
        let jobs = of_kind(page);
        jobs.len() > before && jobs[0]["status"] != "queued" && jobs[0]["status"] != "running"
    });
    of_kind(&page).remove(0)
}

fn every_schedule_is_performed(shop: &Shop) {
    let server = shop.serve();
    let client = server.administrator();
    let schedules = client.get("/api/v1/schedules").json();
    assert!(schedules["items"].as_array().unwrap().iter().all(|one| one["enabled"] == true), "{schedules}");
    for schedule in DEFAULTS {
        let job = start(shop, &client, schedule.name);
        assert_eq!(job["status"], "done", "{job}");
        assert_eq!(job["queue"].as_str(), Some(schedule.queue.as_str()), "{job}");
    }
    let trained = start(shop, &client, "retrain-models");
    assert!(trained["result"]["reason"].as_str().unwrap().contains("too little to learn from"), "{trained}");
}

fn old_records_are_archived_and_deleted(shop: &Shop) {
    let server = shop.serve();
    let client = server.administrator();
    wait(&client, "/api/v1/access-log", |page| page["items"][0].is_object());
    let before = client.get("/api/v1/jobs?status=done").json()["items"].as_array().unwrap().len();
    assert!(before > 0);
    shop.run_sql("UPDATE serve_access SET at = 1000000");
    shop.run_sql("UPDATE serve_jobs SET updated_at = 2000000 WHERE status = 'done'");
    let job = start(shop, &client, "cleanup-audit");
    let (archived, deleted) = (job["result"]["archived"].as_u64(), job["result"]["deleted"].as_u64());
    assert!(archived > Some(2) && archived == deleted, "{job}");
    let archives = std::fs::read_dir(shop.path().join(".tagpol/archive")).unwrap();
    let archives: Vec<std::path::PathBuf> = archives.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(archives.len(), 1, "{archives:?}");
    let rows = |table: &str| -> usize {
        let file = File::open(archives[0].join(format!("{table}.parquet"))).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        reader.map(|batch| batch.unwrap().num_rows()).sum()
    };
    assert_eq!(rows("jobs"), before);
    let all: usize = ["access", "jobs", "job_attempts"].map(rows).iter().sum();
    assert_eq!(u64::try_from(all).ok(), archived);
    assert_eq!(client.get("/api/v1/access-log?until=1970-01-02T00:00:00Z").json()["items"], json!([]));
    // There is nothing left, and no archive of nothing.
    let again = start(shop, &client, "cleanup-audit");
    assert_eq!(again["result"], json!({ "archived": 0, "deleted": 0 }));
    assert_eq!(std::fs::read_dir(shop.path().join(".tagpol/archive")).unwrap().count(), 1);
}

fn requests_are_in_the_access_log(shop: &Shop) {
    let server = shop.start(&["--public-url", "https://tags.example.com"]);
    server.wait_until_ready();
    let client = server.administrator();
    let forwarded = [("x-forwarded-for", "6.6.6.6, 203.0.113.9")];
    assert_eq!(client.send("GET", "/api/v1/resources/i-2", None, &forwarded).status, 200);
    assert_eq!(client.send("GET", "/api/v1/resources/i-9", None, &forwarded).status, 404);
    assert_eq!(server.anonymous().get("/api/v1/resources/i-2").status, 401);
    let page = wait(&client, "/api/v1/access-log?limit=500", |page| {
        page["items"].as_array().unwrap().iter().any(|one| one["status"] == 404)
    });
    let of = |status: u64| -> Vec<&Value> {
        page["items"].as_array().unwrap().iter().filter(|one| one["status"] == status).collect()
    };
    let [found] = of(404)[..] else { panic!("{page}") };
    assert_eq!(
        (&found["route"], &found["address"], &found["project"], &found["requested_by_name"]),
        (&json!("/api/v1/resources/{id}"), &json!("203.0.113.9"), &json!("shop"), &json!("Administrator")),
    );
    assert!(of(401).is_empty() && !page.to_string().contains("i-9"), "{page}");
    let next = client.get("/api/v1/access-log?limit=1").json()["next"].as_str().unwrap().to_owned();
    assert_eq!(client.get(&format!("/api/v1/access-log?limit=1&cursor={next}")).status, 200);
    let of_another = client.get(&format!("/api/v1/access-log?limit=1&actor=x&cursor={next}"));
    assert_eq!(of_another.problem(), "invalid-cursor");
}

/// Whoever reaches the server without a proxy cannot name another sender.
#[test]
fn without_a_proxy_nobody_names_the_sender() {
    let shop = Shop::new();
    let server = shop.serve();
    let client = server.administrator();
    assert_eq!(
        client.send("GET", "/api/v1/resources/i-9", None, &[("x-forwarded-for", "203.0.113.9")]).status,
        404
    );
    let page = wait(&client, "/api/v1/access-log", |page| page["items"][0].is_object());
    assert!(!page.to_string().contains("203.0.113.9"), "{page}");
}

/// Resources whose account shows the team, and one in eight without a team.
fn teams(count: usize) -> String {
    let mut rows = String::from("id,name,type,account,monthly_cost,currency,tag:team\n");
    for team in ["orders", "billing", "search"] {
        for number in 0..count {
            let value = if number % 8 == 7 { "" } else { team };
            let _ = writeln!(rows, "{team}-{number},api-{team}-{number},vm,{team},1,USD,{value}");
        }
    }
    rows
}

#[test]
fn a_new_model_competes_with_the_one_in_use() {
    let shop = Shop::new();
    shop.write("shop.tagpol", "tag team: text\ninfer team { apply at 0.99  suggest at 0.3 }\npolicy p { severity low require team }\n");
    shop.write("list.csv", &teams(24));
    let server = shop.serve();
    let client = server.administrator();
    let first = start(&shop, &client, "retrain-models");
    assert_eq!(
        (&first["status"], &first["result"]["is_promoted"], &first["result"]["reason"]),
        (&json!("done"), &json!(true), &json!("it is the first model")),
        "{first}"
    );
    // The next page shows it, and what it suggests.
    let insights = client.get("/api/v1/insights").json();
    assert_eq!(
        (&insights["models"][0]["id"], &insights["models"][0]["in_use"]),
        (&first["result"]["model"], &json!(true))
    );
    assert!(client.get("/api/v1/suggestions?tag=team").json()["total"].as_u64() > Some(0));
    // The same resources make no better model.
    let second = start(&shop, &client, "retrain-models");
    assert_eq!(
        (&second["status"], &second["result"]["is_promoted"]),
        (&json!("done"), &json!(false)),
        "{second}"
    );
    let in_use = client.get("/api/v1/insights").json()["models"].clone();
    let in_use: Vec<&Value> = in_use.as_array().unwrap().iter().filter(|one| one["in_use"] == true).collect();
    assert_eq!((in_use.len(), &in_use[0]["id"]), (1, &first["result"]["model"]));
}

/// Starts a server whose configuration names a cloud that a peer plays.
fn serve_cloud(shop: &Shop, peer: &Peer) -> Server {
    shop.write("tagpol.toml", "name = \"shop\"\n");
    shop.write("shop.tagpol", "tag owner: text\npolicy owned { severity high  require owner }\n");
    shop.write("serve.toml", &format!("[[fetch]]\ncloud = \"azure\"\nendpoint = \"{}\"\n", peer.address));
    let variables = [
        ("AZURE_AUTHORITY_HOST", peer.address.as_str()),
        ("AZURE_TENANT_ID", "tenant"),
        ("AZURE_CLIENT_ID", "client"),
        ("AZURE_CLIENT_SECRET", "secret"),
        ("NO_PROXY", "127.0.0.1"),
    ];
    shop.start_with(&["--config", "serve.toml"], &variables)
}

#[test]
fn inventories_are_fetched_from_clouds() {
    let Some(peer) = Peer::start("clouds.py azure", "azure.mgmt.resourcegraph") else {
        return println!("SKIPPED: the packages of `cli/tests/peers/requirements.txt` are not installed");
    };
    let shop = Shop::new();
    let server = serve_cloud(&shop, &peer);
    // At first there is nothing, so that it is fetched at once.
    server.wait_until_ready();
    let client = server.administrator();
    assert_eq!(client.get("/api/v1/resources?limit=1").json()["total"], 2503);
    let snapshots = || client.get("/api/v1/snapshots").json()["items"].as_array().unwrap().len();
    assert_eq!(snapshots(), 1);
    // Another job of the kind evaluates what the first one has changed, and fetches nothing.
    shop.run_sql("UPDATE serve_schedules SET next_at = 0 WHERE name = 'reingest-resources'");
    let is_fetched = |job: &Value| job["kind"] == "reingest-resources" && job["result"]["resources"] == 2503;
    let fetched =
        |page: &Value| page["items"].as_array().unwrap().iter().filter(|job| is_fetched(job)).count();
    wait(&client, "/api/v1/jobs?limit=500", |page| fetched(page) == 2);
    assert_eq!(snapshots(), 2);
    let by_hand = client.post("/api/v1/snapshots/fetch", &json!({}));
    assert_eq!(by_hand.status, 202, "{}", by_hand.text);
    let path = format!("/api/v1/jobs/{}", by_hand.json()["job"].as_str().unwrap());
    wait(&client, &path, |job| job["status"] == "done");
    assert_eq!(snapshots(), 3);
    // A part does not become an inventory: resources that it lacks would look deleted.
    let error = json!({ "error": { "code": "Code", "message": "told by the cloud" } });
    let fault = json!({ "after": 1, "times": 99, "status": 403, "body": error });
    peer.command("faults", &json!({ "faults": [fault], "headers": {} }));
    let by_hand = client.post("/api/v1/snapshots/fetch", &json!({})).json();
    let path = format!("/api/v1/jobs/{}", by_hand["job"].as_str().unwrap());
    let failed = wait(&client, &path, |job| job["error"].is_string());
    assert!(failed["error"].as_str().unwrap().contains("azure was not listed as a whole"), "{failed}");
    assert_eq!(client.get("/api/v1/resources?limit=1").json()["total"], 2503);
    assert_eq!(snapshots(), 3);
}

#[test]
fn clouds_that_cannot_be_fetched_are_errors_at_the_start() {
    let shop = Shop::new();
    let fails = |configuration: &str| {
        shop.write("serve.toml", configuration);
        let start = ["serve", ".", "--listen", "127.0.0.1:0", "--config", "serve.toml"];
        let output = shop.command(&start).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let error = fails("[[fetch]]\ncloud = \"aws\"\nsources = [\"none\"]\n");
    assert!(error.contains("`fetch`, entry 1"), "{error}");
    // The manifest lists files.
    let error = fails("[[fetch]]\ncloud = \"azure\"\n");
    assert!(error.contains("`inventory` in `tagpol.toml` lists files"), "{error}");
    let server = shop.serve();
    let fetch = server.administrator().post("/api/v1/snapshots/fetch", &json!({}));
    assert_eq!((fetch.status, fetch.problem().as_str()), (409, "conflict"));
}
