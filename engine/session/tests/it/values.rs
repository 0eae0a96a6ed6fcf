//! Values come back as they went in.

use std::collections::BTreeSet;

use tagpol_session::{
    CancelToken, Cell, Decimal, Limits, StoreError, StoreOptions, quote_identifier, quote_text,
};

use crate::{Store, store, text, value};

const HOSTILE: [&str; 14] = [
    "",
    " ",
    "'",
    "''; DROP TABLE resources; --",
    "\"",
    "\\",
    "a\0b",
    "\0",
    "\0'\0",
    "line\nbreak\r\n\ttab",
    "/* comment",
    "$$dollar$$ {brace} ? $1 :name %",
    "é ß İ 日本 😀 e\u{301} \u{202e} \u{feff} \u{fffd}",
    "NULL",
];

#[test]
fn hostile_texts_round_trip() {
    let store = store();
    for hostile in HOSTILE {
        let literal = quote_text(hostile);
        assert_eq!(value(&store, &format!("SELECT {literal}")), text(hostile), "{hostile:?}");
        assert_eq!(value(&store, &format!("SELECT {literal} = {literal}")), Cell::Bool(true));
        let length = i64::try_from(hostile.chars().count()).expect("short");
        assert_eq!(value(&store, &format!("SELECT length({literal})")), Cell::Int(length));
    }
}

#[test]
fn hostile_texts_stay_distinct_in_tables_and_order_by_bytes() {
    let store = store();
    store.execute("CREATE TABLE t (x VARCHAR)").expect("creates");
    for hostile in HOSTILE {
        store.execute(&format!("INSERT INTO t VALUES ({})", quote_text(hostile))).expect("inserts");
    }
    let table = store.query("SELECT x FROM t GROUP BY x ORDER BY x").expect("reads");
    let found: Vec<&str> = table.rows.iter().filter_map(|row| row[0].as_text()).collect();
    let expected: Vec<&str> = BTreeSet::from(HOSTILE).into_iter().collect();
    assert_eq!(found, expected);
}

#[test]
fn hostile_names_are_columns_and_views() {
    let store = store();
    for name in HOSTILE.iter().filter(|name| !name.is_empty() && !name.contains('\0')) {
        let quoted = quote_identifier(name);
        store.execute(&format!("CREATE VIEW {quoted} AS SELECT 1 AS {quoted}")).expect("creates");
        let table = store.query(&format!("SELECT {quoted} FROM {quoted}")).expect("reads");
        assert_eq!(table.columns, [*name]);
    }
    let refused = store.execute(&format!("CREATE VIEW {} AS SELECT 1", quote_identifier("a\0b")));
    assert!(matches!(refused, Err(StoreError::Query { .. })), "{refused:?}");
}

#[test]
fn decimals_are_exact() {
    let store = store();
    let largest = "99999999999999999999999999.999999999999";
    let cell = value(&store, &format!("SELECT '{largest}'::DECIMAL(38,12)"));
    assert_eq!(cell, Cell::Decimal(Decimal { unscaled: 10_i128.pow(38) - 1, scale: 12 }));
    assert_eq!(cell.to_string(), largest);
    let sum = value(&store, "SELECT sum(x) FROM (SELECT 0.1::DECIMAL(38,12) AS x FROM range(1000000))");
    assert_eq!(sum.to_string(), "100000");
    assert_eq!(value(&store, "SELECT -0.000000000001::DECIMAL(38,12)").to_string(), "-0.000000000001");
}

#[test]
fn whole_numbers_of_every_type() {
    let store = store();
    for ty in [
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "HUGEINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
    ] {
        assert_eq!(value(&store, &format!("SELECT 7::{ty}")), Cell::Int(7), "{ty}");
    }
    assert_eq!(value(&store, "SELECT count(*) FROM range(3)"), Cell::Int(3));
    assert_eq!(value(&store, "SELECT sum(i) FROM range(4) t(i)"), Cell::Int(6));
    assert_eq!(value(&store, &format!("SELECT {}::BIGINT", i64::MIN + 1)), Cell::Int(i64::MIN + 1));
    assert_eq!(
        value(&store, "SELECT 18446744073709551615::UBIGINT"),
        Cell::Decimal(Decimal { unscaled: u64::MAX.into(), scale: 0 })
    );
    assert_eq!(value(&store, "SELECT 18446744073709551615::UBIGINT").to_string(), u64::MAX.to_string());
}

#[test]
fn the_other_types() {
    let store = store();
    let table = store
        .query(
            "SELECT NULL, NULL::VARCHAR, true, 0.5::DOUBLE, 0.25::FLOAT, DATE '1969-12-31', \
             TIMESTAMP '2026-01-02 03:04:05.678901', TIMESTAMP_S '1970-01-01 00:00:01', \
             TIMESTAMP_MS '1970-01-01 00:00:01', TIMESTAMP_NS '1969-12-31 23:59:59.999999999'",
        )
        .expect("reads");
    let expected = [
        Cell::Null,
        Cell::Null,
        Cell::Bool(true),
        Cell::Double(0.5),
        Cell::Double(0.25),
        Cell::Date(-1),
        Cell::Timestamp(1_767_323_045_678_901),
        Cell::Timestamp(1_000_000),
        Cell::Timestamp(1_000_000),
        Cell::Timestamp(-1),
    ];
    assert_eq!(table.rows, [expected]);
}

#[test]
fn a_type_without_a_cell_is_an_error_that_names_the_column() {
    let store = store();
    for (sql, column) in [
        ("SELECT [1, 2] AS list", "list"),
        ("SELECT map {'a': 'b'} AS map", "map"),
        ("SELECT {'a': 1} AS struct", "struct"),
        ("SELECT INTERVAL 1 DAY AS age", "age"),
        ("SELECT 'x'::BLOB AS raw", "raw"),
    ] {
        match store.query(sql) {
            Err(StoreError::ColumnType { column: found, .. }) => assert_eq!(found, column),
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[test]
fn rows_come_in_order_and_are_not_lost_between_chunks() {
    let store = store();
    let mut next = 0;
    store
        .for_each("SELECT i, 'row ' || i FROM range(100000) t(i) ORDER BY i", |row| {
            assert_eq!(row.get(0), Some(&Cell::Int(next)));
            assert_eq!(row.get(1), Some(&Cell::Text(format!("row {next}"))));
            assert_eq!(row.get(2), None);
            next += 1;
            Ok::<_, StoreError>(())
        })
        .expect("reads");
    assert_eq!(next, 100_000);
}

#[test]
fn an_empty_result_has_columns() {
    let table = store().query("SELECT 1 AS a, 'x' AS b WHERE false").expect("reads");
    assert_eq!(table.columns, ["a", "b"]);
    assert!(table.rows.is_empty());
    assert!(table.single().is_none());
}

#[test]
fn json_is_there() {
    let cell = value(&store(), r#"SELECT json_extract_string('{"a": {"b": "c"}}', '$.a.b')"#);
    assert_eq!(cell, text("c"));
}

#[test]
fn answers_do_not_depend_on_the_machine() {
    let store = store();
    let zone = "SELECT coalesce(max(value), 'UTC') FROM duckdb_settings() WHERE name = 'TimeZone'";
    assert_eq!(value(&store, zone), text("UTC"));
    let sorted = store
        .query("SELECT x FROM (VALUES ('b'), (NULL), ('a'), ('Z'), ('é')) t(x) ORDER BY x")
        .expect("reads");
    let sorted: Vec<String> = sorted.rows.iter().map(|row| row[0].to_string()).collect();
    assert_eq!(sorted, ["Z", "a", "b", "é", "NULL"]);
}

#[test]
fn options_are_taken() {
    let folder = tempfile::tempdir().expect("makes a folder");
    let options = StoreOptions {
        threads: Some(1),
        limits: Limits { memory: Some(64 << 20), timeout: None },
        temp_dir: Some(folder.path().to_owned()),
        files: Vec::new(),
        folders: Vec::new(),
        cancel: CancelToken::new(),
        attached: Vec::new(),
    };
    let store = Store::in_memory(&options).expect("opens");
    assert_eq!(value(&store, "SELECT current_setting('threads')"), Cell::Int(1));
    assert_eq!(value(&store, "SELECT current_setting('memory_limit')"), text("64.0 MiB"));
    // More than the limit holds: it goes through the folder.
    let many =
        "SELECT count(*) FROM (SELECT i, repeat('x', 100) AS x FROM range(1500000) t(i) ORDER BY hash(i))";
    assert_eq!(value(&store, many), Cell::Int(1_500_000));
}
