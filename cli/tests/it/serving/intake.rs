//! Inventories that are uploaded, and events of clouds.

use serde_json::{Value, json};

use super::client::{Client, Response, Shop, wait};
use super::on_both_databases;

on_both_databases!(an_inventory_is_uploaded_and_changed_by_events);

fn upload(client: &Client, name: &str, media_type: &str, body: &[u8]) -> Response {
    client.send_raw("POST", &format!("/api/v1/snapshots?name={name}"), body, &[("content-type", media_type)])
}

fn ended(client: &Client, accepted: &Response) -> Value {
    assert_eq!(accepted.status, 202, "{}", accepted.text);
    let path = format!("/api/v1/jobs/{}", accepted.json()["job"].as_str().unwrap());
    wait(client, &path, |job| job["status"] != "queued" && job["status"] != "running")
}

fn an_inventory_is_uploaded_and_changed_by_events(shop: &Shop) {
    shop.write("tagpol.toml", "name = \"shop\"\n");
    let server = shop.start(&[]);
    let client = server.administrator();
    // Nothing can be shown before the first inventory is there.
    let list = "id,name,tag:owner\narn:aws:s3:::logs,logs,ann@example.com\narn:aws:s3:::photos,photos,\n";
    let job = ended(&client, &upload(&client, "list.csv", "text/csv", list.as_bytes()));
    assert_eq!(
        (job["status"].as_str(), job["result"]["resources"].as_u64()),
        (Some("done"), Some(2)),
        "{job}"
    );
    assert_eq!(client.get("/api/v1/resources").json()["total"], 2);
    let snapshots = client.get("/api/v1/snapshots").json();
    assert_eq!(snapshots["items"][0]["id"], job["result"]["snapshot"], "{snapshots}");
    assert_eq!((&snapshots["are_served"], &snapshots["fetched_from"]), (&json!(true), &json!([])));

    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let event = json!({
        "detail-type": "Tag Change on Resource", "source": "aws.tag", "time": now,
        "resources": ["arn:aws:s3:::photos"], "detail": { "version": 2, "tags": { "owner": "bo@example.com" } },
    });
    let token = client.post("/api/v1/tokens", &json!({ "name": "eventbridge" })).json();
    let cloud = server.anonymous().with_bearer(token["secret"].as_str().unwrap());
    let job = ended(&client, &cloud.post("/api/v1/events/aws", &event));
    assert_eq!((job["status"].as_str(), job["result"]["applied"].as_u64()), (Some("done"), Some(1)), "{job}");
    let photos = client.get("/api/v1/resources/arn:aws:s3:::photos").json();
    assert_eq!(photos["virtual_tags"][1]["value"], "bo@example.com", "{photos}");
    assert_eq!(server.anonymous().post("/api/v1/events/aws", &event).problem(), "not-signed-in");
    // Event Grid asks first.
    let asks = json!([{
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "data": { "validationCode": "c0de" },
    }]);
    assert_eq!(cloud.post("/api/v1/events/azure", &asks).json(), json!({ "validationResponse": "c0de" }));
    assert_eq!(
        cloud.send_raw("POST", "/api/v1/events/gcp", b"{", &[("content-type", "application/json")]).status,
        400
    );

    // What is not an event is rejected, and does not keep others from being applied.
    let other = json!({ "hello": [1, 2] });
    let refused = cloud.post("/api/v1/events/aws", &other);
    assert_eq!((refused.status, refused.problem().as_str()), (422, "invalid-value"), "{}", refused.text);
    let job = ended(&client, &cloud.post("/api/v1/events/aws", &json!([other, event])));
    assert_eq!(
        (job["status"].as_str(), job["result"]["rejected"].as_u64()),
        (Some("done"), Some(1)),
        "{job}"
    );

    // A file that cannot be read ends its job, and what is served stays.
    let job = ended(&client, &upload(&client, "bad.json", "application/json", b"[1, 2"));
    let error = job["error"].as_str().unwrap();
    assert!(job["status"] == "dead" && error.contains("bad.json") && !error.contains("inbox"), "{job}");
    assert_eq!(client.get("/api/v1/resources").json()["total"], 2);
    assert!(shop.path().join(".tagpol/inbox/files").read_dir().unwrap().next().is_none());
    assert!(shop.path().join(".tagpol/uploads").read_dir().unwrap().next().is_none());
}

#[test]
fn uploads_are_refused_before_they_are_read() {
    let shop = Shop::new();
    let server = shop.serve();
    let client = server.administrator();
    let problem = |response: Response| (response.status, response.problem());
    let anonymous = upload(&server.anonymous(), "list.csv", "text/csv", b"id\n");
    assert_eq!(problem(anonymous), (401, "not-signed-in".to_owned()));
    let html = upload(&client, "list.csv", "text/html", b"id\n");
    assert_eq!(problem(html), (415, "unsupported-media-type".to_owned()));
    for name in ["..%2Flist.csv", ".csv", "list.exe", "a%20b.csv", ""] {
        let response = upload(&client, name, "text/csv", b"id\n");
        assert_eq!(response.json()["parameter"], "name", "{name}: {}", response.text);
    }
    // The manifest of this project lists a file.
    assert_eq!(problem(upload(&client, "list.csv", "text/csv", b"id\n")), (409, "conflict".to_owned()));
    let headers = [("content-type", "text/csv"), ("content-length", "99999999999")];
    let mut large = client.follow_raw("POST", "/api/v1/snapshots?name=list.csv", &headers);
    large.wait(|text| text.contains("too-large"));
}
