//! The state store of earlier versions.

use std::path::Path;

use tagpol_session::earlier_state::{EarlierRow, EarlierState, EarlierStateError};
use tagpol_session::{Store, StoreOptions, quote_text};
use tempfile::TempDir;

/// Makes a store as earlier versions did, and runs statements on it.
fn make(path: &Path, sql: &str) {
    // The schema of `read_text` is looked up when a view is made, so this database may read files.
    let folder = path.parent().unwrap().to_owned();
    let store = Store::in_memory(&StoreOptions { folders: vec![folder], ..StoreOptions::default() }).unwrap();
    let attached = quote_text(path.to_str().unwrap());
    let schema = include_str!("../fixtures/earlier_state.sql");
    let rows = "INSERT INTO tagpol_state.store_version VALUES (1); \
        INSERT INTO tagpol_state.checks VALUES (1, 'p', 'c', 'owner'), (2, 'p', 'd', NULL); \
        INSERT INTO tagpol_state.findings VALUES (1, 'i-1', TIMESTAMP '2020-01-01', NULL, NULL), \
            (1, 'i-2', TIMESTAMP '2020-01-01', TIMESTAMP '2020-01-02', TIMESTAMP '2020-01-03'); \
        INSERT INTO tagpol_state.decisions VALUES \
            (2, TIMESTAMP '2020-01-02', 'jo', 'reject', 'i-1', 'team', 'red', NULL, 'no'), \
            (1, TIMESTAMP '2020-01-01', 'jane', 'set', 'i-1', 'owner', NULL, 'me', NULL); \
        INSERT INTO tagpol_state.predictions VALUES ('i-1', 'team', 'blue', 0.25); \
        INSERT INTO tagpol_state.runs VALUES (1, TIMESTAMP '2020-01-03', 's', 'h', 50.5, 9, 8, 1, 2, 3, 4, 5, 6, \
            'USD', 12.5, NULL); \
        INSERT INTO tagpol_state.run_goals VALUES (1, 'g', 0.5, 0.9)";
    store
        .execute(&format!("ATTACH {attached} AS tagpol_state; {schema}; {rows}; {sql}; DETACH tagpol_state"))
        .unwrap();
}

fn rows(path: &Path) -> Result<Vec<EarlierRow>, EarlierStateError> {
    let mut rows = Vec::new();
    EarlierState::open(path)?.each(|row| {
        rows.push(row);
        Ok::<_, EarlierStateError>(())
    })?;
    Ok(rows)
}

#[test]
fn every_row_is_read_in_order() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.duckdb");
    make(&path, "SELECT 1");
    let before = std::fs::read(&path).unwrap();
    let rows = rows(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let kinds: Vec<String> = rows
        .iter()
        .map(|row| match row {
            EarlierRow::Check { id, check, .. } => format!("check {id} {check}"),
            EarlierRow::Finding { resource, resolved_at, .. } => {
                format!("finding {resource} {resolved_at:?}")
            }
            EarlierRow::Decision(d) => format!("decision {} {} {:?}", d.seq, d.action, d.old_value),
            EarlierRow::Prediction { value, confidence, .. } => format!("prediction {value} {confidence}"),
            EarlierRow::Run(run) => {
                format!("run {} {:?} {} {:?}", run.id, run.counts, run.cost.unwrap(), run.goals)
            }
        })
        .collect();
    let expected = [
        "check 1 c",
        "check 2 d",
        "finding i-1 None",
        "finding i-2 Some(1578009600000000)",
        "decision 1 set None",
        "decision 2 reject Some(\"red\")",
        "prediction blue 0.25",
        "run 1 [9, 8, 1, 2, 3, 4, 5, 6] 12.5 [(\"g\", Some(0.5), 0.9)]",
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn a_file_that_is_not_such_a_store_is_damaged() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.duckdb");
    for bytes in [&b"not a database at all, but text"[..], b""] {
        std::fs::write(&path, bytes).unwrap();
        let damaged = rows(&path).unwrap_err();
        assert!(matches!(damaged, EarlierStateError::Damaged { .. }), "{damaged}");
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
}

/// What a stranger's store may hold beside tables, or in place of one.
#[test]
fn a_store_that_holds_more_than_tables_is_damaged_and_nothing_of_it_runs() {
    let folder = TempDir::new().unwrap();
    let secret = folder.path().join("secret.txt");
    std::fs::write(&secret, "invented secret").unwrap();
    let secret = quote_text(secret.to_str().unwrap());
    let decisions = "DROP TABLE tagpol_state.decisions; CREATE VIEW tagpol_state.decisions AS SELECT 1::BIGINT AS seq, \
                     TIMESTAMP '2026-01-01' AS made_at, 'me' AS who, 'set' AS action, 'i-1' AS resource, \
                     'owner' AS tag, NULL::VARCHAR AS old_value";
    let cases = [
        ("the view `decisions`", format!("{decisions}, (SELECT content FROM read_text({secret})) AS new_value, NULL AS note")),
        (
            "the view `decisions`",
            "DROP TABLE tagpol_state.decisions; CREATE VIEW tagpol_state.decisions AS WITH RECURSIVE t AS \
             (SELECT 1 AS a UNION ALL SELECT a + 1 FROM t) SELECT * FROM t"
                .to_owned(),
        ),
        ("the view `more`", "CREATE VIEW tagpol_state.more AS SELECT 1".to_owned()),
        ("the function `lower`", "CREATE MACRO tagpol_state.lower(a) AS 'x'".to_owned()),
        (
            "the table `predictions`",
            "DROP TABLE tagpol_state.predictions; CREATE TABLE tagpol_state.predictions (resource VARCHAR NOT NULL, tag \
             VARCHAR NOT NULL, value VARCHAR AS (repeat('x', 1000000000)), confidence DOUBLE NOT NULL)"
                .to_owned(),
        ),
        ("the index `i`", "CREATE INDEX i ON tagpol_state.runs ((upper(snapshot)))".to_owned()),
        ("the schema `s`", "CREATE SCHEMA tagpol_state.s".to_owned()),
        ("the type `t`", "CREATE TYPE tagpol_state.t AS ENUM ('a')".to_owned()),
        ("the sequence `s`", "CREATE SEQUENCE tagpol_state.s".to_owned()),
        ("a table is missing", "DROP TABLE tagpol_state.run_goals".to_owned()),
        ("unknown version 99", "INSERT INTO tagpol_state.store_version VALUES (99)".to_owned()),
        ("no version", "DELETE FROM tagpol_state.store_version".to_owned()),
    ];
    for (number, (reason, sql)) in cases.into_iter().enumerate() {
        let path = folder.path().join(format!("{number}.duckdb"));
        make(&path, &sql);
        let damaged = rows(&path).unwrap_err();
        assert!(matches!(damaged, EarlierStateError::Damaged { .. }), "{damaged}");
        assert!(damaged.to_string().contains(reason), "{damaged}, not {reason}");
    }
}

#[cfg(unix)]
#[test]
fn links_are_refused() {
    for name in ["state.duckdb", "state.duckdb.wal", "state.duckdb.wal.checkpoint"] {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("victim"), "1234").unwrap();
        std::os::unix::fs::symlink("victim", folder.path().join(name)).unwrap();
        let refused = rows(&folder.path().join("state.duckdb")).unwrap_err();
        assert!(matches!(refused, EarlierStateError::File(_)), "{name}: {refused}");
        assert_eq!(std::fs::read_to_string(folder.path().join("victim")).unwrap(), "1234");
    }
}
