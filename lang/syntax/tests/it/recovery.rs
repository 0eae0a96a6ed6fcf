//! One mistake costs one statement: what it did not touch parses as before.

use tagpol_syntax::ast::{AstNode, File, Item};
use tagpol_syntax::{Parse, SyntaxKind, SyntaxToken};

use crate::corpus::{self, EVERY_FORM};
use crate::lossless::check;

/// Kind, text and documentation of an item.
type Shape = (SyntaxKind, String, String);

fn shape(item: &Item) -> Shape {
    (item.syntax().kind(), item.syntax().text().to_string(), item.doc())
}

fn items(parse: &Parse) -> Vec<Item> {
    File::cast(parse.root()).unwrap().items().collect()
}

fn end(item: &Item) -> usize {
    item.range().end().into()
}

#[test]
fn cut_at_every_line() {
    for (name, text) in corpus::all() {
        let whole = tagpol_syntax::parse(&text);
        let ends: Vec<(usize, Shape)> = items(&whole).iter().map(|item| (end(item), shape(item))).collect();
        for (cut, _) in text.match_indices('\n') {
            let left: Vec<Shape> = items(&check(&text[..cut])).iter().map(shape).collect();
            // The last item before the cut may be one that went on behind it.
            let untouched: Vec<&Shape> =
                ends.iter().filter(|(end, _)| *end <= cut).map(|(_, shape)| shape).collect();
            let before = untouched.len().saturating_sub(1);
            assert!(left.iter().zip(&untouched).take(before).all(|(a, b)| a == *b), "{name} cut at {cut}");
            assert!(left.len() >= before, "{name} cut at {cut}");
        }
    }
}

/// The tokens that carry meaning.
fn tokens(parse: &Parse) -> Vec<SyntaxToken> {
    let tokens = parse.root().descendants_with_tokens().filter_map(|element| element.into_token());
    tokens.filter(|token| !token.kind().is_trivia()).collect()
}

/// The text without a token, or with another in its place.
fn without(text: &str, token: &SyntaxToken, instead: &str) -> String {
    let range = token.text_range();
    format!("{}{instead}{}", &text[..usize::from(range.start())], &text[usize::from(range.end())..])
}

/// Asserts that all items but the one of the token are as before. Returns how many errors came up.
fn other_items_survive(whole: &Parse, token: &SyntaxToken, edited: &str) -> usize {
    let touched = token.text_range();
    let parse = check(edited);
    let found: Vec<Shape> = items(&parse).iter().map(shape).collect();
    for item in items(whole) {
        if item.range().contains_range(touched) {
            continue;
        }
        assert!(
            found.contains(&shape(&item)),
            "without {token:?} in\n{edited}\nlost {item:?}\n{:#?}",
            parse.errors()
        );
    }
    parse.errors().len().saturating_sub(whole.errors().len())
}

/// The one mistake may need as many as this.
const MOST_ERRORS: usize = 5;

/// Where one missing token costs more than one error: the kind of token and of its parent. A
/// missing brace either closes the wrong block or opens none, and both sides can be seen.
const COSTLY: &[(&str, SyntaxKind)] = &[
    ("{", SyntaxKind::Shares),
    ("{", SyntaxKind::GivenStmt),
    ("{", SyntaxKind::TagsField),
    ("{", SyntaxKind::GivenStmt),
    ("{", SyntaxKind::MetaField),
    ("production", SyntaxKind::Path),
    ("from", SyntaxKind::FromRule),
    ("3", SyntaxKind::ExpectTag),
    ("expect", SyntaxKind::ExpectStmt),
];

#[test]
fn without_any_single_token() {
    let mut costly = Vec::new();
    let whole = tagpol_syntax::parse(EVERY_FORM);
    for token in tokens(&whole) {
        let edited = without(EVERY_FORM, &token, "");
        let errors = other_items_survive(&whole, &token, &edited);
        assert!(errors <= MOST_ERRORS, "{errors} errors without {token:?} of {:?}", token.parent());
        if errors > 1 {
            costly.push((token.text().to_owned(), token.parent().unwrap().kind()));
        }
    }
    let expected: Vec<(String, SyntaxKind)> =
        COSTLY.iter().map(|(text, kind)| ((*text).to_owned(), *kind)).collect();
    assert_eq!(costly, expected);
}

#[test]
fn with_any_single_token_replaced() {
    let whole = tagpol_syntax::parse(EVERY_FORM);
    for token in tokens(&whole) {
        let edited = without(EVERY_FORM, &token, "?");
        let errors = other_items_survive(&whole, &token, &edited);
        assert!(errors <= MOST_ERRORS, "{errors} errors with `?` for {token:?}");
    }
}

#[test]
fn without_tokens_of_other_texts() {
    for (_, text) in corpus::all().iter().filter(|(name, _)| name.ends_with(".tagpol")) {
        let whole = tagpol_syntax::parse(text);
        for token in tokens(&whole).iter().step_by(23) {
            other_items_survive(&whole, token, &without(text, token, ""));
        }
    }
}
