//! Stores that something else wrote to.

use tagpol_state::{Page, StateError, StateStore};

use crate::database::Database;
use crate::findings::{key, record_run};
use crate::runs::run;
use crate::{day, decide, error, on_both_databases, set};

on_both_databases!(
    a_row_that_cannot_be_read_is_an_error_with_its_place,
    a_newer_store_is_left_alone,
    a_schema_of_another_program_is_not_read,
    numbers_that_have_come_to_their_end_are_damage,
);

/// A store with a row in every table.
fn filled(database: &Database) -> StateStore {
    let store = database.store();
    decide(&store, 1, &[set("i-1", "me"), set("i-2", "you")]);
    record_run(&store, &run(day(1)), &[key("a")], &["i-1"], &[(0, "i-1")]);
    let prediction = tagpol_state::Prediction {
        resource: "i-1".to_owned(),
        tag: "team".to_owned(),
        value: "red".to_owned(),
        confidence: 0.5,
    };
    store.write(|state| state.set_predictions(&[prediction])).unwrap();
    store
}

/// Reads everything.
fn read(store: &StateStore) -> Result<(), StateError> {
    store
        .read(|state| {
            state.trail(None, Page::first(10))?;
            state.decisions(Page::first(10))?;
            state.rejections(Page::first(10))?;
            state.predictions(Page::first(10))?;
            state.open_findings(day(9), Page::first(10))?;
            state.findings(Page::first(10))?;
            state.runs(Page::first(10))?;
            state.newest_run().map(drop)
        })
        .map(drop)
}

fn a_row_that_cannot_be_read_is_an_error_with_its_place(database: &Database) {
    let store = filled(database);
    read(&store).unwrap();
    let huge = i64::MAX;
    for (damage, repair, place) in [
        (
            "UPDATE decisions SET action = 'sell' WHERE seq = 2",
            "UPDATE decisions SET action = 'set'",
            "table `decisions`, row with seq = 2, column `action` is `sell`",
        ),
        (
            &format!("UPDATE decisions SET made_at = {huge} WHERE seq = 1"),
            "UPDATE decisions SET made_at = 0",
            "column `made_at`",
        ),
        (
            "UPDATE decisions SET note = chr(1) || 'x' WHERE seq = 1",
            "UPDATE decisions SET note = NULL",
            "column `note`",
        ),
        (
            "UPDATE predictions SET confidence = 9e999",
            "UPDATE predictions SET confidence = 0.5",
            "column `confidence`",
        ),
        (
            "UPDATE runs SET compliant = -1",
            "UPDATE runs SET compliant = 1",
            "table `runs`, row with id = 1, column `compliant` is -1, not a count",
        ),
        (
            "UPDATE runs SET cost = 'much'",
            "UPDATE runs SET cost = NULL",
            "column `cost` is `much`, not an amount",
        ),
        (
            "UPDATE run_goals SET run = 1, share = -9e999",
            "UPDATE run_goals SET share = NULL",
            "table `run_goals`",
        ),
        (
            &format!("UPDATE findings SET first_seen = -{huge}"),
            "UPDATE findings SET first_seen = 0",
            "table `findings`, row with check_no = 1, column `first_seen`",
        ),
    ] {
        let mut damage = damage.to_owned();
        if database.is_sqlite() {
            damage = damage.replace("chr(1)", "char(1)");
        } else {
            damage = damage.replace("-9e999", "'-Infinity'").replace("9e999", "'Infinity'");
        }
        database.run(&damage);
        let damaged = error(read(&store));
        assert!(matches!(damaged, StateError::Damaged { .. }), "{damage}: {damaged}");
        assert!(damaged.to_string().contains(place), "{damage}: {damaged}");
        database.run(repair);
        read(&store).unwrap_or_else(|error| panic!("{repair}: {error}"));
    }
}

fn a_newer_store_is_left_alone(database: &Database) {
    let store = filled(database);
    match database.is_sqlite() {
        true => database.run("PRAGMA user_version = 99"),
        false => database.run("INSERT INTO store_version VALUES (99)"),
    }
    for newer in [error(read(&store)), error(store.write(|state| state.decide(day(2), "jo", &[])))] {
        assert!(matches!(newer, StateError::Newer { found: 99, known: 1, .. }), "{newer}");
    }
}

fn a_schema_of_another_program_is_not_read(database: &Database) {
    let on_both = [
        ("`decisions`", "DROP TABLE decisions; CREATE VIEW decisions AS SELECT 1 AS seq"),
        ("`predictions`", "DROP TABLE predictions; CREATE TABLE predictions (resource TEXT)"),
        ("missing", "DROP TABLE run_goals"),
    ];
    let on_sqlite = [
        ("the trigger `t`", "CREATE TRIGGER t AFTER INSERT ON decisions BEGIN DELETE FROM decisions; END"),
        ("the view `more`", "CREATE VIEW more AS SELECT 1"),
        ("the table `more`", "CREATE TABLE more (a)"),
        ("the index `i`", "CREATE INDEX i ON runs (upper(snapshot))"),
        (
            "the table `runs`",
            "ALTER TABLE runs ADD COLUMN more TEXT AS (printf('%.1000000000c', 'x')) VIRTUAL",
        ),
        ("the table `t`", "CREATE VIRTUAL TABLE t USING fts5(a)"),
        ("another program", "PRAGMA application_id = 1"),
        ("no valid version", "PRAGMA user_version = -1"),
        ("no valid version", "PRAGMA user_version = 0"),
    ];
    let on_postgres = [
        (
            "the trigger `decisions` (`t`)",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
             CREATE TRIGGER t BEFORE INSERT ON decisions FOR EACH ROW EXECUTE FUNCTION f()",
        ),
        ("the rule `runs` (`r`)", "CREATE RULE r AS ON INSERT TO runs DO INSTEAD NOTHING"),
        (
            "the column `runs` (`more`)",
            "ALTER TABLE runs ADD COLUMN more text GENERATED ALWAYS AS (snapshot) STORED",
        ),
        ("the column `runs` (`score`)", "ALTER TABLE runs ALTER COLUMN score SET DEFAULT 1"),
        (
            "another program",
            "DROP TABLE store_version; CREATE VIEW store_version AS SELECT 1::int8 AS version",
        ),
        ("no version", "DELETE FROM store_version"),
    ];
    let more: &[_] = if database.is_sqlite() { &on_sqlite } else { &on_postgres };
    for (reason, sql) in on_both.iter().chain(more) {
        // A database of its own for each.
        let fresh = if database.is_sqlite() { Some(Database::sqlite()) } else { Database::postgres() };
        let fresh = fresh.unwrap();
        let store = filled(&fresh);
        if sql.contains("fts5") && !has_fts5() {
            continue;
        }
        fresh.run(sql);
        for damaged in [error(read(&store)), error(store.write(|state| state.decide(day(2), "jo", &[])))] {
            assert!(matches!(damaged, StateError::Damaged { .. }), "{sql}: {damaged}");
            assert!(damaged.to_string().contains(reason), "{sql}: {damaged}, not {reason}");
        }
    }
    if !database.is_sqlite() {
        // Tables of others next to those of this program are none of its business, and no function of theirs runs.
        let store = filled(database);
        database.run(
            "CREATE TABLE others (a int); \
             CREATE FUNCTION tagpol.max(int8) RETURNS int8 LANGUAGE sql AS 'SELECT 1/0'",
        );
        read(&store).unwrap();
        decide(&store, 2, &[set("i-1", "x")]);
    }
}

/// Whether the library that tests use has the module.
fn has_fts5() -> bool {
    let folder = tempfile::tempdir().unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(folder.path().join("x.db"))
        .create_if_missing(true);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use sqlx::{ConnectOptions as _, Executor as _};
        let mut connection = options.connect().await.unwrap();
        connection.execute("CREATE VIRTUAL TABLE t USING fts5(a)").await.is_ok()
    })
}

fn numbers_that_have_come_to_their_end_are_damage(database: &Database) {
    let store = filled(database);
    database.run("UPDATE decisions SET seq = 9223372036854775807 WHERE seq = 2");
    let full = error(store.write(|state| state.decide(day(2), "jo", &[set("i-1", "you")])));
    assert!(matches!(full, StateError::Damaged { .. }), "{full}");
    assert!(full.to_string().contains("no number is left"), "{full}");
}
