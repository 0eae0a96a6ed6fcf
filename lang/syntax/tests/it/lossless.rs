//! The tree holds every byte of its text, whatever the text.

use proptest::prelude::*;

use crate::corpus;

/// Parses, and checks what holds for every text.
pub(crate) fn check(text: &str) -> tagpol_syntax::Parse {
    let parse = tagpol_syntax::parse(text);
    assert_eq!(parse.root().text().to_string(), text);
    let length = text.len();
    for error in parse.errors() {
        let (start, end) = (usize::from(error.range.start()), usize::from(error.range.end()));
        assert!(start <= end && end <= length, "{error:?}");
        assert!(text.is_char_boundary(start) && text.is_char_boundary(end), "{error:?}");
        assert!(!error.message.is_empty() && !error.label.is_empty(), "{error:?}");
    }
    let places: Vec<_> =
        parse.errors().iter().map(|error| (error.range.start(), error.range.end())).collect();
    assert!(places.is_sorted());
    parse
}

#[test]
fn every_text_of_the_repository() {
    for (_, text) in corpus::all() {
        check(&text);
    }
    assert_eq!(
        check(corpus::EVERY_FORM).errors().iter().map(|e| e.message.as_str()).collect::<Vec<_>>(),
        [
            "`!` is not an operator of this language",
            "`||` is not an operator of this language",
            "`&&` is not an operator of this language",
        ]
    );
}

/// Pieces that texts of the language are made of, and some that they are not.
const PIECES: &[&str] = &[
    "policy ",
    "tag ",
    "test ",
    "rule ",
    "use ",
    "define ",
    "normalize ",
    "exempt ",
    "severity ",
    "require ",
    "for ",
    "resource",
    "where ",
    "not ",
    "and ",
    "or ",
    "in ",
    "is ",
    "matches ",
    "has word ",
    "given ",
    "expect ",
    "tags ",
    "map ",
    "keys ",
    "one of ",
    "text",
    "a",
    "b-c",
    "`or`",
    "\"",
    "\"x\"",
    "/",
    "//",
    "///",
    "/x/",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    ",",
    ":",
    "::",
    "=",
    "==",
    "->",
    "<",
    "!",
    "&&",
    ".",
    "\\",
    "5",
    "5 USD",
    "2027-01-31",
    "-",
    "\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    "\u{feff}",
    "\u{a0}",
    "\0",
    "é",
    "🙂",
    "\u{2028}",
    "\u{301}",
];

fn soup() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(PIECES), 0..60).prop_map(|pieces| pieces.concat())
}

/// A text of the repository with some parts cut out and some pieces put in.
fn edited() -> impl Strategy<Value = String> {
    let texts: Vec<String> =
        corpus::all().into_iter().map(|(_, text)| text).filter(|text| text.len() < 3000).collect();
    let edit = (any::<prop::sample::Index>(), 0usize..12, proptest::sample::select(PIECES));
    (proptest::sample::select(texts), proptest::collection::vec(edit, 1..6)).prop_map(|(mut text, edits)| {
        for (at, length, piece) in edits {
            let boundaries: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
            let from = at.index(boundaries.len());
            let to = (from + length).min(boundaries.len() - 1);
            text.replace_range(boundaries[from]..boundaries[to], piece);
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn random_pieces(text in soup()) {
        check(&text);
    }

    #[test]
    fn random_edits(text in edited()) {
        check(&text);
    }
}
