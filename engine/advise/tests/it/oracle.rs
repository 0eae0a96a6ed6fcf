//! Judges finished advice by its text alone, with nothing of the checker: whatever a step states has to be in the
//! facts that it cites.

use std::collections::BTreeSet;

use tagpol_advise::sentence::Sentence;
use tagpol_advise::{Advice, Facts, Origin, Step};

/// A text of a step, with code between backticks.
fn parts(sentence: &Sentence) -> (String, Vec<String>) {
    use tagpol_advise::sentence::Part;
    let (mut prose, mut code) = (String::new(), Vec::new());
    for part in &sentence.0 {
        match part {
            Part::Name(text) | Part::Value(text) => code.push(text.clone()),
            Part::Command(command) => code.push(command.text.clone()),
            Part::Words(words) => prose.push_str(words),
            Part::Count(number) => prose.push_str(&number.to_string()),
            Part::Score(tenths) => prose.push_str(&format!("{}.{}", tenths / 10, tenths % 10)),
            Part::Money(money) => prose.push_str(&money.to_string()),
            Part::Share(text) | Part::Month(text) => prose.push_str(text),
        }
    }
    (prose, code)
}

/// The words of a text that have a digit, or look like an amount.
fn numbers(text: &str) -> BTreeSet<String> {
    let words = text
        .split_whitespace()
        .map(|word| word.trim_matches(['.', ',', ';', ':', '(', ')', '"', '\'', '!', '?']));
    words.filter(|word| word.contains(|c: char| c.is_numeric())).map(str::to_owned).collect()
}

/// Returns what steps of a model state that their facts lack; empty if all is well.
pub(crate) fn unsupported(advice: &Advice) -> Vec<String> {
    advice.sections.iter().flat_map(|section| unsupported_steps(&advice.facts, &section.steps)).collect()
}

/// Returns what steps of a model state that their facts lack.
pub(crate) fn unsupported_steps(facts: &Facts, steps: &[Step]) -> Vec<String> {
    steps.iter().filter(|step| step.origin == Origin::Model).flat_map(|step| of_step(facts, step)).collect()
}

fn of_step(facts: &Facts, step: &Step) -> Vec<String> {
    let facts: Vec<_> = step.facts.iter().map(|id| facts.get(*id).expect("a known fact")).collect();
    let (mut known_numbers, mut known_code) = (BTreeSet::new(), BTreeSet::new());
    for fact in &facts {
        let (prose, code) = parts(&fact.sentence);
        known_numbers.extend(numbers(&prose));
        known_code.extend(code);
        let (_, commands) = parts(&Sentence(fact.commands.clone()));
        known_code.extend(commands);
    }
    let (prose, code) = parts(&step.sentence);
    let mut found: Vec<String> =
        numbers(&prose).into_iter().filter(|number| !known_numbers.contains(number)).collect();
    found.extend(code.into_iter().filter(|code| !known_code.contains(code)));
    let money = |c: char| c.is_ascii_alphabetic() || c.is_ascii_digit() || " .,;:!?()\"'-%<>".contains(c);
    found.extend(prose.chars().filter(|c| !money(*c)).map(String::from));
    for word in ["://", "www", "::", "tagpol", "evil", "pwned", "delete", "rm", "prod-db", "ignore", "all"] {
        let words: BTreeSet<&str> = prose.split(|c: char| !c.is_ascii_alphabetic() && c != '-').collect();
        let is_there = if word.contains(':') { prose.contains(word) } else { words.contains(word) };
        let in_facts = facts.iter().any(|fact| parts(&fact.sentence).0.contains(word));
        if is_there && !in_facts {
            found.push(word.to_owned());
        }
    }
    found
}
