//! Signing in, tokens, users, and requests of other sites.

use serde_json::json;

use super::client::Shop;
use super::on_both_databases;

on_both_databases!(
    passwords_sign_in_and_failures_are_slowed_down,
    access_tokens_are_refreshed_once,
    users_are_added_changed_and_removed,
    passwords_cannot_be_tried_at_the_same_time,
    links_are_printed_until_somebody_can_sign_in,
);

fn passwords_sign_in_and_failures_are_slowed_down(shop: &Shop) {
    let server = shop.serve();
    let admin = server.administrator();
    let set = |body| admin.send("PUT", "/api/v1/auth/password", Some(&body), &[]);
    assert_eq!(set(json!({ "new": "short" })).problem(), "invalid-value");
    let response = set(json!({ "new": "correct horse battery" }));
    assert_eq!(response.status, 204);
    // All other sessions have ended.
    assert_eq!(admin.get("/api/v1/auth/me").status, 401);
    let nobody = server.anonymous();
    let login = |password: &str| {
        nobody.post("/api/v1/auth/login", &json!({ "email": "ADMIN@localhost", "password": password }))
    };
    let response = login("correct horse battery");
    let cookie = response.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    for _ in 0..5 {
        assert_eq!(login("wrong wrong wrong").problem(), "wrong-credentials");
    }
    let slowed = login("correct horse battery");
    assert_eq!((slowed.status, slowed.problem().as_str()), (429, "too-many-requests"));
    assert!(slowed.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
    assert_eq!(nobody.post("/api/v1/auth/login", &json!({})).problem(), "invalid-request");
    assert!(!server.log().contains("correct horse"), "{}", server.log());
}

fn access_tokens_are_refreshed_once(shop: &Shop) {
    let server = shop.serve();
    let admin = server.administrator();
    let password = json!({ "new": "correct horse battery" });
    admin.send("PUT", "/api/v1/auth/password", Some(&password), &[]);
    let nobody = server.anonymous();
    let token = |body| nobody.post("/api/v1/auth/token", &body);
    let by_password =
        json!({ "grant_type": "password", "email": "admin@localhost", "password": "correct horse battery" });
    let first = token(by_password);
    assert_eq!(first.status, 200, "{}", first.text);
    let first = first.json();
    let access = first["access_token"].as_str().unwrap();
    assert_eq!(nobody.with_bearer(access).get("/api/v1/auth/me").json()["role"], "super_admin");
    let mut forged = access.to_owned();
    forged.replace_range(forged.len() - 10.., "AAAAAAAAAA");
    assert_eq!(nobody.with_bearer(&forged).get("/api/v1/auth/me").problem(), "wrong-credentials");
    let refresh = |secret: &str| token(json!({ "grant_type": "refresh_token", "refresh_token": secret }));
    let old = first["refresh_token"].as_str().unwrap();
    let second = refresh(old).json();
    let new = second["refresh_token"].as_str().unwrap();
    // Whoever uses it twice has a copy: both are gone.
    assert_eq!(refresh(old).problem(), "wrong-credentials");
    assert_eq!(refresh(new).problem(), "wrong-credentials");
    // Whoever has a copy of a token loses it when the password changes, or when the user says so.
    let by_password = |password: &str| {
        let login = json!({ "grant_type": "password", "email": "admin@localhost", "password": password });
        let issued = token(login).json();
        (
            issued["access_token"].as_str().unwrap().to_owned(),
            issued["refresh_token"].as_str().unwrap().to_owned(),
        )
    };
    let (access_token, kept) = by_password("correct horse battery");
    let change = json!({ "current": "correct horse battery", "new": "battery horse correct" });
    let user = nobody.with_bearer(&access_token);
    assert_eq!(user.send("PUT", "/api/v1/auth/password", Some(&change), &[]).status, 204);
    assert_eq!(refresh(&kept).problem(), "wrong-credentials");
    let (access_token, kept) = by_password("battery horse correct");
    assert_eq!(nobody.with_bearer(&access_token).send("DELETE", "/api/v1/auth/token", None, &[]).status, 204);
    assert_eq!(refresh(&kept).problem(), "wrong-credentials");
    let jwks = nobody.get("/.well-known/jwks.json").json();
    assert_eq!((jwks["keys"][0]["kty"].as_str(), jwks["keys"][0]["d"].as_str()), (Some("OKP"), None));
    assert_eq!(token(json!({ "grant_type": "magic" })).json()["pointer"], "/grant_type");
}

fn users_are_added_changed_and_removed(shop: &Shop) {
    let server = shop.serve();
    let admin = server.administrator();
    let add = |email: &str, role: &str| {
        admin.post("/api/v1/users", &json!({ "email": email, "name": "Ann", "role": role }))
    };
    assert_eq!(add("nobody", "viewer").json()["pointer"], "/email");
    assert_eq!(add("ann@example.com", "king").json()["pointer"], "/role");
    let added = add("ann@example.com", "viewer");
    assert_eq!(added.status, 201, "{}", added.text);
    let added = added.json();
    assert_eq!(add("ANN@example.com", "viewer").problem(), "conflict");
    let (_, secret) = added["link"].as_str().unwrap().split_once('#').unwrap();
    let ann = server.anonymous().sign_in(&json!({ "link": secret }));
    assert_eq!(ann.get("/api/v1/resources").status, 200);
    let body = json!({ "value": "x@example.com" });
    assert_eq!(ann.send("PUT", "/api/v1/virtual-tags/vt_1_owner", Some(&body), &[]).problem(), "forbidden");
    let path = format!("/api/v1/users/{}", added["id"].as_str().unwrap());
    let changed = admin.send("PUT", &path, Some(&json!({ "role": "editor" })), &[]);
    assert_eq!(changed.json()["role"], "editor");
    // The role counts at once.
    assert_eq!(ann.send("PUT", "/api/v1/virtual-tags/vt_1_owner", Some(&body), &[]).problem(), "not-found");
    // A token has at most the role of its user.
    let token = ann.post("/api/v1/tokens", &json!({ "name": "ci", "role": "admin" }));
    assert_eq!(token.json()["pointer"], "/role");
    let token = ann.post("/api/v1/tokens", &json!({ "name": "ci", "role": "viewer" })).json();
    let program = server.anonymous().with_bearer(token["secret"].as_str().unwrap());
    assert_eq!(program.get("/api/v1/auth/me").json()["role"], "viewer");
    // A token that made others would live on in them after its end.
    let child = program.post("/api/v1/tokens", &json!({ "name": "child" }));
    assert_eq!((child.status, child.problem().as_str()), (403, "forbidden"));
    // A secret is shown once, whatever is repeated.
    let key = [("idempotency-key", "k")];
    let body = json!({ "name": "once" });
    assert_eq!(ann.send("POST", "/api/v1/tokens", Some(&body), &key).status, 201);
    assert_eq!(ann.send("POST", "/api/v1/tokens", Some(&body), &key).problem(), "conflict");
    assert_eq!(admin.send("PUT", &path, Some(&json!({ "status": "disabled" })), &[]).status, 200);
    assert_eq!(ann.get("/api/v1/auth/me").status, 401);
    assert_eq!(program.get("/api/v1/auth/me").status, 401);
    let me = admin.get("/api/v1/auth/me").json();
    let own = format!("/api/v1/users/{}", me["id"].as_str().unwrap());
    assert_eq!(admin.send("DELETE", &own, None, &[]).problem(), "conflict");
    assert_eq!(admin.send("DELETE", &path, None, &[]).status, 204);
    assert_eq!(admin.get(&path).problem(), "not-found");
}

/// An attacker does not wait for the response to one password before trying the next one.
fn passwords_cannot_be_tried_at_the_same_time(shop: &Shop) {
    let server = shop.serve();
    let nobody = server.anonymous();
    let login = json!({ "email": "admin@localhost", "password": "wrong wrong wrong" });
    let mut statuses: Vec<u16> = std::thread::scope(|threads| {
        let tries: Vec<_> =
            (0..14).map(|_| threads.spawn(|| nobody.post("/api/v1/auth/login", &login).status)).collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 5, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 9, "{statuses:?}");
}

/// The link of the first administrator is for a server that nobody can manage otherwise.
fn links_are_printed_until_somebody_can_sign_in(shop: &Shop) {
    let server = shop.serve();
    let admin = server.administrator();
    let me = admin.get("/api/v1/auth/me").json()["id"].as_str().unwrap().to_owned();
    let boss = json!({ "email": "boss@example.com", "name": "Boss", "role": "super_admin" });
    let added = admin.post("/api/v1/users", &boss).json();
    let (_, secret) = added["link"].as_str().unwrap().split_once('#').unwrap();
    let boss = server.anonymous().sign_in(&json!({ "link": secret }));
    server.kill();
    // Neither has a password yet.
    let server = shop.start(&[]);
    let link = server.link.clone().unwrap();
    let boss = super::client::Client { address: server.address.clone(), ..boss };
    let password = json!({ "new": "correct horse battery" });
    let set = boss.send("PUT", "/api/v1/auth/password", Some(&password), &[]);
    assert_eq!(set.status, 204, "{}", set.text);
    server.kill();
    let server = shop.start(&[]);
    assert_eq!(server.link, None);
    let login = json!({ "email": "boss@example.com", "password": "correct horse battery" });
    let boss = server.anonymous().sign_in(&login);
    assert_eq!(boss.send("DELETE", &format!("/api/v1/users/{me}"), None, &[]).status, 204);
    // A link of an account that was removed signs nobody in.
    let removed = server.anonymous().post("/api/v1/auth/login", &json!({ "link": link }));
    assert_eq!((removed.status, removed.problem().as_str()), (401, "wrong-credentials"));
    server.kill();
    assert_eq!(shop.start(&[]).link, None);
}

#[test]
fn pages_of_other_sites_cannot_change_anything() {
    let shop = Shop::new();
    let server = shop.serve();
    let client = server.administrator();
    let send = |headers: &[(&str, &str)]| client.send("POST", "/api/v1/auth/logout", None, headers);
    for wrong in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
    ] {
        let response = send(&[wrong]);
        assert_eq!((response.status, response.problem().as_str()), (403, "cross-site"));
    }
    // A form of another site cannot send JSON.
    let form = [("content-type", "text/plain")];
    let body = json!({ "name": "x" });
    assert_eq!(client.send("POST", "/api/v1/tokens", Some(&body), &form).problem(), "unsupported-media-type");
    let headers = client.get("/");
    assert!(headers.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
    assert_eq!(headers.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(headers.header("access-control-allow-origin"), None);
    assert_eq!(send(&[("sec-fetch-site", "same-origin")]).status, 204);
    assert_eq!(client.get("/api/v1/auth/me").status, 401);
}
