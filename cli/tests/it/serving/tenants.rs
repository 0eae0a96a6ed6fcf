//! Several projects of several tenants in one server.

use serde_json::{Value, json};
use tagpol_serve_core::roles::{Permission, Role};

use super::client::{Client, Server, Shop, wait};
use super::on_both_databases;

on_both_databases!(
    tenants_share_a_server_and_see_nothing_of_each_other,
    projects_of_a_tenant_are_named_in_requests,
);

const PASSWORD: &str = "correct horse battery";

/// Makes a project whose name is in each of its texts.
fn project(name: &str) -> Shop {
    let shop = Shop::new();
    for file in ["shop.tagpol", "list.csv"] {
        std::fs::remove_file(shop.path().join(file)).unwrap();
    }
    shop.write("tagpol.toml", &format!("name = \"{name}\"\ninventory = [\"list.csv\"]\n"));
    shop.write("p.tagpol", "tag team: text\npolicy has-team { severity low  require team }\n");
    let rows = format!("id,name,type,tag:team\n{name}-1,{name}-web,vm,{name}-team\n{name}-2,{name}-db,db,\n");
    shop.write("list.csv", &rows);
    shop
}

/// Returns the entry of a project in the configuration.
fn entry(project: &Shop, tenant: &str) -> String {
    format!("[[projects]]\nfolder = \"{}\"\ntenant = \"{tenant}\"\n", project.path().display())
}

fn sign_in(server: &Server, tenant: &str) -> Client {
    let login = json!({ "email": "admin@localhost", "password": PASSWORD, "tenant": tenant });
    server.anonymous().sign_in(&login)
}

fn ids(client: &Client, query: &str) -> Vec<String> {
    let response = client.get(&format!("/api/v1/resources?sort=id{query}"));
    assert_eq!(response.status, 200, "{}", response.text);
    let page = response.json();
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["resource_id"].as_str().unwrap().to_owned())
        .collect()
}

fn set_team(client: &Client, resource: &str, team: &str, query: &str) -> super::client::Response {
    let change = json!({ "action": "set", "key": "team", "value": team });
    let body = json!({ "resources": [resource], "changes": [change] });
    client.post(&format!("/api/v1/virtual-tags/apply{query}"), &body)
}

/// Starts a server once, to add a tenant; returns its id.
fn add_tenant(shop: &Shop) -> String {
    let server = shop.serve();
    let admin = server.administrator();
    let added = admin.post("/api/v1/tenants", &json!({ "name": "Acme" }));
    assert_eq!(added.status, 201, "{}", added.text);
    // It ends the session.
    admin.send("PUT", "/api/v1/auth/password", Some(&json!({ "new": PASSWORD })), &[]);
    added.json()["id"].as_str().unwrap().to_owned()
}

fn start(shop: &Shop, configuration: &str) -> Server {
    shop.write("serve.toml", configuration);
    let server = shop.start(&["--config", "serve.toml"]);
    server.wait_until_ready();
    server
}

fn tenants_share_a_server_and_see_nothing_of_each_other(shop: &Shop) {
    let acme = project("acme");
    let tenant = add_tenant(shop);
    let server = start(shop, &entry(&acme, &tenant));
    let (shops, acmes) = (sign_in(&server, "default"), sign_in(&server, &tenant));
    assert_eq!(ids(&shops, ""), ["i-1", "i-2", "i-3", "i-4"]);
    assert_eq!(ids(&acmes, ""), ["acme-1", "acme-2"]);
    assert_eq!(acmes.get("/api/v1/auth/me").json()["projects"], json!(["acme"]));

    // Each has decisions, jobs, schedules, tokens, views and a trail of its own.
    assert_eq!(set_team(&shops, "i-1", "shop-only", "").status, 200);
    assert_eq!(set_team(&acmes, "acme-2", "acme-only", "").status, 200);
    let things = |client: &Client| {
        let job = client.post("/api/v1/compliance/recheck", &json!({})).json()["job"].clone();
        let token = client.post("/api/v1/tokens", &json!({ "name": "t" })).json();
        let view = client.post("/api/v1/views", &json!({ "name": "v", "query": "" })).json()["id"].clone();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        [
            format!("/api/v1/jobs/{}", text(&job)),
            format!("/api/v1/tokens/{}", text(&token["id"])),
            format!("/api/v1/views/{}", text(&view)),
        ]
    };
    let (of_shop, of_acme) = (things(&shops), things(&acmes));
    for (client, others, resource, project) in
        [(&shops, &of_acme, "acme-1", "acme"), (&acmes, &of_shop, "i-1", "shop")]
    {
        for path in others {
            let method = if path.contains("/jobs/") { "GET" } else { "DELETE" };
            assert_eq!(client.send(method, path, None, &[]).status, 404, "{path}");
        }
        assert_eq!(client.get(&format!("/api/v1/resources/{resource}")).problem(), "not-found");
        assert_eq!(set_team(client, resource, "x", "").status, 404);
        let named = client.get(&format!("/api/v1/resources?project={project}"));
        assert_eq!((named.status, named.json()["parameter"].as_str()), (404, Some("project")));
        wait(client, "/api/v1/jobs?limit=500", |page| {
            page["items"].as_array().unwrap().iter().all(|job| job["status"] == "done")
        });
        wait(client, "/api/v1/access-log", |page| page["items"][0].is_object());
    }
    // Nothing that a tenant reads names anything of the other one.
    for (client, foreign) in [
        (&shops, ["acme-1", "acme-only", "acme-team", "acme-web"]),
        (&acmes, ["shop-db", "shop-only", "payments", "jane@example.com"]),
    ] {
        for (method, path, permission) in tagpol_serve_http::routes() {
            let is_list = method == "GET" && !path.contains('{') && path != "/api/v1/events";
            if !is_list || permission == Permission::Public || path == "/graphql" {
                continue;
            }
            let response = client.get(path);
            assert!(matches!(response.status, 200 | 204 | 400), "{path}: {}", response.text);
            for text in foreign {
                assert!(!response.text.contains(text), "{path}: {}", response.text);
            }
        }
        assert_eq!(client.post("/api/v1/audit-trail/verify", &json!({})).json()["intact"], true);
    }
    // The command line finds the decisions of the further project in the database of the server.
    let state =
        shop.state.clone().unwrap_or_else(|| shop.path().join(".tagpol/state.db").display().to_string());
    let folder = acme.path().display().to_string();
    let output = shop.command(&["tags", "history", "--project", &folder]).env("TAGPOL_STATE", state).output();
    let history = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(history.contains("acme-only") && !history.contains("shop-only"), "{history}");

    // A person can have another role in each.
    for (client, role) in [(&shops, Role::Viewer), (&acmes, Role::Editor)] {
        let ann = json!({ "email": "ann@example.com", "name": "Ann", "role": role.as_str() });
        assert_eq!(client.post("/api/v1/users", &ann).status, 201);
    }
    let users = shops.get("/api/v1/users").json();
    let ann =
        users["items"].as_array().unwrap().iter().find(|one| one["email"] == "ann@example.com").unwrap();
    assert_eq!(ann["role"], "viewer", "{users}");
}

fn projects_of_a_tenant_are_named_in_requests(shop: &Shop) {
    let second = project("second");
    let server = start(shop, &entry(&second, "default"));
    let client = server.administrator();
    assert_eq!(client.get("/api/v1/auth/me").json()["projects"], json!(["shop", "second"]));
    let unnamed = client.get("/api/v1/resources");
    assert_eq!(
        (unnamed.status, unnamed.json()["parameter"].as_str()),
        (400, Some("project")),
        "{}",
        unnamed.text
    );
    assert_eq!(ids(&client, "&project=second"), ["second-1", "second-2"]);
    assert_eq!(ids(&client, "&project=shop").len(), 4);
    assert_eq!(set_team(&client, "second-2", "x", "").status, 400);
    assert_eq!(set_team(&client, "second-2", "x", "?project=shop").status, 404);
    assert_eq!(set_team(&client, "second-2", "x", "?project=second").status, 200);
    let status = |project: &str| client.get(&format!("/api/v1/compliance/status?project={project}")).json();
    assert_eq!(
        (status("second")["compliant"].as_u64(), status("shop")["resources"].as_u64()),
        (Some(2), Some(4))
    );
    // The trail is that of the tenant, and names the project.
    let trail = client.get("/api/v1/audit-trail?action=tag.").json();
    assert_eq!(
        (&trail["items"][0]["project"], &trail["items"][0]["object"]),
        (&json!("second"), &json!("second-2"))
    );
    let enqueued = client.post("/api/v1/compliance/recheck?project=second", &json!({})).json();
    let path = format!("/api/v1/jobs/{}?project=second", enqueued["job"].as_str().unwrap());
    wait(&client, &path, |job| job["status"] == "done");
    assert_eq!(status("second")["compliant"], 2);
    let trend = |project: &str| client.get(&format!("/api/v1/compliance/trend?project={project}")).json();
    assert_eq!(trend("second")["items"].as_array().unwrap().len(), 1);
    assert_eq!(trend("shop")["items"], json!([]));
}

#[test]
fn projects_that_cannot_be_told_apart_are_errors_at_the_start() {
    let shop = Shop::new();
    let second = project("second");
    let fails = |configuration: &str| {
        shop.write("serve.toml", configuration);
        let start = ["serve", ".", "--listen", "127.0.0.1:0", "--config", "serve.toml"];
        let output = shop.command(&start).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let once = entry(&second, "default");
    assert!(fails(&once.repeat(2)).contains("two projects are named `second`"));
    let error = fails(&entry(&second, "nobody"));
    assert!(
        error.contains("there is no tenant `nobody`") && error.contains("POST /api/v1/tenants"),
        "{error}"
    );
    second.write("tagpol.toml", "inventory = [\"list.csv\"]\n");
    assert!(fails(&once).contains("has no `name`"));
    let doctor = ["serve", "doctor", ".", "--listen", "127.0.0.1:0", "--config", "serve.toml"];
    let text = String::from_utf8(shop.command(&doctor).output().unwrap().stdout).unwrap();
    assert!(text.contains("error: project: the project in"), "{text}");
}
