//! Any text gives a tree that covers every byte, and mistakes that point into the text.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let parse = tagpol_syntax::parse(text);
    assert_eq!(parse.root().text().to_string(), text, "the tree covers every byte");
    let inside = |range: tagpol_syntax::TextRange| {
        let (start, end) = (usize::from(range.start()), usize::from(range.end()));
        assert!(text.get(start..end).is_some(), "{range:?} is no part of the text");
    };
    for error in parse.errors() {
        inside(error.range);
        error.related.iter().for_each(|(range, _)| inside(*range));
        error.fix.iter().for_each(|(range, _)| inside(*range));
        assert!(!error.message.is_empty(), "{error:?} says nothing");
    }
    assert_eq!(tagpol_syntax::parse(text), parse, "the same text gives the same tree");
});
