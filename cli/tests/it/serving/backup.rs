//! Backups and restoring, on both databases, and processes that are killed in between.
//!
//! `TAGPOL_KILL_ROUNDS=300` kills as many processes.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Client, Server, Shop};
use super::{on_both_databases, with_postgres};

on_both_databases!(
    a_restored_backup_gives_the_same_answers,
    nothing_is_replaced_or_half_restored,
    a_killed_restore_restores_nothing_or_all,
);

const PASSWORD: &str = "correct horse battery";

/// Decides about tags, sets the administrator's password, and adds a user.
fn fill(server: &Server) {
    let admin = server.administrator();
    let set = |path: &str, body| assert!(admin.send("PUT", path, Some(&body), &[]).status < 300, "{path}");
    for (resource, team) in [("i-1", "web"), ("i-3", "l\u{f6}gs \"\u{1f9ea}")] {
        let change = json!({ "action": "set", "key": "team", "value": team });
        let body = json!({ "resources": [resource], "changes": [change] });
        assert_eq!(admin.post("/api/v1/virtual-tags/apply", &body).status, 200);
    }
    let ann = json!({ "email": "ann@example.com", "name": "Ann", "role": "viewer" });
    assert_eq!(admin.post("/api/v1/users", &ann).status, 201);
    set("/api/v1/auth/password", json!({ "new": PASSWORD }));
}

fn sign_in(server: &Server) -> Client {
    server.anonymous().sign_in(&json!({ "email": "admin@localhost", "password": PASSWORD }))
}

/// Returns what the server answers to questions whose answers change with nothing but its data.
fn answers(server: &Server) -> Vec<Value> {
    let admin = sign_in(server);
    assert_eq!(admin.post("/api/v1/audit-trail/verify", &json!({})).json()["intact"], true);
    let paths = [
        "/api/v1/resources?sort=name",
        "/api/v1/resources/i-3",
        "/api/v1/resources/i-1/timeline",
        "/api/v1/compliance/status",
        "/api/v1/costs?by=team",
        "/api/v1/users",
        "/api/v1/schedules",
        "/api/v1/audit-trail?action=tag.",
    ];
    let answer = |path: &&str| {
        let response = admin.get(path);
        assert_eq!(response.status, 200, "{path}: {}", response.text);
        without_evaluation(response.json())
    };
    paths.iter().map(answer).collect()
}

/// Removes what differs after each evaluation: a server evaluates anew when it starts.
fn without_evaluation(answer: Value) -> Value {
    match answer {
        Value::Array(items) => items.into_iter().map(without_evaluation).collect(),
        Value::Object(members) => {
            let stays = |name: &str| !["generation", "last_checked", "evaluated_at"].contains(&name);
            let members = members.into_iter().filter(|(name, _)| stays(name));
            Value::Object(members.map(|(name, value)| (name, without_evaluation(value))).collect())
        }
        other => other,
    }
}

/// Backs up a server that was filled; returns the file, and what the server answers.
fn backed_up(shop: &Shop) -> Vec<Value> {
    let server = shop.serve();
    fill(&server);
    let answers = answers(&server);
    let printed = shop.run(&["serve", "backup", "-o", "backup.jsonl"]);
    assert!(printed.contains("wrote ") && printed.contains("serve.key"), "{printed}");
    // Without a server nothing is written any more, not even the access log.
    drop(server);
    shop.run(&["serve", "backup", "-o", "backup.jsonl"]);
    answers
}

/// Returns a folder without a project, whose database is an empty file, with the key of another one.
fn empty(of: &Shop) -> Shop {
    let shop = Shop::new();
    clear(&shop, of);
    shop
}

/// Runs a test on such a folder, whose database is of the kind of the other one.
fn with_empty(of: &Shop, test: impl FnOnce(&Shop)) {
    if of.state.is_none() {
        return test(&empty(of));
    }
    with_postgres(|shop| {
        clear(shop, of);
        test(shop);
    });
}

fn clear(shop: &Shop, of: &Shop) {
    for name in ["tagpol.toml", "shop.tagpol", "list.csv"] {
        std::fs::remove_file(shop.path().join(name)).unwrap();
    }
    std::fs::create_dir(shop.path().join(".tagpol")).unwrap();
    std::fs::copy(of.path().join(".tagpol/serve.key"), shop.path().join(".tagpol/serve.key")).unwrap();
}

/// Returns the lines of a backup with rows and their tables.
fn rows(path: &Path) -> Vec<String> {
    let text = std::fs::read(path).unwrap();
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().skip_while(|line| !line.starts_with("{\"table\":"));
    lines.filter(|line| !line.starts_with("{\"end\":")).map(str::to_owned).collect()
}

fn path(shop: &Shop, name: &str) -> String {
    shop.path().join(name).display().to_string()
}

fn a_restored_backup_gives_the_same_answers(shop: &Shop) {
    let before = backed_up(shop);
    // A backup of PostgreSQL becomes a file as well.
    let restored = empty(shop);
    let printed = restored.run(&["serve", "restore", &path(shop, "backup.jsonl"), "."]);
    assert!(printed.starts_with("restored "), "{printed}");
    let server = restored.serve();
    assert_eq!(server.link, None, "the administrator is the one of the backup");
    for (after, before) in answers(&server).iter().zip(&before) {
        assert_eq!(after, before);
    }
    // A decision that follows has the next number.
    let body = json!({ "resources": ["i-2"], "changes": [{ "action": "set", "key": "team", "value": "x" }] });
    assert_eq!(sign_in(&server).post("/api/v1/virtual-tags/apply", &body).status, 200);
    drop(server);
    // And back into the database where it came from.
    restored.run(&["serve", "backup", "-o", "again.jsonl"]);
    shop.run(&["serve", "restore", &path(&restored, "again.jsonl"), ".", "--replace"]);
    shop.run(&["serve", "backup", "-o", "third.jsonl"]);
    let [third, again] =
        [shop.path().join("third.jsonl"), restored.path().join("again.jsonl")].map(|p| rows(&p));
    // A server has the state of many projects, each under its name, and a file that of one.
    let is_same = if shop.state.is_none() { third == again } else { third.len() == again.len() };
    assert!(is_same, "{third:#?} {again:#?}");
    assert!(shop.run(&["tags", "history"]).contains("i-2"));
}

#[test]
fn a_database_that_no_server_has_used_is_not_backed_up() {
    let shop = Shop::new();
    let output = shop.command(&["serve", "backup", "-o", "backup.jsonl"]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(
        error.contains("no server has used the database") && error.contains("start `tagpol serve`"),
        "{error}"
    );
    assert!(!shop.path().join("backup.jsonl").exists());
}

/// Evaluations, revisions and the key can be in a folder of their own, and models are with the state.
#[test]
fn the_folder_of_the_data_is_backed_up_and_restored() {
    let shop = Shop::new();
    let data = ["--data", "elsewhere"];
    let server = shop.start(&data);
    server.wait_until_ready();
    fill(&server);
    let admin = sign_in(&server);
    let files = admin.get("/api/v1/policy-files").json();
    let edited = json!({ "files": [{ "path": "more.tagpol", "text": "tag project: text\n" }] });
    let change = admin.post("/api/v1/changes", &edited).json();
    let apply = format!("/api/v1/changes/{}/apply", change["id"].as_str().unwrap());
    let revision = format!("\"{}\"", files["revision"].as_str().unwrap());
    let applied = admin.send("POST", &apply, Some(&json!({})), &[("if-match", &revision)]);
    assert!(applied.status < 300, "{}", applied.text);
    let revisions = admin.get("/api/v1/policy-revisions").json();
    super::client::wait(&admin, "/api/v1/tag-schema", |schema| schema.to_string().contains("\"project\""));
    drop(server);
    for name in ["promoted", "m1/model.json"] {
        let path = shop.path().join(".tagpol/models").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "m1\n").unwrap();
    }
    shop.run(&["serve", "backup", "-o", "backup.jsonl", "--data", "elsewhere"]);

    let restored = Shop::new();
    for name in ["tagpol.toml", "shop.tagpol", "list.csv"] {
        std::fs::remove_file(restored.path().join(name)).unwrap();
    }
    let key = shop.path().join("elsewhere/serve.key");
    std::fs::create_dir(restored.path().join("there")).unwrap();
    std::fs::copy(key, restored.path().join("there/serve.key")).unwrap();
    restored.run(&["serve", "restore", &path(&shop, "backup.jsonl"), ".", "--data", "there"]);
    assert!(!restored.path().join(".tagpol/generations").exists());
    assert_eq!(std::fs::read_dir(restored.path().join("there/generations")).unwrap().count(), 1);
    assert!(restored.path().join(".tagpol/models/m1/model.json").is_file());
    std::fs::remove_dir_all(restored.path().join(".tagpol/models")).unwrap();
    let server = restored.start(&["--data", "there"]);
    assert_eq!(server.link, None);
    server.wait_until_ready();
    assert_eq!(sign_in(&server).get("/api/v1/policy-revisions").json(), revisions);
}

fn nothing_is_replaced_or_half_restored(shop: &Shop) {
    backed_up(shop);
    let fails = |shop: &Shop, arguments: &[&str]| {
        let output = shop.command(&[&["serve", "restore"], arguments].concat()).output().unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let error = fails(shop, &["backup.jsonl"]);
    assert!(error.contains("has rows in the table") && error.contains("--replace"), "{error}");
    let whole = std::fs::read(shop.path().join("backup.jsonl")).unwrap();
    std::fs::write(shop.path().join("cut.jsonl"), &whole[..whole.len() - 100]).unwrap();
    let mut changed = whole.clone();
    let at = whole.windows(15).position(|bytes| bytes == b"ann@example.com").unwrap();
    changed[at] = b'z';
    std::fs::write(shop.path().join("changed.jsonl"), &changed).unwrap();
    let target = empty(shop);
    for name in ["cut.jsonl", "changed.jsonl", "list.csv", "none.jsonl"] {
        let error = fails(&target, &[&path(shop, name), "."]);
        assert!(error.contains(name), "{error}");
        assert!(!target.path().join("tagpol.toml").exists(), "{name}");
    }
    std::fs::write(target.path().join("list.csv"), "other").unwrap();
    let error = fails(&target, &[&path(shop, "backup.jsonl"), "."]);
    assert!(error.contains("differs"), "{error}");
    assert_eq!(std::fs::read_to_string(target.path().join("list.csv")).unwrap(), "other");
    assert!(!target.path().join(".tagpol/state.db").exists());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(shop.path().join("backup.jsonl")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

/// Kills a command after a time; returns whether it had ended well before.
fn kill_after(shop: &Shop, arguments: &[&str], time: Duration) -> bool {
    let mut command = shop.command(arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(time);
    let _ = child.kill();
    child.wait().unwrap().success()
}

fn a_killed_restore_restores_nothing_or_all(shop: &Shop) {
    let rounds = std::env::var("TAGPOL_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3u64);
    backed_up(shop);
    let backup = path(shop, "backup.jsonl");
    let expected = rows(Path::new(&backup));
    for round in 0..rounds {
        // Another moment in each round, until shortly after the end.
        let time = Duration::from_millis(5 + round * 37 % 150);
        kill_after(shop, &["serve", "backup", "-o", "killed.jsonl"], time);
        let killed = shop.path().join("killed.jsonl");
        if killed.exists() {
            assert_eq!(rows(&killed), expected);
            std::fs::remove_file(killed).unwrap();
        }
        with_empty(shop, |target| {
            let is_done = kill_after(target, &["serve", "restore", &backup, "."], time);
            let again = target.command(&["serve", "restore", &backup, "."]).output().unwrap();
            let error = String::from_utf8_lossy(&again.stderr).into_owned();
            // All was there, or nothing was.
            assert!(again.status.success() || error.contains("has rows in the table"), "{error}");
            assert!(!(is_done && again.status.success()));
            target.run(&["serve", "backup", "-o", "after.jsonl"]);
            assert_eq!(rows(&target.path().join("after.jsonl")), expected);
        });
    }
}
