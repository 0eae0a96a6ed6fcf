//! The distinct values that a snapshot lists, and how Parquet keeps the columns that have them.

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;

use arrow::array::AsArray;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Encoding;
use parquet::file::metadata::ParquetMetaData;
use tagpol_inventory::{Snapshot, ValueCount};

use crate::support::*;

/// So many resources that each value of a column with the most occurs.
const RESOURCES: usize = 30_000;

/// Values of a column that are listed at most, and the bytes of the longest.
const LISTED: (usize, usize) = (512, 1024);

fn snapshot(files: &Files, text: &str) -> Snapshot {
    read("list.ndjson", text).unwrap().write(&files.path("snapshots"), &mut |_| {}).unwrap()
}

fn listed(snapshot: &Snapshot) -> Vec<(String, String)> {
    let file = File::open(snapshot.values_path().unwrap().unwrap()).unwrap();
    let batches = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let mut rows = Vec::new();
    for batch in batches {
        let batch = batch.unwrap();
        let column = |at: usize| batch.column(at).as_string::<i32>().iter().map(|v| v.unwrap().to_owned());
        rows.extend(column(0).zip(column(1)));
    }
    rows
}

fn counted(snapshot: &Snapshot, column: &str) -> Option<(u64, bool)> {
    let of_column = |values: &&ValueCount| values.column == column;
    snapshot.manifest().values.iter().find(of_column).map(|values| (values.count, values.listed))
}

#[test]
fn every_value_of_a_column_is_listed_once() {
    let files = Files::new();
    let rows = [
        r#"{"id":"a","type":"vm","tags":{"Env":"prod","Team":""}}"#,
        r#"{"id":"b","tags":{"Env":" é\u0000'","Team":"x"}}"#,
        r#"{"id":"c","type":"vm","tags":{"Env":"prod"}}"#,
    ];
    let snapshot = snapshot(&files, &rows.join("\n"));
    let text = |rows: &[(&str, &str)]| -> Vec<(String, String)> {
        rows.iter().map(|(column, value)| ((*column).to_owned(), (*value).to_owned())).collect()
    };
    // A value that is missing is none; one that is empty is one.
    let expected = [
        ("type", "vm"),
        ("source", "ndjson"),
        ("key_0", " é\u{0}'"),
        ("key_0", "prod"),
        ("key_1", ""),
        ("key_1", "x"),
    ];
    assert_eq!(listed(&snapshot), text(&expected));
    assert_eq!(counted(&snapshot, "key_0"), Some((2, true)));
    assert_eq!(counted(&snapshot, "type"), Some((1, true)));
    assert_eq!(counted(&snapshot, "account"), Some((0, false)));
}

#[test]
fn columns_of_many_or_long_values_are_not_listed() {
    let (most, longest) = LISTED;
    let files = Files::new();
    let mut text = String::new();
    for i in 0..=most {
        let few = i % most;
        let (long, short) = ("x".repeat(longest + 1), "y".repeat(longest));
        writeln!(
            text,
            r#"{{"id":"{i}","tags":{{"many":"{i}","few":"{few}","long":"{long}","short":"{short}"}}}}"#
        )
        .unwrap();
    }
    let snapshot = snapshot(&files, &text);
    let column = |key: &str| {
        let keys = &snapshot.manifest().keys;
        keys.iter().find(|k| k.key == key).unwrap().column.clone().unwrap()
    };
    let of = |key: &str| counted(&snapshot, &column(key)).unwrap();
    assert_eq!(of("many"), (513, false));
    assert_eq!(of("few"), (512, true));
    assert_eq!(of("long"), (1, false));
    assert_eq!(of("short"), (1, true));
    let columns: Vec<String> = listed(&snapshot).into_iter().map(|(column, _)| column).collect();
    assert_eq!(columns.iter().filter(|c| **c == column("few")).count(), 512);
    assert!(!columns.contains(&column("many")) && !columns.contains(&column("long")));
}

/// What makes a lookup cheap is that DuckDB looks once for each entry of a dictionary: a column whose
/// values are listed must be kept as one, in all row groups, whatever the values are.
#[test]
fn columns_with_listed_values_are_dictionaries() {
    let (most, longest) = LISTED;
    let files = Files::new();
    let mut text = String::new();
    for i in 0..RESOURCES {
        // The longest values that are listed, as many as are.
        let long = format!("{:0>longest$}", i % most);
        let long = if i % 51 == 0 { format!(r#","long":"{long}""#) } else { String::new() };
        writeln!(text, r#"{{"id":"{i}","tags":{{"Env":"{}"{long}}}}}"#, i % 7).unwrap();
    }
    let snapshot = snapshot(&files, &text);
    let metadata = metadata(&snapshot.resources_path());
    let listed: Vec<&ValueCount> = snapshot.manifest().values.iter().filter(|v| v.listed).collect();
    assert_eq!(listed.iter().map(|v| v.count).collect::<Vec<_>>(), [1, 7, 512]);
    for group in metadata.row_groups() {
        for values in &listed {
            let chunk = group.columns().iter().find(|c| c.column_path().string() == values.column).unwrap();
            let data_pages = chunk.page_encoding_stats_mask().unwrap();
            assert!(data_pages.is_only(Encoding::RLE_DICTIONARY), "{values:?}: {data_pages:?}");
        }
    }
}

fn metadata(path: &Path) -> ParquetMetaData {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    ParquetMetaData::clone(builder.metadata())
}

#[test]
fn a_snapshot_of_version_1_is_still_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/snapshot_v1");
    let snapshot = Snapshot::open(&folder).unwrap();
    snapshot.verify().unwrap();
    snapshot.check().unwrap();
    assert_eq!(snapshot.manifest().schema_version, 1);
    assert_eq!((snapshot.values_path().unwrap(), snapshot.manifest().values.as_slice()), (None, &[][..]));
    let ids: Vec<String> = read_back(&snapshot).into_iter().map(|resource| resource.id).collect();
    assert_eq!(ids, ["a", "b"]);
}
