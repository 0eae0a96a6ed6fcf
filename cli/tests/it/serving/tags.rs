//! Decisions about tags over HTTP: visible at once, in the history, and taken back.

use serde_json::{Value, json};

use super::client::{Client, Shop, wait};
use super::on_both_databases;

on_both_databases!(
    a_decision_shows_at_once_and_in_the_history_of_the_command_line,
    decisions_carry_the_version_that_they_replace,
    several_resources_are_decided_together,
    lists_are_filtered_paged_and_exported_alike,
    values_can_be_shown_and_written_to_a_cloud,
);

fn tag<'v>(resource: &'v Value, name: &str) -> &'v Value {
    resource["virtual_tags"].as_array().unwrap().iter().find(|tag| tag["key"] == name).unwrap()
}

fn resource(client: &Client, id: &str) -> Value {
    client.get(&format!("/api/v1/resources/{id}/virtual-tags")).json()
}

fn a_decision_shows_at_once_and_in_the_history_of_the_command_line(shop: &Shop) {
    let server = shop.serve();
    let client = server.administrator();
    let before = resource(&client, "i-2");
    assert_eq!(before["compliance_status"]["is_compliant"], false);
    assert_eq!(tag(&before, "owner")["value"], Value::Null);
    let listed = client.get("/api/v1/resources");
    let etag = listed.header("etag").unwrap().to_owned();
    let unchanged = client.send("GET", "/api/v1/resources", None, &[("if-none-match", &etag)]);
    assert_eq!((unchanged.status, unchanged.text.as_str()), (304, ""));

    let id = tag(&before, "owner")["id"].as_str().unwrap().to_owned();
    let body = json!({ "value": "ann@example.com", "note": "asked her" });
    let put = client.send("PUT", &format!("/api/v1/virtual-tags/{id}"), Some(&body), &[]);
    assert_eq!(put.status, 200, "{}", put.text);

    let after = resource(&client, "i-2");
    assert_eq!(tag(&after, "owner")["value"], "ann@example.com");
    assert_eq!(tag(&after, "owner")["source"], "manual");
    assert_eq!(after["compliance_status"]["is_compliant"], true);
    assert_eq!(after["compliance_status"]["violations"], json!([]));
    let changed = client.send("GET", "/api/v1/resources", None, &[("if-none-match", &etag)]);
    assert_eq!(changed.status, 200);
    assert_eq!(changed.json()["items"][0]["compliance"], "compliant");

    let me = client.get("/api/v1/auth/me").json();
    let actor = format!("user:{}", me["id"].as_str().unwrap());
    let entry = &client.get("/api/v1/audit-trail?action=tag.").json()["items"][0];
    assert_eq!((entry["action"].as_str(), entry["object"].as_str()), (Some("tag.set"), Some("i-2")));
    assert_eq!(entry["performed_by"].as_str(), Some(actor.as_str()));
    assert_eq!(entry["performed_by_name"], "Administrator");
    assert_eq!(entry["details"]["new"], "ann@example.com");
    let timeline = client.get("/api/v1/resources/i-2/timeline").json();
    assert!(
        timeline["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|event| event["note"] == "asked her" && event["performed_by_name"] == "Administrator"),
        "{timeline}"
    );
    let history = shop.run(&["tags", "history", "--project", "."]);
    assert!(history.contains(&actor) && history.contains("ann@example.com"), "{history}");

    // What the command line decides shows as well.
    shop.run(&["tags", "set", "i-2", "owner=bob@example.com", "--by", "bob", "--project", "."]);
    let after = resource(&client, "i-2");
    assert_eq!(tag(&after, "owner")["value"], "bob@example.com");
    assert_eq!(tag(&after, "owner")["decided_by"], "bob");
    assert_eq!(tag(&after, "owner")["decided_by_name"], "bob");
    // The audit trail has it too, and in its order, whoever is faster.
    let trail = wait(&client, "/api/v1/audit-trail?actor=bob", |trail| trail["items"][0].is_object());
    let entry = &trail["items"][0];
    assert_eq!((entry["action"].as_str(), entry["object"].as_str()), (Some("tag.set"), Some("i-2")));
    assert_eq!(
        (entry["details"]["new"].as_str(), entry["details"]["via"].as_str()),
        (Some("bob@example.com"), Some("command line"))
    );
    shop.run(&["tags", "set", "i-1", "team=web", "--by", "user:ann", "--project", "."]);
    let change = json!({ "action": "set", "key": "team", "value": "logs" });
    client.post("/api/v1/virtual-tags/apply", &json!({ "resources": ["i-3"], "changes": [change] }));
    let trail = client.get("/api/v1/audit-trail?action=tag.").json();
    let actors: Vec<&str> =
        trail["items"].as_array().unwrap().iter().map(|one| one["performed_by"].as_str().unwrap()).collect();
    assert_eq!(actors, [actor.as_str(), "cli:user:ann", "bob", actor.as_str()]);
    let token = client.post("/api/v1/tokens", &json!({ "name": "ci" })).json();
    let machine = client.with_bearer(token["secret"].as_str().unwrap());
    let set = json!({ "resources": ["i-3"], "changes": [{ "action": "set", "key": "team", "value": "x" }] });
    assert_eq!(machine.post("/api/v1/virtual-tags/apply", &set).status, 200);
    let entry = &client.get("/api/v1/audit-trail?action=tag.").json()["items"][0];
    assert_eq!(entry["performed_by_name"], "Administrator (ci)");
    let verified = client.post("/api/v1/audit-trail/verify", &json!({})).json();
    assert_eq!(verified["intact"], true);
}

fn values_can_be_shown_and_written_to_a_cloud(shop: &Shop) {
    let server = shop.serve();
    let client = server.administrator();
    let set = |value: &str, note: &str| {
        let change = json!({ "action": "set", "key": "team", "value": value });
        let body = json!({ "resources": ["i-1"], "changes": [change], "note": note });
        client.post("/api/v1/virtual-tags/apply", &body)
    };
    for (value, note, pointer) in [
        ("x".repeat(257).as_str(), "", "/changes/0/value"),
        ("a\u{0}b", "", "/changes/0/value"),
        ("a\u{1b}[31m", "", "/changes/0/value"),
        ("x", "n".repeat(1_001).as_str(), "/note"),
        ("x", "a\u{0}b", "/note"),
    ] {
        let response = set(value, note);
        assert_eq!((response.status, response.json()["pointer"].as_str()), (422, Some(pointer)), "{value:?}");
    }
    assert_eq!(set(&"ä".repeat(256), "two\nlines").status, 200);
    let user = json!({ "email": "a@example.com", "name": "Ann\u{0}", "role": "viewer" });
    assert_eq!(client.post("/api/v1/users", &user).json()["pointer"], "/name");
    assert_eq!(client.post("/api/v1/tokens", &json!({ "name": "a\u{7}" })).json()["pointer"], "/name");
}

fn decisions_carry_the_version_that_they_replace(shop: &Shop) {
    let server = shop.serve();
    let client = server.administrator();
    let found = resource(&client, "i-1");
    let path = format!("/api/v1/virtual-tags/{}", tag(&found, "owner")["id"].as_str().unwrap());
    let put = |value: &str, headers: &[(&str, &str)]| {
        client.send("PUT", &path, Some(&json!({ "value": value })), headers)
    };
    assert_eq!(client.send("DELETE", &path, None, &[]).problem(), "not-found");
    let first = put("ann@example.com", &[]);
    let etag = first.header("etag").unwrap().to_owned();
    assert_eq!(put("bob@example.com", &[]).problem(), "precondition-required");
    assert_eq!(put("bob@example.com", &[("if-match", "\"99\"")]).problem(), "precondition-failed");
    let second = put("bob@example.com", &[("if-match", &etag)]);
    assert_eq!(second.status, 200, "{}", second.text);
    assert_eq!(second.json()["old_value"], "ann@example.com");
    let stale = client.send("DELETE", &path, None, &[("if-match", &etag)]);
    assert_eq!((stale.status, stale.problem().as_str()), (412, "precondition-failed"));
    let etag = second.header("etag").unwrap();
    assert_eq!(client.send("DELETE", &path, None, &[("if-match", etag)]).status, 204);
    // What the rules give returns.
    let found = resource(&client, "i-1");
    assert_eq!(tag(&found, "owner")["value"], "jane@example.com");
    assert_eq!(tag(&found, "owner")["source"], "native");
    assert_eq!(put("nobody", &[]).problem(), "invalid-value");
    assert_eq!(put("", &[]).problem(), "invalid-value");
    let unknown =
        client.send("PUT", "/api/v1/virtual-tags/vt_0000_owner", Some(&json!({ "value": "x" })), &[]);
    assert_eq!((unknown.status, unknown.problem().as_str()), (404, "not-found"));
}

fn several_resources_are_decided_together(shop: &Shop) {
    let server = shop.serve();
    let client = server.administrator();
    let apply = |body: &Value, headers: &[(&str, &str)]| {
        client.send("POST", "/api/v1/virtual-tags/apply", Some(body), headers)
    };
    let set = |resources: &[&str], value: &str, dry_run: bool| {
        json!({
            "resources": resources,
            "changes": [{ "action": "set", "key": "team", "value": value }],
            "dryRun": dry_run,
        })
    };
    let planned = apply(&set(&["i-1", "i-2"], "shop", true), &[]).json();
    assert_eq!(planned["decisions"].as_array().unwrap().len(), 2);
    assert_eq!(tag(&resource(&client, "i-2"), "team")["value"], "payments");
    let key = [("idempotency-key", "k-1")];
    let first = apply(&set(&["i-1", "i-2"], "shop", false), &key);
    assert_eq!(first.json()["decisions"].as_array().unwrap().len(), 2);
    let again = apply(&set(&["i-1", "i-2"], "shop", false), &key);
    assert_eq!(again.text, first.text);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let other = apply(&set(&["i-3"], "shop", false), &key);
    assert_eq!((other.status, other.problem().as_str()), (422, "idempotency-mismatch"));
    let history = shop.run(&["tags", "history", "--project", "."]);
    assert_eq!(history.matches("shop").count(), 2, "{history}");
    for id in ["i-1", "i-2"] {
        assert_eq!(tag(&resource(&client, id), "team")["value"], "shop");
    }
    // What changes nothing is not in the plan either.
    assert_eq!(apply(&set(&["i-1", "i-2"], "shop", true), &[]).json()["decisions"], json!([]));
    assert_eq!(apply(&set(&["i-1", "i-2"], "shop", false), &[]).json()["decisions"], json!([]));
    let planned = apply(&set(&["i-1", "i-3", "i-3"], "shop", true), &[]).json();
    assert_eq!(planned["decisions"].as_array().unwrap().len(), 1, "{planned}");
    // Lists and single resources name the source of a decision in their own ways, and filters know both.
    for source in ["decided", "manual", "user_confirmed"] {
        assert_eq!(client.get(&format!("/api/v1/resources?source={source}")).json()["total"], 2, "{source}");
    }
    // One wrong resource, and nothing happens.
    let wrong = apply(&set(&["i-3", "i-9"], "shop", false), &[]);
    assert_eq!((wrong.status, wrong.json()["pointer"].as_str()), (404, Some("/resources/1")));
    assert_eq!(tag(&resource(&client, "i-3"), "team")["value"], Value::Null);
    let confirm = json!({ "resources": ["i-1"], "changes": [{ "action": "confirm", "key": "owner" }] });
    assert_eq!(apply(&confirm, &[]).json()["decisions"][0]["new_value"], "jane@example.com");
    assert_eq!(tag(&resource(&client, "i-1"), "owner")["source"], "user_confirmed");
    let misspelled =
        json!({ "resources": ["i-1"], "changes": [{ "action": "set", "key": "ownr", "value": "x" }] });
    let misspelled = apply(&misspelled, &[]).json();
    assert_eq!(
        (misspelled["pointer"].as_str(), misspelled["did_you_mean"].as_str()),
        (Some("/changes/0/key"), Some("owner"))
    );
}

fn lists_are_filtered_paged_and_exported_alike(shop: &Shop) {
    let server = shop.serve();
    let client = server.administrator();
    let ids = |query: &str| {
        let page = client.get(&format!("/api/v1/resources?{query}"));
        assert_eq!(page.status, 200, "{}", page.text);
        let page = page.json();
        let ids: Vec<String> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["resource_id"].as_str().unwrap().to_owned())
            .collect();
        (ids, page)
    };
    let condition = "where=environment%20%3D%3D%20production%20and%20resource.monthly-cost%20%3E%20200%20USD";
    assert_eq!(ids(condition).0, ["i-2"]);
    assert_eq!(ids("q=SHOP&sort=name").0, ["i-2", "i-1"]);
    assert_eq!(ids("compliance=violating").0, ["i-2"]);
    assert_eq!(ids("severity=high").0, ["i-2"]);
    assert_eq!(ids("policy=production-is-owned").0, ["i-2"]);
    let (first, page) = ids("limit=3");
    assert_eq!((first.len(), page["total"].as_u64()), (3, Some(4)));
    let cursor = page["next"].as_str().unwrap();
    let (second, page) = ids(&format!("limit=3&cursor={cursor}"));
    assert_eq!((second, &page["next"]), (vec!["i-4".to_owned()], &Value::Null));
    let wrong = client.get(&format!("/api/v1/resources?q=shop&cursor={cursor}"));
    assert_eq!((wrong.status, wrong.problem().as_str()), (400, "invalid-cursor"));
    let wrong = client.get("/api/v1/resources?where=environment%20%3D%20production");
    assert_eq!((wrong.status, wrong.problem().as_str()), (400, "invalid-condition"));
    let csv = client.get("/api/v1/exports?compliance=violating").text;
    assert_eq!(csv.lines().count(), 2, "{csv}");
    // A spreadsheet must not evaluate a name.
    assert!(!client.get("/api/v1/exports").text.contains(",\"=archive"), "{csv}");
    let facets = client.get("/api/v1/facets?by=environment,compliance").json();
    let values = facets["items"][0]["values"].as_array().unwrap();
    assert!(values.iter().any(|one| one["value"] == "production" && one["resources"] == 2), "{facets}");
    assert!(values.iter().any(|one| one["value"].is_null()), "{facets}");
    let status = client.get("/api/v1/compliance/status").json();
    assert_eq!((status["resources"].as_u64(), status["compliant"].as_u64()), (Some(4), Some(3)));
    let findings = client.get("/api/v1/compliance/findings").json();
    assert_eq!(
        (findings["total"].as_u64(), findings["items"][0]["resource_id"].as_str()),
        (Some(1), Some("i-2"))
    );
    assert_eq!(client.get("/api/v1/compliance/policies").json()["items"][0]["name"], "production-is-owned");
    let costs = client.get("/api/v1/costs?by=team").json();
    let part = &costs["parts"][0];
    assert_eq!((part["currency"].as_str(), part["total"].as_str()), (Some("USD"), Some("403")), "{costs}");
    assert_eq!(
        (&part["lines"][0]["values"][0], &part["lines"][0]["cost"]),
        (&json!("payments"), &json!("300"))
    );
    assert!(part["lines"].as_array().unwrap().iter().any(|line| line["values"][0].is_null()), "{costs}");
    assert_eq!(costs["has_charges"], false);
    // `{"team": ["payments"]}`
    let chosen = "lines=%7B%22team%22%3A%5B%22payments%22%5D%7D";
    let drilled = client.get(&format!("/api/v1/costs?by=team,environment&{chosen}")).json();
    assert_eq!(drilled["parts"][0]["total"], part["lines"][0]["cost"], "{drilled}");
    for wrong in [format!("by=environment&{chosen}"), "by=team&lines=payments".to_owned()] {
        let refused = client.get(&format!("/api/v1/costs?{wrong}")).json();
        assert_eq!((&refused["code"], &refused["parameter"]), (&json!("invalid-request"), &json!("lines")));
    }
    assert_eq!(client.get("/api/v1/costs?by=team&period=day").problem(), "invalid-request");
    assert_eq!(client.get("/api/v1/costs?by=teem").json()["did_you_mean"], "team");
    let graph = client.get("/api/v1/graph?tags=team,environment&depth=2").json();
    assert!(graph["nodes"].as_array().unwrap().iter().any(|node| node["id"] == "team=payments"), "{graph}");
    assert_eq!(client.get("/api/v1/graph?tags=team&depth=9").json()["parameter"], "depth");
    assert_eq!(client.get("/api/v1/tag-schema").json()["items"].as_array().unwrap().len(), 3);
}
