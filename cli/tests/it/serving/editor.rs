//! The language server over a WebSocket, and the policy files that its editor opens.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest as _;
use tungstenite::{HandshakeError, Message, WebSocket};

use super::client::{Client, Server, Shop};

/// Opens a connection with a credential; the status of the response if it is refused.
fn open(client: &Client, origin: Option<&str>) -> Result<WebSocket<TcpStream>, u16> {
    let mut request = format!("ws://{}/lsp", client.address).into_client_request().unwrap();
    let headers = request.headers_mut();
    if let Some(origin) = origin {
        headers.insert("origin", origin.parse().unwrap());
    }
    if let Some((name, value)) = &client.credential {
        let name: tungstenite::http::HeaderName = name.parse().unwrap();
        headers.insert(name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(&client.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    match tungstenite::client(request, stream) {
        Ok((socket, _)) => Ok(socket),
        Err(HandshakeError::Failure(tungstenite::Error::Http(response))) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

fn send(socket: &mut WebSocket<TcpStream>, message: &Value) {
    socket.send(Message::text(message.to_string())).unwrap();
}

/// Reads messages until one is as wanted.
fn wait(socket: &mut WebSocket<TcpStream>, wanted: impl Fn(&Value) -> bool) -> Value {
    loop {
        let message = socket.read().unwrap();
        if let Message::Text(text) = message {
            let message: Value = serde_json::from_str(&text).unwrap();
            if wanted(&message) {
                return message;
            }
        }
    }
}

fn answer(socket: &mut WebSocket<TcpStream>, id: u64, method: &str, params: &Value) -> Value {
    send(socket, &json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
    wait(socket, |message| message["id"] == id && message.get("method").is_none())
}

fn user(server: &Server, admin: &Client, role: &str) -> Client {
    let body = json!({ "email": format!("{role}@example.com"), "name": "x", "role": role });
    let link = admin.post("/api/v1/users", &body).json()["link"].as_str().unwrap().to_owned();
    let (_, secret) = link.split_once('#').unwrap();
    server.anonymous().sign_in(&json!({ "link": secret }))
}

#[test]
fn an_administrator_edits_policies_with_the_language_server() {
    let shop = Shop::new();
    let server = shop.serve();
    let admin = server.administrator();
    let files = admin.get("/api/v1/policy-files").json();
    assert_eq!(files["items"][0]["path"], "shop.tagpol", "{files}");
    let text = files["items"][0]["text"].as_str().unwrap();
    assert!(text.contains("policy production-is-owned"), "{text}");

    let own = format!("http://{}", server.address);
    let mut socket = open(&admin, Some(&own)).unwrap();
    let initialized = answer(&mut socket, 1, "initialize", &json!({ "capabilities": {} }));
    assert!(initialized["result"]["capabilities"]["hoverProvider"].is_boolean(), "{initialized}");
    send(&mut socket, &json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
    let uri = "file:///project/shop.tagpol";
    let document = json!({ "uri": uri, "languageId": "tagpol", "version": 1, "text": text.replace("== production", "== productoin") });
    let open_document =
        json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": { "textDocument": document } });
    send(&mut socket, &open_document);
    let found = wait(&mut socket, |message| {
        message["method"] == "textDocument/publishDiagnostics"
            && message["params"]["diagnostics"].as_array().is_some_and(|found| !found.is_empty())
    });
    assert_eq!(found["params"]["uri"], uri, "{found}");
    assert!(found.to_string().contains("productoin"), "{found}");
    // Nothing of this machine is shown, and nothing else of it is reached.
    let root = shop.path().canonicalize().unwrap();
    assert!(!found.to_string().contains(root.to_str().unwrap()), "{found}");
    let outside = json!({ "textDocument": { "uri": "file:///etc/x.tagpol" }, "position": { "line": 0, "character": 0 } });
    assert_eq!(answer(&mut socket, 2, "textDocument/hover", &outside)["error"]["code"], -32_602);
    assert_eq!(answer(&mut socket, 3, "workspace/executeCommand", &json!({}))["error"]["code"], -32_601);
    // The next message is answered after any that was refused.
    socket.send(Message::text("{")).unwrap();
    let refused = wait(&mut socket, |message| message["error"].is_object());
    assert_eq!(refused["error"]["code"], -32_700);
    let tests = answer(&mut socket, 4, "tagpol/listTests", &json!({}));
    assert!(tests["result"]["tests"].is_array(), "{tests}");
}

#[test]
fn only_who_may_edit_policies_opens_an_editor_and_only_from_this_site() {
    let shop = Shop::new();
    let server = shop.serve();
    let admin = server.administrator();
    let own = format!("http://{}", server.address);
    for role in ["viewer", "editor"] {
        let client = user(&server, &admin, role);
        assert_eq!(open(&client, Some(&own)).err(), Some(403), "{role}");
        assert_eq!(client.get("/api/v1/policy-files").problem(), "forbidden");
    }
    assert!(open(&user(&server, &admin, "admin"), Some(&own)).is_ok());
    assert_eq!(open(&server.anonymous(), Some(&own)).err(), Some(401));
    for origin in [Some("https://evil.example"), Some("null"), None] {
        assert_eq!(open(&admin, origin).err(), Some(403), "{origin:?}");
    }
    // A program with a token has no origin.
    let token = admin.post("/api/v1/tokens", &json!({ "name": "t" })).json();
    assert!(open(&server.anonymous().with_bearer(token["secret"].as_str().unwrap()), None).is_ok());
    // Only a WebSocket can be opened there.
    assert_eq!(admin.send("GET", "/lsp", None, &[("origin", &own)]).problem(), "invalid-request");
}

#[test]
fn a_message_that_is_too_large_ends_the_connection() {
    let shop = Shop::new();
    let server = shop.serve();
    let mut socket = open(&server.administrator(), Some(&format!("http://{}", server.address))).unwrap();
    let text = "x".repeat(3 << 20);
    let _ =
        socket.send(Message::text(json!({ "id": 1, "method": "initialize", "params": text }).to_string()));
    let ended = (0..10).any(|_| matches!(socket.read(), Err(_) | Ok(Message::Close(_))));
    assert!(ended);
    assert_eq!(server.anonymous().get("/healthz").status, 200);
}
