//! Advice, as a page shows it: steps by analysis, and the facts that they follow from.

use serde::Serialize;
use tagpol_advise::format::shown_parts;
use tagpol_advise::sentence::Sentence;
use tagpol_advise::{Advice, Fact, Section, Step};

use super::strings::tame;

#[derive(Serialize)]
pub(super) struct AdviceData {
    /// Those with steps.
    sections: Vec<SectionData>,
    /// Those that steps cite.
    facts: Vec<FactData>,
}

#[derive(Serialize)]
struct SectionData {
    title: &'static str,
    steps: Vec<StepData>,
}

#[derive(Serialize)]
struct StepData {
    parts: Vec<PartData>,
    facts: Vec<String>,
}

#[derive(Serialize)]
struct FactData {
    id: String,
    parts: Vec<PartData>,
}

/// A text, and whether it stands apart from words.
#[derive(Serialize)]
struct PartData(String, bool);

/// Returns what a page shows of advice. None: there is nothing to advise.
pub(super) fn data(advice: &Advice) -> Option<AdviceData> {
    let sections: Vec<SectionData> =
        advice.sections.iter().filter(|section| !section.steps.is_empty()).map(section).collect();
    let facts = advice.cited().map(fact).collect();
    (!sections.is_empty()).then_some(AdviceData { sections, facts })
}

fn section(section: &Section) -> SectionData {
    SectionData { title: section.analysis.title(), steps: section.steps.iter().map(step).collect() }
}

fn step(step: &Step) -> StepData {
    StepData { parts: parts(&step.sentence), facts: step.facts.iter().map(ToString::to_string).collect() }
}

fn fact(fact: &Fact) -> FactData {
    FactData { id: fact.id.to_string(), parts: parts(&fact.sentence) }
}

fn parts(sentence: &Sentence) -> Vec<PartData> {
    let part = |part: tagpol_advise::format::ShownPart| match part.is_code {
        true => PartData(tame(&part.text), true),
        // Words begin and end with the space next to them.
        false => PartData(part.text, false),
    };
    shown_parts(sentence).into_iter().map(part).collect()
}
