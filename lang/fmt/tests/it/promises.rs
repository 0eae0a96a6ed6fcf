//! What holds for every text: its tokens and its tree stay, and what is formatted stays formatted.

use proptest::prelude::*;
use tagpol_syntax::{Parse, SyntaxElement, SyntaxKind, SyntaxToken, parse};

use crate::corpus;

/// Formats a text, and checks what holds for every text.
pub(crate) fn check(text: &str) -> String {
    let before = parse(text);
    let formatted = tagpol_fmt::format(&before);
    let after = parse(&formatted);
    assert_eq!(outline(&after), outline(&before), "{text:?} became {formatted:?}");
    assert_eq!(mistakes(&after), mistakes(&before), "{text:?} became {formatted:?}");
    assert_eq!(tagpol_fmt::format(&after), formatted, "twice: {text:?}");
    assert_eq!(tagpol_fmt::apply(text, &tagpol_fmt::edits(&before)), formatted);
    formatted
}

/// Every node and token but white space, with the blanks at the ends of comments left out.
fn outline(parse: &Parse) -> Vec<(SyntaxKind, usize, String)> {
    let root = parse.root();
    let elements = root.descendants_with_tokens().filter(|element| element.kind() != SyntaxKind::Whitespace);
    let depth = |element: &SyntaxElement| element.ancestors().count();
    let text = |element: &SyntaxElement| {
        element
            .as_token()
            .map_or(String::new(), |token| token.text().trim_end_matches([' ', '\t']).to_owned())
    };
    elements.map(|element| (element.kind(), depth(&element), text(&element))).collect()
}

/// The kinds of the mistakes, in any order: their messages and places may depend on white space.
fn mistakes(parse: &Parse) -> Vec<String> {
    let mut kinds: Vec<String> = parse.errors().iter().map(|error| format!("{:?}", error.kind)).collect();
    kinds.sort();
    kinds
}

/// Whether no line is longer than it may be, and none ends in a blank.
fn assert_tidy(formatted: &str) {
    assert!(formatted.is_empty() || formatted.ends_with('\n'));
    assert!(!formatted.contains("\n\n\n") && !formatted.starts_with('\n') && !formatted.ends_with("\n\n"));
    for line in formatted.lines() {
        assert_eq!(line.trim_end(), line);
    }
}

#[test]
fn every_text_of_the_repository() {
    for (name, text) in corpus::all() {
        println!("{name}");
        let formatted = check(&text);
        if parse(&text).errors().is_empty() {
            assert_tidy(&formatted);
        }
    }
}

/// The tokens and comments of a text.
fn tokens(text: &str) -> Vec<SyntaxToken> {
    let root = parse(text).root();
    let tokens = root.descendants_with_tokens().filter_map(SyntaxElement::into_token);
    tokens.filter(|token| token.kind() != SyntaxKind::Whitespace).collect()
}

/// Items with every form of the language, each a text of its own.
fn items() -> Vec<String> {
    let root = parse(corpus::EVERY_FORM).root();
    root.children().map(|item| item.text().to_string()).collect()
}

#[test]
fn items_without_one_of_their_tokens() {
    for text in items() {
        for token in tokens(&text) {
            let mut cut = format!("{text}\ntag below: text\n");
            let range = token.text_range();
            cut.replace_range(usize::from(range.start())..usize::from(range.end()), "");
            check(&cut);
        }
    }
}

#[test]
fn items_that_end_anywhere() {
    for text in items() {
        for token in tokens(&text) {
            let start = &text[..usize::from(token.text_range().start())];
            check(start);
            check(&format!("{start}\n\n\n// above\ntag below:text"));
        }
    }
}

#[test]
fn blanks_between_tokens_decide_nothing() {
    for (_, text) in corpus::all() {
        if !parse(&text).errors().is_empty() {
            continue;
        }
        let blanks = ["", "   ", "\t", " \t "].iter().cycle();
        let root = parse(&text).root();
        let tokens = root.descendants_with_tokens().filter_map(SyntaxElement::into_token);
        let spaced = tokens.zip(blanks).map(|(token, blanks)| match token.kind() {
            SyntaxKind::Whitespace => token.text().replace(' ', &format!(" {blanks}")).replace('\n', " \n"),
            _ => token.text().to_owned(),
        });
        assert_eq!(check(&spaced.collect::<String>()), check(&text));
    }
}

#[test]
fn a_value_that_is_a_keyword_may_join_its_line() {
    // On one line, `set from` looks like the beginning of a statement, and is none.
    assert_eq!(
        check("tag   a:text\n\ntest \"t\" {\n  expect   a == set\n  from rule r\n}\ntag   b:text\n"),
        "tag a: text\n\ntest \"t\" {\n  expect a == set from rule r\n}\n\ntag b: text\n"
    );
}

#[test]
fn deep_texts_and_long_ones() {
    let nested = |depth: usize| format!("define a = {}b{}", "(".repeat(depth), ")".repeat(depth));
    for depth in [1, 30, 64, 65, 1000] {
        check(&nested(depth));
    }
    check(&format!("define a = {}b", "not ".repeat(1000)));
    check(&format!("define a = b{}", " or b and c".repeat(300)));
    check(&format!("tag a: one of [{}]", "\"m\", ".repeat(1000)));
    check(&format!("tag a: text matching /{}/", "x".repeat(100_000)));
    check(&format!("// {}", "(".repeat(100_000)));
    check(&"tag a:text\n\n\n".repeat(200));
    check(&"oops\n\n".repeat(100));
}

/// What may stand between two tokens.
const BETWEEN: &[&str] = &[
    "",
    " ",
    " ",
    " ",
    "  ",
    "\t",
    "\n",
    "\n",
    "\n\n\n",
    "\r\n",
    "\n  ",
    " // c\n",
    "\n/// d  \n\n",
    "\u{a0}",
    "\u{feff}",
];

/// The tokens of a text of the repository with other white space and more comments between them.
fn spaced() -> impl Strategy<Value = String> {
    let texts = corpus::all().into_iter().map(|(_, text)| text);
    let texts = texts.map(|text| tokens(&text).iter().map(|token| token.text().to_owned()).collect());
    let texts: Vec<Vec<String>> = texts.filter(|tokens: &Vec<String>| tokens.len() < 400).collect();
    let gaps = proptest::collection::vec(proptest::sample::select(BETWEEN), 400);
    (proptest::sample::select(texts), gaps).prop_map(|(tokens, gaps)| {
        let mut text = String::new();
        for (token, gap) in tokens.iter().zip(gaps) {
            text.push_str(token);
            text.push_str(if token.starts_with("//") { "\n" } else { "" });
            text.push_str(gap);
        }
        text
    })
}

/// The same with few gaps changed, so that most texts still parse.
fn nudged() -> impl Strategy<Value = String> {
    let texts: Vec<String> =
        corpus::all().into_iter().map(|(_, text)| text).filter(|text| text.len() < 6000).collect();
    let change = (any::<prop::sample::Index>(), proptest::sample::select(BETWEEN));
    (proptest::sample::select(texts), proptest::collection::vec(change, 1..20)).prop_map(
        |(mut text, changes)| {
            for (at, gap) in changes {
                let blanks: Vec<usize> = text.match_indices([' ', '\n']).map(|(at, _)| at).collect();
                if !blanks.is_empty() {
                    let at = blanks[at.index(blanks.len())];
                    text.replace_range(at..=at, gap);
                }
            }
            text
        },
    )
}

const PIECES: &[&str] = &[
    "policy p ",
    "tag ",
    "test \"t\" ",
    "rule r ",
    "use ",
    "define a = ",
    "normalize ",
    "table ",
    "goal ",
    "infer ",
    "@allow(x)",
    "severity high",
    "require ",
    "for resource ",
    "where ",
    "not ",
    "and ",
    "or ",
    "in ",
    "is set",
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
    "/// c",
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
    "!",
    "&&",
    ".",
    "5",
    "5 USD",
    "2027-01-31",
    "\n",
    "\n",
    "\r\n",
    "\r",
    " ",
    " ",
    "\u{feff}",
    "\u{a0}",
    "\0",
    "é",
    "🙂",
    "\u{2028}",
    "\u{c}",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn other_white_space(text in spaced()) {
        check(&text);
    }

    #[test]
    fn a_little_other_white_space(text in nudged()) {
        check(&text);
    }

    #[test]
    fn random_pieces(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..60)) {
        check(&pieces.concat());
    }

    #[test]
    fn ranges_lead_to_the_same(text in nudged(), from in any::<prop::sample::Index>(), length in 0usize..200) {
        let before = parse(&text);
        let at = from.index(text.len() + 1);
        let size = |at: usize| tagpol_syntax::TextSize::try_from(at.min(text.len())).unwrap();
        let range = tagpol_syntax::TextRange::new(size(at), size(at + length));
        let edits = tagpol_fmt::format_range(&before, range);
        let part = tagpol_fmt::apply(&text, &edits);
        assert_eq!(outline(&parse(&part)), outline(&before));
        if before.errors().is_empty() {
            assert_eq!(tagpol_fmt::format(&parse(&part)), tagpol_fmt::format(&before), "{at} {length} {text:?} {part:?}");
        }
    }
}
