//! What goes wrong is said, and nothing is half done.

use std::time::Duration;

use tagpol_session::{Cell, DUCKDB_VERSION, Limits, StoreError, StoreOptions};

use crate::{Store, store, value};

fn query_error(sql: &str) -> (String, String) {
    match store().query(sql) {
        Err(StoreError::Query { message, statement }) => (message, statement),
        other => panic!("{sql}: {other:?}"),
    }
}

#[test]
fn errors_carry_the_message_and_the_statement() {
    let (message, statement) = query_error("SELECT nothing\n  FROM nowhere");
    assert!(message.contains("nowhere does not exist"), "{message}");
    assert!(!message.contains("LINE 1"), "{message}");
    assert_eq!(statement, "SELECT nothing FROM nowhere");
    let (message, _) = query_error("SELECT 'a\0b'");
    assert!(message.contains("nul byte"), "{message}");
    for empty in ["", "  ", "-- a comment", ";"] {
        let (message, _) = query_error(empty);
        assert_eq!(message, "there is no statement in the text", "{empty:?}");
    }
    let (message, _) = query_error("SELECT ?");
    assert!(message.contains("parameter"), "{message}");
}

#[test]
fn a_failure_after_the_first_rows_is_an_error_and_no_short_result() {
    // With several threads DuckDB may name the interruption of another thread instead of the row.
    let options = StoreOptions { threads: Some(1), ..StoreOptions::default() };
    let store = Store::in_memory(&options).unwrap();
    let sql = "SELECT CASE WHEN i < 200000 THEN i ELSE error('row ' || i) END FROM range(300000) t(i)";
    let mut rows = 0;
    let result = store.for_each(sql, |_| {
        rows += 1;
        Ok::<_, StoreError>(())
    });
    assert!(
        matches!(&result, Err(StoreError::Query { message, .. }) if message.contains("row 2")),
        "{result:?}"
    );
    assert!(rows < 300_000);
    assert_eq!(value(&store, "SELECT 1"), Cell::Int(1), "the store can still be used");
}

#[test]
fn an_error_of_the_callback_ends_the_statement() {
    #[derive(Debug)]
    enum Stop {
        Enough,
        Store(StoreError),
    }
    impl From<StoreError> for Stop {
        fn from(error: StoreError) -> Self {
            Self::Store(error)
        }
    }
    let store = store();
    let mut rows = 0;
    let result = store.for_each("SELECT i FROM range(100000000) t(i)", |_| {
        rows += 1;
        if rows == 10 { Err(Stop::Enough) } else { Ok(()) }
    });
    assert!(matches!(result, Err(Stop::Enough)), "{result:?}");
    assert_eq!(rows, 10);
    let result = store.for_each("SELECT 1 FROM nowhere", |_| Ok::<_, Stop>(()));
    assert!(matches!(result, Err(Stop::Store(StoreError::Query { .. }))), "{result:?}");
}

#[test]
fn a_statement_inside_a_callback_is_refused() {
    let store = store();
    let mut rows = 0;
    let result = store.for_each("SELECT i FROM range(10000) t(i)", |_| {
        rows += 1;
        let inner = store.query("SELECT 1");
        assert!(matches!(inner, Err(StoreError::Busy { .. })), "{inner:?}");
        assert!(matches!(store.execute("SELECT 1"), Err(StoreError::Busy { .. })));
        Ok::<_, StoreError>(())
    });
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(rows, 10_000);
    assert_eq!(value(&store, "SELECT 1"), Cell::Int(1));
}

#[test]
fn settings_are_locked_and_nothing_is_fetched() {
    let store = store();
    for sql in [
        "SET threads = 4",
        "SET autoload_known_extensions = true",
        "INSTALL httpfs",
        "SELECT * FROM 's3://bucket/key.parquet'",
        "SELECT * FROM 'https://example.com/x.parquet'",
    ] {
        let result = store.execute(sql);
        assert!(matches!(result, Err(StoreError::Query { .. })), "{sql}: {result:?}");
    }
}

#[test]
fn bad_options_are_an_error() {
    let options = StoreOptions { threads: Some(0), ..StoreOptions::default() };
    let result = Store::in_memory(&options);
    assert!(matches!(result, Err(StoreError::Start { .. })), "{result:?}");
}

#[test]
fn too_little_memory_is_an_error_where_there_is_no_folder_to_use() {
    let limits = Limits { memory: Some(32 << 20), timeout: None };
    let options = StoreOptions { limits, ..StoreOptions::default() };
    let store = Store::in_memory(&options).expect("opens");
    let result = store.query("SELECT i, repeat('x', 100) FROM range(5000000) t(i) ORDER BY hash(i)");
    let Err(error) = result else { panic!("{result:?}") };
    assert_eq!(error.to_string(), "the database needs more than its memory limit of 32 MiB");
}

#[test]
fn a_statement_that_takes_too_long_ends_and_the_next_one_has_its_own_time() {
    let limits = Limits { memory: None, timeout: Some(Duration::from_millis(300)) };
    let store = Store::in_memory(&StoreOptions { limits, ..StoreOptions::default() }).expect("opens");
    // What a file of a stranger's could hold: it never ends.
    let endless = "WITH RECURSIVE t AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM t) SELECT max(a) FROM t";
    for _ in 0..2 {
        for result in [store.execute(endless), store.query(endless).map(drop)] {
            assert!(matches!(result, Err(StoreError::Timeout { .. })), "{result:?}");
        }
        assert_eq!(value(&store, "SELECT 1"), Cell::Int(1));
    }
}

#[test]
fn no_file_is_reached_but_those_of_the_options() {
    let folder = tempfile::tempdir().expect("makes a folder");
    let [open, other] = ["open.csv", "other.csv"].map(|name| folder.path().join(name));
    for file in [&open, &other] {
        std::fs::write(file, "a\n1\n").expect("writes");
    }
    let options = StoreOptions { files: vec![open.clone()], ..StoreOptions::default() };
    let store = Store::in_memory(&options).expect("opens");
    let read = |path: &std::path::Path| format!("SELECT content FROM read_text({})", quote(path));
    assert_eq!(value(&store, &read(&open)), Cell::Text("a\n1\n".to_owned()));
    let attempts = [
        read(&other),
        format!("SELECT * FROM read_csv({})", quote(&other)),
        format!("SELECT * FROM glob({})", quote(&folder.path().join("*"))),
        format!("COPY (SELECT 1) TO {}", quote(&folder.path().join("new.csv"))),
        format!("COPY (SELECT 1) TO {}", quote(&other)),
        format!("ATTACH {}", quote(&folder.path().join("new.duckdb"))),
        "SELECT * FROM read_csv('https://example.com/x.csv')".to_owned(),
        "SET enable_external_access = true".to_owned(),
        "SET allowed_paths = ['/etc/passwd']".to_owned(),
        "INSTALL httpfs".to_owned(),
    ];
    for sql in attempts {
        let result = store.execute(&sql);
        assert!(matches!(result, Err(StoreError::Query { .. })), "{sql}: {result:?}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("lists").count(), 2);
}

fn quote(path: &std::path::Path) -> String {
    tagpol_session::quote_text(path.to_str().expect("is UTF-8"))
}

#[test]
fn the_set_up_fetches_the_version_that_the_store_wants() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/setup.sh");
    let script = std::fs::read_to_string(script).expect("reads");
    let version = script.lines().find_map(|line| line.strip_prefix("DUCKDB_VERSION="));
    assert_eq!(version.map(|version| format!("v{version}")).as_deref(), Some(DUCKDB_VERSION));
}
