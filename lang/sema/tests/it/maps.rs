//! Patterns that are said to be never met, against every short text.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::support::lint;

/// Patterns as they are written.
const PATTERNS: [&str; 18] = [
    "\"a\"", "\"b\"", "\"AB\"", "\"\"", "\"a*\"", "\"*A\"", "\"?b\"", "\"*\"", "\"??\"", "\"a?*\"", "/a+/",
    "/[ab]*/", "/a|B/", "/b.*/", "/[0-9]+/", "/(ab)?1/", "/^a$/", "/1|a1/",
];

/// Every text of up to four of some characters.
fn texts() -> Vec<String> {
    let mut texts = vec![String::new()];
    let mut last = texts.clone();
    for _ in 0..4 {
        last = last.iter().flat_map(|text| ["a", "b", "A", "1"].map(|c| format!("{text}{c}"))).collect();
        texts.extend(last.iter().cloned());
    }
    texts
}

/// What a pattern matches, as the language reference has it.
fn matcher(pattern: &str) -> regex::Regex {
    let pattern = match pattern.strip_prefix('/') {
        Some(regex) => regex.trim_end_matches('/').to_owned(),
        None => regex::escape(pattern.trim_matches('"')).replace(r"\*", ".*").replace(r"\?", "."),
    };
    regex::Regex::new(&format!(r"(?si)\A(?:{pattern})\z")).unwrap()
}

/// The patterns that are never the first to match, of those that a text could tell apart.
fn unmet(patterns: &[&str], texts: &[String]) -> BTreeSet<usize> {
    let matchers: Vec<regex::Regex> = patterns.iter().map(|pattern| matcher(pattern)).collect();
    // The empty text is matched by itself only.
    let matches = |at: usize, matcher: &regex::Regex, text: &str| {
        if text.is_empty() { patterns[at] == "\"\"" } else { matcher.is_match(text) }
    };
    let first = texts
        .iter()
        .filter_map(|text| matchers.iter().enumerate().position(|(at, matcher)| matches(at, matcher, text)));
    let met: BTreeSet<usize> = first.collect();
    (0..patterns.len()).filter(|i| !met.contains(i)).collect()
}

/// The patterns of which the lint says so: each stands on a line of its own, below two others.
fn said(patterns: &[&str]) -> BTreeSet<usize> {
    let arms: String = patterns.iter().map(|pattern| format!("  map {pattern} -> \"x\"\n")).collect();
    let text = format!("tag t: text\nnormalize t {{\n{arms}}}\n");
    let (db, found) = lint(&[("a.tagpol".to_owned(), text)]);
    let line = |d: &tagpol_sema::Diagnostic| {
        let (line, _) = tagpol_sema::line_index(&db, d.file).position(d.file.text(&db), d.range.start());
        line as usize - 3
    };
    let of_patterns = found.iter().filter(|d| d.code.lint_name() == Some("unreached-pattern"));
    of_patterns.map(line).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

    /// These patterns differ in short texts, so what is never met by one is never met at all.
    #[test]
    fn unreached_patterns_are_those_that_nothing_meets(
        patterns in proptest::collection::vec(proptest::sample::select(PATTERNS.to_vec()), 1..8)
    ) {
        prop_assert_eq!(said(&patterns), unmet(&patterns, &texts()));
    }
}
