//! What happens, as it happens; saved views.

use serde_json::{Value, json};

use super::client::Shop;
use super::on_both_databases;
use super::roles::user_with;
use tagpol_serve_core::roles::Role;

on_both_databases!(events_arrive_and_are_resumed, views_are_saved_and_shared);

/// Returns the id of the last event in the text of a stream.
fn last_id(text: &str) -> String {
    text.rsplit("id: ").next().unwrap().lines().next().unwrap().to_owned()
}

fn events_arrive_and_are_resumed(shop: &Shop) {
    let server = shop.serve();
    let client = server.administrator();
    let viewer = user_with(Role::Viewer, &client);
    let mut stream = client.follow("/api/v1/events", &[]);
    let begin = stream.wait(|text| text.contains("event: generation")).to_owned();
    assert!(begin.contains("text/event-stream") && begin.contains("200 OK"), "{begin}");
    let mut of_viewer = viewer.follow("/api/v1/events", &[]);
    of_viewer.wait(|text| text.contains("event: generation"));
    let set = |value: &str| {
        let change = json!({ "action": "set", "key": "team", "value": value });
        let body = json!({ "resources": ["i-3"], "changes": [change] });
        assert_eq!(client.post("/api/v1/virtual-tags/apply", &body).status, 200);
    };
    set("logs");
    let text = stream.wait(|text| text.contains("event: tag")).to_owned();
    assert!(text.contains("\"new_value\":\"logs\"") && text.contains("Administrator"), "{text}");
    let id = last_id(&text);
    // What the command line decides arrives as well, and so do jobs.
    shop.run(&["tags", "set", "i-3", "team=cli", "--by", "bob", "--project", "."]);
    stream.wait(|text| text.contains("\"new_value\":\"cli\""));
    assert_eq!(client.post("/api/v1/compliance/recheck", &json!({})).status, 202);
    stream.wait(|text| text.contains("event: job") && text.contains("\"status\":\"done\""));
    stream.wait(|text| text.matches("event: generation").count() == 2);
    // A viewer follows decisions, and not the whole audit trail.
    assert_eq!(client.post("/api/v1/audit-trail/verify", &json!({})).status, 200);
    set("again");
    let seen = of_viewer.wait(|text| text.contains("\"new_value\":\"again\"")).to_owned();
    assert!(seen.contains("compliance.recheck") && !seen.contains("audit.verify"), "{seen}");

    // A client that comes back gets what it missed, once.
    let mut resumed = client.follow("/api/v1/events", &[("last-event-id", &id)]);
    let missed = resumed.wait(|text| text.contains("\"new_value\":\"again\"")).to_owned();
    assert!(
        missed.contains("\"new_value\":\"cli\"") && !missed.contains("\"new_value\":\"logs\""),
        "{missed}"
    );
    assert!(!missed.contains("event: reset"), "{missed}");
    for unknown in ["x", "99999.0.0", "1.2.3.4"] {
        let mut stream = client.follow("/api/v1/events", &[("last-event-id", unknown)]);
        stream.wait(|text| text.contains("event: reset"));
    }
    assert_eq!(server.anonymous().get("/api/v1/events").problem(), "not-signed-in");
}

fn views_are_saved_and_shared(shop: &Shop) {
    let server = shop.serve();
    let admin = server.administrator();
    let viewer = user_with(Role::Viewer, &admin);
    let add = |name: &str, shared: bool| {
        let body = json!({ "name": name, "query": "where=team%20is%20missing", "shared": shared });
        let added = viewer.post("/api/v1/views", &body);
        assert_eq!(added.status, 201, "{}", added.text);
        added.json()["id"].as_str().unwrap().to_owned()
    };
    let (own, shared) = (add("mine", false), add("ours", true));
    let names = |client: &super::client::Client| -> Vec<Value> {
        let list = client.get("/api/v1/views").json();
        list["items"].as_array().unwrap().iter().map(|view| view["name"].clone()).collect()
    };
    assert_eq!(names(&viewer), [json!("mine"), json!("ours")]);
    assert_eq!(names(&admin), [json!("ours")]);
    assert_eq!(admin.get("/api/v1/views").json()["items"][0]["owner_name"], "U");
    let path = |id: &str| format!("/api/v1/views/{id}");
    let renamed = json!({ "name": "ours, renamed", "query": "sort=cost", "shared": true });
    assert_eq!(viewer.send("PUT", &path(&shared), Some(&renamed), &[]).json()["query"], "sort=cost");
    // What somebody else saved can be seen, and removed by administrators; what is not shared does not exist.
    assert_eq!(admin.send("PUT", &path(&shared), Some(&renamed), &[]).problem(), "forbidden");
    assert_eq!(admin.send("DELETE", &path(&own), None, &[]).problem(), "not-found");
    assert_eq!(admin.send("DELETE", &path(&shared), None, &[]).status, 204);
    assert_eq!(viewer.send("DELETE", &path(&own), None, &[]).status, 204);
    assert_eq!(names(&viewer), Vec::<Value>::new());
    for (body, pointer) in [
        (json!({ "name": " ", "query": "" }), "/name"),
        (json!({ "name": "x".repeat(201), "query": "" }), "/name"),
        (json!({ "name": "a\u{202e}b", "query": "" }), "/name"),
        (json!({ "name": "x", "query": "a\nb" }), "/query"),
        (json!({ "name": "x", "query": "a".repeat(8001) }), "/query"),
    ] {
        let wrong = viewer.post("/api/v1/views", &body);
        assert_eq!((wrong.status, wrong.json()["pointer"].as_str()), (422, Some(pointer)), "{}", wrong.text);
    }
}
