//! Policies that are edited over HTTP.

use serde_json::{Value, json};

use super::client::{Shop, wait};
use super::on_both_databases;
use super::roles::user_with;
use tagpol_serve_core::roles::Role;

on_both_databases!(policies_are_edited_examined_and_applied, changes_of_one_revision_exclude_each_other);

fn policies_are_edited_examined_and_applied(shop: &Shop) {
    let server = shop.serve();
    let client = server.administrator();
    let files = client.get("/api/v1/policy-files").json();
    assert_eq!(
        (&files["items"][0]["path"], &files["read_only"]),
        (&json!("shop.tagpol"), &Value::Null),
        "{files}"
    );
    let text = files["items"][0]["text"].as_str().unwrap().to_owned();
    let propose = |text: Value| {
        let body = json!({ "files": [{ "path": "shop.tagpol", "text": text }] });
        let proposed = client.post("/api/v1/changes", &body);
        assert_eq!(proposed.status, 201, "{}", proposed.text);
        proposed.json()
    };
    let wrong = propose(json!(text.replace("require owner", "require ownr")));
    assert_eq!((&wrong["can_be_applied"], &wrong["impact"]), (&json!(false), &Value::Null), "{wrong}");
    let diagnostic = &wrong["diagnostics"][0];
    assert_eq!(
        (&diagnostic["level"], &diagnostic["file"]),
        (&json!("error"), &json!("shop.tagpol")),
        "{wrong}"
    );
    let line = text.lines().position(|line| line.contains("require owner")).unwrap() as u64 + 1;
    assert_eq!(diagnostic["line"].as_u64(), Some(line), "{diagnostic}");
    let apply = |change: &Value, revision: &Value| {
        let path = format!("/api/v1/changes/{}/apply", change["id"].as_str().unwrap());
        let version = format!("\"{}\"", revision.as_str().unwrap());
        client.send("POST", &path, Some(&json!({})), &[("if-match", &version)])
    };
    assert_eq!(apply(&wrong, &wrong["revision"]).problem(), "invalid-value");

    // Everything must be owned: two resources more.
    let all = text.replace("  for resource where environment == production\n", "");
    let change = propose(json!(all));
    let impact = &change["impact"];
    assert_eq!(
        (impact["findings_entered"].as_u64(), impact["findings_left"].as_u64()),
        (Some(2), Some(0)),
        "{change}"
    );
    assert_eq!(impact["cost_entered"], "2.5", "{change}");
    assert!(impact["score_after"].as_f64() < impact["score_before"].as_f64(), "{change}");
    assert_eq!(std::fs::read_to_string(shop.path().join("shop.tagpol")).unwrap(), text);
    let path = format!("/api/v1/changes/{}/apply", change["id"].as_str().unwrap());
    assert_eq!(client.post(&path, &json!({})).problem(), "precondition-required");
    assert_eq!(apply(&change, &json!("other")).problem(), "precondition-failed");
    let accepted = apply(&change, &change["revision"]);
    assert_eq!(accepted.status, 202, "{}", accepted.text);
    let job = format!("/api/v1/jobs/{}", accepted.json()["job"].as_str().unwrap());
    wait(&client, &job, |job| job["status"] == "done");
    assert_eq!(client.get("/api/v1/compliance/findings").json()["total"], 3);
    // Once is enough.
    assert_eq!(apply(&change, &change["revision"]).problem(), "not-found");
    let revisions = client.get("/api/v1/policy-revisions").json();
    let revisions = revisions["items"].as_array().unwrap();
    assert_eq!(revisions.len(), 2, "{revisions:?}");
    let made: Vec<&Value> = revisions.iter().filter(|one| one["made_by_name"] == "Administrator").collect();
    assert_eq!((made.len(), &made[0]["files"]), (1, &json!(["shop.tagpol"])));

    // A mapping is a change of the policies as well.
    let mapping = json!({ "tag": "environment", "from": ["stg\"1"], "to": "staging", "keys": ["stage"] });
    let mapped = client.post("/api/v1/tag-mappings", &mapping);
    assert_eq!((mapped.status, &mapped.json()["can_be_applied"]), (201, &json!(true)), "{}", mapped.text);
    let mapped = mapped.json();
    assert_eq!(apply(&mapped, &mapped["revision"]).status, 202);
    let written = std::fs::read_to_string(shop.path().join("mappings.tagpol")).unwrap();
    assert!(written.contains("map \"stg\\\"1\" -> staging"), "{written}");
    let unknown =
        client.post("/api/v1/tag-mappings", &json!({ "tag": "enviroment", "from": ["x"], "to": "y" }));
    assert_eq!((unknown.status, &unknown.json()["did_you_mean"]), (422, &json!("environment")));

    for (path, text, pointer) in [
        ("../out.tagpol", json!("x"), "/files/0/path"),
        ("tagpol.toml", json!("x"), "/files/0/path"),
        ("gone.tagpol", Value::Null, "/files/0/path"),
    ] {
        let response = client.post("/api/v1/changes", &json!({ "files": [{ "path": path, "text": text }] }));
        assert_eq!(
            (response.status, response.json()["pointer"].as_str()),
            (422, Some(pointer)),
            "{}",
            response.text
        );
    }
    let editor = user_with(Role::Editor, &client);
    assert_eq!(editor.get("/api/v1/policy-files").problem(), "forbidden");
}

fn changes_of_one_revision_exclude_each_other(shop: &Shop) {
    let server = shop.serve();
    let client = server.administrator();
    let changes: Vec<Value> = (1..=6)
        .map(|n| {
            let file =
                json!({ "path": format!("more-{n}.tagpol"), "text": format!("tag extra-{n}: text\n") });
            client.post("/api/v1/changes", &json!({ "files": [file] })).json()
        })
        .collect();
    let statuses: Vec<u16> = std::thread::scope(|threads| {
        let apply = |change: &Value| {
            let client = client.clone();
            let path = format!("/api/v1/changes/{}/apply", change["id"].as_str().unwrap());
            let version = format!("\"{}\"", change["revision"].as_str().unwrap());
            threads
                .spawn(move || client.send("POST", &path, Some(&json!({})), &[("if-match", &version)]).status)
        };
        let started: Vec<_> = changes.iter().map(apply).collect();
        started.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let count = |status| statuses.iter().filter(|found| **found == status).count();
    assert_eq!((count(202), count(412)), (1, 5), "{statuses:?}");
    let written = (1..=6).filter(|n| shop.path().join(format!("more-{n}.tagpol")).exists()).count();
    assert_eq!(written, 1);
}

#[test]
fn files_of_a_checkout_are_not_changed() {
    let shop = Shop::new();
    std::fs::create_dir(shop.path().join(".git")).unwrap();
    let server = shop.serve();
    let client = server.administrator();
    let body = json!({ "files": [{ "path": "more.tagpol", "text": "tag cost-center: text\n" }] });
    let change = client.post("/api/v1/changes", &body).json();
    assert_eq!(change["can_be_applied"], false, "{change}");
    let path = format!("/api/v1/changes/{}/apply", change["id"].as_str().unwrap());
    let version = format!("\"{}\"", change["revision"].as_str().unwrap());
    let refused = client.send("POST", &path, Some(&json!({})), &[("if-match", &version)]);
    assert_eq!((refused.status, refused.problem().as_str()), (409, "conflict"));
}
