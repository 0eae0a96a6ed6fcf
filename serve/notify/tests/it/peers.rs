//! Starts the receivers, and asks what they got.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tagpol_serve_outgoing::{AddressPolicy, Client, Request};

/// Receivers in a process of their own, which ends with this value.
pub(crate) struct Peers {
    child: Child,
    pub(crate) http: u16,
    pub(crate) mail: u16,
    pub(crate) syslog: u16,
    pub(crate) authority: String,
    pub(crate) secret: String,
}

impl Peers {
    /// Returns None where Node or the packages are missing, and says so.
    pub(crate) fn start() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers");
        if !folder.join("node_modules").is_dir() {
            eprintln!("skipped: install the receivers with `npm ci` in serve/notify/tests/peers");
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
        let started: Value = serde_json::from_str(&line).expect("the receivers have started");
        let port = |name: &str| u16::try_from(started[name].as_u64().unwrap()).unwrap();
        let text = |name: &str| started[name].as_str().unwrap().to_owned();
        Some(Self {
            child,
            http: port("http"),
            mail: port("mail"),
            syslog: port("syslog"),
            authority: text("authority"),
            secret: text("secret"),
        })
    }

    /// Returns the address of a service.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://localhost:{}/{path}", self.http)
    }

    /// Returns what one kind of receiver accepted.
    pub(crate) async fn received(&self, by: &str) -> Vec<Value> {
        let url = self.url("received").parse().unwrap();
        let all = client().send(Request::get(url)).await.unwrap().json();
        all.as_array().unwrap().iter().filter(|entry| entry["to"] == by).cloned().collect()
    }

    /// Makes the next requests fail.
    pub(crate) async fn fail(&self, failures: Value) {
        let url = self.url("control").parse().unwrap();
        assert!(client().send(Request::post(url, &failures)).await.unwrap().is_success());
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that may connect to this machine.
pub(crate) fn client() -> Client {
    Client::new(AddressPolicy::new(&["127.0.0.0/8".to_owned(), "::1".to_owned()]).unwrap()).unwrap()
}
