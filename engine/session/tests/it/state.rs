//! What a project remembers between runs.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tagpol_session::state::{
    Action, Change, CurrentDecision, Evaluated, FindingKey, Prediction, Recorded, RunRecord, StateError,
    StateStore, StateWriter,
};
use tagpol_session::{Store, StoreOptions};
use tempfile::TempDir;

/// A database that the store can be attached to.
fn store(state: &StateStore) -> Store {
    state.database().unwrap()
}

fn day(day: u32) -> DateTime<Utc> {
    format!("2020-01-{day:02}T00:00:00Z").parse().unwrap()
}

fn change(action: Action, resource: &str, tag: &str, value: Option<&str>) -> Change {
    let [resource, tag] = [resource, tag].map(str::to_owned);
    Change { action, resource, tag, value: value.map(str::to_owned), note: None }
}

fn write<T>(state: &StateStore, f: impl FnOnce(&StateWriter<'_>) -> Result<T, StateError>) -> T {
    state.write(&store(state), f).unwrap()
}

fn decide(state: &StateStore, at: u32, changes: &[Change]) -> Vec<i64> {
    write(state, |state| state.decide(day(at), "jane", changes)).iter().map(|d| d.seq).collect()
}

fn current(state: &StateStore) -> Vec<(String, String, String)> {
    let decided = state.read(&store(state), |state| state.decisions()).unwrap().unwrap();
    let triple = |d: CurrentDecision| (d.resource, d.tag, d.value);
    decided.into_iter().map(triple).collect()
}

fn texts(triples: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    triples.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect()
}

#[test]
fn the_trail_only_grows_and_says_what_is_decided() {
    let folder = TempDir::new().unwrap();
    let state = StateStore::new(folder.path().join("deep/er/state.duckdb"));
    assert!(state.read(&store(&state), |state| state.decisions()).unwrap().is_none());
    let first = [
        change(Action::Set, "i-1", "owner", Some("it's \0 me")),
        change(Action::Set, "i-1", "owner", Some("you")),
        change(Action::Unset, "i-2", "owner", None),
        change(Action::Confirm, "i-2", "environment", Some("production")),
    ];
    assert_eq!(decide(&state, 1, &first), [1, 2, 3]);
    assert_eq!(current(&state), texts(&[("i-1", "owner", "you"), ("i-2", "environment", "production")]));
    // What is decided already is no decision.
    assert_eq!(decide(&state, 2, &[change(Action::Set, "i-1", "owner", Some("you"))]), []);
    let second = [
        change(Action::Unset, "i-1", "owner", None),
        change(Action::Reject, "i-1", "owner", Some("the model's")),
    ];
    assert_eq!(decide(&state, 2, &second), [4, 5]);
    assert_eq!(current(&state), texts(&[("i-2", "environment", "production")]));
    let history = state.read(&store(&state), |state| state.history(Some("i-1"))).unwrap().unwrap();
    let told: Vec<_> =
        history.iter().map(|d| (d.seq, d.action, d.old_value.as_deref(), d.new_value.as_deref())).collect();
    let expected = [
        (1, Action::Set, None, Some("it's \0 me")),
        (2, Action::Set, Some("it's \0 me"), Some("you")),
        (4, Action::Unset, Some("you"), None),
        (5, Action::Reject, Some("the model's"), None),
    ];
    assert_eq!(told, expected);
    assert_eq!((history[0].who.as_str(), history[0].at), ("jane", day(1)));
}

#[test]
fn a_refused_prediction_does_not_come_back_until_it_is_agreed_to() {
    let folder = TempDir::new().unwrap();
    let state = StateStore::new(folder.path().join("state.duckdb"));
    let prediction = |value: &str| Prediction {
        resource: "i-1".to_owned(),
        tag: "team".to_owned(),
        value: value.to_owned(),
        confidence: 0.75,
    };
    let standing = || {
        let predictions = state.read(&store(&state), |state| state.predictions()).unwrap().unwrap();
        predictions.into_iter().map(|p| (p.value, p.confidence)).collect::<Vec<_>>()
    };
    write(&state, |state| state.set_predictions(&[prediction("red")]));
    assert_eq!(standing(), [("red".to_owned(), 0.75)]);
    decide(&state, 1, &[change(Action::Reject, "i-1", "team", Some("red"))]);
    write(&state, |state| state.set_predictions(&[prediction("red")]));
    assert_eq!(standing(), []);
    write(&state, |state| state.set_predictions(&[prediction("blue")]));
    assert_eq!(standing(), [("blue".to_owned(), 0.75)]);
    let confirmed = change(Action::Confirm, "i-1", "team", Some("red"));
    decide(&state, 1, &[confirmed, change(Action::Unset, "i-1", "team", None)]);
    write(&state, |state| state.set_predictions(&[prediction("red")]));
    assert_eq!(standing(), [("red".to_owned(), 0.75)]);
}

fn run(at: DateTime<Utc>) -> RunRecord {
    RunRecord {
        id: 0,
        at,
        snapshot: "s".to_owned(),
        program: "p".to_owned(),
        score: 12.5,
        resources: 3,
        compliant: 1,
        open: [1, 2, 3, 4],
        pending: 5,
        exempt: 6,
        currency: Some("USD".to_owned()),
        cost: Some(tagpol_session::Decimal { unscaled: 1_500_000_000_000, scale: 12 }),
        cost_in_violation: None,
        goals: Vec::new(),
    }
}

fn key(check: &str) -> FindingKey {
    FindingKey { policy: "p".to_owned(), check: check.to_owned(), tag: None }
}

/// Records a run that looked at some checks of some resources and found some of them.
fn record(
    state: &StateStore,
    at: DateTime<Utc>,
    checks: &[FindingKey],
    resources: &[&str],
    found: &[(usize, &str)],
) -> Recorded {
    let store = store(state);
    let column = ["id".to_owned()];
    let rows: Vec<[Option<String>; 1]> = resources.iter().map(|id| [Some((*id).to_owned())]).collect();
    store.load_table("evaluated", &column, rows.iter().map(|row| row.as_slice())).unwrap();
    let columns = ["check_index", "resource_id"].map(str::to_owned);
    let rows: Vec<[Option<String>; 2]> =
        found.iter().map(|(check, id)| [Some(check.to_string()), Some((*id).to_owned())]).collect();
    store.load_table("found", &columns, rows.iter().map(|row| row.as_slice())).unwrap();
    // The findings of large programs come in several queries.
    let found = ["check_index = '0'", "check_index <> '0'"].map(|part| {
        format!(
            "SELECT CAST(check_index AS INTEGER) AS check_index, resource_id, \
             CAST(NULL AS TIMESTAMP) AS since FROM found WHERE {part}"
        )
    });
    let evaluated = Evaluated { checks, found: &found, resources: "evaluated" };
    state.write(&store, |state| state.record(&run(at), evaluated)).unwrap()
}

/// Each time in which a finding was there: check, resource, days of first seen, last seen, resolved.
fn seen(state: &StateStore) -> Vec<(String, String, u32, u32, Option<u32>)> {
    use chrono::Datelike as _;
    let findings = state.read(&store(state), |state| state.findings()).unwrap().unwrap();
    let line = |f: tagpol_session::state::SeenFinding| {
        let resolved = f.resolved_at.map(|at| at.day());
        (f.key.check, f.resource, f.first_seen.day(), f.last_seen.day(), resolved)
    };
    findings.into_iter().map(line).collect()
}

#[test]
fn findings_are_followed_from_run_to_run() {
    let folder = TempDir::new().unwrap();
    let state = StateStore::new(folder.path().join("state.duckdb"));
    let checks = [key("a"), key("b")];
    let all = ["i-1", "i-2", "i-3"];
    let line = |check: &str, id: &str, first, last, resolved| {
        (check.to_owned(), id.to_owned(), first, last, resolved)
    };
    assert_eq!(record(&state, day(1), &checks, &all, &[(0, "i-1"), (0, "i-2"), (1, "i-3")]), Recorded::Added);
    // Found once more, resolved, and not looked at: the check is not there any more.
    record(&state, day(2), &checks[..1], &all, &[(0, "i-1")]);
    let expected =
        [line("a", "i-1", 1, 2, None), line("a", "i-2", 1, 1, Some(2)), line("b", "i-3", 1, 1, None)];
    assert_eq!(seen(&state), expected);
    // The resource is not in this inventory; what was resolved comes back.
    record(&state, day(3), &checks, &["i-2"], &[(0, "i-2")]);
    // Everything is looked at again.
    record(&state, day(4), &checks, &all, &[(0, "i-1"), (1, "i-3")]);
    let expected = [
        line("a", "i-1", 1, 4, None),
        line("a", "i-2", 1, 1, Some(2)),
        line("a", "i-2", 3, 3, Some(4)),
        line("b", "i-3", 1, 4, None),
    ];
    assert_eq!(seen(&state), expected);
    // The past is not rewritten, and the same run is the same run.
    assert_eq!(record(&state, day(3), &checks, &all, &[]), Recorded::Older(day(4)));
    assert_eq!(record(&state, day(4), &checks, &all, &[]), Recorded::Again);
    assert_eq!(seen(&state), expected);
    let runs = state.read(&store(&state), |state| state.runs()).unwrap().unwrap();
    assert_eq!(
        runs.iter().map(|run| (run.id, run.at)).collect::<Vec<_>>(),
        [(1, day(1)), (2, day(2)), (3, day(3)), (4, day(4))]
    );
    assert_eq!(runs[0], RunRecord { id: 1, ..run(day(1)) });
}

#[test]
fn what_was_seen_at_a_time_is_told_for_that_time() {
    let folder = TempDir::new().unwrap();
    let state = StateStore::new(folder.path().join("state.duckdb"));
    let at = |now| {
        let store = store(&state);
        let known = state.read(&store, |state| state.copy_first_seen("seen", now)).unwrap();
        let known = known.flatten()?;
        let rows = store.query("SELECT count(*) FROM seen").unwrap();
        Some((known.len(), rows.single().and_then(tagpol_session::Cell::as_int).unwrap()))
    };
    decide(&state, 1, &[change(Action::Set, "i-1", "owner", Some("you"))]);
    assert_eq!(at(day(1)), None, "no run has been recorded");
    record(&state, day(2), &[key("a"), key("b")], &["i-1"], &[(0, "i-1"), (1, "i-1")]);
    record(&state, day(4), &[key("a"), key("b")], &["i-1"], &[(0, "i-1")]);
    assert_eq!(at(day(1)), Some((0, 0)));
    assert_eq!(at(day(3)), Some((2, 2)));
    assert_eq!(at(day(4)), Some((1, 1)));
}

fn error<T>(result: Result<T, StateError>) -> StateError {
    match result {
        Ok(_) => panic!("no error"),
        Err(error) => error,
    }
}

#[test]
fn a_store_in_use_is_waited_for_and_then_an_error() {
    let folder = TempDir::new().unwrap();
    let state = StateStore::new(folder.path().join("state.duckdb")).with_patience(Duration::from_millis(600));
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    let state = state.on_wait(move |waiting| listener.lock().unwrap().push(waiting.holder));
    write(&state, |_| {
        let locked = error(state.read(&store(&state), |state| state.decisions()));
        let holder = Some(std::process::id());
        assert!(matches!(&locked, StateError::Locked { holder: found, .. } if *found == holder), "{locked}");
        let place = state.path().display().to_string();
        assert_eq!(
            locked.to_string(),
            format!("`{place}` is in use by process {}; waited 0.6 s", std::process::id())
        );
        Ok(())
    });
    assert_eq!(*told.lock().unwrap(), [Some(std::process::id())], "told once");
    // Readers do not keep each other waiting, only writers.
    let read = state.read(&store(&state), |_| {
        state.read(&store(&state), |state| state.decisions()).unwrap();
        let locked = error(state.write(&store(&state), |_| Ok::<_, StateError>(())));
        assert!(matches!(&locked, StateError::Locked { holder: None, .. }), "{locked}");
        Ok::<_, StateError>(())
    });
    read.unwrap();
}

#[test]
fn threads_take_turns() {
    let folder = TempDir::new().unwrap();
    let state = StateStore::new(folder.path().join("state.duckdb"));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let state = &state;
            scope.spawn(move || {
                for at in 0..5 {
                    let resource = format!("{thread}-{at}");
                    decide(state, 1, &[change(Action::Set, &resource, "owner", Some("me"))]);
                }
            });
        }
    });
    let history = state.read(&store(&state), |state| state.history(None)).unwrap().unwrap();
    assert_eq!(history.iter().map(|d| d.seq).collect::<Vec<_>>(), (1..=20).collect::<Vec<i64>>());
}

#[test]
fn files_that_are_no_store_are_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.duckdb");
    let state = StateStore::new(&path);
    for bytes in [&b"not a database at all, but text"[..], b""] {
        std::fs::write(&path, bytes).unwrap();
        for error in [
            error(state.read(&store(&state), |state| state.decisions())),
            error(state.write(&store(&state), |state| state.decisions())),
        ] {
            assert!(matches!(error, StateError::Damaged { .. }), "{error}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
    std::fs::remove_file(&path).unwrap();
    other_database(&path, "CREATE TABLE other.t (a INTEGER)");
    let error = error(state.write(&store(&state), |state| state.decisions()));
    assert!(error.to_string().ends_with("another program made it"), "{error}");
}

fn other_database(path: &Path, sql: &str) {
    let store = store(&StateStore::new(path));
    let path = tagpol_session::quote_text(path.to_str().unwrap());
    store.execute(&format!("ATTACH {path} AS other; {sql}; DETACH other")).unwrap();
}

#[test]
fn a_newer_store_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.duckdb");
    let state = StateStore::new(&path);
    decide(&state, 1, &[change(Action::Set, "i-1", "owner", Some("me"))]);
    other_database(&path, "INSERT INTO other.store_version VALUES (99)");
    let newer = error(state.read(&store(&state), |state| state.decisions()));
    assert!(matches!(newer, StateError::Newer { found: 99, .. }), "{newer}");
    let newer = error(state.write(&store(&state), |state| state.decisions()));
    assert!(matches!(newer, StateError::Newer { found: 99, .. }), "{newer}");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_others_have_left_beside_the_store_stays() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.duckdb");
    let files = ["state.duckdb.new", "state.duckdb.new.wal", ".scratch"];
    for left in files {
        std::fs::write(folder.path().join(left), "of somebody else").unwrap();
    }
    std::fs::write(folder.path().join("state.duckdb.lock"), "of somebody else").unwrap();
    let state = StateStore::new(&path);
    assert_eq!(decide(&state, 1, &[change(Action::Set, "i-1", "owner", Some("me"))]), [1]);
    assert_eq!(
        names(folder.path()),
        [".scratch", "state.duckdb", "state.duckdb.lock", "state.duckdb.new", "state.duckdb.new.wal"]
    );
    for left in files.into_iter().chain(["state.duckdb.lock"]) {
        assert_eq!(std::fs::read_to_string(folder.path().join(left)).unwrap(), "of somebody else");
    }
}

#[test]
fn a_log_without_its_store_is_not_applied_to_a_new_one() {
    let folder = TempDir::new().unwrap();
    let state = StateStore::new(folder.path().join("state.duckdb"));
    std::fs::write(folder.path().join("state.duckdb.wal"), "half").unwrap();
    let stray = error(state.write(&store(&state), |state| state.decisions()));
    assert!(matches!(stray, StateError::StrayLog { .. }), "{stray}");
    assert_eq!(names(folder.path()), ["state.duckdb.lock", "state.duckdb.wal"]);
}

/// What a stranger's store may hold beside tables, or in place of one.
#[test]
fn a_store_that_holds_more_than_tables_is_damaged_and_nothing_of_it_runs() {
    let folder = TempDir::new().unwrap();
    let secret = folder.path().join("secret.txt");
    std::fs::write(&secret, "invented secret").unwrap();
    let secret = tagpol_session::quote_text(secret.to_str().unwrap());
    let decisions = "DROP TABLE other.decisions; CREATE VIEW other.decisions AS SELECT 1::BIGINT AS seq, \
                     TIMESTAMP '2026-01-01' AS made_at, 'me' AS who, 'set' AS action, 'i-1' AS resource, \
                     'owner' AS tag, NULL::VARCHAR AS old_value";
    let cases = [
        (
            "the view `decisions`",
            format!("{decisions}, (SELECT content FROM read_text({secret})) AS new_value, NULL AS note"),
        ),
        (
            "the view `decisions`",
            "DROP TABLE other.decisions; CREATE VIEW other.decisions AS WITH RECURSIVE t AS (SELECT 1 AS a \
             UNION ALL SELECT a + 1 FROM t) SELECT * FROM t"
                .to_owned(),
        ),
        ("the view `more`", "CREATE VIEW other.more AS SELECT 1".to_owned()),
        ("the function `lower`", "CREATE MACRO other.lower(a) AS 'x'".to_owned()),
        (
            "the table `predictions`",
            "DROP TABLE other.predictions; CREATE TABLE other.predictions (resource VARCHAR NOT NULL, tag \
             VARCHAR NOT NULL, value VARCHAR AS (repeat('x', 1000000000)), confidence DOUBLE NOT NULL)"
                .to_owned(),
        ),
        ("the index `i`", "CREATE INDEX i ON other.runs ((upper(snapshot)))".to_owned()),
        ("the schema `s`", "CREATE SCHEMA other.s".to_owned()),
        ("the type `t`", "CREATE TYPE other.t AS ENUM ('a')".to_owned()),
        ("the sequence `s`", "CREATE SEQUENCE other.s".to_owned()),
        ("a table of it is missing", "DROP TABLE other.run_goals".to_owned()),
        (
            "another program made it",
            "DROP TABLE other.store_version; CREATE VIEW other.store_version AS SELECT 1 AS version"
                .to_owned(),
        ),
    ];
    for (number, (reason, sql)) in cases.into_iter().enumerate() {
        let path = folder.path().join(format!("{number}.duckdb"));
        let state = StateStore::new(&path);
        decide(&state, 1, &[change(Action::Set, "i-1", "owner", Some("me"))]);
        // The schema of `read_text` is looked up when the view is made, so that database may read files.
        let maker = Store::in_memory(&StoreOptions {
            files: state.files().chain([folder.path().join("secret.txt")]).collect(),
            ..StoreOptions::default()
        });
        let attached = tagpol_session::quote_text(path.to_str().unwrap());
        maker.unwrap().execute(&format!("ATTACH {attached} AS other; {sql}; DETACH other")).unwrap();
        for error in [
            error(state.read(&store(&state), |state| state.history(None))),
            error(state.write(&store(&state), |state| state.decide(day(2), "jo", &[]))),
        ] {
            assert!(matches!(error, StateError::Damaged { .. }), "{error}");
            assert!(error.to_string().contains(reason), "{error}, not {reason}");
        }
    }
}

#[cfg(unix)]
#[test]
fn neither_links_nor_devices_are_taken_for_a_store_or_its_lock() {
    use std::os::unix::fs::symlink;
    for name in ["state.duckdb", "state.duckdb.wal", "state.duckdb.lock", "state.duckdb.wal.checkpoint"] {
        for target in ["victim", "nowhere", "/dev/zero"] {
            let folder = TempDir::new().unwrap();
            std::fs::write(folder.path().join("victim"), "1234").unwrap();
            symlink(target, folder.path().join(name)).unwrap();
            let state = StateStore::new(folder.path().join("state.duckdb"));
            let refused = error(state.write(&store(&state), |state| state.decisions()));
            assert!(matches!(refused, StateError::File(_)), "{name} to {target}: {refused}");
            assert_eq!(std::fs::read_to_string(folder.path().join("victim")).unwrap(), "1234");
            assert!(!folder.path().join("nowhere").exists());
        }
    }
}

#[test]
fn numbers_that_have_come_to_their_end_are_damage() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.duckdb");
    let state = StateStore::new(&path);
    decide(&state, 1, &[change(Action::Set, "i-1", "owner", Some("me"))]);
    other_database(&path, "UPDATE other.decisions SET seq = 9223372036854775807");
    let changes = [change(Action::Set, "i-1", "owner", Some("you"))];
    let full = error(state.write(&store(&state), |state| state.decide(day(2), "jo", &changes)));
    assert!(matches!(full, StateError::Damaged { .. }), "{full}");
}
