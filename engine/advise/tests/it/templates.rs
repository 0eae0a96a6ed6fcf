//! What this program words itself.

use proptest::prelude::*;
use tagpol_advise::prompt::{Aliases, Values, apply, prompt};
use tagpol_advise::sentence::{Part, Sentence};
use tagpol_advise::{Advice, Analysis, Fact, Origin};

use crate::inputs::input;

fn states_only_facts(sentence: &Sentence, facts: &[&Fact]) -> Result<(), TestCaseError> {
    for part in sentence.atoms() {
        let is_known = facts.iter().flat_map(|fact| fact.atoms()).any(|known| known == part);
        prop_assert!(is_known, "{part:?} is not in {facts:?}");
    }
    for part in &sentence.0 {
        if let Part::Words(words) = part {
            prop_assert!(!words.contains(|c: char| c.is_numeric()), "a number in words: {words}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn steps_state_what_their_facts_state(input in input()) {
        let advice = Advice::new(&input, &Analysis::ALL);
        prop_assert_eq!(&advice, &Advice::new(&input, &Analysis::ALL));
        for step in advice.sections.iter().flat_map(|section| &section.steps) {
            prop_assert!(!step.facts.is_empty());
            let facts: Vec<&Fact> = step.facts.iter().map(|id| advice.facts.get(*id).unwrap()).collect();
            states_only_facts(&step.sentence, &facts)?;
        }
        for fact in advice.facts.all() {
            states_only_facts(&fact.sentence, &[fact])?;
            prop_assert_eq!(advice.facts.get(fact.id), Some(fact));
            prop_assert_eq!(advice.facts.about(fact.topic), Some(fact));
        }
        // One analysis is what it is among all.
        for section in &advice.sections {
            let alone = Advice::new(&input, &[section.analysis]);
            prop_assert_eq!(&alone.sections, &vec![section.clone()]);
            prop_assert_eq!(&alone.facts, &advice.facts);
        }
    }

    #[test]
    fn an_honest_model_is_believed(input in input()) {
        let advice = Advice::new(&input, &Analysis::ALL);
        let aliases = Aliases::of(advice.facts.all());
        for section in &advice.sections {
            // What it was shown, in reverse order.
            let shown = prompt(&advice, section, &aliases, Values::Aliases).user;
            let (_, steps) = shown.split_once("\nSteps:\n").unwrap();
            let step = |line: &str| {
                let (_, line) = line.split_once(". [").unwrap();
                let (facts, text) = line.split_once("] ").unwrap();
                let facts: Vec<&str> = facts.split(", ").collect();
                serde_json::json!({"facts": facts, "text": text})
            };
            let steps: Vec<_> = steps.lines().rev().map(step).collect();
            let answer = serde_json::json!({"steps": steps}).to_string();
            let mut worded = section.clone();
            apply(&mut worded, &advice.facts, &aliases, &answer).unwrap();
            prop_assert_eq!(worded.steps.len(), section.steps.len());
            for step in &worded.steps {
                prop_assert_eq!(&step.origin, &Origin::Model, "{:?}", step);
            }
        }
    }

    #[test]
    fn a_model_reads_no_foreign_text(input in input()) {
        let advice = Advice::new(&input, &Analysis::ALL);
        let aliases = Aliases::of(advice.facts.all());
        for section in &advice.sections {
            let shown = prompt(&advice, section, &aliases, Values::Aliases);
            for fact in advice.facts.all() {
                for text in fact.atoms().filter_map(Part::foreign).filter(|text| text.chars().count() > 8) {
                    // A text may be a part of a sentence by chance, such as a number.
                    prop_assert!(!shown.user.contains(text), "{text:?} is in {}", shown.user);
                }
            }
        }
    }
}
