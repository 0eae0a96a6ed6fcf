//! Advice, answers and the events of answers as JSON. The schemas are `docs/schema/advice.v1.json` and `docs/schema/answer.v1.json`.

use serde::Serialize;
use serde_json::{Value, json};
use tagpol_sink::json::pretty;

use crate::advice::{Advice, Origin, Section, Step};
use crate::conversation::{Answer, Event, Proposal, ToolCall};
use crate::facts::{Fact, Facts};
use crate::sentence::{Part, Sentence};

/// Version of the document; it grows when a reader of the old form would be wrong.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    project: &'a str,
    model: Option<&'a str>,
    facts: Vec<FactJson>,
    sections: Vec<SectionJson<'a>>,
}

#[derive(Serialize)]
struct FactJson {
    id: String,
    text: String,
    parts: Vec<PartJson>,
    commands: Vec<String>,
}

#[derive(Serialize)]
struct SectionJson<'a> {
    analysis: &'static str,
    without_model: Option<&'a str>,
    steps: Vec<StepJson>,
}

#[derive(Serialize)]
struct StepJson {
    text: String,
    facts: Vec<String>,
    origin: &'static str,
    replaced_because: Option<&'static str>,
    parts: Vec<PartJson>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum PartJson {
    Words(String),
    Count(u64),
    Share(String),
    Score(String),
    Money { amount: String, currency: Option<String> },
    Month(String),
    Name(String),
    Value(String),
    Command(String),
}

#[derive(Serialize)]
struct AnswerJson<'a> {
    schema_version: u32,
    question: &'a str,
    model: Option<&'a str>,
    without_model: Option<&'a str>,
    calls: Vec<CallJson<'a>>,
    statements: Vec<StepJson>,
    left_out: Vec<&'static str>,
    notes: &'a [&'static str],
    proposal: Option<ProposalJson<'a>>,
    rejected_proposal: Option<&'a str>,
    facts: Vec<FactJson>,
}

#[derive(Serialize)]
struct CallJson<'a> {
    tool: &'static str,
    argument: Option<&'a str>,
}

#[derive(Serialize)]
struct ProposalJson<'a> {
    text: &'a str,
    facts: Vec<String>,
    origin: &'static str,
}

pub(super) fn answer(question: &str, answer: &Answer, facts: &Facts) -> String {
    // This cannot fail: all keys are texts, and there are no floats.
    pretty(&document(question, answer, facts)).unwrap_or_default()
}

pub(super) fn answer_value(question: &str, answer: &Answer, facts: &Facts) -> Value {
    value(&document(question, answer, facts))
}

/// Returns the name and the data of an event.
pub(super) fn event(event: Event<'_>) -> (&'static str, Value) {
    match event {
        Event::Call(of) => ("call", value(&call(of))),
        Event::Part(of) => ("part", value(&part(of))),
        Event::Withdrawn => ("withdrawn", json!({})),
        Event::Restarted => ("restarted", json!({})),
        Event::Step(of) => ("statement", value(&step(of))),
        Event::Proposal(of) => ("proposal", value(&proposal(of))),
    }
}

fn value(document: &impl Serialize) -> Value {
    // This cannot fail: all keys are texts, and there are no floats.
    serde_json::to_value(document).unwrap_or_default()
}

fn call(call: &ToolCall) -> CallJson<'_> {
    CallJson { tool: call.name(), argument: call.argument() }
}

fn proposal(proposal: &Proposal) -> ProposalJson<'_> {
    ProposalJson {
        text: &proposal.text,
        facts: proposal.facts.iter().map(ToString::to_string).collect(),
        origin: if proposal.is_of_model { "model" } else { "template" },
    }
}

fn document<'a>(question: &'a str, answer: &'a Answer, facts: &Facts) -> AnswerJson<'a> {
    AnswerJson {
        schema_version: SCHEMA_VERSION,
        question,
        model: answer.model.as_deref(),
        without_model: answer.without_model.as_deref(),
        calls: answer.calls.iter().map(call).collect(),
        statements: answer.steps.iter().map(step).collect(),
        left_out: answer.left_out.iter().map(|reason| reason.as_str()).collect(),
        notes: &answer.notes,
        proposal: answer.proposal.as_ref().map(proposal),
        rejected_proposal: answer.rejected_proposal.as_deref(),
        facts: answer.cited().into_iter().filter_map(|id| facts.get(id)).map(fact).collect(),
    }
}

pub(super) fn json(project: &str, advice: &Advice) -> String {
    let document = Document {
        schema_version: SCHEMA_VERSION,
        project,
        model: advice.model.as_deref(),
        facts: advice.cited().map(fact).collect(),
        sections: advice.sections.iter().map(section).collect(),
    };
    // This cannot fail: all keys are texts, and there are no floats.
    pretty(&document).unwrap_or_default()
}

fn fact(fact: &Fact) -> FactJson {
    FactJson {
        id: fact.id.to_string(),
        text: fact.sentence.to_string(),
        parts: parts(&fact.sentence),
        commands: fact.commands.iter().map(|command| command.plain().into_owned()).collect(),
    }
}

fn section(section: &Section) -> SectionJson<'_> {
    SectionJson {
        analysis: section.analysis.as_str(),
        without_model: section.without_model.as_deref(),
        steps: section.steps.iter().map(step).collect(),
    }
}

fn step(step: &Step) -> StepJson {
    let (origin, replaced_because) = match &step.origin {
        Origin::Template => ("template", None),
        Origin::Model => ("model", None),
        Origin::Replaced(reason) => ("replaced", Some(reason.as_str())),
    };
    StepJson {
        text: step.sentence.to_string(),
        facts: step.facts.iter().map(ToString::to_string).collect(),
        origin,
        replaced_because,
        parts: parts(&step.sentence),
    }
}

fn parts(sentence: &Sentence) -> Vec<PartJson> {
    sentence.0.iter().map(part).collect()
}

fn part(part: &Part) -> PartJson {
    match part {
        Part::Words(words) => PartJson::Words(words.to_string()),
        Part::Count(number) => PartJson::Count(*number),
        Part::Share(text) => PartJson::Share(text.clone()),
        Part::Score(_) => PartJson::Score(part.plain().into_owned()),
        Part::Money(money) => PartJson::Money {
            amount: tagpol_model::numbers::money(money.amount.unscaled, money.amount.scale),
            currency: money.currency.map(|currency| currency.as_str().to_owned()),
        },
        Part::Month(text) => PartJson::Month(text.clone()),
        Part::Name(text) => PartJson::Name(text.clone()),
        Part::Value(text) => PartJson::Value(text.clone()),
        Part::Command(command) => PartJson::Command(command.text.clone()),
    }
}
