//! Answers of conversations, for a terminal while they are made, and as JSON.

use std::fmt::Write as _;

use serde_json::Value;
use tagpol_sink::terminal::line;

use super::text::{part, sentence};
use super::{json, numbers, remark};
use crate::advice::{Origin, Step};
use crate::conversation::{Answer, Event};
use crate::facts::{Fact, Facts};

/// Returns an answer as one JSON document.
pub fn answer_json(question: &str, answer: &Answer, facts: &Facts) -> String {
    json::answer(question, answer, facts)
}

/// As [`answer_json`], as a value.
pub fn answer_value(question: &str, answer: &Answer, facts: &Facts) -> Value {
    json::answer_value(question, answer, facts)
}

/// Returns the name and the data of an event, for a stream: `call`, `part`, `withdrawn`, `statement`, `restarted` or `proposal`.
/// The data has the forms of [`answer_json`].
pub fn event_value(event: Event<'_>) -> (&'static str, Value) {
    json::event(event)
}

/// Returns an answer for a terminal, which is what [`AnswerWriter`] writes if nothing of it was shown before.
pub fn answer_text(answer: &Answer, facts: &Facts) -> String {
    let mut writer = AnswerWriter::default();
    let mut text: String = answer.calls.iter().filter_map(|call| writer.event(Event::Call(call))).collect();
    text.extend(answer.steps.iter().filter_map(|step| writer.event(Event::Step(step))));
    text + &writer.end(answer, facts)
}

/// Writes an answer for a terminal while it is made.
#[derive(Debug, Default)]
pub struct AnswerWriter {
    /// What was written of the statement that is being made.
    open: String,
}

impl AnswerWriter {
    /// Returns what an event adds. None: nothing yet.
    pub fn event(&mut self, event: Event<'_>) -> Option<String> {
        match event {
            Event::Call(call) => {
                let argument = call.argument().map(|text| format!(": `{}`", line(text))).unwrap_or_default();
                Some(format!("  (looked up {}{argument})\n", call.name()))
            }
            Event::Part(new) => {
                let new = part(new);
                let start = if self.open.is_empty() { "  " } else { "" };
                self.open.push_str(&new);
                Some(format!("{start}{new}"))
            }
            Event::Withdrawn => self.give_up("withdrawn"),
            Event::Restarted => self.give_up("the answer begins again"),
            Event::Step(step) => {
                let whole = statement(step);
                let open = std::mem::take(&mut self.open);
                Some(match whole.strip_prefix(&open) {
                    Some(rest) if !open.is_empty() => format!("{rest}\n"),
                    _ => format!("  {whole}\n"),
                })
            }
            // It is shown at the end, with what it would change.
            Event::Proposal(_) => None,
        }
    }

    fn give_up(&mut self, why: &str) -> Option<String> {
        let was_open = !std::mem::take(&mut self.open).is_empty();
        let end = if was_open { " … " } else { "  " };
        Some(format!("{end}({why})\n"))
    }

    /// Returns the end of an answer: a proposal, the facts behind it, and what is worth knowing about it.
    pub fn end(self, answer: &Answer, facts: &Facts) -> String {
        let mut out = String::new();
        if let Some(proposal) = &answer.proposal {
            let who = if proposal.is_of_model { "the model proposes" } else { "proposed" };
            let _ = writeln!(out, "  {who}, and nothing is changed yet:\n");
            // The language has no text that steers a terminal, but its strings can contain any.
            for text in proposal.text.lines() {
                let _ = writeln!(out, "    {}", line(text));
            }
            out.push('\n');
        }
        let is_shown = |fact: &&Fact| {
            answer.steps.iter().any(|step| step.origin == Origin::Template && step.facts == [fact.id])
        };
        let cited = answer.cited();
        let cited: Vec<&Fact> =
            cited.iter().filter_map(|id| facts.get(*id)).filter(|fact| !is_shown(fact)).collect();
        if !cited.is_empty() {
            out.push_str("  Facts\n");
        }
        for fact in cited {
            let _ = writeln!(out, "    {}  {}", fact.id, sentence(&fact.sentence));
        }
        for reason in &answer.left_out {
            let _ = writeln!(out, "  (left out: a statement of the model that {})", reason.as_str());
        }
        for note in &answer.notes {
            let _ = writeln!(out, "  ({note})");
        }
        if let Some(reason) = &answer.rejected_proposal {
            let _ = writeln!(out, "  (a proposal is not shown: {reason})");
        }
        if let Some(reason) = &answer.without_model {
            let is_half = answer.steps.iter().any(|step| step.origin != Origin::Template);
            let what = if is_half { "the answer ends early" } else { "no model answered" };
            let _ = writeln!(out, "  ({what}: {})", line(reason));
        }
        if answer.steps.is_empty() && answer.proposal.is_none() && answer.notes.is_empty() {
            out.push_str("  there is no fact about it\n");
        }
        out
    }
}

/// Returns a statement with the numbers of its facts; a fact itself begins with its number.
fn statement(step: &Step) -> String {
    let text = sentence(&step.sentence);
    let remark = remark(step).map(|remark| format!(" ({remark})")).unwrap_or_default();
    match step.origin {
        Origin::Template => format!("{}  {text}", numbers(step)),
        Origin::Model | Origin::Replaced(_) => format!("{text} [{}]{remark}", numbers(step)),
    }
}
