//! Advice as Markdown.

use std::fmt::Write as _;

use tagpol_sink::markdown::{code, text};

use super::{numbers, remark, shown, without_model};
use crate::advice::Advice;
use crate::sentence::{Part, Sentence};

pub(super) fn markdown(project: &str, advice: &Advice) -> String {
    let mut out = format!("# Advice for {}\n", text(project, false));
    for section in &advice.sections {
        let _ = writeln!(out, "\n## {}\n", section.analysis.title());
        if section.steps.is_empty() {
            out.push_str("Nothing to advise.\n");
        }
        for (step, number) in section.steps.iter().zip(1..) {
            let remark = remark(step).map(|remark| format!(" *({remark})*")).unwrap_or_default();
            let _ = writeln!(out, "{number}. {} ({}){remark}", sentence(&step.sentence), numbers(step));
        }
        if let Some(reason) = without_model(section) {
            let _ = writeln!(out, "\n{}", text(&reason, true));
        }
    }
    out.push_str("\n## Facts\n\n");
    for fact in advice.cited() {
        let _ = writeln!(out, "- {}: {}", fact.id, sentence(&fact.sentence));
    }
    if let Some(model) = &advice.model {
        let model = text(model, false);
        let _ = writeln!(
            out,
            "\n<sub>worded by {model}; every number, name and command was checked against the facts</sub>"
        );
    }
    out
}

fn sentence(sentence: &Sentence) -> String {
    let part = |part: &Part| match part {
        Part::Name(_) | Part::Value(_) | Part::Command(_) => code(&shown(part), false),
        part => text(&shown(part), false),
    };
    sentence.0.iter().map(part).collect()
}
