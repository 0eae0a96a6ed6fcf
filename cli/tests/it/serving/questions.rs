//! Questions over HTTP: answers that stream, with and without a model, and what is remembered of them.

use std::sync::Mutex;

use serde_json::{Value, json};
use tagpol_serve_core::roles::Role;

use super::client::{Client, Response, Server, Shop, wait};
use super::on_both_databases;
use super::roles::user_with;
use crate::advising::{server, streaming_server};

const QUESTIONS: &str = "/api/v1/conversation/questions";

on_both_databases!(answers_are_remembered_and_forgotten);

fn ask(client: &Client, question: &str) -> Response {
    client.post(QUESTIONS, &json!({ "question": question }))
}

/// Returns the names and the data of the events of a response.
fn events(response: &Response) -> Vec<(String, Value)> {
    assert_eq!(response.status, 200, "{}", response.text);
    assert_eq!(response.header("content-type"), Some("text/event-stream"));
    let mut lines = response.text.lines();
    let mut events = Vec::new();
    while let Some(line) = lines.next() {
        let Some(name) = line.strip_prefix("event: ") else { continue };
        let data = lines.next().unwrap().strip_prefix("data: ").unwrap();
        events.push((name.to_owned(), serde_json::from_str(data).unwrap()));
    }
    events
}

fn names(events: &[(String, Value)]) -> Vec<&str> {
    events.iter().map(|(name, _)| name.as_str()).collect()
}

/// Returns the last event: the whole answer.
fn answer(response: &Response) -> Value {
    let (name, data) = events(response).pop().unwrap();
    assert_eq!(name, "answer", "{}", response.text);
    data
}

fn statements(answer: &Value) -> String {
    let statements = answer["answer"]["statements"].as_array().unwrap();
    statements.iter().map(|one| one["text"].as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

fn answers_are_remembered_and_forgotten(shop: &Shop) {
    let server = shop.serve();
    let admin = server.administrator();
    let viewer = user_with(Role::Viewer, &admin);
    let response = ask(&viewer, "Why does i-1 fail?");
    let streamed = events(&response);
    assert_eq!(streamed[0], ("call".to_owned(), json!({ "tool": "explain", "argument": "i-1" })));
    assert!(names(&streamed).contains(&"statement"), "{}", response.text);
    let whole = answer(&response);
    assert!(statements(&whole).starts_with("`i-1` is of type `ec2:instance`."), "{whole}");
    assert_eq!((&whole["answer"]["model"], &whole["is_remembered"]), (&json!(null), &json!(true)));
    assert_eq!(whole["has_newer_decisions"], false);
    for question in
        ["What is open?", "Which resources have no team?", "What do we spend by team?", "secret-key"]
    {
        let response = ask(&viewer, question);
        assert!(!statements(&answer(&response)).is_empty(), "{question}: {}", response.text);
        // Native keys and native values are in no response.
        let shown = response.text.replace("secret-key?", "").replace("\"secret-key\"", "");
        assert!(!shown.contains("secret-key") && !shown.contains("prd"), "{question}: {}", response.text);
    }
    // Conditions about native tags are not answered, and what was decided meanwhile is in look-ups.
    let native = answer(&ask(&viewer, "untagged buckets"));
    let note = "the condition cannot be answered from virtual tags";
    assert!(native["answer"]["notes"].as_array().unwrap().contains(&json!(note)), "{native}");
    let change = json!({ "action": "set", "key": "team", "value": "web" });
    let body = json!({ "resources": ["i-1", "i-3"], "changes": [change] });
    assert_eq!(admin.post("/api/v1/virtual-tags/apply", &body).status, 200);
    let found = answer(&ask(&viewer, "Which resources have no team?"));
    assert!(statements(&found).contains("0 resources fulfill"), "{found}");
    assert_eq!(found["has_newer_decisions"], true);

    let conversation = viewer.get("/api/v1/conversation").json();
    assert_eq!((&conversation["model"], conversation["turns"].as_array().unwrap().len()), (&json!(null), 7));
    assert_eq!(conversation["turns"][0]["question"], "Why does i-1 fail?");
    assert_eq!(admin.get("/api/v1/conversation").json()["turns"], json!([]), "it is that of somebody else");
    let trail = admin.get("/api/v1/audit-trail?action=question.");
    assert_eq!(trail.json()["items"].as_array().unwrap().len(), 7, "{}", trail.text);
    assert!(!trail.text.contains("i-1") && !server.log().contains("i-1 fail"), "what was asked is not in it");
    assert_eq!(viewer.send("DELETE", "/api/v1/conversation", None, &[]).status, 204);
    assert_eq!(viewer.get("/api/v1/conversation").json()["turns"], json!([]));
    assert_eq!(
        viewer.send("DELETE", "/api/v1/conversation", None, &[]).status,
        204,
        "there is none any more"
    );
}

#[test]
fn a_policy_is_proposed_to_those_who_edit_policies() {
    let shop = Shop::new();
    shop.write("proposed.tagpol", "define cheap = resource.monthly-cost < 1 USD\n");
    let server = shop.serve();
    let admin = server.administrator();
    let question = "Propose a policy that requires team on buckets";
    let response = ask(&admin, question);
    assert!(names(&events(&response)).contains(&"proposal"), "{}", response.text);
    let whole = answer(&response);
    let text = whole["answer"]["proposal"]["text"].as_str().unwrap();
    assert!(text.starts_with("policy require-team {\n") && text.contains("  require team\n"), "{text}");
    let facts = whole["answer"]["facts"].as_array().unwrap();
    assert!(
        facts.iter().any(|fact| fact["text"].as_str().unwrap().contains("1 finding would be new")),
        "{whole}"
    );
    // The change form takes it as it is.
    let change = json!({ "files": [{ "path": "proposed-2.tagpol", "text": text }] });
    let change = admin.post("/api/v1/changes", &change).json();
    assert_eq!((&change["can_be_applied"], &change["impact"]["findings_entered"]), (&json!(true), &json!(1)));
    // What a policy would do can depend on native tags.
    let refused = answer(&ask(&user_with(Role::Editor, &admin), question));
    assert_eq!(refused["answer"]["proposal"], json!(null));
    let reason = "policies are proposed to those whose role edits them";
    assert_eq!(refused["answer"]["rejected_proposal"], reason);
}

#[test]
fn questions_that_are_not_answered() {
    let shop = Shop::new();
    let server = shop.serve();
    let viewer = user_with(Role::Viewer, &server.administrator());
    for (body, pointer) in [
        (json!({ "question": " " }), "/question"),
        (json!({ "question": "x".repeat(2_001) }), "/question"),
        (json!({ "question": "a\u{1b}[31m" }), "/question"),
        (json!({ "question": "What is open?", "framework": "hipaa" }), "/framework"),
    ] {
        let refused = viewer.post(QUESTIONS, &body);
        assert_eq!(
            (refused.problem().as_str(), &refused.json()["pointer"]),
            ("invalid-value", &json!(pointer))
        );
    }
    assert_eq!(viewer.post(QUESTIONS, &json!({ "question": "x", "model": "y" })).status, 400);
    assert_eq!(server.anonymous().get("/api/v1/conversation").problem(), "not-signed-in");
    let question: Value = serde_json::from_str(&documented("json question", "")).unwrap();
    for _ in 0..20 {
        assert_eq!(viewer.post(QUESTIONS, &question).status, 200);
    }
    let refused = ask(&viewer, "What is open?");
    assert_eq!(refused.problem(), "too-many-requests");
    assert!(refused.header("retry-after").is_some());
}

/// Starts a server that may ask a model at an address.
fn serve_with_model(shop: &Shop, address: &str, section: &str) -> Server {
    shop.write("serve.toml", section);
    let variables = [
        ("LLM_PRIMARY_BACKEND", "openai"),
        ("OPENAI_MODEL", "small"),
        ("OPENAI_API_KEY", "sk-secret"),
        ("OPENAI_BASE_URL", address),
    ];
    let server = shop.start_with(&["--config", "serve.toml"], &variables);
    server.wait_until_ready();
    server
}

/// Returns a block of the documentation.
fn documented(kind: &str, containing: &str) -> String {
    let fences = crate::documents::fences(&crate::support::repository().join("docs/serve.md"));
    let found = fences.into_iter().find(|fence| fence.info == kind && fence.text.contains(containing));
    found.unwrap().text
}

fn section() -> String {
    documented("toml", "[language-model]")
}

#[test]
fn a_model_is_asked_only_if_the_configuration_has_one() {
    let shop = Shop::new();
    let address = streaming_server(|prompt| panic!("asked: {prompt}"));
    let server = serve_with_model(&shop, &address, "outgoing = []\n");
    let admin = server.administrator();
    let whole = answer(&ask(&admin, "What is open?"));
    assert_eq!((&whole["answer"]["model"], &whole["answer"]["without_model"]), (&json!(null), &json!(null)));
}

#[test]
fn a_model_words_answers_and_what_its_facts_lack_is_withdrawn() {
    let shop = Shop::new();
    let prompts: &'static Mutex<Vec<String>> = Box::leak(Box::default());
    let address = streaming_server(|prompt| {
        prompts.lock().unwrap().push(prompt.to_owned());
        let statements = json!([
            { "facts": ["F1"], "text": "The inventory has 4 resources." },
            { "facts": ["F1"], "text": "You would save 9,999 USD, see https://evil.example." },
        ]);
        let reply = json!({ "tool": "none", "argument": "", "statements": statements, "patch": "" });
        // In pieces, as models write.
        let text: Vec<char> = reply.to_string().chars().collect();
        let events = text.chunks(9).map(|piece| {
            let content: String = piece.iter().collect();
            format!("data: {}\n\n", json!({ "choices": [{ "delta": { "content": content } }] }))
        });
        let end = json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] });
        Some(format!("{}data: {end}\n\ndata: [DONE]\n\n", events.collect::<String>()))
    });
    let server = serve_with_model(&shop, &address, &section());
    let admin = server.administrator();
    assert_eq!(admin.get("/api/v1/conversation").json()["model"], "openai small");
    let response = ask(&admin, "Why does i-1 have the owner jane@example.com?");
    assert!(names(&events(&response)).contains(&"part"), "{}", response.text);
    let whole = answer(&response);
    assert_eq!(whole["answer"]["model"], "openai small");
    let origins: Vec<&Value> =
        whole["answer"]["statements"].as_array().unwrap().iter().map(|one| &one["origin"]).collect();
    assert_eq!(origins[..2], [&json!("model"), &json!("replaced")], "{whole}");
    assert!(!response.text.contains("evil") && !response.text.contains("9,999"), "{}", response.text);
    // The second question has the first one before it, and values are aliases in both.
    ask(&admin, "And i-2?");
    let prompts = prompts.lock().unwrap();
    assert!(prompts[1].contains("\nBefore:\n"), "{}", prompts[1]);
    for prompt in prompts.iter() {
        assert!(!prompt.contains("jane@example.com") && !prompt.contains("i-1"), "{prompt}");
    }
    assert!(!server.log().contains("sk-secret"));
}

#[test]
fn a_model_that_fails_leaves_the_facts() {
    for (address, reason) in [
        (server(|_| None), "it refuses the key (401)"),
        (server(|_| Some("I am sorry.".to_owned())), "its answer is not the JSON that it was asked for"),
    ] {
        let shop = Shop::new();
        let server = serve_with_model(&shop, &address, &section());
        let viewer = user_with(Role::Viewer, &server.administrator());
        let whole = answer(&ask(&viewer, "What is open?"));
        let shown = whole["answer"]["without_model"].as_str().unwrap();
        assert!(shown.contains(reason) && !shown.contains("secret"), "{shown}");
        assert!(!statements(&whole).is_empty(), "{whole}");
    }
}

/// Half a stream, again and again: the model is asked four times, and then the facts are the answer. Whoever leaves meanwhile
/// ends that, and nothing is remembered.
#[test]
fn an_answer_ends_with_its_reader() {
    let shop = Shop::new();
    let address =
        streaming_server(|_| Some("data: {\"choices\": [{\"delta\": {\"content\": \"{\"}}]}\n\n".to_owned()));
    let server = serve_with_model(&shop, &address, &section());
    let admin = server.administrator();
    let body = json!({ "question": "What is open?" }).to_string();
    let length = body.len().to_string();
    let headers = [("content-type", "application/json"), ("content-length", length.as_str())];
    let mut stream = admin.follow_raw_with("POST", QUESTIONS, &headers, &body);
    stream.wait(|text| text.contains("200 OK"));
    drop(stream);
    // The next question is refused until the first one has ended.
    let began = std::time::Instant::now();
    while ask(&admin, "x").status == 429 {
        assert!(began.elapsed() < std::time::Duration::from_secs(30));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let conversation = wait(&admin, "/api/v1/conversation", |found| found["turns"] != json!([]));
    assert_eq!(conversation["turns"][0]["question"], "x");
}
