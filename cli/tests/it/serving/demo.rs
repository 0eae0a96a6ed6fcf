//! `tagpol serve --demo`: every page has something to show, and what was made is served again.

use std::process::Stdio;

use serde_json::Value;

use super::client::Shop;

#[test]
fn a_demonstration_has_history_costs_and_suggestions() {
    let shop = Shop::new();
    let server = shop.start_at("demo", &["--demo"]);
    server.wait_until_ready();
    let client = server.administrator();
    let get = |path: &str| -> Value { client.get(path).json() };
    let trend = get("/api/v1/compliance/trend");
    let points = trend["items"].as_array().unwrap();
    let score = |point: &Value| point["score"].as_f64().unwrap();
    assert_eq!(points.len(), 30, "{trend}");
    assert!(score(points.last().unwrap()) > score(&points[0]), "{trend}");
    let costs = get("/api/v1/costs?by=cost-center&period=day");
    assert_eq!(costs["has_charges"], true);
    let lines = costs["parts"][0]["lines"].as_array().unwrap();
    assert!(lines.len() > 500 && lines.iter().any(|line| line["values"][0].is_null()), "{costs}");
    let facets = get("/api/v1/facets?by=provider");
    assert_eq!(facets["items"][0]["values"].as_array().unwrap().len(), 3, "{facets}");
    let suggestions = get("/api/v1/suggestions?limit=10");
    assert_eq!(suggestions["items"].as_array().unwrap().len(), 10, "{suggestions}");
    assert!(!suggestions["items"][0]["reasons"].as_array().unwrap().is_empty(), "{suggestions}");
    // A model that is worth to be looked at, and mistakes that it finds.
    let insights = get("/api/v1/insights");
    assert!(insights["models"][0]["accuracy"].as_f64().unwrap() > 0.85, "{insights}");
    for tag in insights["tags"].as_array().unwrap() {
        assert!(tag["calibration_error"].as_f64().unwrap() < 0.1, "{tag}");
    }
    let anomalies = get("/api/v1/anomalies")["items"].clone();
    let has = |kind: &str| anomalies.as_array().unwrap().iter().any(|one| one["kind"] == kind);
    assert!(has("model") && has("spelling"), "{anomalies}");
    // The trail has what was decided, when it was decided, and is intact.
    let decided = get("/api/v1/audit-trail?action=tag.&limit=500");
    let decided = decided["items"].as_array().unwrap();
    let days: std::collections::BTreeSet<&str> =
        decided.iter().map(|entry| entry["timestamp"].as_str().unwrap().get(..10).unwrap()).collect();
    assert!(decided.len() > 90 && days.len() > 25, "{days:?}");
    assert_eq!(client.post("/api/v1/audit-trail/verify", &serde_json::json!({})).json()["intact"], true);
    let status = get("/api/v1/compliance/status");
    for check in status["checks"].as_array().unwrap() {
        assert!(check["open"].as_u64().unwrap() > 0, "{check}");
    }
    drop(server);
    // The second start takes what there is, at once.
    let before = std::fs::read(shop.path().join("demo/bill.csv")).unwrap();
    let server = shop.start_at("demo", &["--demo"]);
    server.wait_until_ready();
    assert!(before == std::fs::read(shop.path().join("demo/bill.csv")).unwrap());
    // Its policies check and their tests pass.
    shop.run(&["test", "demo"]);
}

#[test]
fn a_folder_with_other_files_is_left_alone() {
    let shop = Shop::new();
    let mut command = shop.command(&["serve", ".", "--demo", "--listen", "127.0.0.1:0"]);
    let output = command.stdout(Stdio::piped()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("is not empty") && text.contains("specify a new folder"), "{text}");
    assert!(!shop.path().join("bill.csv").exists());
}
