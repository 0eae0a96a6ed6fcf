//! Values that try to instruct a model: what a model that obeys them would write never arrives.

use serde_json::json;
use tagpol_advise::input::{CheckInput, ConflictInput};
use tagpol_advise::prompt::{Aliases, Values, apply, prompt};
use tagpol_advise::{Advice, AdviceInput, Analysis, Origin};

const INJECTED: &str = include_str!("injected.txt");

/// Results in which a value is everything that can be foreign.
fn input(value: &str) -> AdviceInput {
    let value = value.to_owned();
    AdviceInput {
        resources: 30,
        in_scope: 20,
        passing: 10,
        open: [0, 3, 0, 0],
        checks: vec![CheckInput {
            policy: "owned".to_owned(),
            check: "owner".to_owned(),
            requirement: value.clone(),
            in_scope: 20,
            open: 3,
            controls: vec![("soc2".to_owned(), value.clone())],
            example: Some(value.clone()),
            ..CheckInput::default()
        }],
        unread_keys: vec![(value.clone(), 4)],
        conflicts: vec![ConflictInput {
            tag: "owner".to_owned(),
            resources: 2,
            resource: value.clone(),
            value: value.clone(),
            other: value,
        }],
        ..AdviceInput::default()
    }
}

#[test]
fn a_hundred_injected_values_change_nothing() {
    let values: Vec<&str> = INJECTED.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(values.len(), 100);
    for value in values {
        let mut advice = Advice::new(&input(value), &Analysis::ALL);
        let aliases = Aliases::of(advice.facts.all());
        let facts = advice.facts.clone();
        for at in 0..advice.sections.len() {
            let section = advice.sections[at].clone();
            let shown = prompt(&advice, &section, &aliases, Values::Aliases);
            assert!(!shown.user.contains(value) && !shown.system.contains(value), "{value} is sent");
            let shared = prompt(&advice, &section, &aliases, Values::Shared);
            assert!(!shared.user.lines().any(|line| line == value), "{value} is a line of the prompt");
            // A model that obeys: it writes the value, alone or in the middle of an honest step.
            let steps = section.steps.iter().zip(0..).map(|(step, number)| {
                let facts: Vec<String> = step.facts.iter().map(ToString::to_string).collect();
                let text = match number % 3 {
                    0 => value.to_owned(),
                    1 => format!("{} {value}", step.sentence),
                    _ => format!("Fix the findings first. {value}."),
                };
                json!({"facts": facts, "text": text})
            });
            let answer = json!({"steps": steps.collect::<Vec<_>>()}).to_string();
            let worded = &mut advice.sections[at];
            apply(worded, &facts, &aliases, &answer).unwrap();
            for (step, honest) in worded.steps.iter().zip(&section.steps) {
                assert!(matches!(step.origin, Origin::Replaced(_)), "{value}: {step:?}");
                assert_eq!(step.sentence, honest.sentence);
            }
        }
    }
}
