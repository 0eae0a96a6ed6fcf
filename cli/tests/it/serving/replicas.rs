//! Several servers of one project, and files that disappear under a server.

use serde_json::{Value, json};

use super::client::{Client, Server, Shop, wait};
use super::on_both_databases;

on_both_databases!(
    replicas_show_the_same_evaluation,
    servers_that_start_together_all_get_ready,
    a_server_whose_files_are_gone_evaluates_again,
);

fn token(server: &Server) -> String {
    let made = server.administrator().post("/api/v1/tokens", &json!({ "name": "test" })).json();
    made["secret"].as_str().unwrap().to_owned()
}

fn recheck(client: &Client) -> Value {
    let enqueued = client.post("/api/v1/compliance/recheck", &json!({})).json();
    let path = format!("/api/v1/jobs/{}", enqueued["job"].as_str().unwrap());
    let job = wait(client, &path, |job| job["status"] != "queued" && job["status"] != "running");
    assert_eq!(job["status"], "done", "{job}");
    job["result"]["generation"].clone()
}

/// Waits until a server shows a generation, or a newer one.
fn wait_for(client: &Client, generation: &Value) {
    wait(client, "/api/v1/resources", |page| page["generation"].as_str() >= generation.as_str());
}

fn replicas_show_the_same_evaluation(shop: &Shop) {
    let first = shop.serve();
    let secret = token(&first);
    let second = shop.serve();
    let (a, b) = (first.anonymous().with_bearer(&secret), second.anonymous().with_bearer(&secret));
    for _ in 0..2 {
        let generation = recheck(&a);
        wait_for(&a, &generation);
        wait_for(&b, &generation);
        let generation = recheck(&b);
        wait_for(&a, &generation);
    }
    // The start of the second one may have asked for one more.
    wait(&b, "/api/v1/resources", |page| {
        page["generation"] == a.get("/api/v1/resources").json()["generation"]
    });
    // What one of them previews and pages, the other one goes on with.
    let request = json!({ "changes": [{ "action": "set", "key": "team", "value": "shop" }] });
    let preview = a.post("/api/v1/bulk", &request).json();
    let path = format!("/api/v1/bulk/{}", preview["id"].as_str().unwrap());
    let applied = b.post(&format!("{path}/apply"), &json!({}));
    assert_eq!(applied.status, 202, "{}", applied.text);
    wait(&a, &path, |bulk| bulk["state"] == "done");
    let page = a.get("/api/v1/resources?limit=1").json();
    let next = b.get(&format!("/api/v1/resources?limit=1&cursor={}", page["next"].as_str().unwrap()));
    assert_eq!(next.status, 200, "{}", next.text);
    assert_eq!(next.json()["items"][0]["virtual_tags"][2]["value"], "shop");
}

fn servers_that_start_together_all_get_ready(shop: &Shop) {
    let servers: Vec<Server> = std::thread::scope(|threads| {
        let starts: Vec<_> = (0..3).map(|_| threads.spawn(|| shop.start(&[]))).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    // Each has printed a link, and each of these signs in until one was used.
    let client = servers[2].anonymous().sign_in(&json!({ "link": servers[0].link }));
    let other = servers[1].anonymous().post("/api/v1/auth/login", &json!({ "link": servers[1].link }));
    assert_eq!(other.status, 401, "{}", other.text);
    for server in &servers {
        server.wait_until_ready();
        let client = Client { address: server.address.clone(), ..client.clone() };
        assert_eq!(client.get("/api/v1/resources").json()["total"], 4);
    }
}

fn a_server_whose_files_are_gone_evaluates_again(shop: &Shop) {
    let server = shop.serve();
    let client = server.administrator();
    let shown = client.get("/api/v1/resources").json()["generation"].clone();
    for folder in ["served", "generations"] {
        std::fs::remove_dir_all(shop.path().join(".tagpol").join(folder)).unwrap();
    }
    let change = json!({ "action": "set", "key": "team", "value": "shop" });
    let set =
        client.post("/api/v1/virtual-tags/apply", &json!({ "resources": ["i-1"], "changes": [change] }));
    assert_eq!(set.status, 200, "{}", set.text);
    let page = wait(&client, "/api/v1/resources?sort=id", |page| page["generation"] != shown);
    assert_eq!(page["items"][0]["virtual_tags"][2]["value"], "shop", "{page}");
    assert_eq!(server.anonymous().get("/readyz").status, 200);
}

/// Replicas that share the database only show what each of them has evaluated of its own copy, under the same name.
#[test]
fn replicas_need_not_share_a_folder() {
    super::with_postgres(|shop| {
        let first = shop.serve();
        let secret = token(&first);
        let copy = Shop { state: shop.state.clone(), ..Shop::new() };
        // The key opens what the first one has sealed.
        let key = shop.path().join(".tagpol/serve.key");
        std::fs::create_dir(copy.path().join(".tagpol")).unwrap();
        std::fs::copy(&key, copy.path().join(".tagpol/serve.key")).unwrap();
        let second = copy.serve();
        let (a, b) = (first.anonymous().with_bearer(&secret), second.anonymous().with_bearer(&secret));
        let generation = recheck(&a);
        wait_for(&a, &generation);
        wait_for(&b, &generation);
        let list = |client: &Client| client.get("/api/v1/resources").json();
        assert_eq!(list(&a)["generation"], list(&b)["generation"]);
        assert_eq!(list(&a)["items"], list(&b)["items"]);
    });
}
