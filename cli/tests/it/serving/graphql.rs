//! The interface as a graph: queries, changes, limits, subscriptions.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Client, Shop};
use super::on_both_databases;
use super::roles::user_with;
use tagpol_serve_core::roles::Role;

on_both_databases!(a_graph_is_read_and_changed, what_happens_arrives_over_a_socket);

fn ask(client: &Client, query: &str, variables: Value) -> Value {
    let response = client.post("/graphql", &json!({ "query": query, "variables": variables }));
    assert_eq!(response.status, 200, "{}", response.text);
    response.json()
}

/// Returns the codes of the errors of a response.
fn codes(response: &Value) -> Vec<&str> {
    let errors = response["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap_or("")).collect()
}

/// With TAGPOL_UPDATE=1 it writes the schema, to be reviewed as a diff.
#[test]
fn the_schema_is_the_committed_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schema/schema.graphql");
    let schema = tagpol_serve_http::graphql_schema();
    if std::env::var_os("TAGPOL_UPDATE").is_some() {
        std::fs::write(&path, &schema).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(schema == committed, "run with TAGPOL_UPDATE=1 and review the diff");
}

fn a_graph_is_read_and_changed(shop: &Shop) {
    shop.predict(&[("i-3", "team", "shop", 0.8)]);
    let server = shop.serve();
    let client = server.administrator();
    let viewer = user_with(Role::Viewer, &client);
    let read = "query($first: Int!, $after: String) { resources(first: $first, after: $after, orderBy: { field: \"id\" }) { \
        totalCount monthlyCost pageInfo { hasNextPage endCursor } nodes { id provider type name compliance \
        virtualTags { key value source confidence provenance { decidedByName } } \
        complianceStatus { isCompliant score violations { policy check severity } } alerts { message } \
        mlSuggestions { key value confidence reasoning } costAllocation { monthlyCost currency } } } }";
    let page = ask(&viewer, read, json!({ "first": 3 }));
    let list = &page["data"]["resources"];
    assert_eq!((list["totalCount"].as_u64(), list["monthlyCost"].as_str()), (Some(4), Some("403")), "{page}");
    assert_eq!(list["nodes"].as_array().unwrap().len(), 3);
    let db = &list["nodes"][1];
    assert_eq!(
        (db["id"].as_str(), db["provider"].as_str(), db["compliance"].as_str()),
        (Some("i-2"), Some("AWS"), Some("VIOLATING"))
    );
    assert_eq!(db["virtualTags"][0]["source"], "NATIVE", "{db}");
    assert_eq!(db["complianceStatus"]["violations"][0]["policy"], "production-is-owned");
    assert_eq!(db["alerts"].as_array().unwrap().len(), 1);
    assert_eq!(list["nodes"][2]["mlSuggestions"][0]["value"], "shop", "{page}");
    assert!(!page.to_string().contains("prd"), "{page}");
    let next = ask(&viewer, read, json!({ "first": 3, "after": list["pageInfo"]["endCursor"] }));
    assert_eq!(next["data"]["resources"]["nodes"][0]["id"], "i-4", "{next}");
    let others = "{ compliance { resources checks { check open } tags { key resources } } \
        facets(by: [\"provider\"]) { name values { value resources } } \
        resource(id: \"i-9\") { id } job(id: \"x\") { id } }";
    let others = ask(&viewer, others, json!({}));
    assert_eq!(others["data"]["compliance"]["resources"], 4, "{others}");
    assert_eq!(others["data"]["facets"][0]["values"][0]["value"], "aws");
    assert_eq!((&others["data"]["resource"], &others["data"]["job"]), (&Value::Null, &Value::Null));

    // Changes have the permissions of REST, its errors, and its record.
    let apply = "mutation($value: String) { applyVirtualTags(input: { resources: [\"i-2\"], note: \"asked her\", \
        changes: [{ action: SET, key: \"owner\", value: $value }] }) { decisions { resourceId newValue } } }";
    assert_eq!(codes(&ask(&viewer, apply, json!({ "value": "ann@example.com" }))), ["forbidden"]);
    let wrong = ask(&client, apply, json!({ "value": "ann" }));
    assert_eq!(codes(&wrong), ["invalid-value"]);
    assert_eq!(wrong["errors"][0]["extensions"]["pointer"], "/changes/0/value");
    let applied = ask(&client, apply, json!({ "value": "ann@example.com" }));
    assert_eq!(
        applied["data"]["applyVirtualTags"]["decisions"][0]["newValue"], "ann@example.com",
        "{applied}"
    );
    let one = "{ resource(id: \"i-2\") { complianceStatus { isCompliant } virtualTags { key provenance { decidedByName } } } }";
    assert_eq!(ask(&viewer, one, json!({}))["data"]["resource"]["complianceStatus"]["isCompliant"], true);
    let suggestions = client.get("/api/v1/suggestions").json();
    let decide = "mutation($id: ID!) { decideSuggestion(id: $id, accept: true) { id virtualTags { key value source } } }";
    let decided = ask(&client, decide, json!({ "id": suggestions["items"][0]["id"] }));
    let tags = &decided["data"]["decideSuggestion"]["virtualTags"];
    assert_eq!(
        (&tags[0]["value"], &tags[0]["source"]),
        (&json!("shop"), &json!("USER_CONFIRMED")),
        "{decided}"
    );
    let trail = "{ auditTrail(first: 2, filter: { action: \"tag.\" }) { nodes { action performedByName } pageInfo { hasNextPage } } }";
    assert_eq!(codes(&ask(&viewer, trail, json!({}))), ["forbidden"]);
    let trail = ask(&client, trail, json!({}));
    assert_eq!(trail["data"]["auditTrail"]["nodes"][1]["performedByName"], "Administrator", "{trail}");
    let job = ask(&client, "mutation { recheckCompliance { id status } }", json!({}));
    assert!(job["data"]["recheckCompliance"]["id"].is_string(), "{job}");

    // Limits.
    let shallow = "{ resource(id: \"i-1\") { complianceStatus { violations { policy } } } }";
    assert!(ask(&viewer, shallow, json!({}))["errors"].is_null());
    let too_deep = "fragment A on __Type { ofType { ofType { ofType { ofType { ofType { ofType { ofType { name } } } } } } } } \
        { compliance { score } __schema { types { ...A } } }";
    assert!(ask(&viewer, too_deep, json!({}))["errors"].to_string().contains("nested too deep"));
    let wide = ask(&viewer, "{ resources(first: 500) { nodes { id name region } } }", json!({}));
    assert!(wide["errors"].to_string().contains("too complex"), "{wide}");
    let schema = ask(
        &viewer,
        "{ __schema { types { name fields { type { ofType { ofType { ofType { name } } } } } } } }",
        json!({}),
    );
    assert!(schema["errors"].is_null() && schema.to_string().contains("TagSuggestion"), "{schema}");
    let anonymous = server.anonymous();
    let refused = anonymous.post("/graphql", &json!({ "query": "{ __schema { types { name } } }" }));
    assert_eq!((refused.status, refused.problem().as_str()), (401, "not-signed-in"));
    assert_eq!(
        codes(&ask(&viewer, "{ resources(where: \"nope ==\") { totalCount } }", json!({}))),
        ["invalid-condition"]
    );
    for body in [json!({}), json!({ "query": 1 }), json!({ "query": "{", "extra": 1 })] {
        assert_eq!(viewer.post("/graphql", &body).status, 400, "{body}");
    }
    assert!(!ask(&viewer, "{", json!({}))["errors"].is_null());
    let foreign = [("origin", "https://evil.example")];
    let cross = client.send("POST", "/graphql", Some(&json!({ "query": "{ __typename }" })), &foreign);
    assert_eq!(cross.problem(), "cross-site");
}

/// A client of a WebSocket.
struct Socket(TcpStream);

impl Socket {
    fn open(client: &Client, headers: &[(&str, &str)]) -> Result<Self, String> {
        let mut stream = TcpStream::connect(&client.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut request = format!(
            "GET /graphql HTTP/1.1\r\nhost: {}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             sec-websocket-protocol: graphql-transport-ws\r\n",
            client.address
        );
        let credential = client.credential.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in credential.chain(headers.iter().copied()) {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all((request + "\r\n").as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        if head.starts_with("HTTP/1.1 101") { Ok(Self(stream)) } else { Err(head) }
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        let mut frame = vec![0x81];
        match u8::try_from(text.len()) {
            Ok(short) if short < 126 => frame.push(0x80 | short),
            _ => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
            }
        }
        // A mask of zeros changes nothing.
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.0.write_all(&frame).unwrap();
    }

    /// Returns the next message; null at the end.
    fn next(&mut self) -> Value {
        let mut head = [0; 2];
        if self.0.read_exact(&mut head).is_err() {
            return Value::Null;
        }
        let length = match head[1] {
            126 => {
                let mut bytes = [0; 2];
                self.0.read_exact(&mut bytes).unwrap();
                usize::from(u16::from_be_bytes(bytes))
            }
            short => usize::from(short),
        };
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).unwrap();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }
}

fn what_happens_arrives_over_a_socket(shop: &Shop) {
    let server = shop.serve();
    let client = server.administrator();
    assert!(Socket::open(&server.anonymous(), &[]).err().unwrap().starts_with("HTTP/1.1 401"));
    let foreign = [("origin", "https://evil.example")];
    assert!(Socket::open(&client, &foreign).err().unwrap().starts_with("HTTP/1.1 403"));
    let mut socket = Socket::open(&client, &[]).unwrap();
    socket.send(&json!({ "type": "connection_init" }));
    assert_eq!(socket.next()["type"], "connection_ack");
    let changes = "subscription { changes(where: \"resource.provider == \\\"aws\\\"\") { decision { newValue } resource { id } } }";
    socket.send(&json!({ "id": "1", "type": "subscribe", "payload": { "query": changes } }));
    // The subscription has begun when something arrives.
    let set = |resource: &str, value: &str| {
        let change = json!({ "action": "set", "key": "team", "value": value });
        let body = json!({ "resources": [resource], "changes": [change] });
        assert_eq!(client.post("/api/v1/virtual-tags/apply", &body).status, 200);
    };
    std::thread::sleep(Duration::from_millis(500));
    set("i-4", "of another cloud");
    set("i-3", "logs");
    let arrived = socket.next();
    let change = &arrived["payload"]["data"]["changes"];
    assert_eq!(
        (&change["resource"]["id"], &change["decision"]["newValue"]),
        (&json!("i-3"), &json!("logs")),
        "{arrived}"
    );
    let job = client.post("/api/v1/compliance/recheck", &json!({})).json();
    let of_job = "subscription($id: ID!) { job(id: $id) { status } }";
    let payload = json!({ "query": of_job, "variables": { "id": job["job"] } });
    socket.send(&json!({ "id": "2", "type": "subscribe", "payload": payload }));
    let began = Instant::now();
    loop {
        let message = socket.next();
        assert!(began.elapsed() < Duration::from_secs(60) && !message.is_null(), "{message}");
        if message["id"] == "2" && message["payload"]["data"]["job"]["status"] == "done" {
            break;
        }
    }
    assert_eq!(socket.next(), json!({ "id": "2", "type": "complete" }));
    let wrong = "subscription { changes(where: \"nope ==\") { decision { key } } }";
    socket.send(&json!({ "id": "3", "type": "subscribe", "payload": { "query": wrong } }));
    assert!(socket.next().to_string().contains("invalid-condition"));
}
