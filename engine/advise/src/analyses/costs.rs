//! Cost analysis: what is spent, what cannot be allocated, and what savings are known.

use super::Steps;
use crate::command;
use crate::facts::{Topic, money};
use crate::input::{AdviceInput, GoalMiss};
use crate::sentence::{Amount, Part, Sentence, name, sentence, several, value};

pub(super) fn add(input: &AdviceInput, steps: &mut Steps<'_>) {
    let Some(spend) = input.spend else {
        let sentence = sentence![
            "Evaluate a bill together with the inventory: it has no costs, so that nothing can be allocated."
        ];
        steps.add(&[Topic::Inventory], sentence);
        return;
    };
    add_unallocated(input, spend, steps);
    for (at, goal) in input.missed_goals.iter().enumerate() {
        if let GoalMiss::Budget { spent, limit } = &goal.miss {
            let sentence = sentence![
                "Review the budget ",
                name(&goal.name),
                ": ",
                money(input, *spent),
                " is spent of ",
                money(input, *limit),
                ".",
            ];
            steps.add(&[Topic::Goal(at)], sentence);
        }
    }
    add_groups(input, steps);
    for (at, shared) in input.shared.iter().enumerate().filter(|(_, shared)| shared.kept.unscaled != 0) {
        let sentence = sentence![
            "Give ",
            name(&shared.name),
            " something to distribute over: ",
            money(input, shared.kept),
            " stays where it is.",
        ];
        steps.add(&[Topic::Shared(at)], sentence);
    }
    if let Some(cost) = input.cost_in_violation.filter(|cost| cost.is_positive()) {
        let sentence = sentence![
            "Fix the findings of expensive resources first: resources with an open finding cost ",
            money(input, cost),
            " of ",
            money(input, spend),
            ".",
        ];
        steps.add(&[Topic::Spend], sentence);
    }
    add_savings(steps);
}

/// What has no value of the tag that shows who pays, and what has no resource.
fn add_unallocated(input: &AdviceInput, spend: Amount, steps: &mut Steps<'_>) {
    let tags = input.tags.iter().enumerate().filter(|(_, tag)| tag.is_cost_center);
    for (at, tag) in tags {
        let Some(cost) = tag.missing_cost.filter(|cost| cost.is_positive()) else { continue };
        let how =
            command::cost_by(&tag.name).map(|command| sentence![" ", command, " shows the rest by value."]);
        let sentence = sentence![
            "Allocate ",
            money(input, cost),
            " of ",
            money(input, spend),
            ": ",
            several(tag.missing, "resource has", "resources have"),
            " no ",
            name(&tag.name),
            ".",
            how,
        ];
        steps.add(&[Topic::Tag(at), Topic::Spend], sentence);
    }
    if let Some(cost) = input.unattributed.filter(|cost| cost.unscaled != 0) {
        let sentence = sentence![
            "Allocate charges without a resource by a rule over their service or account: ",
            money(input, cost),
            ".",
        ];
        steps.add(&[Topic::Unattributed], sentence);
    }
}

fn add_groups(input: &AdviceInput, steps: &mut Steps<'_>) {
    // Nobody needs a report about less than a cent.
    let groups = input.cost_groups.iter().enumerate().filter(|(_, group)| group.cost.at_scale(2) > 0);
    for (at, group) in groups.take(3) {
        let sentence = sentence![
            "Report to ",
            name(&group.tag),
            " ",
            value(&group.value),
            " what it pays: ",
            money(input, group.cost),
            " for ",
            Part::Count(group.resources),
            if group.resources == 1 { " resource." } else { " resources." },
        ];
        steps.add(&[Topic::CostGroup(at)], sentence);
    }
}

/// Only savings that were computed.
fn add_savings(steps: &mut Steps<'_>) {
    if steps.has(Topic::ListPrice) {
        let discount = steps.facts.about(Topic::ListPrice).map(|fact| fact.sentence.clone());
        let sentence = sentence!["Keep the discounts and commitments that are in effect: ", discount];
        steps.add(&[Topic::ListPrice], lowered(sentence));
    }
    let sentence = sentence![
        "Measure usage before savings are promised: costs alone do not show what is idle or too large, so that no \
         savings are claimed here.",
    ];
    steps.add(&[Topic::Spend], sentence);
}

/// A fact after a colon begins with a small letter.
fn lowered(mut sentence: Sentence) -> Sentence {
    if let Some(Part::Words(words)) = sentence.0.get_mut(1)
        && let Some(rest) = words.strip_prefix("The ")
    {
        *words = format!("the {rest}").into();
    }
    sentence
}
