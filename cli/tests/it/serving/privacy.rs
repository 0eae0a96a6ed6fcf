//! What is stored about a person, and erasing it.

use serde_json::{Value, json};

use super::client::{Shop, wait};
use super::on_both_databases;

on_both_databases!(a_person_is_exported_and_erased, messages_to_a_person_are_erased);

fn a_person_is_exported_and_erased(shop: &Shop) {
    let server = shop.serve();
    let admin = server.administrator();
    let ann = json!({ "email": "ann.unusual@example.com", "name": "Ann Unusual", "role": "editor" });
    let added = admin.post("/api/v1/users", &ann).json();
    let id = added["id"].as_str().unwrap();
    let (_, secret) = added["link"].as_str().unwrap().split_once('#').unwrap();
    let ann = server.anonymous().sign_in(&json!({ "link": secret }));
    let token = ann.post("/api/v1/tokens", &json!({ "name": "Ann Unusual's laptop" })).json();
    let program = server.anonymous().with_bearer(token["secret"].as_str().unwrap());
    let set = |key: &str, value: &str| {
        let change = json!({ "action": "set", "key": key, "value": value });
        json!({ "resources": ["i-2"], "changes": [change] })
    };
    assert_eq!(program.post("/api/v1/virtual-tags/apply", &set("team", "web")).status, 200);
    assert_eq!(
        admin.post("/api/v1/virtual-tags/apply", &set("owner", "ann.unusual@example.com")).status,
        200
    );
    let user = format!("/api/v1/users/{id}");
    admin.send("PUT", &user, Some(&json!({ "name": "Ann B. Unusual" })), &[]);

    // What she asked, and what somebody else asked about her.
    for client in [&ann, &admin] {
        let question = json!({ "question": "Which resources does ann.unusual@example.com own?" });
        assert_eq!(client.post("/api/v1/conversation/questions", &question).status, 200);
    }

    let path = format!("/api/v1/privacy/subjects/{id}");
    let export = admin.get(&path).json();
    let question = &export["conversations"][0]["turns"][0]["question"];
    assert_eq!(question, "Which resources does ann.unusual@example.com own?");
    assert_eq!(export["account"]["email"], "ann.unusual@example.com");
    assert_eq!(export["tokens"][0]["name"], "Ann Unusual's laptop");
    assert_eq!(export["sessions"].as_array().unwrap().len(), 1);
    let requests = export["requests"].as_array().unwrap();
    assert!(requests.iter().all(|one| one["address"] == "127.0.0.1"), "{export}");
    let actions: Vec<&Value> =
        export["actions"].as_array().unwrap().iter().map(|one| &one["action"]).collect();
    assert!(actions.contains(&&json!("tag.set")) && actions.contains(&&json!("auth.sign_in")), "{actions:?}");
    assert_eq!(export["changes"].as_array().unwrap().len(), 3, "{}", export["changes"]);

    let me = admin.get("/api/v1/auth/me").json()["id"].as_str().unwrap().to_owned();
    let own = admin.send("DELETE", &format!("/api/v1/privacy/subjects/{me}"), None, &[]);
    assert_eq!(own.problem(), "conflict");
    let erased = admin.send("DELETE", &path, None, &[]);
    assert_eq!(erased.status, 200, "{}", erased.text);
    let erased = erased.json();
    assert_eq!(
        (&erased["sessions"], &erased["tokens"], &erased["values"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(erased["conversations"], 2);
    assert_eq!(admin.get("/api/v1/conversation").json()["turns"], json!([]));
    assert_eq!(erased["audit_entries"], 1, "the value of the tag, in the entry about it");
    let pseudonym = erased["pseudonym"].as_str().unwrap();
    assert!(pseudonym.starts_with("Erased person "), "{pseudonym}");

    // Nothing of hers counts, and nothing shows who she was.
    assert_eq!(ann.get("/api/v1/auth/me").status, 401);
    assert_eq!(program.get("/api/v1/auth/me").status, 401);
    assert_eq!(admin.send("DELETE", &path, None, &[]).problem(), "conflict");
    assert_eq!(admin.get(&user).json()["name"], pseudonym);
    assert_eq!(admin.post("/api/v1/audit-trail/verify", &json!({})).json()["intact"], true);
    for path in [
        path.as_str(),
        "/api/v1/users",
        "/api/v1/resources",
        "/api/v1/resources/i-2",
        "/api/v1/resources/i-2/timeline",
        "/api/v1/audit-trail?action=user.",
        "/api/v1/audit-trail?action=token.",
        "/api/v1/audit-trail?action=auth.",
        "/api/v1/audit-trail?action=privacy.",
        "/api/v1/exports?format=csv",
    ] {
        let text = admin.get(path).text.to_lowercase();
        let hidden = path.contains("timeline") || path.contains("subjects");
        assert!(hidden || !text.contains("unusual"), "{path}: {text}");
        assert!(!text.contains("ann b.") && !text.contains("laptop"), "{path}: {text}");
    }
    assert!(!server.log().to_lowercase().contains("unusual"), "{}", server.log());
    // The entries of later decisions come after those of all decisions before, of which the values taken back have none.
    assert_eq!(admin.post("/api/v1/virtual-tags/apply", &set("team", "shop")).status, 200);
    let trail = admin.get("/api/v1/audit-trail?action=tag.").text;
    assert_eq!(trail.matches("ann.unusual@example.com").count(), 1, "{trail}");
    // The address is free again.
    let other = json!({ "email": "ann.unusual@example.com", "name": "Another", "role": "viewer" });
    let other = admin.post("/api/v1/users", &other);
    assert_eq!(other.status, 201);
    assert_ne!(other.json()["id"], id);
}

/// What alerts have sent to somebody, or are going to, names the address.
fn messages_to_a_person_are_erased(shop: &Shop) {
    shop.write("more.tagpol", "policy has-team {\n  severity low\n  require team\n}\n");
    let server = shop.serve();
    let admin = server.administrator();
    let ann = json!({ "email": "ann.unusual@example.com", "name": "Ann", "role": "editor" });
    let id = admin.post("/api/v1/users", &ann).json()["id"].as_str().unwrap().to_owned();
    let change = json!({ "action": "set", "key": "owner", "value": "Ann.Unusual@example.com" });
    let body = json!({ "resources": ["i-1", "i-3"], "changes": [change] });
    assert_eq!(admin.post("/api/v1/virtual-tags/apply", &body).status, 200);
    let config = json!({ "host": "smtp.example.com", "encryption": "starttls", "from": "tagpol@example.com", "to": ["all@example.com"] });
    let channel = json!({ "name": "Mail", "kind": "email", "config": config });
    let channel = admin.post("/api/v1/channels", &channel).json()["id"].as_str().unwrap().to_owned();
    let routing = json!({ "to": "owners", "channel": channel, "unowned_channel": channel });
    let rule = json!({ "name": "Owners", "filter": { "policies": ["has-team"] }, "routing": routing });
    assert_eq!(admin.post("/api/v1/rules", &rule).status, 201);
    wait(&admin, "/api/v1/deliveries", |page| page["items"][0].is_object());

    let path = format!("/api/v1/privacy/subjects/{id}");
    let export = admin.get(&path).json();
    assert_eq!(export["messages"].as_array().unwrap().len(), 1, "{export}");
    let erased = admin.send("DELETE", &path, None, &[]).json();
    assert_eq!((&erased["messages"], &erased["values"]), (&json!(1), &json!(2)), "{erased}");
    shop.run(&["serve", "backup", "-o", "after.jsonl"]);
    let backup = std::fs::read(shop.path().join("after.jsonl")).unwrap();
    let backup = String::from_utf8_lossy(&backup).to_lowercase();
    let mut table = String::new();
    for line in backup.lines() {
        if let Some(name) = line.strip_prefix("{\"table\":{\"name\":\"") {
            table = name.split('"').next().unwrap().to_owned();
        }
        let is_of_alerts =
            matches!(table.as_str(), "serve_alerts" | "serve_deliveries" | "serve_jobs" | "serve_users");
        assert!(!is_of_alerts || !line.contains("unusual"), "{table}: {line}");
    }
    assert!(backup.contains("serve_deliveries"));
}
