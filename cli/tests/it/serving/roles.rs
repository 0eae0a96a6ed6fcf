//! Routes × roles × tenants, from the table of routes, with none missing.

use serde_json::{Value, json};
use tagpol_serve_core::roles::{Permission, Role};

use super::client::{Client, Shop};

/// Returns a path without the names of its parts.
fn concrete(path: &str) -> String {
    path.split('/')
        .map(|part| if part.starts_with('{') { "unknown" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

/// Signs a new user in with a role.
pub(super) fn user_with(role: Role, admin: &Client) -> Client {
    let body =
        json!({ "email": format!("{}@example.com", role.as_str()), "name": "U", "role": role.as_str() });
    let added = admin.post("/api/v1/users", &body).json();
    let (_, secret) = added["link"].as_str().unwrap().split_once('#').unwrap();
    Client { credential: None, ..admin.clone() }.sign_in(&json!({ "link": secret }))
}

#[test]
fn settings_have_the_configuration_of_the_tenant_without_secrets() {
    let shop = Shop::new();
    let provider = |id: &str, tenant: &str| {
        format!(
            "[oidc.{id}]\nissuer = \"https://id.example.com\"\nclient-id = \"tagpol\"\nclient-secret = \"s3cret\"\n\
             roles = {{ finops = \"editor\" }}\ntenant = \"{tenant}\"\n"
        )
    };
    shop.write("serve.toml", &format!("{}{}", provider("own", "default"), provider("other", "ten_other")));
    let server = shop.start(&["--config", "serve.toml"]);
    let settings = server.administrator().get("/api/v1/settings");
    assert!(!settings.text.contains("s3cret"), "{}", settings.text);
    let settings = settings.json();
    let [own] = &settings["identity_providers"].as_array().unwrap()[..] else { panic!("{settings}") };
    assert_eq!((&own["id"], &own["roles"]), (&json!("own"), &json!({ "finops": "editor" })));
    assert_eq!(own["default_role"], Value::Null);
    assert!(own["redirect"].as_str().unwrap().ends_with("/api/v1/auth/oidc/own/callback"), "{own}");
    let kept = |records: &str| {
        let found = settings["retention"].as_array().unwrap().iter().find(|one| one["records"] == records);
        found.unwrap()["days"].clone()
    };
    assert_eq!((kept("access_log"), kept("audit_trail")), (json!(90), Value::Null));
}

#[test]
fn each_route_admits_the_roles_of_the_table_and_nobody_else() {
    let shop = Shop::new();
    let server = shop.serve();
    let admin = server.administrator();
    let users: Vec<(Option<Role>, Client)> = std::iter::once((None, server.anonymous()))
        .chain(Role::ALL.map(|role| (Some(role), user_with(role, &admin))))
        .collect();
    let mut matrix = String::new();
    for (method, path, permission) in tagpol_serve_http::routes() {
        let mut line = format!("{method:6} {path:44} {:26}", permission.row().name);
        for (role, client) in &users {
            // No route accepts it, so that nothing changes.
            let body = (method != "GET").then(|| json!({ "unknown": 1 }));
            // What goes on for ever is refused as well.
            let query = if path == "/api/v1/events" { "?unknown=1" } else { "" };
            let response = client.send(&method, &(concrete(path) + query), body.as_ref(), &[]);
            let is_admitted = !matches!(
                (response.status, response.json_or_null()["code"].as_str()),
                (401, Some("not-signed-in")) | (403, Some("forbidden"))
            );
            let expected = permission == Permission::Public || role.is_some_and(|role| role.may(permission));
            assert_eq!(
                is_admitted, expected,
                "{method} {path} as {role:?}: {} {}",
                response.status, response.text
            );
            assert_ne!(response.status, 500, "{method} {path}: {}", response.text);
            line.push(if is_admitted { '+' } else { '-' });
        }
        matrix.push_str(line.trim_end());
        matrix.push('\n');
    }
    insta::assert_snapshot!("routes_and_roles", matrix);
}

#[test]
fn another_tenant_finds_nothing_of_this_one() {
    let shop = Shop::new();
    let server = shop.serve();
    let admin = server.administrator();
    let recheck = admin.post("/api/v1/compliance/recheck", &json!({}));
    assert_eq!(recheck.status, 202, "{}", recheck.text);
    let job = recheck.json()["job"].as_str().unwrap().to_owned();
    let bob = admin
        .post("/api/v1/users", &json!({ "email": "bob@example.com", "name": "Bob", "role": "viewer" }))
        .json();
    let token = admin.post("/api/v1/tokens", &json!({ "name": "t" })).json();
    let view = admin.post("/api/v1/views", &json!({ "name": "v", "query": "", "shared": true })).json();
    let key = admin.get("/api/v1/resources").json()["items"][0]["key"].as_str().unwrap().to_owned();

    let tenant = admin.post("/api/v1/tenants", &json!({ "name": "Other" }));
    assert_eq!(tenant.status, 201, "{}", tenant.text);
    let tenant = tenant.json()["id"].as_str().unwrap().to_owned();
    let password = json!({ "new": "correct horse battery" });
    admin.send("PUT", "/api/v1/auth/password", Some(&password), &[]);
    let login = json!({ "email": "admin@localhost", "password": "correct horse battery", "tenant": tenant });
    let other = server.anonymous().sign_in(&login);
    assert_eq!(other.get("/api/v1/auth/me").json()["projects"], json!([]));
    let stranger = json!({ "email": "eve@example.com", "name": "Eve", "role": "super_admin" });
    let added = other.post("/api/v1/users", &stranger).json();
    let (_, secret) = added["link"].as_str().unwrap().split_once('#').unwrap();
    let eve = server.anonymous().sign_in(&json!({ "link": secret }));
    // A token, which no route of the table ends.
    let own = eve.post("/api/v1/tokens", &json!({ "name": "eve" })).json();
    let eve = server.anonymous().with_bearer(own["secret"].as_str().unwrap());
    for (method, path, permission) in tagpol_serve_http::routes() {
        if permission == Permission::Public {
            continue;
        }
        let id = match path {
            path if path.contains("/users/") || path.contains("/subjects/") => bob["id"].as_str().unwrap(),
            path if path.contains("/tokens/") => token["id"].as_str().unwrap(),
            path if path.contains("/jobs/") => job.as_str(),
            path if path.contains("/schedules/") => "compliance-sweep",
            path if path.contains("/views/") => view["id"].as_str().unwrap(),
            path if path.contains("/virtual-tags/") => &format!("vt_{key}_owner"),
            _ => "i-2",
        };
        let of_project = [
            "resources",
            "virtual-tags",
            "compliance",
            "facets",
            "exports",
            "jobs",
            "schedules",
            "suggestions",
            "tag-schema",
            "bulk",
            "costs",
            "graph",
            "rules",
            "deliveries",
            "insights",
            "anomalies",
            "changes",
            "events",
            "policy-files",
            "policy-revisions",
            "snapshots",
            "tag-mappings",
            "views",
        ];
        let group = path.strip_prefix("/api/v1/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let has_part = path.contains('{');
        let path = path
            .split('/')
            .map(|part| if part.starts_with('{') { id } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let body = bodies(&path, &method);
        let response = eve.send(&method, &path, body.as_ref(), &[("if-match", "*")]);
        if of_project.contains(&group) || has_part {
            assert_eq!(response.status, 404, "{method} {path}: {}", response.text);
        }
        for secret in ["i-2", "shop-db", "bob@example.com"] {
            let shown = response.text.replace(&path, "");
            assert!(!shown.contains(secret) || response.status == 404, "{method} {path}: {}", response.text);
        }
    }
    // The account of a person of two tenants is not for the other one to take over.
    let added =
        other.post("/api/v1/users", &json!({ "email": "ann@example.com", "name": "Ann", "role": "viewer" }));
    assert_eq!(added.status, 201);
    let login =
        json!({ "email": "admin@localhost", "password": "correct horse battery", "tenant": "default" });
    let admin = server.anonymous().sign_in(&login);
    let ann = admin
        .post("/api/v1/users", &json!({ "email": "ann@example.com", "name": "Ann", "role": "super_admin" }));
    assert_eq!(ann.json()["link"], Value::Null);
    let path = format!("/api/v1/users/{}/link", ann.json()["id"].as_str().unwrap());
    assert_eq!(admin.post(&path, &json!({})).problem(), "conflict");
}

/// Returns a body that a route of this path accepts.
fn bodies(path: &str, method: &str) -> Option<Value> {
    let set = json!({ "resources": ["i-2"], "changes": [{ "action": "set", "key": "team", "value": "x" }] });
    Some(match (method, path) {
        ("GET", _) => return None,
        (_, path) if path.ends_with("/apply") && path.contains("virtual-tags") => set,
        (_, path) if path.ends_with("/bulk") => {
            json!({ "changes": [{ "action": "set", "key": "team", "value": "x" }] })
        }
        ("PUT", path) if path.contains("/virtual-tags/") => json!({ "value": "x@example.com" }),
        ("PUT", path) if path.contains("/users/") => json!({ "role": "viewer" }),
        ("PUT", path) if path.contains("/schedules/") => {
            json!({ "cron": "0 2 * * *", "zone": "UTC", "enabled": true })
        }
        ("POST" | "PUT", path) if path.contains("/rules") => {
            json!({ "name": "x", "routing": { "to": "channels", "channels": ["x"] } })
        }
        ("POST", path) if path.contains("/channels/") => json!({}),
        ("POST" | "PUT", path) if path.contains("/channels") => {
            let config = json!({ "webhook_url": "https://example.com/x" });
            json!({ "name": "x", "kind": "slack", "config": config })
        }
        ("POST", path) if path.ends_with("/users") => {
            json!({ "email": "x@example.com", "name": "X", "role": "viewer" })
        }
        ("POST", path) if path.ends_with("/tokens") || path.ends_with("/tenants") => json!({ "name": "x" }),
        (_, path) if path.ends_with("/changes") => json!({ "files": [{ "path": "x.tagpol", "text": "" }] }),
        (_, path) if path.ends_with("/tag-mappings") => json!({ "tag": "team", "from": ["x"], "to": "y" }),
        (_, "/graphql") => json!({ "query": "{ resource(id: \"i-2\") { name } }" }),
        ("POST" | "PUT", path) if path.contains("/views") => json!({ "name": "x", "query": "" }),
        ("PUT", path) if path.ends_with("/password") => json!({ "new": "short" }),
        _ => json!({}),
    })
}
