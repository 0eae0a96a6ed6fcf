//! Advice for a terminal.

use std::fmt::Write as _;

use tagpol_sink::terminal::line;

use super::{numbers, remark, shown, without_model};
use crate::advice::Advice;
use crate::sentence::{Part, Sentence};

pub(super) fn text(project: &str, advice: &Advice) -> String {
    let mut out = format!("advice for {}\n", line(project));
    for section in &advice.sections {
        let _ = writeln!(out, "\n{}", section.analysis.title());
        if section.steps.is_empty() {
            out.push_str("  nothing to advise\n");
        }
        for (step, number) in section.steps.iter().zip(1..) {
            let remark = remark(step).map(|remark| format!(" ({remark})")).unwrap_or_default();
            let _ = writeln!(out, "  {number}. {} [{}]{remark}", sentence(&step.sentence), numbers(step));
        }
        if let Some(reason) = without_model(section) {
            let _ = writeln!(out, "  {}", line(&reason));
        }
    }
    out.push_str("\nFacts\n");
    for fact in advice.cited() {
        let _ = writeln!(out, "  {}  {}", fact.id, sentence(&fact.sentence));
    }
    if let Some(model) = &advice.model {
        let _ = writeln!(
            out,
            "\nworded by {}; every number, name and command was checked against the facts",
            line(model)
        );
    }
    out
}

pub(super) fn sentence(sentence: &Sentence) -> String {
    sentence.0.iter().map(part).collect()
}

/// Returns a part of a sentence.
pub(super) fn part(part: &Part) -> String {
    match part {
        Part::Name(_) | Part::Value(_) | Part::Command(_) => format!("`{}`", line(&shown(part))),
        part => line(&shown(part)),
    }
}
