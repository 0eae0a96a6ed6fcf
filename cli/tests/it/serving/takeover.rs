//! Two servers on one database, behind something that asks the other one if the first gives no answer: either is killed
//! under load, and no read fails, and no write is lost or done twice.
//!
//! `TAGPOL_REPLICA_ROUNDS=100` kills a hundred servers.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Client, Response, Server, Shop};
use super::killed::check;
use super::with_postgres;

/// Clients that write, each about a resource of its own, and clients that read.
const CLIENTS: usize = 3;

/// How long a request is repeated.
const PATIENCE: Duration = Duration::from_secs(30);

/// The replicas, as a proxy knows them.
struct Proxy {
    addresses: Mutex<[String; 2]>,
    token: String,
}

impl Proxy {
    /// Asks one replica; asks the other one if the response is incomplete, or asks to try again later.
    fn send(&self, first: usize, method: &str, path: &str, body: &str, key: &str) -> Response {
        let began = Instant::now();
        let mut at = first;
        loop {
            let address = self.addresses.lock().unwrap()[at % 2].clone();
            let client = Client { address, credential: None }.with_bearer(&self.token);
            let mut headers = vec![("content-type", "application/json")];
            if method == "POST" {
                headers.push(("idempotency-key", key));
            }
            match client.try_send(method, path, body.as_bytes(), &headers) {
                Some(response) if response.status < 502 => return response,
                _ => assert!(began.elapsed() < PATIENCE, "{method} {path}: no answer"),
            }
            std::thread::sleep(Duration::from_millis(20));
            at += 1;
        }
    }
}

/// Ends the clients, also if the test fails meanwhile.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Writes, and reads each value from the other replica at once; returns all values.
fn write(proxy: &Proxy, writer: usize, stop: &AtomicBool) -> Vec<String> {
    let mut values = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let value = format!("w{writer}-{}", values.len());
        let change = json!({ "action": "set", "key": "team", "value": value });
        let resource = format!("i-{}", writer + 1);
        let body = json!({ "resources": [resource], "changes": [change] }).to_string();
        let written = proxy.send(writer, "POST", "/api/v1/virtual-tags/apply", &body, &value);
        assert_eq!(written.status, 200, "{}", written.text);
        let read = proxy.send(writer + 1, "GET", &format!("/api/v1/resources/{resource}"), "", "");
        assert_eq!(read.status, 200, "{}", read.text);
        assert_eq!(team(&read.json()), value);
        values.push(value);
    }
    values
}

fn team(resource: &Value) -> String {
    let tags = resource["virtual_tags"].as_array().unwrap();
    let team = tags.iter().find(|tag| tag["key"] == "team").unwrap();
    team["value"].as_str().unwrap_or_default().to_owned()
}

/// Reads lists; returns how many.
fn read(proxy: &Proxy, reader: usize, stop: &AtomicBool) -> usize {
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        let page =
            proxy.send(reader, "GET", "/api/v1/resources?where=environment%20%3D%3D%20production", "", "");
        assert_eq!(page.status, 200, "{}", page.text);
        assert_eq!(page.json()["total"], 2);
        count += 1;
    }
    count
}

#[test]
fn killing_either_of_two_replicas_loses_nothing_and_doubles_nothing() {
    let rounds =
        std::env::var("TAGPOL_REPLICA_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(4usize);
    with_postgres(|first| {
        let second = Shop { state: first.state.clone(), ..Shop::new() };
        let key = [("TAGPOL_SERVE_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")];
        let start = |shop: &Shop| {
            let server = shop.start_with(&[], &key);
            server.wait_until_ready();
            server
        };
        let shops = [first, &second];
        let before = start(first);
        // The second server prints a new link, which replaces this one.
        let token = before.administrator().post("/api/v1/tokens", &json!({ "name": "replicas" }));
        let mut servers = [Some(before), Some(start(&second))];
        let address = |server: &Option<Server>| server.as_ref().unwrap().address.clone();
        let proxy = Proxy {
            addresses: Mutex::new([address(&servers[0]), address(&servers[1])]),
            token: token.json()["secret"].as_str().unwrap().to_owned(),
        };
        let stop = AtomicBool::new(false);
        let (values, reads) = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..CLIENTS)
                .map(|at| {
                    scope.spawn({
                        let (proxy, stop) = (&proxy, &stop);
                        move || write(proxy, at, stop)
                    })
                })
                .collect();
            let readers: Vec<_> = (0..CLIENTS)
                .map(|at| {
                    scope.spawn({
                        let (proxy, stop) = (&proxy, &stop);
                        move || read(proxy, at, stop)
                    })
                })
                .collect();
            let clients = StopOnDrop(&stop);
            for round in 0..rounds {
                // Another moment in each round.
                std::thread::sleep(Duration::from_millis(100 + (round * 137 % 300) as u64));
                let at = round % 2;
                servers[at].take().unwrap().kill();
                servers[at] = Some(start(shops[at]));
                proxy.addresses.lock().unwrap()[at] = address(&servers[at]);
            }
            drop(clients);
            let values: Vec<String> = writers.into_iter().flat_map(|one| one.join().unwrap()).collect();
            let reads: usize = readers.into_iter().map(|one| one.join().unwrap()).sum();
            (values, reads)
        });
        assert!(values.len() >= rounds && reads >= rounds, "{} writes, {reads} reads", values.len());
        let client = servers[0].as_ref().unwrap().anonymous().with_bearer(&proxy.token);
        check(&client, &values);
    });
}
