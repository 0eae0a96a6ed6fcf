//! What goes wrong around a server, and how it goes on: policies with errors, lost keys, folders that cannot be written.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use sqlx::{ConnectOptions as _, Executor as _};

use super::client::{Shop, wait};
use super::on_both_databases;
use crate::support::Run;

on_both_databases!(policies_that_were_fixed_are_evaluated, a_lost_key_is_reported_before_a_new_one_is_made);

fn run(shop: &Shop, arguments: &[&str]) -> Run {
    Run::of(shop.command(arguments).output().unwrap())
}

fn policies_that_were_fixed_are_evaluated(shop: &Shop) {
    let policies = shop.path().join("shop.tagpol");
    let text = std::fs::read_to_string(&policies).unwrap();
    std::fs::write(&policies, text.replace("require owner", "require ownr")).unwrap();
    let server = shop.start(&[]);
    let client = server.administrator();
    let failed = wait(&client, "/api/v1/jobs", |jobs| jobs["items"][0]["error"].is_string());
    let error = failed["items"][0]["error"].as_str().unwrap();
    for part in ["shop.tagpol:15:", "`ownr`", "help: "] {
        assert!(error.contains(part), "{part}: {error}");
        assert!(server.log().contains(part), "{part}: {}", server.log());
    }
    let shown = client.get("/api/v1/resources");
    assert_eq!((shown.status, shown.problem().as_str()), (503, "not-ready"));
    assert!(shown.text.contains("shop.tagpol:15:"), "{}", shown.text);
    assert!(!server.anonymous().get("/readyz").text.contains("ownr"));
    let doctor = run(shop, &["serve", "doctor", ".", "--listen", "127.0.0.1:0"]);
    assert!(doctor.out.contains("error: evaluation") && doctor.out.contains("shop.tagpol:15:"), "{doctor:?}");
    assert_eq!(doctor.code, 3);

    std::fs::write(&policies, &text).unwrap();
    server.wait_until_ready();
    // A change is noticed as well, of policies and of the inventory.
    std::fs::write(&policies, text + "\ntag project: text\n").unwrap();
    wait(&client, "/api/v1/tag-schema", |schema| schema.to_string().contains("\"project\""));
    let list = shop.path().join("list.csv");
    let text = std::fs::read_to_string(&list).unwrap() + "i-5,new,ec2:instance,aws,111,eu-1,1,USD,,,,\n";
    std::fs::write(&list, text).unwrap();
    wait(&client, "/api/v1/resources", |page| page["total"] == 5);
}

fn a_lost_key_is_reported_before_a_new_one_is_made(shop: &Shop) {
    let server = shop.serve();
    let admin = server.administrator();
    let password = json!({ "new": "correct horse battery" });
    admin.send("PUT", "/api/v1/auth/password", Some(&password), &[]);
    let key = shop.path().join(".tagpol/serve.key");
    let text = std::fs::read_to_string(&key).unwrap();
    server.kill();
    let start = ["serve", ".", "--listen", "127.0.0.1:0"];
    let doctor = ["serve", "doctor", ".", "--listen", "127.0.0.1:0"];
    assert_eq!(run(shop, &doctor).code, 0);

    std::fs::remove_file(&key).unwrap();
    run(shop, &start).fails_with(3, &["serve.key` is missing", "--replace-key"]);
    assert!(!key.exists());
    assert!(run(shop, &doctor).out.contains("error: key"));
    std::fs::write(&key, "junk").unwrap();
    run(shop, &start).fails_with(3, &["serve.key", "32 bytes", "--replace-key"]);
    assert!(run(shop, &doctor).out.contains("error: key"));
    let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    std::fs::write(&key, other).unwrap();
    run(shop, &start).fails_with(3, &["serve.key", "sealed with another key"]);
    std::fs::write(&key, &text).unwrap();
    let mut given = shop.command(&start);
    given.env("TAGPOL_SERVE_KEY", other);
    Run::of(given.output().unwrap()).fails_with(3, &["`TAGPOL_SERVE_KEY`", "sealed with another key"]);

    std::fs::remove_file(&key).unwrap();
    let server = shop.start(&["--replace-key"]);
    let login =
        json!({ "grant_type": "password", "email": "admin@localhost", "password": "correct horse battery" });
    let token = server.anonymous().post("/api/v1/auth/token", &login).json();
    let client = server.anonymous().with_bearer(token["access_token"].as_str().unwrap());
    assert_eq!(client.get("/api/v1/auth/me").status, 200);
    server.kill();
    assert_eq!(run(shop, &doctor).code, 0);
}

#[test]
fn the_doctor_finds_what_a_server_could_not_serve() {
    let shop = Shop::new();
    let doctor = |arguments: &[&str]| {
        let all = [["serve", "doctor", ".", "--listen", "127.0.0.1:0"].as_slice(), arguments].concat();
        let found = run(&shop, &all);
        assert_eq!(found.code, if found.out.contains("error: ") { 3 } else { 0 }, "{found:?}");
        found.out
    };
    let fine = doctor(&[]);
    assert!(!fine.contains("error: "), "{fine}");
    // Nothing was made.
    assert!(!shop.path().join(".tagpol").exists());
    let elsewhere = doctor(&["--data", "/proc/nowhere"]);
    assert!(elsewhere.contains("error: folder") && elsewhere.contains("--data"), "{elsewhere}");
    std::fs::remove_file(shop.path().join("list.csv")).unwrap();
    let gone = doctor(&[]);
    assert!(gone.contains("error: evaluation: cannot read the inventory"), "{gone}");
    std::fs::write(shop.path().join("tagpol.toml"), "name = \"shop\"\n").unwrap();
    let none = doctor(&[]);
    assert!(none.contains("error: evaluation") && none.contains("snapshot import"), "{none}");
}

/// With `--state` and `--data`, nothing is written into the folder of the project.
#[test]
fn a_project_that_cannot_be_written_is_served() {
    let shop = Shop::new();
    let other = tempfile::tempdir().unwrap();
    let names = |folder: &Path| {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let state = other.path().join("state.db").display().to_string();
    let data = other.path().join("data").display().to_string();
    let server = shop.start(&["--state", &state, "--data", &data]);
    server.wait_until_ready();
    let client = server.administrator();
    let change = json!({ "action": "set", "key": "team", "value": "shop" });
    let set =
        client.post("/api/v1/virtual-tags/apply", &json!({ "resources": ["i-1"], "changes": [change] }));
    assert_eq!(set.status, 200, "{}", set.text);
    assert_eq!(names(shop.path()), ["list.csv", "serve.log", "shop.tagpol", "tagpol.toml"]);
    assert_eq!(names(&other.path().join("data")), ["generations", "serve.key", "served"]);
}

/// The file of the state has hashes of passwords as soon as a server uses it.
#[cfg(unix)]
#[test]
fn others_cannot_read_the_state() {
    use std::os::unix::fs::PermissionsExt as _;
    let shop = Shop::new();
    let file = shop.path().join(".tagpol/state.db");
    let mode = || file.metadata().unwrap().permissions().mode() & 0o777;
    drop(shop.serve());
    assert_eq!(mode(), 0o600);
    // A team that shared it goes on sharing it.
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o664)).unwrap();
    let doctor = run(&shop, &["serve", "doctor", ".", "--listen", "127.0.0.1:0"]);
    assert!(doctor.out.contains("error: database") && doctor.out.contains("chmod o="), "{doctor:?}");
    drop(shop.serve());
    assert_eq!(mode(), 0o660);
}

/// Whoever else writes to the file makes writes wait, and then fail for now; reads go on.
#[test]
fn a_file_that_another_process_writes_to_is_busy() {
    let shop = Shop::new();
    let server = shop.start(&["--wait", "1"]);
    server.wait_until_ready();
    let client = server.administrator();
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(shop.path().join(".tagpol/state.db"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let run = |connection: &mut sqlx::SqliteConnection, sql: &'static str| {
        runtime.block_on(connection.execute(sqlx::raw_sql(sql))).unwrap();
    };
    let mut other = runtime.block_on(file.busy_timeout(Duration::from_secs(30)).connect()).unwrap();
    let change = json!({ "action": "set", "key": "team", "value": "shop" });
    let body = json!({ "resources": ["i-1"], "changes": [change] });
    run(&mut other, "BEGIN IMMEDIATE");
    let refused = client.post("/api/v1/virtual-tags/apply", &body);
    assert_eq!((refused.status, refused.problem().as_str()), (503, "busy"), "{}", refused.text);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(client.get("/api/v1/resources/i-1").status, 200);
    run(&mut other, "ROLLBACK");
    assert_eq!(client.post("/api/v1/virtual-tags/apply", &body).status, 200);
}
