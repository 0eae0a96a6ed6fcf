//! What the model suggests: listed, accepted, rejected.

use serde_json::{Value, json};

use super::client::Shop;
use super::on_both_databases;

on_both_databases!(suggestions_are_listed_accepted_and_rejected);

const PREDICTIONS: [(&str, &str, &str, f64); 4] = [
    ("i-1", "team", "shop", 0.9),
    ("i-3", "team", "shop", 0.8),
    ("i-3", "owner", "ann@example.com", 0.7),
    // The tag has this value.
    ("i-2", "team", "payments", 0.99),
];

fn suggestions_are_listed_accepted_and_rejected(shop: &Shop) {
    shop.predict(&PREDICTIONS);
    let server = shop.serve();
    let client = server.administrator();
    let list = |query: &str| {
        let page = client.get(&format!("/api/v1/suggestions{query}")).json();
        let pair = |item: &Value| [item["resource_id"].clone(), item["key"].clone()];
        let pairs: Vec<[Value; 2]> = page["items"].as_array().unwrap().iter().map(pair).collect();
        (page["total"].as_u64().unwrap(), pairs, page)
    };
    let (total, pairs, page) = list("");
    let of = |resource: &str, tag: &str| [json!(resource), json!(tag)];
    assert_eq!((total, pairs), (3, vec![of("i-1", "team"), of("i-3", "team"), of("i-3", "owner")]), "{page}");
    let (total, pairs, _) = list("?tag=team&limit=1");
    assert_eq!((total, pairs), (2, vec![of("i-1", "team")]));
    let next = list("?tag=team&limit=1").2["next"].as_str().unwrap().to_owned();
    assert_eq!(list(&format!("?tag=team&limit=1&cursor={next}")).1, [of("i-3", "team")]);
    let of_another_tag = client.get(&format!("/api/v1/suggestions?tag=owner&limit=1&cursor={next}"));
    assert_eq!((of_another_tag.status, of_another_tag.problem().as_str()), (400, "invalid-cursor"));
    assert_eq!(client.get("/api/v1/suggestions?tag=teem").json()["did_you_mean"], "team");

    let id = |at: usize| page["items"][at]["id"].as_str().unwrap().to_owned();
    let post = |at: usize, verb: &str, body: Value| {
        client.post(&format!("/api/v1/suggestions/{}/{verb}", id(at)), &body)
    };
    // Another value than the one that was shown is suggested by now.
    let moved = post(0, "accept", json!({ "value": "web" }));
    assert_eq!((moved.status, moved.json()["pointer"].as_str()), (409, Some("/value")), "{}", moved.text);
    let accepted = post(0, "accept", json!({ "value": "shop", "note": "sure" }));
    assert_eq!(
        (accepted.status, accepted.json()["action"].as_str()),
        (200, Some("confirm")),
        "{}",
        accepted.text
    );
    let rejected = post(1, "reject", json!({}));
    assert_eq!(
        (rejected.status, rejected.json()["action"].as_str()),
        (200, Some("reject")),
        "{}",
        rejected.text
    );
    assert_eq!(list("").1, [of("i-3", "owner")]);
    assert_eq!(post(1, "accept", json!({})).problem(), "conflict");
    assert_eq!(client.post("/api/v1/suggestions/vt_x_team/accept", &json!({})).problem(), "not-found");
    let resource = client.get("/api/v1/resources/i-1").json();
    let team = resource["virtual_tags"].as_array().unwrap().iter().find(|tag| tag["key"] == "team").unwrap();
    assert_eq!((team["value"].as_str(), team["source"].as_str()), (Some("shop"), Some("user_confirmed")));
    assert_eq!(team["decided_by_name"], "Administrator");
}
