//! What goes wrong is said, and nothing is half done.

use tagpol_store::{Cell, DUCKDB_VERSION, StoreError, StoreOptions};

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
    let options = StoreOptions { memory_limit: Some(32 << 20), ..StoreOptions::default() };
    let store = Store::in_memory(&options).expect("opens");
    let result = store.query("SELECT i, repeat('x', 100) FROM range(5000000) t(i) ORDER BY hash(i)");
    assert!(
        matches!(&result, Err(StoreError::Query { message, .. }) if message.contains("Out of Memory")),
        "{result:?}"
    );
}

#[test]
fn the_set_up_fetches_the_version_that_the_store_wants() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/setup.sh");
    let script = std::fs::read_to_string(script).expect("reads");
    let version = script.lines().find_map(|line| line.strip_prefix("DUCKDB_VERSION="));
    assert_eq!(version.map(|version| format!("v{version}")).as_deref(), Some(DUCKDB_VERSION));
}
