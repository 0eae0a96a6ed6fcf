//! Formatting changes white space only, and a text that has been formatted not at all.

#![no_main]

use tagpol_syntax::{Parse, SyntaxKind};

/// Everything but white space, in order.
fn tokens(parse: &Parse) -> Vec<(SyntaxKind, String)> {
    let tokens = parse.root().descendants_with_tokens().filter_map(|element| element.into_token());
    let tokens = tokens.filter(|token| token.kind() != SyntaxKind::Whitespace);
    tokens.map(|token| (token.kind(), token.text().trim_end().to_owned())).collect()
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    let parse = tagpol_syntax::parse(text);
    let formatted = tagpol_fmt::format(&parse);
    let again = tagpol_syntax::parse(&formatted);
    assert_eq!(tokens(&again), tokens(&parse), "only white space changes:\n{formatted}");
    assert_eq!(tagpol_fmt::format(&again), formatted, "the form of the form is the form");
});
