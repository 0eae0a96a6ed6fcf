//! The receivers of messages that `serve/notify` is tested with: they judge what arrives as its vendors do.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::Client;

/// Receivers in a process of their own, which ends with this value.
pub(crate) struct Peers {
    child: Child,
    started: Value,
}

impl Drop for Peers {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Peers {
    /// Returns None if Node or the packages are missing, with a message.
    pub(crate) fn start() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../serve/notify/tests/peers");
        if !folder.join("node_modules").is_dir() {
            eprintln!("SKIPPED: install the receivers with `npm ci` in serve/notify/tests/peers");
            return None;
        }
        let mut child = Command::new("node")
            .arg("receiver.mjs")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let started = serde_json::from_str(&line).unwrap();
        Some(Self { child, started })
    }

    /// Returns the configuration of the channel of a kind.
    pub(crate) fn config(&self, kind: &str) -> Value {
        let (at, secret) =
            (|path: &str| format!("http://{}/{path}", self.address()), &self.started["secret"]);
        match kind {
            "email" => json!({
                "host": "localhost", "port": self.started["mail"], "encryption": "starttls",
                "login": { "user": "tagpol", "password": "right" }, "from": "tagpol <tagpol@example.com>",
                "to": ["ops@example.com"], "authority": self.started["authority"],
            }),
            "siem" => json!({
                "url": at("webhook"), "secret": secret,
                "syslog": { "host": "localhost", "port": self.started["syslog"] },
            }),
            "webhook" => json!({ "url": at("webhook"), "secret": secret }),
            "jira" => json!({
                "site": at("jira"), "user": "tagpol@example.com", "api_token": "token", "project": "OPS",
            }),
            "pagerduty" => {
                json!({ "routing_key": "0123456789abcdef0123456789abcdef", "url": at("pagerduty") })
            }
            kind => json!({ "webhook_url": at(kind) }),
        }
    }

    fn address(&self) -> String {
        format!("localhost:{}", self.started["http"])
    }

    fn client(&self) -> Client {
        Client { address: self.address(), credential: None }
    }

    /// Returns what one kind of receiver accepted.
    pub(crate) fn received(&self, by: &str) -> Vec<Value> {
        let all = self.client().get("/received").json();
        all.as_array().unwrap().iter().filter(|entry| entry["to"] == by).cloned().collect()
    }

    /// Waits until one kind of receiver has accepted a number of messages; returns them.
    pub(crate) fn wait(&self, by: &str, count: usize) -> Vec<Value> {
        let began = Instant::now();
        loop {
            let received = self.received(by);
            if received.len() >= count {
                return received;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{by}: {received:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Makes the next requests fail with these statuses.
    pub(crate) fn fail(&self, statuses: &[u16]) {
        let failures: Vec<Value> = statuses.iter().map(|status| json!({ "status": status })).collect();
        assert_eq!(self.client().post("/control", &json!(failures)).status, 204);
    }
}

/// Returns the text of a mail as it was written, without its encoding.
pub(crate) fn mail_text(mail: &Value) -> String {
    let text = mail["text"].as_str().unwrap().replace("\r\n", "\n").replace("=\n", "");
    text.replace("=3D", "=")
}
