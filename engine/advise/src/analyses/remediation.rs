//! Remediation plan: what to fix, in which order.

use super::guidance::incomplete_tags;
use super::{STEPS, Steps};
use crate::command;
use crate::facts::{Fact, Topic, check_name, worst_checks};
use crate::input::{AdviceInput, CheckInput, GoalMiss};
use crate::sentence::{Part, Sentence, name, sentence, several};

pub(super) fn add(input: &AdviceInput, steps: &mut Steps<'_>) {
    add_quality(input, steps);
    let worst = worst_checks(input);
    for at in worst.iter().filter(|at| has_remedy(input, **at)).take(STEPS) {
        let Some(check) = input.checks.get(*at) else { continue };
        let findings = several(check.remedies, "finding", "findings");
        let sentence = sentence![
            "Set the value that the policy specifies: it fixes ",
            findings,
            " of ",
            name(&check_name(check)),
            ".",
            gain(check),
            command::remediate(&check.policy).map(|command| sentence![" ", command, " plans the changes."]),
        ];
        steps.add(&[Topic::Check(*at)], sentence);
    }
    add_models(input, steps);
    for at in worst.iter().filter(|at| !has_remedy(input, **at)).take(STEPS) {
        let Some(check) = input.checks.get(*at) else { continue };
        add_check(check, *at, steps);
    }
    for (at, goal) in input.missed_goals.iter().enumerate().take(STEPS) {
        if let GoalMiss::Coverage { share, target, .. } = &goal.miss {
            let (share, target) = (Part::Share(share.clone()), Part::Share(target.clone()));
            let sentence =
                sentence!["Work on the goal ", name(&goal.name), ": ", share, " of ", target, " is reached."];
            steps.add(&[Topic::Goal(at)], sentence);
        }
    }
    if input.open.iter().sum::<u64>() + input.pending == 0 {
        steps.add(&[Topic::Inventory], sentence!["Nothing has to be fixed: no finding is open."]);
    }
}

/// What makes the figures unreliable comes first.
fn add_quality(input: &AdviceInput, steps: &mut Steps<'_>) {
    if input.incomplete > 0 {
        let listings = several(input.incomplete, "file or listing is", "files or listings are");
        let sentence = sentence!["Complete the inventory first: ", listings, " not complete."];
        steps.add(&[Topic::Incomplete], sentence);
    }
    if input.rejected_rows + input.rejected_values > 0 {
        let sentence = sentence!["Correct what could not be read, so that the figures are complete."];
        steps.add(&[Topic::Rejected], sentence);
    }
}

/// Tags that a model can suggest, if a finding is about them.
fn add_models(input: &AdviceInput, steps: &mut Steps<'_>) {
    let is_required =
        |tag: &str| input.checks.iter().any(|check| check.failing() > 0 && check.tag.as_deref() == Some(tag));
    let tags = incomplete_tags(input).into_iter().filter_map(|at| Some((at, input.tags.get(at)?)));
    for (at, tag) in tags.filter(|(_, tag)| tag.is_learnable && is_required(&tag.name)).take(STEPS) {
        if let Some(command) = command::suggest(&tag.name) {
            let resources = several(tag.missing, "resource has", "resources have");
            let sentence = sentence![
                "Review suggestions for ",
                name(&tag.name),
                ", which ",
                resources,
                " no value of: ",
                command,
                ".",
            ];
            steps.add(&[Topic::Tag(at)], sentence);
        }
    }
}

fn add_check(check: &CheckInput, at: usize, steps: &mut Steps<'_>) {
    let explain = steps.facts.about(Topic::Check(at)).and_then(Fact::command);
    let explain = explain.map(|command| sentence![" ", command, " shows why, for one of them."]);
    let resources = several(check.failing(), "resource", "resources");
    let severity = sentence![", which is ", check.severity.as_str()];
    let sentence =
        sentence!["Fix ", name(&check_name(check)), severity, ", on ", resources, ".", gain(check), explain];
    steps.add(&[Topic::Check(at)], sentence);
}

fn gain(check: &CheckInput) -> Option<Sentence> {
    let score = Part::Score(check.score_if_fixed?);
    Some(sentence![" Without its findings the score would be ", score, "."])
}

fn has_remedy(input: &AdviceInput, at: usize) -> bool {
    input.checks.get(at).is_some_and(|check| check.remedies > 0)
}
