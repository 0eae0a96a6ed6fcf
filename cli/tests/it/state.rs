//! What a project remembers: decisions, first-seen times, runs.

use std::path::Path;

use serde_json::Value;

use crate::support::{Folder, Run};

const POLICY: &str = "\
tag environment: one of [production, staging, development]
tag owner: email
rule named { when resource.name has word \"prod\"  set environment = production }
policy owned {
  severity high
  require owner
  grace 3 days
  escalate to \"finops@example.com\" after 10 days
}
";

const INVENTORY: &str = "id,name,created,tag:owner\n\
                         i-1,web-prod,2020-01-01T00:00:00Z,\n\
                         i-2,web,,jane@example.com\n\
                         i-3,db,,\n";

fn project() -> Folder {
    let folder = Folder::new();
    folder.write("tagpol.toml", "");
    folder.write("p.tagpol", POLICY);
    folder.write("i.csv", INVENTORY);
    folder
}

fn tags(folder: &Folder, args: &[&str]) -> Run {
    folder.run(&[&["tags"], args, &["--by", "jane"]].concat())
}

/// Evaluates on a day of January 2020; returns the report.
fn eval(folder: &Folder, day: u32, more: &[&str]) -> Value {
    let now = format!("2020-01-{day:02}");
    let args = ["eval", "-i", "i.csv", "--now", &now, "--format", "json", "--fail-on", "none"];
    let out = folder.run(&[&args[..], more].concat()).ends_with(0);
    serde_json::from_str(&out).unwrap()
}

/// Each finding: its resource, its state, the day of January since which it is there.
fn findings(report: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let line = |finding: &Value| {
        let since = text(&finding["first_seen"]).chars().skip(8).take(2).collect();
        (text(&finding["resource"]), text(&finding["state"]), since)
    };
    report["findings"].as_array().unwrap().iter().map(line).collect()
}

fn lines(expected: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect()
}

#[test]
fn a_decision_beats_everything_and_can_be_taken_back() {
    let folder = project();
    let said = tags(&folder, &["set", "i-1", "environment=staging", "owner=jo@example.com"]).ends_with(0);
    assert_eq!(said, "i-1: environment = `staging`\ni-1: owner = `jo@example.com`\n");
    assert_eq!(findings(&eval(&folder, 20, &[])), lines(&[("i-3", "pending", "20")]));
    let again = tags(&folder, &["set", "i-1", "environment=staging"]);
    assert!(again.err.contains("1 tag unchanged"), "{again:?}");
    let said = tags(&folder, &["set", "i-1", "environment=development", "--note", "moved"]).ends_with(0);
    assert_eq!(said, "i-1: environment = `development`, was `staging`\n");
    let said = tags(&folder, &["unset", "i-1", "owner"]).ends_with(0);
    assert_eq!(said, "i-1: owner = no decision, was `jo@example.com`\n");
    let found = findings(&eval(&folder, 21, &[]));
    assert_eq!(found, lines(&[("i-1", "pending", "21"), ("i-3", "pending", "20")]));
    let history = folder.run(&["tags", "history", "i-1"]).ends_with(0);
    let entries: Vec<&str> = history.lines().collect();
    assert_eq!(entries.len(), 4, "{history}");
    assert!(
        entries[2].contains("jane  set  i-1: environment = `development`, was `staging` (moved)"),
        "{history}"
    );
}

#[test]
fn a_grace_counts_from_creation_first_and_then_from_the_first_time() {
    let folder = project();
    // The store is new: creation counts where it is reported.
    let found = findings(&eval(&folder, 10, &[]));
    assert_eq!(found, lines(&[("i-1", "open", "01"), ("i-3", "pending", "10")]));
    // And stays what counts.
    let report = eval(&folder, 12, &[]);
    assert_eq!(findings(&report), lines(&[("i-1", "open", "01"), ("i-3", "pending", "10")]));
    assert_eq!(report["findings"][0]["escalation_due"], true);
    assert_eq!(report["checks"][0]["escalation_due"], 1);
    let found = findings(&eval(&folder, 13, &[]));
    assert_eq!(found, lines(&[("i-1", "open", "01"), ("i-3", "open", "10")]));
    // What is resolved and comes back starts again.
    folder.write("i.csv", INVENTORY.replace("i-3,db,,", "i-3,db,,jo@example.com"));
    assert_eq!(findings(&eval(&folder, 14, &[])), lines(&[("i-1", "open", "01")]));
    folder.write("i.csv", INVENTORY);
    let found = findings(&eval(&folder, 15, &[]));
    assert_eq!(found, lines(&[("i-1", "open", "01"), ("i-3", "pending", "15")]));
    // A look back sees what there was, and is not remembered.
    let found = findings(&eval(&folder, 12, &[]));
    assert_eq!(found, lines(&[("i-1", "open", "01"), ("i-3", "pending", "10")]));
    // As if nothing was remembered: creation is all there is.
    let found = findings(&eval(&folder, 15, &["--no-state"]));
    assert_eq!(found, lines(&[("i-1", "open", "01"), ("i-3", "open", "")]));
    // So are explanations.
    let explained = |args: &[&str]| {
        let asked = ["explain", "i-3", "-i", "i.csv", "--now", "2020-01-16", "--format", "json"];
        folder.run(&[&asked, args].concat()).ends_with(0)
    };
    assert!(explained(&[]).contains("\"age_seconds\": 86400"));
    assert!(explained(&["--no-state"]).contains("\"age_seconds\": null"));
    let runs = folder.run(&["runs", "--format", "csv"]).ends_with(0);
    let days: Vec<&str> = runs.lines().skip(1).filter_map(|line| line.get(..15)).collect();
    let expected =
        ["1,2020-01-10T00", "2,2020-01-12T00", "3,2020-01-13T00", "4,2020-01-14T00", "5,2020-01-15T00"];
    assert_eq!(days, expected, "{runs}");
}

#[test]
fn a_grace_that_begins_with_this_run_is_told() {
    let folder = project();
    let note = "1 finding is pending because no earlier run is recorded here";
    let eval = |more: &[&str]| {
        let args = ["eval", "-i", "i.csv", "--now", "2020-01-10", "--fail-on", "none"];
        folder.run(&[&args, more].concat()).err
    };
    assert!(!eval(&["--no-state"]).contains("pending because"));
    assert!(eval(&["--no-record"]).contains(note));
    assert!(eval(&[]).contains(note));
    assert!(!eval(&[]).contains(note), "now there is one");
}

#[test]
fn an_explanation_says_what_is_due() {
    let folder = project();
    eval(&folder, 10, &[]);
    let explain = |day: &str| folder.run(&["explain", "i-3", "-i", "i.csv", "--now", day]).ends_with(0);
    let early = explain("2020-01-12");
    assert!(early.contains("the finding is 2 days old; the grace period is 3 days"), "{early}");
    assert!(early.contains("escalates to finops@example.com when open for 10 days"), "{early}");
    let late = explain("2020-01-20");
    assert!(late.contains("escalation to finops@example.com is due: open for 10 days or longer"), "{late}");
}

#[test]
fn resources_are_found_as_explain_finds_them() {
    let folder = project();
    let set = |id: &str| tags(&folder, &["set", id, "environment=staging"]);
    assert_eq!(set("nobody").err, "", "without an inventory any id may exist");
    folder.run(&["snapshot", "import", "i.csv"]).ends_with(0);
    assert_eq!(set("i-1").err, "");
    assert_eq!(tags(&folder, &["unset", "i-1", "environment"]).err, "");
    let named = set("web-prod");
    assert!(named.err.contains("note: `web-prod` is `i-1`") && named.out.starts_with("i-1: "), "{named:?}");
    set("i-9").fails_with(2, &["there is no resource `i-9`"]);
    set("nobody-at-all").fails_with(2, &["there is no resource `nobody-at-all`", "`--any-id`"]);
    tags(&folder, &["set", "--any-id", "i-9", "environment=staging"]).ends_with(0);
    tags(&folder, &["unset", "i-9", "environment"]).ends_with(0);
    folder.write("decisions.csv", "resource,tag,value\ni-none,environment,staging\n");
    let imported = tags(&folder, &["import", "decisions.csv"]);
    assert!(imported.err.contains("warning: the inventory has no resource with the id `i-none`\n"));
    let asked = folder.run(&["tags", "history", "web"]);
    assert!(asked.err.contains("there is no decision for `i-2`"), "{asked:?}");
}

#[test]
fn runs_that_must_not_leave_no_trace() {
    let folder = project();
    eval(&folder, 10, &["--no-record"]);
    eval(&folder, 10, &["--no-state"]);
    let ahead = ["eval", "-i", "i.csv", "--now", "2999-01-01", "--fail-on", "none"];
    folder.run(&ahead).ends_with(0);
    assert!(!folder.path().join(".tagpol").exists());
    // Policies without a project remember nothing, unless somebody decided something.
    std::fs::remove_file(folder.path().join("tagpol.toml")).unwrap();
    eval(&folder, 10, &[]);
    assert!(!folder.path().join(".tagpol").exists());
    tags(&folder, &["set", "i-1", "owner=jo@example.com"]).ends_with(0);
    assert_eq!(findings(&eval(&folder, 10, &[])), lines(&[("i-3", "pending", "10")]));
    folder.run(&["runs"]).ends_with(0);
}

#[test]
fn decisions_are_exported_and_imported() {
    let folder = project();
    let empty = folder.run(&["tags", "export"]).ends_with(0);
    assert_eq!(empty, "resource,tag,value,note,who,at\n");
    folder.write(
        "in.csv",
        "resource,tag,value,note\ni-1,owner,jo@example.com,\"a, \"\"b\"\"\"\ni-2,environment,staging,\n",
    );
    tags(&folder, &["import", "in.csv"]).ends_with(0);
    for (format, name) in [("csv", "out.csv"), ("json", "out.ndjson")] {
        folder.run(&["tags", "export", "--format", format, "-o", name]).ends_with(0);
        let other = project();
        std::fs::copy(folder.path().join(name), other.path().join(name)).unwrap();
        tags(&other, &["import", name]).ends_with(0);
        // All but who and when.
        let told = |folder: &Folder| {
            let out = folder.run(&["tags", "export", "--format", "json"]).ends_with(0);
            let rows = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            rows.map(|row| ["resource", "tag", "value", "note"].map(|key| row[key].clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(told(&other), told(&folder));
        assert_eq!(told(&other)[0][3], "a, \"b\"");
        let again = tags(&other, &["import", name]);
        assert!(again.err.contains("2 tags unchanged"), "{again:?}");
    }
}

#[test]
fn what_cannot_be_decided_is_told() {
    let folder = project();
    let cases: [(&[&str], &[&str]); 9] = [
        (&["set", "i-1", "onwer=a@example.com"], &["no tag `onwer`", "did you mean `owner`?"]),
        (&["set", "i-1", "owner=nobody"], &["`nobody` is not a value of `owner`", "an email address"]),
        (&["set", "i-1", "environment=prod"], &["one of production, staging, development"]),
        (&["set", "i-1", "owner"], &["`owner` has no value", "`owner=VALUE`"]),
        (&["set", "i-1", "owner="], &["the value of `owner` is empty"]),
        (&["set", "", "owner=a@example.com"], &["the id of the resource is empty"]),
        (&["confirm", "i-1", "owner"], &["there is no suggestion for `owner` of `i-1`", "`owner=VALUE`"]),
        (&["unset", "i-1", "owner=a"], &["`owner=a` is not a tag"]),
        (&["import", "bad.csv"], &["`nobody` is not a value of `owner`", "bad.csv:3"]),
    ];
    folder.write("bad.csv", "resource,tag,value\ni-1,owner,a@example.com\ni-1,owner,nobody\n");
    for (args, said) in cases {
        tags(&folder, args).fails_with(2, said);
    }
    folder
        .run(&["tags", "set", "i-1", "owner=a@example.com"])
        .fails_with(2, &["the author of the decision is unknown", "--by"]);
    folder.write("short.csv", "resource,tag\ni-1,owner\n");
    tags(&folder, &["import", "short.csv"]).fails_with(2, &["missing field `value`", "short.csv:2"]);
    folder.write("bad.json", "{\"resource\": \"i-1\"}\n");
    tags(&folder, &["import", "bad.json"]).fails_with(2, &["is not a decision", "bad.json:1"]);
    // All or none.
    assert!(
        !folder.path().join(".tagpol").exists() || {
            let rows = folder.run(&["tags", "export"]).ends_with(0);
            rows.lines().count() == 1
        }
    );
}

#[test]
fn stores_that_cannot_be_read_are_told() {
    let folder = project();
    folder.write(".tagpol/state.db", "no database");
    folder
        .run(&["eval", "-i", "i.csv"])
        .fails_with(3, &["is damaged", "state.db", "not a SQLite database", "`state`"]);
    tags(&folder, &["history"]).fails_with(2, &["--by"]);
    folder.run(&["tags", "history"]).fails_with(3, &["is damaged"]);
    // It can be done without.
    folder.run(&["eval", "-i", "i.csv", "--no-state", "--fail-on", "none"]).ends_with(0);
    // And it can be somewhere else.
    folder.write("tagpol.toml", "state = \"elsewhere/s.db\"\n");
    eval(&folder, 10, &[]);
    assert!(Path::new(&folder.path().join("elsewhere/s.db")).is_file());
}

#[test]
fn conflicts_are_listed() {
    let folder = project();
    folder.write("i.csv", "id,tag:owner,tag:Owner\ni-1,a@example.com,b@example.com\n");
    let report = eval(&folder, 10, &[]);
    assert_eq!(report["summary"]["conflicts"], 1);
    let conflict = &report["conflicts"][0];
    assert_eq!((&conflict["value"], &conflict["from"]["key"]), (&"a@example.com".into(), &"owner".into()));
    assert_eq!(conflict["other_from"]["key"], "Owner");
    let table = folder.run(&["eval", "-i", "i.csv", "--all"]).ends_with(0);
    assert!(table.contains("Conflicts\n") && table.contains("key `Owner`"), "{table}");
}

/// Runs a command with variables of the environment.
fn run_with(folder: &Folder, variables: &[(&str, &str)], args: &[&str]) -> Run {
    let mut command = folder.command(args);
    command.envs(variables.iter().copied());
    Run::of(command.output().unwrap())
}

#[test]
fn the_environment_names_another_store_which_projects_share() {
    let folder = project();
    folder.write("tagpol.toml", "name = \"shop\"\n");
    let shared = [("TAGPOL_STATE", "shared/state.db")];
    run_with(&folder, &shared, &["tags", "set", "i-1", "owner=a@example.com", "--by", "jo"]).ends_with(0);
    assert!(folder.path().join("shared/state.db").is_file());
    assert!(!folder.path().join(".tagpol/state.db").exists());
    let count = |run: Run| run.ends_with(0).lines().count();
    assert_eq!(count(run_with(&folder, &shared, &["tags", "export"])), 2);
    // Another project does not see it, and the project's own file is another store.
    folder.write("tagpol.toml", "name = \"blog\"\n");
    assert_eq!(count(run_with(&folder, &shared, &["tags", "export"])), 1);
    assert_eq!(count(folder.run(&["tags", "export"])), 1);
}

#[test]
fn a_server_that_cannot_be_used_is_named_without_the_password() {
    let folder = project();
    let address = "postgres://ann:s3cret@127.0.0.1:1/tags";
    let run = run_with(&folder, &[("TAGPOL_STATE", address)], &["tags", "export"]);
    assert!(run.err.contains("needs a name") && run.code == 2, "{run:?}");
    folder.write("tagpol.toml", "name = \"shop\"\n");
    let run = run_with(&folder, &[("TAGPOL_STATE", address)], &["eval", "-i", "i.csv"]);
    assert!(!format!("{run:?}").contains("s3cret"), "{run:?}");
    run.fails_with(3, &["cannot reach", "postgres://ann@127.0.0.1:1/tags", "host and port"]);
    for (address, said) in [
        ("postgres://ann:s3cret@[::1/tags", "not an address"),
        ("mysql://ann:s3cret@db/tags", "`mysql` is not a supported database"),
    ] {
        let run = run_with(&folder, &[("TAGPOL_STATE", address)], &["tags", "export"]);
        assert!(!format!("{run:?}").contains("s3cret"), "{run:?}");
        run.fails_with(2, &["`state`", said]);
    }
}

/// A project may come from a stranger, and it must not make this program connect anywhere.
#[test]
fn a_manifest_cannot_choose_the_server() {
    let folder = project();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let manifest = |address: &str| {
        folder.write("tagpol.toml", format!("name = \"shop\"\nstate = \"{address}\"\n"));
    };
    manifest(&format!("postgres://ann@127.0.0.1:{port}/tags"));
    for args in [&["eval", "-i", "i.csv"][..], &["tags", "export"], &["explain", "i-1", "-i", "i.csv"]] {
        folder.run(args).fails_with(2, &["`127.0.0.1`", "TAGPOL_STATE_HOSTS"]);
    }
    assert!(listener.accept().is_err(), "nothing connected");
    folder.run(&["check"]).ends_with(0);
    // It can be done without, and with another store.
    folder.run(&["eval", "-i", "i.csv", "--no-state", "--fail-on", "none"]).ends_with(0);
    run_with(&folder, &[("TAGPOL_STATE", "s.db")], &["tags", "export"]).ends_with(0);
    let allowed = [("TAGPOL_STATE_HOSTS", "db.example.com, 127.0.0.1")];
    manifest("postgres://ann@127.0.0.1:1/tags");
    run_with(&folder, &allowed, &["tags", "export"]).fails_with(3, &["cannot reach", "127.0.0.1:1"]);
    manifest("postgres://ann:s3cret@127.0.0.1:1/tags");
    let run = run_with(&folder, &allowed, &["tags", "export"]);
    assert!(!format!("{run:?}").contains("s3cret"), "{run:?}");
    run.fails_with(2, &["cannot have a password", "PGPASSWORD"]);
}

/// The commands on a real server, as on a file.
#[test]
fn a_project_can_remember_on_a_server() {
    let Ok(server) = std::env::var("TAGPOL_TEST_POSTGRES") else {
        eprintln!("SKIPPED: TAGPOL_TEST_POSTGRES names no PostgreSQL server");
        return;
    };
    let folder = project();
    // Names differ from test to test, since the server is shared.
    let name = format!("cli-{}", std::process::id());
    folder.write("tagpol.toml", format!("name = \"{name}\"\n"));
    let state = [("TAGPOL_STATE", server.as_str())];
    let said = run_with(&folder, &state, &["tags", "set", "i-1", "owner=jo@example.com", "--by", "jane"]);
    assert_eq!(said.ends_with(0), "i-1: owner = `jo@example.com`\n");
    let eval = |day: &str| {
        let args = ["eval", "-i", "i.csv", "--now", day, "--format", "json", "--fail-on", "none"];
        let run = run_with(&folder, &state, &args);
        findings(&serde_json::from_str(&run.ends_with(0)).unwrap())
    };
    assert_eq!(eval("2020-01-10"), lines(&[("i-3", "pending", "10")]));
    assert_eq!(eval("2020-01-12"), lines(&[("i-3", "pending", "10")]));
    assert_eq!(eval("2020-01-13"), lines(&[("i-3", "open", "10")]));
    let runs = run_with(&folder, &state, &["runs", "--format", "csv"]).ends_with(0);
    assert_eq!(runs.lines().count(), 4);
    let trail = run_with(&folder, &state, &["tags", "history"]).ends_with(0);
    assert!(trail.contains("jane  set  i-1"), "{trail}");
    assert!(!folder.path().join(".tagpol/state.db").exists());
}
