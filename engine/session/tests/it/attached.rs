//! Database files that are attached.

use tagpol_session::{Access, Attached, Cell, Store, StoreOptions};

fn open(folder: &std::path::Path, access: Access) -> Store {
    let attached = Attached { file: folder.join("a'b.duckdb"), name: "file".to_owned(), access };
    Store::in_memory(&StoreOptions { attached: vec![attached], ..StoreOptions::default() }).expect("opens")
}

#[test]
fn a_file_is_written_by_one_store_and_read_by_several_sessions() {
    let folder = tempfile::tempdir().expect("makes a folder");
    let writer = open(folder.path(), Access::Write);
    writer.execute("CREATE TABLE file.numbers AS SELECT i FROM range(10) t(i)").expect("writes");
    writer.detach("file").expect("lets go of it");
    assert!(writer.query("SELECT * FROM file.numbers").is_err());
    assert_eq!(std::fs::read_dir(folder.path()).expect("lists").count(), 1);
    let reader = open(folder.path(), Access::Read);
    let another = reader.another_session().expect("opens");
    for session in [&reader, &another, &open(folder.path(), Access::Read)] {
        let sum = session.query("SELECT sum(i)::BIGINT FROM file.numbers").expect("reads");
        assert_eq!(sum.single(), Some(&Cell::Int(45)));
        let zone = session.query("SELECT coalesce(current_setting('TimeZone'), 'UTC')").expect("reads");
        assert_eq!(zone.single(), Some(&Cell::Text("UTC".to_owned())));
        assert!(session.execute("DELETE FROM file.numbers").is_err());
    }
}

#[test]
fn statements_of_a_transaction_take_effect_together() {
    let store = Store::in_memory(&StoreOptions::default()).expect("opens");
    store.execute("CREATE TABLE t (i INTEGER)").expect("makes a table");
    let insert = |i: &str| format!("INSERT INTO t VALUES ({i})");
    assert!(store.execute_together(&[insert("1"), insert("'x'")]).is_err());
    store.execute_together(&[insert("2"), insert("3")]).expect("writes");
    let sum = store.read_together(|store| store.query("SELECT sum(i)::BIGINT FROM t")).expect("reads");
    assert_eq!(sum.single(), Some(&Cell::Int(5)));
}
