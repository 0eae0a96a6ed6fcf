//! Backends that are asked, and what becomes of their failures.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;
use tagpol_language_model::{AskError, Models, Patience, Question, Reply, Settings};

use crate::server::{Answer, Server};
use crate::streams::{ANSWER, ANTHROPIC, OLLAMA, OPENAI};

const KEY: &str = "sk-this-is-secret";

fn patience() -> Patience {
    Patience {
        attempts: 3,
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(5),
        whole: Duration::from_secs(20),
    }
}

fn settings(primary: &str, fallback: &str, servers: &[(&str, &Server)]) -> Settings {
    let mut variables: HashMap<String, String> = HashMap::new();
    let mut set = |name: &str, value: &str| variables.insert(name.to_owned(), value.to_owned());
    set("LLM_PRIMARY_BACKEND", primary);
    set("LLM_FALLBACK_BACKEND", fallback);
    for service in ["OPENAI", "ANTHROPIC", "OLLAMA"] {
        set(&format!("{service}_MODEL"), "small");
        set(&format!("{service}_API_KEY"), KEY);
    }
    for (variable, server) in servers {
        set(variable, &format!("http://{}", server.address));
    }
    Settings::from_environment(|name| variables.get(name).cloned()).unwrap()
}

fn question() -> Question {
    Question {
        system: "Reword.".to_owned(),
        user: "Steps".to_owned(),
        schema: json!({"type": "object"}),
        max_tokens: 99,
    }
}

fn ask(settings: &Settings) -> Result<Reply, AskError> {
    Models::new(settings, patience()).unwrap().ask(&question(), &|| false, &mut |_| {})
}

fn ok(body: &[u8]) -> Answer {
    Some(("200 OK\r\ncontent-type: text/event-stream", body.to_vec()))
}

#[test]
fn each_service_is_asked_in_its_form() {
    let cases = [
        ("openai", "OPENAI_BASE_URL", OPENAI, "/chat/completions", "authorization: bearer "),
        ("anthropic", "ANTHROPIC_BASE_URL", ANTHROPIC, "/v1/messages", "x-api-key: "),
        ("ollama", "OLLAMA_HOST", OLLAMA, "/api/chat", ""),
    ];
    for (service, variable, recorded, path, key) in cases {
        let server = Server::start(vec![ok(recorded)]);
        let reply = ask(&settings(service, "none", &[(variable, &server)])).unwrap();
        assert_eq!(reply, Reply { text: ANSWER.to_owned(), backend: format!("{service} small") });
        let received = server.received();
        assert_eq!(received.len(), 1);
        let (head, body) = (&received[0].head, &received[0].body);
        assert!(head.starts_with(&format!("post {path} ")), "{head}");
        assert_eq!(head.contains(&format!("{key}{KEY}")), !key.is_empty(), "{head}");
        assert_eq!((&body["model"], &body["stream"]), (&json!("small"), &json!(true)));
        assert!(body.to_string().contains("Steps") && body.to_string().contains("Reword."), "{body}");
        assert!(body.to_string().contains(r#"{"type":"object"}"#), "the schema is in {body}");
        assert!(body.to_string().contains("99"), "{body}");
    }
}

#[test]
fn a_busy_backend_is_asked_a_few_times_and_then_the_fallback() {
    let busy = Server::start(vec![Some(("429 Too Many Requests\r\nretry-after: 86400", Vec::new()))]);
    let other = Server::start(vec![ok(OLLAMA)]);
    let servers = [("OPENAI_BASE_URL", &busy), ("OLLAMA_HOST", &other)];
    assert_eq!(ask(&settings("openai", "ollama", &servers)).unwrap().backend, "ollama small");
    assert_eq!((busy.received().len(), other.received().len()), (3, 1));
    let error = ask(&settings("openai", "none", &servers)).unwrap_err();
    assert_eq!(error.to_string(), "openai small: it is not available (429)");
}

#[test]
fn a_half_stream_is_asked_for_again() {
    let server = Server::start(vec![ok(&OPENAI[..OPENAI.len() / 2]), ok(OPENAI)]);
    assert_eq!(ask(&settings("openai", "none", &[("OPENAI_BASE_URL", &server)])).unwrap().text, ANSWER);
    assert_eq!(server.received().len(), 2);
}

#[test]
fn what_will_fail_again_is_not_repeated() {
    for (answer, message) in [
        (Some(("401 Unauthorized", KEY.into())), "it refuses the key (401)"),
        (Some(("404 Not Found", Vec::new())), "it does not have the model (404)"),
        (Some(("413 Payload Too Large", Vec::new())), "it refuses the request (413)"),
        (Some(("302 Found\r\nlocation: http://127.0.0.1:1/", Vec::new())), "it answered with status 302"),
        (ok(b"<html>garbage</html>"), "its answer is not in the form of the service"),
    ] {
        let server = Server::start(vec![answer]);
        let error = ask(&settings("openai", "none", &[("OPENAI_BASE_URL", &server)])).unwrap_err();
        assert_eq!(error.to_string(), format!("openai small: {message}"));
        assert_eq!(server.received().len(), 1);
    }
}

#[test]
fn a_server_without_schemas_is_asked_without_one() {
    let server = Server::start(vec![Some(("400 Bad Request", Vec::new())), ok(OPENAI)]);
    assert_eq!(ask(&settings("openai", "none", &[("OPENAI_BASE_URL", &server)])).unwrap().text, ANSWER);
    let with: Vec<bool> =
        server.received().iter().map(|request| !request.body["response_format"].is_null()).collect();
    assert_eq!(with, [true, false]);
}

#[test]
fn nobody_there() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone = Server { address: free.to_string(), ..Server::start(vec![None]) };
    let error = ask(&settings("ollama", "none", &[("OLLAMA_HOST", &gone)])).unwrap_err().to_string();
    assert!(error.starts_with("ollama small: there is no connection to it: "), "{error}");
}

#[test]
fn a_backend_that_hangs_is_given_up() {
    let server = Server::start(vec![None]);
    let settings = settings("openai", "none", &[("OPENAI_BASE_URL", &server)]);
    let models =
        Models::new(&settings, Patience { whole: Duration::from_millis(200), ..patience() }).unwrap();
    let error = models.ask(&question(), &|| false, &mut |_| {}).unwrap_err().to_string();
    assert!(error.starts_with("openai small: "), "{error}");
    let cancelled = Models::new(&settings, patience()).unwrap().ask(&question(), &|| true, &mut |_| {});
    assert_eq!(cancelled, Err(AskError::Cancelled));
}
