//! Requests of every wrong shape, and the description of the interface.

use std::path::Path;

use serde_json::{Value, json};

use super::client::Shop;

/// With TAGPOL_UPDATE=1 it writes the document, to be reviewed as a diff.
#[test]
fn the_openapi_document_is_the_committed_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schema/openapi.v1.json");
    let mut document = serde_json::to_string_pretty(&tagpol_serve_http::openapi_document()).unwrap();
    document.push('\n');
    if std::env::var_os("TAGPOL_UPDATE").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    assert!(
        document == std::fs::read_to_string(&path).unwrap(),
        "run with TAGPOL_UPDATE=1 and review the diff"
    );
    // Every reference leads somewhere, and every name is used once.
    let value: Value = serde_json::from_str(&document).unwrap();
    for reference in document.split("\"$ref\": \"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(value.pointer(pointer).is_some(), "{pointer}");
    }
    let operations: Vec<&str> =
        document.split("\"operationId\": \"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let mut distinct = operations.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), operations.len(), "{operations:?}");
}

#[test]
fn wrong_requests_get_a_problem_with_its_place() {
    let shop = Shop::new();
    let server = shop.serve();
    let client = server.administrator();
    let json_type = [("content-type", "application/json")];
    let post = |path: &str, body: &[u8]| client.send_raw("POST", path, body, &json_type);
    for (body, pointer) in [
        (&b""[..], None),
        (b"{", None),
        (b"[]", None),
        (b"null", None),
        (b"\xff\xfe", None),
        (b"{\"name\": 7}", Some("/name")),
        (b"{\"name\": \"x\", \"other\": 1}", Some("/other")),
        (b"{\"name\": \"x\"} trailing", None),
        (b"[\"x\", null, null]", Some("")),
    ] {
        let response = post("/api/v1/tokens", body);
        assert_eq!((response.status, response.problem().as_str()), (400, "invalid-request"), "{body:?}");
        if let Some(pointer) = pointer {
            assert_eq!(response.json()["pointer"], pointer, "{}", response.text);
        }
    }
    let nested = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    assert_eq!(post("/api/v1/tokens", &nested).status, 400);
    assert_eq!(post("/api/v1/tokens", &vec![b' '; 2 << 20]).problem(), "too-large");
    for (path, parameter) in [
        ("/api/v1/resources?limit=0", "limit"),
        ("/api/v1/resources?limit=501", "limit"),
        ("/api/v1/resources?limit=x", "limit"),
        ("/api/v1/resources?offset=2000001", "offset"),
        ("/api/v1/resources?offset=1&cursor=x", "offset"),
        ("/api/v1/resources?other=1", "other"),
        ("/api/v1/resources?sort=tag:nope", "sort"),
        ("/api/v1/resources?sort=nope", "sort"),
        ("/api/v1/resources?fields=owner,nope", "fields"),
        ("/api/v1/resources?policy=nope", "policy"),
        ("/api/v1/compliance/findings?policy=production-is-owned/nope", "policy"),
        ("/api/v1/facets?by=tag.owner", "by"),
        ("/api/v1/costs?by=nope", "by"),
        ("/api/v1/graph?tags=nope", "tags"),
        ("/api/v1/graph?tags=team&depth=0", "depth"),
        ("/api/v1/graph?tags=team&depth=4", "depth"),
        ("/api/v1/resources?compliance=x", "compliance"),
        ("/api/v1/resources?project=other", "project"),
        ("/api/v1/audit-trail?since=yesterday", "since"),
        ("/api/v1/jobs?status=x", "status"),
    ] {
        let response = client.get(path);
        assert!(matches!(response.status, 400 | 404), "{path}: {}", response.text);
        response.problem();
        assert_eq!(response.json()["parameter"], parameter, "{path}: {}", response.text);
    }
    for path in [
        "/api/v1/nothing",
        "/nothing",
        "/api/v1/resources/i-9",
        "/api/v1/resources/%F0%9F%98%80",
        "/api/v1/jobs/x",
    ] {
        let response = client.get(path);
        assert_eq!((response.status, response.problem().as_str()), (404, "not-found"), "{path}");
    }
    assert_eq!(client.send("PATCH", "/api/v1/resources", None, &[]).problem(), "method-not-allowed");
    let traced = [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")];
    let response = client.send("GET", "/api/v1/nothing", None, &traced);
    assert_eq!(response.json()["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(post("/api/v1/schedules/x", b"{}").problem(), "method-not-allowed");
    let schedule = |body: Value| client.send("PUT", "/api/v1/schedules/compliance-sweep", Some(&body), &[]);
    let wrong = schedule(json!({ "cron": "every day", "zone": "UTC", "enabled": true }));
    assert_eq!((wrong.status, wrong.json()["pointer"].as_str()), (422, Some("/cron")));
    assert_eq!(schedule(json!({ "cron": "30 3 * * *", "zone": "UTC", "enabled": false })).status, 204);
    let of_none = json!({ "cron": "0 0 * * 1", "zone": "UTC", "enabled": true });
    assert_eq!(client.send("PUT", "/api/v1/schedules/none", Some(&of_none), &[]).problem(), "not-found");
    // The address of a problem is a page about it.
    let problem = client.get("/api/v1/nothing").json();
    let (page, anchor) = problem["type"].as_str().unwrap().split_once('#').unwrap();
    let page = server.anonymous().get(page);
    assert!(page.status == 200 && page.text.contains(&format!("id=\"{anchor}\"")), "{}", page.text);
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

/// An array of values does not count as an object, whose fields have names.
#[test]
fn arrays_are_not_objects() {
    let shop = Shop::new();
    let server = shop.serve();
    let client = server.administrator();
    let change = json!({ "action": "set", "key": "team", "value": "x" });
    for (body, pointer) in [
        (json!([["i-1"], [change], null, true]), ""),
        (json!({ "resources": ["i-1"], "changes": [["set", "team", "x"]] }), "/changes/0"),
        (json!({ "resources": ["i-1"], "changes": [change, []] }), "/changes/1"),
    ] {
        let response = client.post("/api/v1/virtual-tags/apply", &body);
        assert_eq!((response.status, response.json()["pointer"].as_str()), (400, Some(pointer)), "{body}");
        assert!(!response.text.contains("struct"), "{}", response.text);
    }
}

/// A header that cannot be read is not one that is missing: the request would be done twice.
#[test]
fn headers_that_cannot_be_read_are_refused() {
    let shop = Shop::new();
    let server = shop.serve();
    let client = server.administrator();
    let body = json!({ "name": "x" });
    for header in [("idempotency-key", "clé"), ("idempotency-key", ""), ("if-match", "\"é\"")] {
        let response = client.send("POST", "/api/v1/tokens", Some(&body), &[header]);
        assert_eq!((response.status, response.problem().as_str()), (400, "invalid-request"), "{header:?}");
    }
    let twice = [("idempotency-key", "a"), ("idempotency-key", "b")];
    assert_eq!(client.send("POST", "/api/v1/tokens", Some(&body), &twice).status, 400);
    assert_eq!(client.get("/api/v1/tokens").json()["items"], json!([]));
}
