//! Lookup tables in every format, and what is wrong with them.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::datatypes::Int32Type;
use parquet::arrow::ArrowWriter;
use tagpol_inventory::{LookupColumns, LookupError, LookupRow, lookup_headings, read_lookup};

use crate::support::{Files, gzip};

type Rows = Vec<(u64, Vec<Option<String>>)>;

/// Reads the columns `id` and `owner`, whatever their case.
fn read(path: &Path) -> Result<Rows, LookupError> {
    let names = ["id", "owner"];
    let find = |heading: &str| names.iter().position(|name| *name == heading.to_lowercase());
    let mut rows = Vec::new();
    read_lookup(path, LookupColumns { names: &names, find: &find }, &mut |row| {
        rows.push((row.line, row.cells.iter().map(|cell| cell.as_deref().map(str::to_owned)).collect()));
    })?;
    Ok(rows)
}

fn row(line: u64, id: &str, owner: Option<&str>) -> (u64, Vec<Option<String>>) {
    (line, vec![Some(id.to_owned()), owner.map(str::to_owned)])
}

#[test]
fn accounts_get_their_zeros_back() {
    let files = Files::new();
    let csv = "account,billing_account,owner\n12345678901,12345678901,a\n000000000123,1,b\n42,2,c\n";
    let numbers = |numbers: [i64; 3]| -> ArrayRef { Arc::new(Int64Array::from(numbers.to_vec())) };
    let owners: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
    let columns = [
        ("account", numbers([12_345_678_901, 123_456_789, 42])),
        ("billing_account", numbers([12_345_678_901, 1, 2])),
        ("owner", owners),
    ];
    let json = r#"[{"account":12345678901,"billing_account":1,"owner":"a"}]"#;
    let names = ["account", "billing_account", "owner"];
    let read_all = |path: &Path| {
        let mut read = Vec::new();
        let columns =
            LookupColumns { names: &names, find: &|heading| names.iter().position(|n| *n == heading) };
        let join = |row: LookupRow<'_>| row.cells.iter().flatten().cloned().collect::<Vec<_>>().join(" ");
        read_lookup(path, columns, &mut |row| read.push(join(row))).unwrap();
        read
    };
    assert_eq!(
        read_all(&files.add("accounts.csv", csv)),
        ["012345678901 12345678901 a", "000000000123 1 b", "42 2 c"]
    );
    assert_eq!(
        read_all(&files.add("accounts.parquet", parquet(columns))),
        ["012345678901 12345678901 a", "000123456789 1 b", "42 2 c"]
    );
    assert_eq!(read_all(&files.add("accounts.json", json)), ["12345678901 1 a"]);
}

#[test]
fn csv_and_tsv() {
    let files = Files::new();
    let text = "\u{feff}Owner, note ,ID\n\"x\ny\",,1\n\n,z, 2 \n";
    let expected = [row(2, "1", Some("x\ny")), row(5, " 2 ", Some(""))];
    let path = files.add("a.csv", text);
    assert_eq!(lookup_headings(&path).unwrap().unwrap(), ["Owner", "note", "ID"]);
    assert_eq!(read(&path).unwrap(), expected);
    assert_eq!(read(&files.add("a.csv.gz", gzip(text.as_bytes()))).unwrap(), expected);
    let tabbed = text.replace(',', "\t");
    assert_eq!(read(&files.add("a.txt", &tabbed)).unwrap(), expected);
    // Of one column and with commas in it, only the extension tells.
    let path = files.add("b.tsv", "id,x\towner\na,b\tc\n");
    assert_eq!(lookup_headings(&path).unwrap().unwrap(), ["id,x", "owner"]);
}

#[test]
fn json_in_an_array_or_one_after_the_other() {
    let files = Files::new();
    let text =
        "[{\"id\": 1, \"owner\": \"x\"},\n {\"ID\": \"2\", \"n\": {}, \"owner\": null}, {\"id\": true}]";
    let expected = [row(1, "1", Some("x")), row(2, "2", None), row(2, "true", None)];
    let path = files.add("a.json", text);
    assert_eq!(lookup_headings(&path).unwrap().unwrap(), ["id", "owner", "ID", "n"]);
    assert_eq!(read(&path).unwrap(), expected);
    let lines = "{\"id\": 1, \"owner\": \"x\"}\n{\"id\": \"2\"}\n";
    assert_eq!(read(&files.add("a.ndjson", lines)).unwrap(), [row(1, "1", Some("x")), row(2, "2", None)]);
    assert_eq!(lookup_headings(&files.add("b.json", " [ ]")).unwrap(), None);
}

fn parquet(columns: [(&str, ArrayRef); 3]) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    out
}

#[test]
fn parquet_of_plain_types() {
    let files = Files::new();
    let owners: ArrayRef = Arc::new(StringArray::from(vec![Some("x"), None]));
    let lists: ArrayRef =
        Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1)]), None]));
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![7, 8]));
    let good = parquet([("Owner", Arc::clone(&owners)), ("other", Arc::clone(&lists)), ("id", ids)]);
    let expected = [row(1, "7", Some("x")), row(2, "8", None)];
    for path in [files.add("a.parquet", &good), files.add("a.parquet.gz", gzip(&good))] {
        assert_eq!(lookup_headings(&path).unwrap().unwrap(), ["Owner", "other", "id"]);
        assert_eq!(read(&path).unwrap(), expected);
    }
    let nested = files.add("b.parquet", parquet([("owner", owners), ("id", lists.clone()), ("x", lists)]));
    assert!(read(&nested).unwrap_err().reason.starts_with("its column `id` has type List"));
}

#[test]
fn what_cannot_be_read_says_where_and_why() {
    let files = Files::new();
    let long = format!("id,owner\n1,{}\n", "x".repeat(17 << 20));
    for (name, content, line, said) in [
        ("empty.csv", &b""[..], None, "it is empty"),
        ("ragged.csv", b"id,owner\n1,2\n3\n", Some(3), "the row has 1 fields, but the header has 2"),
        ("open.csv", b"id,owner\n1,\"2\n", Some(2), "it is cut off: a quoted field is still open"),
        ("latin.csv", b"id,owner\n1,\xe9\n", Some(2), "its `owner` is not UTF-8"),
        ("utf16.csv", b"\xff\xfei\0d\0\x00\xd8", None, "it is not valid UTF-16"),
        ("book.csv", b"PK\x03\x04...", None, "it is a workbook or a zip archive"),
        ("lacks.csv", b"id,own\n", Some(1), "it has no column `owner`"),
        ("twice.csv", b"id,owner,Id\n", Some(1), "its columns `id` and `Id` are both `id`"),
        ("again.csv", b"id,owner,id\n", Some(1), "it has two columns `id`"),
        ("list.json", b"[\n{\"id\": [1]}]", Some(2), "its `id` is a list"),
        ("twice.json", b"[{\"id\": 1, \"id\": 2}]", Some(1), "it has two columns `id`"),
        ("plain.json", b"[1]", Some(1), "expected an object"),
        ("cut.json", b"[{\"id\": 1}", Some(1), "it is cut off"),
        ("bad.ndjson", b"{\"id\": 1}\n{\"id\": x}\n", Some(2), "expected an object: expected value"),
        ("no.parquet", b"PAR1PAR1", None, "it is not readable Parquet"),
        ("long.csv", long.as_bytes(), Some(2), "a row is longer than 16 MiB"),
    ] {
        let error = read(&files.add(name, content)).unwrap_err();
        assert_eq!(error.line, line, "{name}: {error}");
        assert!(error.reason.starts_with(said), "{name}: {error}");
    }
    let error = lookup_headings(&files.path("none.csv")).unwrap_err();
    assert_eq!(error.reason, "there is no such file");
    assert_eq!(read(&files.path("")).unwrap_err().reason, "it is a folder");
}
