//! Starting and ending, and what the first pages and the health of a server show.

use serde_json::json;

use super::client::Shop;
use super::on_both_databases;
use crate::support::Run;

on_both_databases!(a_newcomer_signs_in_once_and_sees_the_list, what_is_stored_survives_a_restart);

fn a_newcomer_signs_in_once_and_sees_the_list(shop: &Shop) {
    let server = shop.serve();
    let nobody = server.anonymous();
    assert_eq!(nobody.get("/healthz").json(), json!({ "status": "ok" }));
    assert_eq!(nobody.get("/api/v1/resources").problem(), "not-signed-in");
    let client = server.administrator();
    let again = nobody.post("/api/v1/auth/login", &json!({ "link": server.link }));
    assert_eq!((again.status, again.problem().as_str()), (401, "wrong-credentials"));
    let me = client.get("/api/v1/auth/me").json();
    assert_eq!((me["role"].as_str(), me["projects"][0].as_str()), (Some("super_admin"), Some("shop")));
    let page = client.get("/api/v1/resources").json();
    assert_eq!(page["total"], 4);
    let ids: Vec<&str> =
        page["items"].as_array().unwrap().iter().map(|one| one["resource_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["i-2", "i-1", "i-3", "i-4"]);
    for secret in ["secret-key", "prd"] {
        for path in [
            "/api/v1/resources",
            "/api/v1/resources/i-2",
            "/api/v1/exports",
            "/api/v1/facets",
            "/api/v1/tag-schema",
        ] {
            assert!(!client.get(path).text.contains(secret), "{secret} in {path}");
        }
    }
    let metrics = nobody.get("/metrics").text;
    assert!(
        metrics.contains("http_requests_total{method=\"GET\",route=\"/api/v1/resources\",status=\"200\"}"),
        "{metrics}"
    );
    assert!(!server.log().contains("\"level\":\"error\""), "{}", server.log());
}

fn what_is_stored_survives_a_restart(shop: &Shop) {
    let server = shop.serve();
    let client = server.administrator();
    let token = client.post("/api/v1/tokens", &json!({ "name": "test" })).json();
    let password = json!({ "new": "correct horse battery" });
    assert_eq!(client.send("PUT", "/api/v1/auth/password", Some(&password), &[]).status, 204);
    #[cfg(unix)]
    assert!(server.stop());
    let server = shop.serve();
    // Somebody manages users already.
    assert_eq!(server.link, None);
    let client = server.anonymous().with_bearer(token["secret"].as_str().unwrap());
    assert_eq!(client.get("/api/v1/resources").status, 200);
    let login = json!({ "email": "admin@localhost", "password": "correct horse battery" });
    assert_eq!(server.anonymous().sign_in(&login).get("/api/v1/auth/me").status, 200);
}

#[test]
fn the_server_is_not_exposed_by_mistake() {
    let shop = Shop::new();
    let run = |arguments: &[&str]| Run::of(shop.command(arguments).output().unwrap());
    let exposed = run(&["serve", ".", "--listen", "0.0.0.0:0"]);
    exposed.fails_with(2, &["without encryption", "--public-url", "--allow-plain-http"]);
    let server = shop.serve();
    run(&["serve", ".", "--listen", &server.address]).fails_with(3, &["cannot listen on", "--listen"]);
    let doctor = run(&["serve", "doctor", ".", "--listen", &server.address]);
    assert!(doctor.out.contains("error: address") && doctor.out.contains("ok: project"), "{doctor:?}");
    assert_eq!(doctor.code, 3);
    // A page that has this machine's address under a name of its own gets nothing.
    let stranger = server.anonymous().send("GET", "/healthz", None, &[("host", "evil.example")]);
    assert_eq!((stranger.status, stranger.problem().as_str()), (403, "wrong-host"));
    let public = shop.start(&["--public-url", "http://tags.example.com"]);
    for (host, status) in [("tags.example.com", 200), ("localhost:1", 200), ("evil.example", 403)] {
        let response = public.anonymous().send("GET", "/healthz", None, &[("host", host)]);
        assert_eq!(response.status, status, "{host}: {}", response.text);
    }
    for wrong in ["", "x", "javascript:alert(1)", "https://h/sub"] {
        run(&["serve", ".", "--public-url", wrong])
            .fails_with(2, &["cannot be the address", "https://tags.example.com"]);
    }
    run(&["serve", ".", "--listen", ":7950"]).fails_with(2, &["127.0.0.1:7950"]);
    run(&["serve", "doctor", ".", "--listen", "nowhere:1"]).fails_with(2, &["localhost:7777"]);
}

#[test]
fn a_project_that_cannot_be_evaluated_says_why() {
    let shop = Shop::new();
    std::fs::write(shop.path().join("list.csv"), "nonsense\n").unwrap();
    let server = shop.start(&[]);
    let began = std::time::Instant::now();
    let ready = loop {
        let ready = server.anonymous().get("/readyz");
        if ready.text.contains("could not be evaluated") || began.elapsed().as_secs() > 60 {
            break ready;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert_eq!((ready.status, ready.problem().as_str()), (503, "not-ready"), "{}", ready.text);
    assert!(ready.header("retry-after").is_some());
    // Anybody may ask for it.
    assert!(!ready.text.contains("list.csv"), "{}", ready.text);
    assert!(server.log().contains("\"message\":\"evaluation\""), "{}", server.log());
}

/// The database is away: whoever has an access token reads on, and writes are refused until it is back.
#[test]
fn reads_go_on_without_the_database() {
    super::with_postgres(|shop| {
        let server = shop.serve();
        let admin = server.administrator();
        let password = json!({ "new": "correct horse battery" });
        admin.send("PUT", "/api/v1/auth/password", Some(&password), &[]);
        let login = json!({ "grant_type": "password", "email": "admin@localhost", "password": "correct horse battery" });
        let token = server.anonymous().post("/api/v1/auth/token", &login).json();
        let client = server.anonymous().with_bearer(token["access_token"].as_str().unwrap());
        let address = shop.state.clone().unwrap();
        let (start, name) = address.rsplit_once('/').unwrap();
        let run = |sql: String| super::run_sql(&format!("{start}/postgres"), &sql);
        run(format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false"));
        run(format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"));
        run(format!("ALTER DATABASE {name} RENAME TO {name}_away"));
        for path in ["/api/v1/resources", "/api/v1/resources/i-2", "/api/v1/compliance/status", "/healthz"] {
            let response = client.get(path);
            assert_eq!(response.status, 200, "{path}: {}", response.text);
        }
        let set =
            json!({ "resources": ["i-2"], "changes": [{ "action": "set", "key": "team", "value": "x" }] });
        let refused = client.post("/api/v1/virtual-tags/apply", &set);
        assert_eq!(
            (refused.status, refused.problem().as_str()),
            (503, "store-unavailable"),
            "{}",
            refused.text
        );
        assert!(refused.header("retry-after").is_some());
        assert_eq!(server.anonymous().get("/readyz").status, 503);
        run(format!("ALTER DATABASE {name}_away RENAME TO {name}"));
        run(format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true"));
        assert_eq!(client.post("/api/v1/virtual-tags/apply", &set).status, 200);
        assert_eq!(server.anonymous().get("/readyz").status, 200);
    });
}
