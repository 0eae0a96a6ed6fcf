//! The formats, as their readers see them.

use proptest::prelude::*;
use serde_json::Value;
use tagpol_advise::format::AdviceFormat;
use tagpol_advise::{Advice, Analysis};

use crate::inputs::input;

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn foreign_texts_stay_texts(input in input()) {
        let advice = Advice::new(&input, &Analysis::ALL);
        let steps: usize = advice.sections.iter().map(|section| section.steps.len()).sum();
        let text = AdviceFormat::Text.write("p", &advice);
        prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{:?}", text);
        // A heading, four sections, their steps, the facts: no foreign text adds a line.
        let lines = text.lines().filter(|line| !line.is_empty()).count();
        let empty = advice.sections.iter().filter(|section| section.steps.is_empty()).count();
        prop_assert_eq!(lines, 1 + 4 + steps + empty + 1 + advice.cited().count());
        let json: Value = serde_json::from_str(&AdviceFormat::Json.write("p", &advice)).unwrap();
        let of = |section: &Value| section["steps"].as_array().unwrap().len();
        let shown: usize = json["sections"].as_array().unwrap().iter().map(of).sum();
        prop_assert_eq!(shown, steps);
        let markdown = AdviceFormat::Markdown.write("p", &advice);
        prop_assert!(!markdown.contains(['\u{1b}', '\u{202e}']), "{}", markdown);
    }
}
