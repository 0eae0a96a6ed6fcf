//! Tagging guidance: which tags to complete and to clean up, and how.

use std::cmp::Reverse;

use super::{STEPS, Steps};
use crate::command;
use crate::facts::{Topic, money};
use crate::input::{AdviceInput, Severity, TagInput};
use crate::sentence::{Part, name, sentence, several, value};

pub(super) fn add(input: &AdviceInput, steps: &mut Steps<'_>) {
    for at in incomplete_tags(input).into_iter().take(STEPS) {
        add_missing(input, at, steps);
    }
    for (at, tag) in input.tags.iter().enumerate().filter(|(_, tag)| tag.invalid > 0).take(STEPS) {
        add_invalid(at, tag, steps);
    }
    for (at, conflict) in input.conflicts.iter().enumerate().take(STEPS) {
        let sentence = sentence![
            "Decide which native key of ",
            name(&conflict.tag),
            " is read first: ",
            several(conflict.resources, "resource has", "resources have"),
            " two different values of equal rank.",
        ];
        steps.add(&[Topic::Conflict(at)], sentence);
    }
    for (at, (key, resources)) in input.unread_keys.iter().enumerate().take(STEPS) {
        let sentence = sentence![
            "Add the native key ",
            value(key),
            " to the keys of a tag if it means the same: no tag reads it, and ",
            several(*resources, "resource has", "resources have"),
            " it.",
        ];
        steps.add(&[Topic::Key(at)], sentence);
    }
    if !input.silent_policies.is_empty() {
        let sentence = sentence![
            "Check the scopes of the policies that apply to no resource: a misspelled scope looks like compliance."
        ];
        steps.add(&[Topic::Silent], sentence);
    }
    if steps.steps.is_empty() {
        steps.add(&[Topic::Inventory], sentence!["The tags need no work: no value is missing or not valid."]);
    }
}

/// Returns the places of the tags that are missing somewhere, the most useful to complete first: by importance,
/// then by the cost and the number of the resources.
pub(super) fn incomplete_tags(input: &AdviceInput) -> Vec<usize> {
    let mut tags: Vec<(usize, &TagInput)> =
        input.tags.iter().enumerate().filter(|(_, tag)| tag.missing > 0).collect();
    let scale = tags.iter().filter_map(|(_, tag)| Some(tag.missing_cost?.scale)).max().unwrap_or_default();
    tags.sort_by_key(|(at, tag)| {
        let cost = tag.missing_cost.map_or(0, |cost| cost.at_scale(scale));
        // A tag whose importance is not specified comes after those of medium importance.
        (tag.importance.unwrap_or(Severity::Low), Reverse(cost), Reverse(tag.missing), *at)
    });
    tags.into_iter().map(|(at, _)| at).collect()
}

fn add_missing(input: &AdviceInput, at: usize, steps: &mut Steps<'_>) {
    let Some(tag) = input.tags.get(at) else { return };
    let cost = tag.missing_cost.filter(|cost| cost.is_positive()).map(|cost| {
        let verb = if tag.missing == 1 { ", which costs " } else { ", which cost " };
        sentence![verb, money(input, cost)]
    });
    let command = command::suggest(&tag.name).filter(|_| tag.is_learnable);
    let how = match command {
        Some(command) => {
            sentence![": ", command, " proposes values, learned from the resources that have one."]
        }
        None => sentence!["; a rule can derive it from what the resources have in common."],
    };
    let resources = several(tag.missing, "resource", "resources");
    let sentence = sentence!["Complete ", name(&tag.name), " on ", resources, cost, how];
    steps.add(&[Topic::Tag(at)], sentence);
}

fn add_invalid(at: usize, tag: &TagInput, steps: &mut Steps<'_>) {
    let how = match command::learn(&tag.name).filter(|_| tag.is_learnable) {
        Some(command) => sentence![": ", command, " proposes spellings to map."],
        None => sentence![": map their spellings, or correct them."],
    };
    let values = sentence![Part::Count(tag.invalid), if tag.invalid == 1 { " value" } else { " values" }];
    let sentence = sentence![
        "Clean up ",
        values,
        " of ",
        name(&tag.name),
        " that ",
        if tag.invalid == 1 { "is" } else { "are" },
        " not valid",
        how
    ];
    steps.add(&[Topic::Tag(at)], sentence);
}
