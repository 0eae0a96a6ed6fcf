//! What is read from tokens is what is read from characters.

#[allow(clippy::unwrap_used, reason = "tests")]
#[path = "../../tests/it/corpus.rs"]
mod corpus;

use proptest::prelude::*;

use super::*;

/// The two alphabets of the grammar agree on a text.
fn agree(text: &str) {
    assert_eq!(parse(text), parse_with(text, grammar::events_of_characters), "{text}");
}

#[test]
fn both_alphabets_read_the_repository_alike() {
    corpus::all().iter().for_each(|(_, text)| agree(text));
    agree(corpus::EVERY_FORM);
}

#[test]
fn what_goes_on_behind_an_item() {
    for text in [
        "define a = b = c",
        "define a = b === c\ntag last: text",
        "define a = b !",
        "define a = lower\n(b)",
        "define a = `lower`(b)",
        "define a = b matches\n/x/ and c",
        "define a = tag Größe",
        "exempt p { for resource where a is set until 2027-01-01 }",
        "rule r { when a is set fill b = c }",
        "rule r {\n  when a is\n  set b = c\n}",
        "rule r {\n  when a is set or\n  fill b == c\n}",
        "define a = forbid is set\n  or 5 forbid == 3",
        "tag a: one of [b] { importanc critical }",
        "use std::a:: b",
        "use a: b",
        "exempt map/x { until 2027-01-01 }",
        "exempt `a`/b { until 2027-01-011 }",
        "policy p { require a: :b }\n# \"open\ntag a: text // \"",
        "oops / x { \" }\n\" // }\ntag a: text",
    ] {
        agree(text);
    }
}

/// A text of the repository with parts of others put in and some cut out.
fn edited() -> impl Strategy<Value = String> {
    let texts: Vec<String> =
        corpus::all().into_iter().map(|(_, text)| text).filter(|text| text.len() < 2000).collect();
    let index = any::<prop::sample::Index>;
    let edit = (index(), 0usize..12, proptest::sample::select(texts.clone()), index(), 0usize..9);
    let edits = proptest::collection::vec(edit, 1..4);
    (proptest::sample::select(texts), edits).prop_map(|(text, edits)| {
        let mut text: Vec<char> = text.chars().collect();
        for (at, cut, other, from, length) in edits {
            let at = at.index(text.len() + 1);
            let piece: Vec<char> = other.chars().collect();
            let piece = piece.into_iter().skip(from.index(other.len() + 1)).take(length);
            text.splice(at..(at + cut).min(text.len()), piece);
        }
        text.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn both_alphabets_read_edited_texts_alike(text in edited()) {
        agree(&text);
    }
}
