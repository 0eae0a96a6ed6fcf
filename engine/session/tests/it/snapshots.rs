//! Snapshots are opened as views; whatever is wrong with a file is said with its name.

use std::fs;
use std::path::Path;

use tagpol_session::{Cell, SNAPSHOT_COLUMNS, Store, StoreError, StoreOptions, quote_text};

use crate::{text, value};

/// One resource with a hostile tag, in the shape of the contract.
const RESOURCE: &str = "SELECT 'i-1' AS id, 'web' AS name, 'ec2:instance' AS type, 'aws' AS provider, \
     '1' AS account, NULL::VARCHAR AS region, 'test' AS source, TIMESTAMP '2026-01-01' AS created, \
     12.5::DECIMAL(38,12) AS monthly_cost, '{}' AS meta, \
     map(['z', 'a' || chr(0), ''], ['1', chr(0), NULL]) AS tags, '1' AS key_0";

/// The files that the tests write and read.
const FILES: [&str; 9] = [
    "first.parquet",
    "second.parquet",
    "a*.parquet",
    "ab.parquet",
    "empty.parquet",
    "none.parquet",
    "resources.parquet",
    "text.parquet",
    "é 😀.parquet",
];

fn store_in(folder: &Path) -> Store {
    // DuckDB writes a file under another name first.
    let files =
        FILES.iter().flat_map(|file| [folder.join(file), folder.join(format!("tmp_{file}"))]).collect();
    Store::in_memory(&StoreOptions { files, ..StoreOptions::default() }).unwrap()
}

fn write(store: &Store, select: &str, path: &Path) {
    let target = quote_text(path.to_str().expect("is UTF-8"));
    store.execute(&format!("COPY ({select}) TO {target} (FORMAT parquet)")).expect("writes");
}

fn reason(result: Result<(), StoreError>, file: &Path) -> String {
    match result {
        Err(StoreError::Snapshot { path, reason }) => {
            assert_eq!(path, file);
            reason
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_snapshot_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().expect("makes a folder");
    let file = folder.path().join("resources.parquet");
    let store = store_in(folder.path());
    write(&store, RESOURCE, &file);
    store.open_snapshot(&file, "resources").expect("opens");
    let row = store
        .query("SELECT id, region, created, monthly_cost, tags['a' || chr(0)], tags['none'], key_0 FROM resources")
        .expect("reads");
    let expected = [
        text("i-1"),
        Cell::Null,
        Cell::Timestamp(1_767_225_600_000_000),
        value(&store, "SELECT 12.5::DECIMAL(38,12)"),
        text("\0"),
        Cell::Null,
        text("1"),
    ];
    assert_eq!(row.rows, [expected]);
    let keys = store.query("SELECT unnest(map_keys(tags)) FROM resources").expect("reads");
    let keys: Vec<&str> = keys.rows.iter().filter_map(|row| row[0].as_text()).collect();
    assert_eq!(keys, ["z", "a\0", ""], "a map keeps its order");
}

#[test]
fn a_path_is_taken_literally() {
    let folder = tempfile::tempdir().expect("makes a folder");
    // A pattern, a partition and SQL: none of them may be understood.
    let nested = folder.path().join("it's [1]*? \"x\"").join("region=eu; --");
    fs::create_dir_all(&nested).expect("makes folders");
    let store = store_in(&nested);
    for (file, name) in [("a*.parquet", "star"), ("ab.parquet", "other"), ("é 😀.parquet", "unicode")] {
        let path = nested.join(file);
        write(&store, &RESOURCE.replace("'web'", &format!("'{name}'")), &path);
        store.open_snapshot(&path, "a \"view\"").expect("opens");
        let rows = store.query("SELECT name, region FROM \"a \"\"view\"\"\"").expect("reads").rows;
        assert_eq!(rows, [[text(name), Cell::Null]], "{file}");
    }
}

#[test]
fn a_file_that_is_no_snapshot_is_named() {
    let folder = tempfile::tempdir().expect("makes a folder");
    let store = store_in(folder.path());

    let file = folder.path().join("none.parquet");
    assert!(reason(store.open_snapshot(&file, "r"), &file).contains("there is no such file"));

    let file = folder.path().join("text.parquet");
    fs::write(&file, "id,name\n1,2\n").expect("writes");
    let said = reason(store.open_snapshot(&file, "r"), &file);
    assert!(said.contains("magic bytes"), "{said}");

    let file = folder.path().join("empty.parquet");
    fs::write(&file, "").expect("writes");
    reason(store.open_snapshot(&file, "r"), &file);

    reason(store.open_snapshot(folder.path(), "r"), folder.path());
}

#[test]
fn a_missing_column_is_named() {
    let folder = tempfile::tempdir().expect("makes a folder");
    let file = folder.path().join("resources.parquet");
    let store = store_in(folder.path());
    for (name, _) in SNAPSHOT_COLUMNS {
        write(&store, &format!("SELECT * EXCLUDE ({name}) FROM ({RESOURCE})"), &file);
        let reason = reason(store.open_snapshot(&file, "r"), &file);
        assert!(reason.contains(&format!("no column `{name}`")), "{reason}");
    }
    write(&store, &RESOURCE.replace("'web' AS name", "1 AS name"), &file);
    let reason = reason(store.open_snapshot(&file, "r"), &file);
    assert!(reason.contains("`name` is INTEGER, expected VARCHAR"), "{reason}");
}

#[test]
fn a_truncated_or_damaged_file_never_gives_fewer_rows() {
    let folder = tempfile::tempdir().expect("makes a folder");
    let file = folder.path().join("resources.parquet");
    let store = store_in(folder.path());
    let many = format!("SELECT * REPLACE ('i-' || hash(i) AS id) FROM ({RESOURCE}), range(20000) t(i)");
    write(&store, &many, &file);
    let whole = fs::read(&file).expect("reads");
    for keep in [whole.len() / 2, whole.len() - 1, 8] {
        fs::write(&file, &whole[..keep]).expect("writes");
        reason(store.open_snapshot(&file, "r"), &file);
    }
    // Damage in the pages shows when they are read.
    let mut damaged = whole.clone();
    damaged[4..2000].fill(0xff);
    fs::write(&file, &damaged).expect("writes");
    store.open_snapshot(&file, "r").expect("the footer is whole");
    let result = store.query("SELECT id FROM r ORDER BY id");
    assert!(
        matches!(result, Err(StoreError::Query { .. } | StoreError::UnknownFailure { .. })),
        "{:?}",
        result.map(|t| t.rows.len())
    );
}

#[test]
fn text_that_is_no_utf8_is_an_error() {
    let folder = tempfile::tempdir().expect("makes a folder");
    let file = folder.path().join("resources.parquet");
    let store = store_in(folder.path());
    let target = quote_text(file.to_str().expect("is UTF-8"));
    let resource = RESOURCE.replace("'web'", "'marker-of-a-name'");
    store
        .execute(&format!("COPY ({resource}) TO {target} (FORMAT parquet, COMPRESSION uncompressed)"))
        .expect("writes");
    let mut bytes = fs::read(&file).expect("reads");
    let marker = b"marker-of-a-name";
    let places: Vec<usize> =
        (0..bytes.len() - marker.len()).filter(|&at| bytes[at..].starts_with(marker)).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at] = 0xff;
    }
    fs::write(&file, bytes).expect("writes");
    let result = store.open_snapshot(&file, "r").and_then(|()| store.query("SELECT name FROM r"));
    assert!(
        matches!(&result, Err(StoreError::Query { message, .. }) if message.contains("UTF8")),
        "{result:?}"
    );
}

#[test]
fn the_same_view_can_be_opened_again() {
    let folder = tempfile::tempdir().expect("makes a folder");
    let store = store_in(folder.path());
    for name in ["first", "second"] {
        let file = folder.path().join(format!("{name}.parquet"));
        write(&store, &RESOURCE.replace("'web'", &format!("'{name}'")), &file);
        store.open_snapshot(&file, "resources").expect("opens");
        assert_eq!(value(&store, "SELECT name FROM resources"), text(name));
    }
}
