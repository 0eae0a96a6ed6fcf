//! The language server.

use std::cell::Cell;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tagpol_lsp::Host;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

/// A text that messages can be about.
const POLICIES: &str = "tag owner: email\ntag env: one of [prod, dev]\n
policy owned {\n  severity high\n  for resource where env == prod\n  require owner\n}\n";

/// What the last request is called.
const LAST: &str = "the last request";

/// Methods that end the server or that make it walk folders of this machine.
const LEFT_OUT: [&str; 4] = ["exit", "shutdown", "initialize", "workspace/didChangeWorkspaceFolders"];

/// Messages of a session; a fuzzer that makes more finds nothing new by them.
const MOST: usize = 40;

/// How long an answer may take before it counts as none.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whatever messages come, the next request is answered; whatever bytes come, the server ends with them.
///
/// The input is lines. Each is the content of a message with a correct header; from the first line on that
/// begins with `!`, all that follows is bytes as they come, after the last request was answered.
pub fn lsp(input: &[u8]) {
    let (messages, raw) = split(input);
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().thread_name(THREAD).build().expect("a runtime");
    count_panics();
    let before = PANICS.load(Ordering::Relaxed);
    IN_SESSION.set(true);
    runtime.block_on(session(&messages, raw));
    runtime.shutdown_background();
    IN_SESSION.set(false);
    assert_eq!(PANICS.load(Ordering::Relaxed), before, "nothing in the server panics");
}

thread_local! {
    static IN_SESSION: Cell<bool> = const { Cell::new(false) };
}

/// Panics of servers so far. The runtime catches a panic of a task, so that it would go unnoticed.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// What the threads are called on which a server computes.
const THREAD: &str = "tagpol-lsp-property";

fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if IN_SESSION.get() || std::thread::current().name() == Some(THREAD) {
                PANICS.fetch_add(1, Ordering::Relaxed);
            }
            before(info);
        }));
    });
}

fn split(input: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let mut messages = Vec::new();
    let mut rest = input;
    while !rest.is_empty() {
        if let Some(raw) = rest.strip_prefix(b"!") {
            return (messages, raw);
        }
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        if messages.len() < MOST && !is_left_out(&rest[..end]) {
            messages.push(&rest[..end]);
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    (messages, &[])
}

fn is_left_out(message: &[u8]) -> bool {
    // The method may be written with escapes, or twice; what is not JSON has none.
    let Ok(value) = serde_json::from_slice::<Value>(message) else { return false };
    let all = match &value {
        Value::Array(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    };
    all.iter().filter_map(|one| one["method"].as_str()).any(|method| LEFT_OUT.contains(&method))
        || LEFT_OUT.iter().any(|method| contains(message, method.as_bytes()))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

async fn session(messages: &[&[u8]], raw: &[u8]) {
    let (client, input) = tokio::io::duplex(1 << 20);
    let (output, answers) = tokio::io::duplex(1 << 20);
    let server = tokio::spawn(tagpol_lsp::serve(input, output, Host::default()));
    let mut client = Client { out: client, answers, buffer: Vec::new() };
    let hello = json!({"capabilities": {"general": {"positionEncodings": ["utf-8"]}}});
    client.send(&request(0, "initialize", &hello)).await;
    client.answer(&json!(0)).await;
    client.send(&json!({"jsonrpc": "2.0", "method": "initialized", "params": {}})).await;
    let document =
        json!({"uri": "untitled:a.tagpol", "languageId": "tagpol", "version": 1, "text": POLICIES});
    let opened = json!({"jsonrpc": "2.0", "method": "textDocument/didOpen",
        "params": {"textDocument": document}});
    client.send(&opened).await;
    for message in messages {
        client.frame(message).await;
    }
    client.send(&request(LAST, "workspace/symbol", &json!({"query": "owned"}))).await;
    client.answer(&json!(LAST)).await;
    let Client { mut out, answers, .. } = client;
    // What the server writes from here on is read, so that it can end.
    let drained = tokio::spawn(drain(answers));
    // The server may end before it has read everything.
    let _ = out.write_all(raw).await;
    drop(out);
    let ended = tokio::time::timeout(PATIENCE, server).await.expect("the server ends with its input");
    ended.expect("the server does not panic");
    let _ = drained.await;
}

async fn drain(mut answers: DuplexStream) {
    let mut buffer = vec![0; 1 << 16];
    while matches!(answers.read(&mut buffer).await, Ok(1..)) {}
}

fn request(id: impl Into<Value>, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": params})
}

/// The other end of the pipes.
struct Client {
    out: DuplexStream,
    answers: DuplexStream,
    buffer: Vec<u8>,
}

impl Client {
    async fn send(&mut self, message: &Value) {
        self.frame(message.to_string().as_bytes()).await;
    }

    /// Sends a message while it reads what comes, since a full pipe on either side would stop both.
    async fn frame(&mut self, body: &[u8]) {
        let header = format!("Content-Length: {}\r\n\r\n", body.len());
        let mut message = header.into_bytes();
        message.extend_from_slice(body);
        let mut chunk = vec![0; 1 << 16];
        let written = self.out.write_all(&message);
        tokio::pin!(written);
        loop {
            tokio::select! {
                done = &mut written => return done.expect("the server takes messages"),
                length = self.answers.read(&mut chunk) => {
                    let length = length.expect("the server answers");
                    assert!(length > 0, "the server has not ended");
                    self.buffer.extend_from_slice(&chunk[..length]);
                }
            }
        }
    }

    /// Reads until a request is answered.
    async fn answer(&mut self, id: &Value) {
        let answered = async {
            loop {
                while let Some(message) = self.next() {
                    if message["id"] == *id && message.get("method").is_none() {
                        return;
                    }
                }
                let mut chunk = vec![0; 1 << 16];
                let length = self.answers.read(&mut chunk).await.expect("the server answers");
                assert!(length > 0, "the server has ended before it answered {id}");
                self.buffer.extend_from_slice(&chunk[..length]);
            }
        };
        tokio::time::timeout(PATIENCE, answered).await.expect("an answer");
    }

    /// Takes a whole message from what was read.
    fn next(&mut self) -> Option<Value> {
        let text = self.buffer.windows(4).position(|window| window == b"\r\n\r\n")?;
        let header = String::from_utf8_lossy(&self.buffer[..text]).into_owned();
        let length = header.lines().find_map(|line| line.strip_prefix("Content-Length:"));
        let length: usize = length.expect("a length").trim().parse().expect("a number");
        let body = text + 4;
        let message = self.buffer.get(body..body + length)?;
        let message = serde_json::from_slice(message).expect("the server writes JSON");
        self.buffer.drain(..body + length);
        Some(message)
    }
}
