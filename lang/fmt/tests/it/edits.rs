//! Ends of lines, and how little of a text changes.

use tagpol_syntax::parse;

use crate::promises::check;

#[test]
fn lines_end_as_they_did() {
    assert_eq!(check("tag a:text\r\n\r\n\r\n\r\ntag b:text\r\n"), "tag a: text\r\n\r\ntag b: text\r\n");
    assert_eq!(check("policy p { // c\r\nseverity low }"), "policy p { // c\r\n  severity low\r\n}\r\n");
    assert_eq!(check("tag a:text\r\n\n"), "tag a: text\n", "some of both are plain ones");
    assert_eq!(check("tag a: text\rtag b: text\r"), "tag a: text\ntag b: text\n");
    assert_eq!(check("tag a: text"), "tag a: text\n");
}

#[test]
fn broken_text_keeps_its_ends_of_lines() {
    assert_eq!(
        check("tag a:text\n\noops {\r\n x\r\n}\n\ntag b:text"),
        "tag a: text\n\noops {\r\n x\r\n}\n\ntag b: text\n"
    );
}

#[test]
fn a_byte_order_mark_stays_at_the_beginning_only() {
    assert_eq!(check("\u{feff}  tag\u{feff}a: text"), "\u{feff}tag a: text\n");
    assert_eq!(check("\u{feff}"), "\u{feff}");
}

#[test]
fn a_formatted_text_has_no_edits() {
    assert_eq!(tagpol_fmt::edits(&parse("tag a: text\n")), []);
}

#[test]
fn edits_are_as_small_as_can_be() {
    let text = "tag a:  text\n\n\n\npolicy p {\n    severity low\n}\n";
    let edits = tagpol_fmt::edits(&parse(text));
    let changes: Vec<(&str, &str)> = edits
        .iter()
        .map(|edit| {
            (&text[usize::from(edit.range.start())..usize::from(edit.range.end())], edit.insert.as_str())
        })
        .collect();
    assert_eq!(changes, [(" ", ""), ("\n\n", ""), ("  ", "")]);
}
