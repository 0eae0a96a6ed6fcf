//! Tables of texts that come from elsewhere than a snapshot.

use tagpol_session::Cell;

use crate::store;

#[test]
fn texts_come_back_as_they_were() {
    let store = store();
    let columns = ["key".to_owned(), "select".to_owned()];
    let texts = ["", "'", "\"", "a\0b", "\u{1f600}", "NULL", "\n"];
    let rows: Vec<Vec<Option<String>>> =
        texts.iter().map(|text| vec![Some((*text).to_owned()), None]).collect();
    // More than one chunk of the database.
    let rows: Vec<_> = rows.iter().cycle().take(texts.len() * 1000).collect();
    store.load_table("t", &columns, rows.iter().map(|row| row.as_slice())).unwrap();
    let table = store.query("SELECT * FROM t").unwrap();
    assert_eq!(table.columns, columns);
    assert_eq!(table.rows.len(), texts.len() * 1000);
    for (row, text) in table.rows.iter().zip(texts.iter().cycle()) {
        assert_eq!(row, &[Cell::Text((*text).to_owned()), Cell::Null]);
    }
}

#[test]
fn a_table_is_replaced_and_may_be_empty() {
    let store = store();
    let columns = ["key".to_owned()];
    let row = [Some("a".to_owned())];
    store.load_table("t", &columns, [row.as_slice()]).unwrap();
    store.load_table("t", &columns, []).unwrap();
    assert_eq!(store.query("SELECT * FROM t").unwrap().rows.len(), 0);
}

#[test]
fn a_row_of_another_width_is_an_error() {
    let row = [Some("a".to_owned()), None];
    let error = store().load_table("t", &["key".to_owned()], [row.as_slice()]).unwrap_err();
    assert!(error.to_string().contains("CREATE OR REPLACE TABLE"), "{error}");
}
