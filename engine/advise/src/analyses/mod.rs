//! The analyses: from facts to steps, one file each.

mod compliance;
mod costs;
mod guidance;
mod remediation;

use crate::advice::{Analysis, Origin, Step};
use crate::facts::{Facts, Topic};
use crate::input::AdviceInput;
use crate::sentence::Sentence;

/// Steps of one kind that an analysis has at most; the facts list more.
const STEPS: usize = 5;

/// Returns the steps of an analysis.
pub(crate) fn steps(analysis: Analysis, input: &AdviceInput, facts: &Facts) -> Vec<Step> {
    let mut steps = Steps { facts, steps: Vec::new() };
    match analysis {
        Analysis::TaggingGuidance => guidance::add(input, &mut steps),
        Analysis::ComplianceCheck => compliance::add(input, &mut steps),
        Analysis::CostAnalysis => costs::add(input, &mut steps),
        Analysis::RemediationPlan => remediation::add(input, &mut steps),
    }
    steps.steps
}

/// Steps that are being collected.
struct Steps<'a> {
    facts: &'a Facts,
    steps: Vec<Step>,
}

impl Steps<'_> {
    /// Adds a step that follows from some facts. Without one of the facts there is no step.
    fn add(&mut self, topics: &[Topic], sentence: Sentence) {
        let facts: Option<Vec<_>> =
            topics.iter().map(|topic| self.facts.about(*topic).map(|fact| fact.id)).collect();
        if let Some(facts) = facts.filter(|facts| !facts.is_empty()) {
            self.steps.push(Step { facts, sentence, origin: Origin::Template });
        }
    }

    fn has(&self, topic: Topic) -> bool {
        self.facts.about(topic).is_some()
    }
}
