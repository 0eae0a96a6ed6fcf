//! Inventories that are damaged or strange: each is read as a user would expect, or ends with 3 and
//! a place; nothing half-made is ever left behind.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use serde_json::Value;

use crate::support::{DIRTY, Folder, OWNED};

const FOCUS: &str =
    "ResourceId,ProviderName,ChargePeriodStart,ChargePeriodEnd,BillingCurrency,EffectiveCost,Tags";

fn folder() -> Folder {
    Folder::with(&[("p.tagpol", OWNED)])
}

/// Asserts that a file cannot be read, however it is used, and that nothing is left behind.
fn refused(name: &str, content: impl AsRef<[u8]>, said: &[&str]) {
    let folder = folder();
    folder.write(name, content);
    let before = folder.entries();
    folder.run(&["eval", "p.tagpol", "-i", name]).fails_with(3, said);
    folder.run(&["snapshot", "import", name]).fails_with(3, said);
    assert_eq!(folder.entries(), before);
    assert_eq!(folder.left_behind(), Vec::<String>::new());
}

/// Evaluates a file that is read in spite of all; returns the report, and what was rejected.
fn read(name: &str, content: impl AsRef<[u8]>) -> (Value, String) {
    let folder = folder();
    folder.write(name, content);
    folder.run(&["snapshot", "import", name]).ends_with(0);
    let rejects = folder.run(&["snapshot", "show", "--rejects"]).ends_with(0);
    let run = folder.run(&["eval", "p.tagpol", "--format", "json", "--fail-on", "none"]);
    assert_eq!(folder.left_behind(), Vec::<String>::new());
    (serde_json::from_str(&run.ends_with(0)).unwrap(), rejects)
}

/// Returns `resource: value` of each finding.
fn values(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|f| format!("{}: {}", f["resource"].as_str().unwrap(), f["value"])).collect()
}

#[test]
fn what_is_no_inventory_is_refused() {
    let formats = "`ndjson`, `json`, `csv`; `--inventory-format` forces one";
    refused("i.csv", "", &["`i.csv` is empty", "--> i.csv"]);
    refused("i.txt", "hello\n", &["format of `i.txt` is unknown", formats]);
    refused("bill.xlsx", "PK\x03\x04rest", &["it is a spreadsheet; save it as CSV"]);
    refused("i.parquet", "no parquet\n", &["not a readable Parquet file", "--> i.parquet"]);
    refused("i.csv", "name,owner\nx,y\n", &["`i.csv`", "`id`"]);
    refused("i.csv.gz", b"\x1f\x8b\x08\x00broken", &["cannot read `i.csv.gz`", "fetch the file again"]);
}

#[test]
fn a_file_that_is_cut_off_is_refused_with_the_place() {
    refused("i.csv", "id,name\na,x\nb,\"y", &["is cut off: a quoted field is still open", "--> i.csv:3:3"]);
    refused("i.json", "[{\"id\": \"a\"},\n {\"id\":", &["is cut off", "--> i.json:2:2"]);
    refused("i.ndjson", "{\"id\": \"a\"}\n{\"id\": \"b", &["is cut off", "--> i.ndjson:2:1"]);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all("id\n".repeat(10_000).as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    refused("i.csv.gz", &gzip[..gzip.len() / 2], &["cannot read `i.csv.gz`", "cut off or damaged"]);
}

#[test]
fn a_parquet_file_that_is_cut_off_is_refused() {
    let folder = folder();
    folder.write("i.csv", DIRTY);
    folder.run(&["snapshot", "import", "i.csv"]).ends_with(0);
    let parquet = folder.entries().into_iter().find(|name| name.ends_with("resources.parquet")).unwrap();
    let bytes = std::fs::read(folder.path().join(parquet)).unwrap();
    refused("bill.parquet", &bytes[..bytes.len() - 9], &["not a readable Parquet file"]);
    refused("bill.parquet", &bytes, &["`bill.parquet` lacks the columns", "`ResourceId`"]);
}

#[test]
fn json_of_the_wrong_shape_is_refused_with_the_place() {
    refused("i.json", "{\"a\": 1}\n", &["no resource could be read", "no `id`", "--> i.json:1"]);
    refused("i.json", "[1, 2]\n", &["no resource could be read", "--> i.json:1"]);
    refused(
        "i.json",
        "{\"ResourceTagMappingList\": 3}\n",
        &["expected the list of resources", "--> i.json:1:28"],
    );
    refused("i.json", "[{\"id\": \"a\"}\n}", &["expected", "--> i.json:2:1"]);
}

#[test]
fn bills_of_other_versions_and_formats_are_refused() {
    refused(
        "bill.csv",
        FOCUS.replace("ProviderName", "Provider") + "\n",
        &["a FOCUS version before 1.0", "`Provider`", "--> bill.csv:1"],
    );
    refused("bill.csv", FOCUS.replace(",Tags", "\n"), &["lacks the column `Tags`", "--> bill.csv:1"]);
    refused(
        "bill.csv",
        "lineItem/UsageAccountId,lineItem/ResourceId\n1,a\n",
        &["lacks the columns", "aws-cur"],
    );
    refused(
        "bill.csv",
        "billing_account_id,usage_start_time,cost\n1,a,2\n",
        &["lacks the column `currency` of the gcp-billing format"],
    );
}

#[test]
fn a_currency_without_a_rate_is_noted() {
    let bill =
        format!("{FOCUS}\na,AWS,2026-09-01,2026-10-01,USD,1,{{}}\nb,AWS,2026-09-01,2026-10-01,EUR,1,{{}}\n");
    let folder = folder();
    folder.write("bill.csv", bill);
    let run = folder.run(&["eval", "p.tagpol", "-i", "bill.csv", "--no-state"]);
    assert!(
        run.err.contains("there is no rate from EUR to USD") && run.err.contains("`EUR = \"… USD\"`"),
        "{run:?}"
    );
    assert!(run.out.contains("of 1.00 USD a month"), "{run:?}");
}

#[test]
fn bad_rows_of_a_bill_are_listed_and_the_others_count() {
    let rows = "a,AWS,2026-09-01,2026-10-01,USD,much,{}
b,AWS,2026-09-01,2026-10-01,USD,1.5,{bad}
c,AWS,never,2026-10-01,USD,2,{}
d,AWS,2026-09-01,2026-10-01,USD,2.25,\"{\"\"owner\"\": \"\"jane@example.com\"\"}\"
";
    let (report, rejects) = read("bill.csv", format!("{FOCUS}\n{rows}"));
    assert_eq!(report["summary"]["resources"], 3);
    assert_eq!(report["summary"]["cost"], 3.75);
    assert_eq!(values(&report), ["a: null", "b: null"]);
    assert_eq!(report["snapshot"]["rejected_rows"], 1);
    assert_eq!(report["snapshot"]["rejected_values"], 2);
    let places: Vec<&str> = rejects.lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(places, ["bill.csv:2", "bill.csv:3", "bill.csv:4"], "{rejects}");
}

#[test]
fn an_endless_line_is_left_out_and_the_others_count() {
    // Members of one gzip file follow one another, so the line need not be made.
    let member = |text: &[u8]| {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    };
    let mut file = member(b"{\"id\": \"a\"}\n{\"id\": \"long\", \"name\": \"");
    let mebibyte = member(&[b'x'; 1 << 20]);
    for _ in 0..256 {
        file.extend_from_slice(&mebibyte);
    }
    file.extend(member(b"\"}\n{\"id\": \"b\"}\n"));
    let (report, rejects) = read("i.ndjson.gz", file);
    assert_eq!(values(&report), ["a: null", "b: null"]);
    assert!(rejects.starts_with("i.ndjson.gz:2: the row is longer than"), "{rejects}");
    assert_eq!(rejects.lines().count(), 1);
}

#[test]
fn bytes_that_are_no_utf8_are_replaced_and_listed() {
    let (report, rejects) = read("i.csv", b"id,tag:owner\na,\xff@x\nb,jane@example.com\n\xfe,x\n");
    assert_eq!(values(&report), ["a: \"\u{fffd}@x\""]);
    let lines: Vec<&str> = rejects.lines().collect();
    assert!(lines[0].starts_with("i.csv:2:") && lines[0].contains("not valid UTF-8"), "{rejects}");
    assert!(lines[1].starts_with("i.csv:4:") && lines[1].contains("id is not valid UTF-8"), "{rejects}");
}

#[test]
fn an_id_given_twice_keeps_what_was_said_last_and_is_listed() {
    let (report, rejects) = read("i.csv", "id,tag:owner\na,jane@example.com\na,nobody\n");
    assert_eq!(report["summary"]["resources"], 1);
    assert_eq!(values(&report), ["a: \"nobody\""]);
    assert!(rejects.starts_with("i.csv:3: the id occurs with tag `owner`"), "{rejects}");
}

#[test]
fn null_as_text_is_no_value() {
    let (report, rejects) = read("i.csv", "id,name,tag:owner\na,NULL,NULL\n");
    assert_eq!(values(&report), ["a: null"]);
    assert_eq!(report["findings"][0]["name"], "a");
    assert_eq!(rejects, "");
}

#[test]
fn keys_with_spaces_around_them_are_spellings() {
    let rows = [
        "{\"id\": \"a\", \"tags\": {\" owner\": \"jane@example.com\"}}",
        "{\"id\": \"b\", \"tags\": {\"\\u00a0Owner\\u00a0\": \"nobody\"}}",
    ];
    let (report, rejects) = read("i.ndjson", rows.join("\n") + "\n");
    assert_eq!(values(&report), ["b: \"nobody\""]);
    assert_eq!(rejects, "");
}

#[test]
fn two_spellings_and_a_repeated_key_do_not_stop_an_import() {
    let rows = [
        "{\"id\": \"a\", \"tags\": {\"Owner\": \"joe\", \"owner\": \"jane@example.com\"}}",
        "{\"id\": \"b\", \"tags\": {\"owner\": \"joe\", \"owner\": \"nobody\"}}",
    ];
    let (report, rejects) = read("i.ndjson", rows.join("\n") + "\n");
    assert_eq!(
        values(&report),
        ["b: \"nobody\""],
        "the key spelt as the tag comes first, and of one key the last"
    );
    assert_eq!(report["summary"]["conflicts"], 1);
    assert!(rejects.starts_with("i.ndjson:2: the tag `owner` occurs twice"), "{rejects}");
}

#[test]
fn numbers_and_truth_values_are_the_text_they_are_written_with() {
    let row = |id: &str, value: &str| format!("{{\"id\": \"{id}\", \"tags\": {{\"owner\": {value}}}}}\n");
    let rows = row("a", "1.50") + &row("b", "true") + &row("c", "null") + &row("d", "{\"x\": [1]}");
    let (report, _) = read("i.ndjson", rows);
    assert_eq!(values(&report), ["a: \"1.50\"", "b: \"true\"", "c: null", "d: \"{\\\"x\\\": [1]}\""]);
}

#[test]
fn an_inventory_without_resources_is_not_compliant() {
    let folder = Folder::with(&[("p.tagpol", OWNED), ("empty.csv", "id,name,tag:owner\n")]);
    folder.run(&["eval", "p.tagpol", "-i", "empty.csv"]).fails_with(3, &["has no resources"]);
}

#[test]
fn ten_thousand_tags_and_a_tag_of_a_mebibyte() {
    let many: Vec<String> = (0..10_000).map(|number| format!("\"key-{number}\":\"v\"")).collect();
    let long = "x".repeat(1 << 20);
    let list = format!(
        "{{\"id\":\"many\",\"tags\":{{{}}}}}\n{{\"id\":\"long\",\"tags\":{{\"owner\":\"{long}\"}}}}\n",
        many.join(",")
    );
    let (report, rejects) = read("list.ndjson", list);
    assert_eq!(rejects, "");
    let found = values(&report);
    assert_eq!(found.len(), 2);
    assert_eq!(found[1], "many: null");
    assert_eq!(found[0].len(), "long: \"\"".len() + (1 << 20));
}

#[test]
fn costs_may_be_negative_or_absent() {
    let (report, rejects) = read("list.csv", "id,cost\na,-5.25\nb,\nc,1e3\nd,much\n");
    assert_eq!(report["summary"]["cost"], 994.75);
    assert_eq!(rejects.lines().count(), 1, "{rejects}");
    let folder = folder();
    folder.write("credits.csv", "id,cost\na,-5.25\nb,0.000002\n");
    let out = folder.run(&["eval", "p.tagpol", "-i", "credits.csv"]).ends_with(1);
    assert!(out.contains("before 5.25 in credits") && out.contains("<0.01"), "{out}");
}
