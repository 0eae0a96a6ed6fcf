//! Formatting of a part: the smallest whole statements and items change, and nothing else.

use tagpol_syntax::{TextRange, TextSize, parse};

/// Formats what lies between `⟦` and `⟧`, which are taken out.
fn formatted(marked: &str) -> String {
    let start = marked.find('⟦').unwrap();
    let end = marked.find('⟧').unwrap() - '⟦'.len_utf8();
    let text = marked.replace(['⟦', '⟧'], "");
    let size = |at: usize| TextSize::try_from(at).unwrap();
    let edits = tagpol_fmt::format_range(&parse(&text), TextRange::new(size(start), size(end)));
    tagpol_fmt::apply(&text, &edits)
}

#[test]
fn a_statement() {
    assert_eq!(
        formatted("policy  p {\nseverity   low\n      require⟦⟧   a\n   forbid   b\n}\n"),
        "policy  p {\nseverity   low\n  require a\n   forbid   b\n}\n"
    );
}

#[test]
fn several_statements() {
    assert_eq!(
        formatted("policy  p {\nseverity  ⟦ low\n      require   a\n⟧   forbid   b\n}\n"),
        "policy  p {\n  severity low\n  require a\n   forbid   b\n}\n"
    );
}

#[test]
fn the_head_of_an_item_is_the_item() {
    assert_eq!(
        formatted("tag   a: text\npol⟦icy⟧  p {\nseverity   low\n}\ntag   b: text\n"),
        "tag   a: text\n\npolicy p {\n  severity low\n}\ntag   b: text\n"
    );
}

#[test]
fn statements_that_share_a_line_are_their_block() {
    assert_eq!(
        formatted("policy  p { severity   low   ⟦require⟧   a }\ntag   b: text\n"),
        "policy p { severity low  require a }\ntag   b: text\n"
    );
}

#[test]
fn statements_in_blocks_in_blocks() {
    let text = "test  \"t\" {\n  given   {\n name   \"x\"\n    tags   {\n  a:   ⟦1⟧\n b:   2\n }\n }\n}\n";
    assert_eq!(
        formatted(text),
        "test  \"t\" {\n  given   {\n name   \"x\"\n    tags   {\n      a: 1\n b:   2\n }\n }\n}\n"
    );
}

#[test]
fn a_comment_and_what_is_below_it() {
    assert_eq!(
        formatted("tag   a: text\n⟦   // c\n tag   b: text\n⟧tag   c: text\n"),
        "tag   a: text\n// c\ntag b: text\ntag   c: text\n"
    );
}

#[test]
fn the_end_of_the_file() {
    assert_eq!(formatted("tag   a: text\ntag   b: text⟦\n\n\n⟧"), "tag   a: text\ntag   b: text\n\n\n");
    assert_eq!(formatted("tag   a: text\ntag   b: ⟦text\n\n\n⟧"), "tag   a: text\ntag b: text\n");
}

#[test]
fn nothing_where_nothing_is() {
    assert_eq!(formatted("tag   a: text\n\n⟦⟧\n\ntag   b: text\n"), "tag   a: text\n\n\n\ntag   b: text\n");
    assert_eq!(formatted("⟦⟧"), "");
}
