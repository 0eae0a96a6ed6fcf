//! Canonical form.

use tagpol_ide::{format, format_on_type, format_range};

use crate::support::Fixture;

#[test]
fn whole_and_in_part() {
    let fixture = Fixture::new("tag  a:text\n$0tag  b:text$0\n");
    let (db, file) = (&fixture.db, fixture.file);
    assert_eq!(fixture.edited(file, &format(db, file)), "tag a: text\ntag b: text\n");
    assert_eq!(fixture.edited(file, &format_range(db, file, fixture.range)), "tag  a:text\ntag b: text\n");
}

fn typed(text: &str) -> String {
    let fixture = Fixture::new(text);
    fixture.edited(fixture.file, &format_on_type(&fixture.db, fixture.file, fixture.offset))
}

#[test]
fn as_one_types() {
    assert_eq!(
        typed("tag a: text\n\npolicy p {\n severity  low\n require   a\n}$0\n"),
        "tag a: text\n\npolicy p {\n  severity low\n  require a\n}\n"
    );
    assert_eq!(
        typed("tag a: text\npolicy p {\n  severity   low\n$0\n  require   a\n}\n"),
        "tag a: text\npolicy p {\n  severity low\n\n  require   a\n}\n"
    );
    assert_eq!(typed("$0"), "");
    assert_eq!(typed("policy p {\n  sev$0"), "policy p {\n  sev");
}
