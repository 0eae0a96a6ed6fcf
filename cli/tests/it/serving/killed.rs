//! Servers that are killed while they write: what was acknowledged is there once, and a repeated request is done once.
//!
//! `TAGPOL_KILL_ROUNDS=300` kills 300 servers on each database.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Client, Shop};
use super::on_both_databases;

on_both_databases!(a_killed_server_loses_nothing_and_doubles_nothing);

/// Clients that write at the same time.
const WRITERS: usize = 4;

/// A request: its key, its body, and whether it was acknowledged.
struct Sent {
    key: String,
    body: Value,
    acknowledged: bool,
}

fn send(shop: &Shop, client: &Client, key: &str, body: &Value) -> bool {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    let body = body.to_string();
    let response = client.try_send("POST", "/api/v1/virtual-tags/apply", body.as_bytes(), &headers);
    response.is_some_and(|response| {
        let log = || std::fs::read_to_string(shop.path().join("serve.log")).unwrap();
        assert!(matches!(response.status, 200 | 503), "{}\n{}", response.text, log());
        response.status == 200
    })
}

/// Decides until the server is gone.
fn write(shop: &Shop, client: &Client, round: u32, writer: usize) -> Vec<Sent> {
    let mut sent = Vec::new();
    for number in 0.. {
        let value = format!("r{round}-w{writer}-{number}");
        let change = json!({ "action": "set", "key": "team", "value": value });
        let body = json!({ "resources": [format!("i-{}", writer + 1)], "changes": [change] });
        let acknowledged = send(shop, client, &value, &body);
        sent.push(Sent { key: value, body, acknowledged });
        if !acknowledged {
            break;
        }
    }
    sent
}

fn a_killed_server_loses_nothing_and_doubles_nothing(shop: &Shop) {
    let rounds = std::env::var("TAGPOL_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3u32);
    let server = shop.serve();
    let token = server.administrator().post("/api/v1/tokens", &json!({ "name": "writer" })).json();
    let secret = token["secret"].as_str().unwrap().to_owned();
    let mut server = server;
    let mut all: Vec<String> = Vec::new();
    for round in 0..rounds {
        let client = server.anonymous().with_bearer(&secret);
        let sent: Vec<Sent> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    scope.spawn({
                        let client = client.clone();
                        move || write(shop, &client, round, writer)
                    })
                })
                .collect();
            // Another moment in each round.
            std::thread::sleep(Duration::from_millis(40 + u64::from(round * 137 % 300)));
            server.kill();
            writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
        });
        server = shop.serve();
        let client = server.anonymous().with_bearer(&secret);
        for one in &sent {
            // Whether it was done before or not, it is done once.
            if !one.acknowledged {
                assert!(send(shop, &client, &one.key, &one.body), "{}", one.key);
            }
        }
        all.extend(sent.into_iter().map(|one| one.key));
        check(&client, &all);
    }
}

/// Checks that each value was decided once, with one entry in the trail.
pub(super) fn check(client: &Client, values: &[String]) {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    let mut numbers = Vec::new();
    let mut path = "/api/v1/audit-trail?action=tag.set&limit=500".to_owned();
    loop {
        let page = client.get(&path).json();
        for entry in page["items"].as_array().unwrap() {
            *found.entry(entry["details"]["new"].as_str().unwrap().to_owned()).or_default() += 1;
            numbers.push(entry["details"]["seq"].as_i64().unwrap());
        }
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/audit-trail?action=tag.set&limit=500&cursor={next}");
    }
    assert!(found.values().all(|times| *times == 1), "{found:?}");
    let lost: Vec<&String> = values.iter().filter(|value| !found.contains_key(*value)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert_eq!(found.len(), values.len());
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=i64::try_from(values.len()).unwrap()).collect::<Vec<_>>());
    assert_eq!(client.post("/api/v1/audit-trail/verify", &json!({})).json()["intact"], true);
}
