//! `tagpol compile`

use serde_json::Value;
use tagpol_session::{Cell, Store, StoreOptions};

use crate::support::{Folder, NOW, OWNED};

const INVENTORY: &str = "id,tag:Owner,tag:owner\na,jane@example.com,\nb,nobody,\nc,,\nd,,joe@example.com\n";

#[test]
fn the_sql_that_is_shown_gives_what_eval_gives() {
    let folder = Folder::with(&[("p.tagpol", OWNED), ("i.csv", INVENTORY)]);
    folder.run(&["snapshot", "import", "i.csv"]).ends_with(0);
    let eval = folder.run(&["eval", "p.tagpol", "--now", NOW, "--format", "json"]).ends_with(1);
    let eval: Value = serde_json::from_str(&eval).unwrap();
    let sql = folder.run(&["compile", "p.tagpol", "--sql", "--now", NOW]).ends_with(0);
    assert_eq!(folder.run(&["compile", "p.tagpol", "--now", NOW]).ends_with(0), sql);

    let id = eval["snapshot"]["id"].as_str().unwrap();
    let parquet = folder.path().join(".tagpol/snapshots").join(id).join("resources.parquet");
    let options = StoreOptions { files: vec![parquet.clone()], ..StoreOptions::default() };
    let store = Store::in_memory(&options).unwrap();
    store.open_snapshot(&parquet, "resources").unwrap();
    store.execute(&sql).unwrap();
    let counts = store
        .query("SELECT count(*), count(*) FILTER (open_findings = 0), sum(open_high) FROM evaluated")
        .unwrap();
    let summary = &eval["summary"];
    let expected = [&summary["resources"], &summary["compliant"], &summary["findings"]["high"]];
    let expected: Vec<Option<i64>> = expected.map(Value::as_i64).into();
    assert_eq!(counts.rows[0].iter().map(Cell::as_int).collect::<Vec<_>>(), expected);
    assert_eq!(expected, [Some(4), Some(2), Some(2)]);
}

#[test]
fn without_an_inventory_the_keys_are_those_of_the_policies() {
    let folder = Folder::with(&[("p.tagpol", OWNED)]);
    let run = folder.run(&["compile", "p.tagpol", "--now", NOW]);
    assert!(run.err.contains("without an inventory"), "{run:?}");
    assert!(run.ends_with(0).contains("-- now: 2026-11-01T00:00:00+00:00\n"));
    let plan = folder.run(&["compile", "p.tagpol", "--plan", "--now", NOW]).ends_with(0);
    assert!(plan.contains("\nquery findings by check_index, resource_id\n"), "{plan}");
    folder.run(&["compile", "p.tagpol", "--plan", "--sql"]).fails_with(2, &["cannot be used with"]);
}
