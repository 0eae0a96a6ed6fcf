//! Jobs and bulk changes over HTTP.

use serde_json::{Value, json};

use super::client::{Shop, wait};
use super::on_both_databases;

on_both_databases!(a_recheck_sees_a_changed_inventory, a_bulk_change_is_previewed_applied_and_undone);

fn a_recheck_sees_a_changed_inventory(shop: &Shop) {
    let server = shop.serve();
    let client = server.administrator();
    assert_eq!(client.get("/api/v1/compliance/trend").json()["items"], json!([]));
    let list = shop.path().join("list.csv");
    let text = std::fs::read_to_string(&list).unwrap() + "i-5,new,ec2:instance,aws,111,eu-1,1,USD,,,,\n";
    std::fs::write(&list, text).unwrap();
    let enqueued = client.post("/api/v1/compliance/recheck", &json!({}));
    assert_eq!(enqueued.status, 202);
    let path = format!("/api/v1/jobs/{}", enqueued.json()["job"].as_str().unwrap());
    let job = wait(&client, &path, |job| job["status"] != "queued" && job["status"] != "running");
    assert_eq!(
        (job["status"].as_str(), job["attempts"][0]["outcome"].as_str()),
        (Some("done"), Some("done")),
        "{job}"
    );
    let page = client.get("/api/v1/resources").json();
    assert_eq!((page["total"].as_u64(), &page["generation"]), (Some(5), &job["result"]["generation"]));
    assert_eq!(
        (page["monthly_cost"].as_str(), job["requested_by_name"].as_str()),
        (Some("404"), Some("Administrator"))
    );
    let at_offset = client.get("/api/v1/resources?offset=2&limit=2").json();
    assert_eq!(at_offset["items"], json!([page["items"][2], page["items"][3]]));
    let facets = client.get("/api/v1/facets?by=provider&where=resource.provider%20%3D%3D%20%22aws%22").json();
    assert_eq!(
        (facets["total"].as_u64(), facets["monthly_cost"].as_str()),
        (Some(4), Some("404")),
        "{facets}"
    );
    // The run is remembered.
    let trend = client.get("/api/v1/compliance/trend").json();
    assert_eq!(trend["items"][0]["resources"], 5, "{trend}");
    assert_eq!(client.get("/api/v1/jobs?status=done").json()["items"][0]["id"], job["id"]);
    let retry = client.post(&format!("{path}/retry"), &json!({}));
    assert_eq!((retry.status, retry.problem().as_str()), (409, "conflict"));
    let schedules = client.get("/api/v1/schedules").json();
    assert_eq!(schedules["items"].as_array().unwrap().len(), 5);
    assert!(
        server.anonymous().get("/metrics").text.contains("queue=\"virtual_tags.compliance\",status=\"done\"")
    );
}

fn a_bulk_change_is_previewed_applied_and_undone(shop: &Shop) {
    let server = shop.serve();
    let client = server.administrator();
    let teams = || -> Vec<Value> {
        let page = client.get("/api/v1/resources?sort=id").json();
        let team = |item: &Value| item["virtual_tags"][2]["value"].clone();
        page["items"].as_array().unwrap().iter().map(team).collect()
    };
    let before = teams();
    shop.run(&["tags", "set", "i-3", "team=logs", "--by", "bob", "--project", "."]);
    let mut with_decision = before.clone();
    with_decision[2] = json!("logs");
    let request = json!({
        "where": "resource.provider == \"aws\"",
        "changes": [{ "action": "set", "key": "team", "value": "shop" }],
        "note": "reorganized",
    });
    let preview = client.post("/api/v1/bulk", &request);
    assert_eq!(preview.status, 201, "{}", preview.text);
    let preview = preview.json();
    assert_eq!((preview["resources"].as_u64(), preview["changed"].as_u64()), (Some(3), Some(3)));
    assert_eq!(preview["cost"], "403", "{preview}");
    assert_eq!(teams(), with_decision);
    // Nobody asks for the team, and somebody for the owner: one finding, of the most expensive resource.
    let effect = |preview: &Value| {
        let of = |name: &str| preview["effect"][name].clone();
        let high = &preview["effect"]["findings"][1];
        assert_eq!(high["severity"], "high", "{preview}");
        (high["before"].clone(), high["after"].clone(), of("violating_after"), of("violating_cost_before"))
    };
    assert_eq!(effect(&preview), (json!(1), json!(1), json!(1), json!("300")));
    let owner = json!({ "action": "set", "key": "owner", "value": "ann@example.com" });
    let owned = json!({ "where": "resource.provider == \"aws\"", "changes": [owner] });
    let owned = client.post("/api/v1/bulk", &owned).json();
    assert_eq!(effect(&owned), (json!(1), json!(0), json!(0), json!("300")));
    assert_eq!(owned["effect"]["violating_cost_after"], "0", "{owned}");
    let path = format!("/api/v1/bulk/{}", preview["id"].as_str().unwrap());
    // Somebody was faster.
    shop.run(&["tags", "set", "i-1", "team=web", "--by", "bob", "--project", "."]);
    let moved = client.post(&format!("{path}/apply"), &json!({}));
    assert_eq!((moved.status, moved.problem().as_str()), (409, "generation-moved"));

    let preview = client.post("/api/v1/bulk", &request).json();
    let path = format!("/api/v1/bulk/{}", preview["id"].as_str().unwrap());
    assert_eq!(client.post(&format!("{path}/undo"), &json!({})).problem(), "conflict");
    assert_eq!(client.post(&format!("{path}/apply"), &json!({})).status, 202);
    let done = wait(&client, &path, |bulk| bulk["state"] == "done");
    assert_eq!(done["done"], 3);
    assert_eq!(client.post(&format!("{path}/apply"), &json!({})).problem(), "conflict");
    let shop_everywhere = [json!("shop"), json!("shop"), json!("shop"), json!("payments")];
    assert_eq!(teams(), shop_everywhere);
    let history = shop.run(&["tags", "history", "--project", "."]);
    assert_eq!(history.matches("reorganized").count(), 3, "{history}");
    // What was decided after it stays when it is undone.
    shop.run(&["tags", "set", "i-2", "team=late", "--by", "bob", "--project", "."]);
    assert_eq!(client.post(&format!("{path}/undo"), &json!({})).status, 202);
    wait(&client, &path, |bulk| bulk["state"] == "undone");
    assert_eq!(teams(), [json!("web"), json!("late"), json!("logs"), json!("payments")]);
    assert_eq!(client.post("/api/v1/audit-trail/verify", &json!({})).json()["intact"], true);
}
