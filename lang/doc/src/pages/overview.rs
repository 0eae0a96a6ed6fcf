//! What there is, at a glance.

use std::cmp::Reverse;

use tagpol_sema::pretty::type_text;
use tagpol_sema::program::{Policy, Tag, Target};

use super::{Writer, code, counted, listed, percent, plain, text};
use crate::document::{Block, Kind, Span, Text, Topic};
use crate::links::anchor;

pub(super) fn blocks(writer: &Writer<'_>) -> Vec<Block> {
    let mut blocks = vec![Block::Paragraph(counts(writer))];
    let modules = &writer.subject.remarks.modules;
    if !modules.is_empty() {
        let mut used = plain("Uses ");
        used.extend(listed(modules.iter().map(|module| code(module))));
        used.push(text("."));
        blocks.push(Block::Paragraph(used));
    }
    blocks.extend(policies(writer));
    blocks.extend(tags(writer));
    blocks.extend(goals(writer));
    blocks
}

fn counts(writer: &Writer<'_>) -> Text {
    let program = writer.subject.program;
    let count =
        |number, topic, one, many| (number > 0).then(|| vec![Span::Page(topic, counted(number, one, many))]);
    let counts = [
        count(program.tags.len(), Topic::Tags, "tag", "tags"),
        count(program.rules.len(), Topic::Rules, "rule", "rules"),
        count(program.policies.len(), Topic::Policies, "policy", "policies"),
        count(controls(writer), Topic::Controls, "control", "controls"),
        count(program.goals.len(), Topic::Goals, "goal", "goals"),
        count(program.tests.len(), Topic::Tests, "test", "tests"),
    ];
    listed(counts.into_iter().flatten())
}

fn controls(writer: &Writer<'_>) -> usize {
    let all = writer.subject.program.policies.iter().flat_map(|policy| &policy.controls);
    all.map(|control| (&control.framework, &control.id)).collect::<std::collections::BTreeSet<_>>().len()
}

fn policies(writer: &Writer<'_>) -> Option<Block> {
    let mut policies: Vec<&Policy> =
        writer.subject.program.policies.iter().filter(|policy| writer.is_enabled(policy)).collect();
    policies.sort_by_key(|policy| Reverse(writer.severity(policy)));
    let row = |policy: &&Policy| {
        vec![
            vec![Span::Link(anchor(Kind::Policy, &policy.name))],
            vec![Span::Level(writer.severity(policy))],
            writer.summary(&policy.doc),
        ]
    };
    let rows: Vec<_> = policies.iter().map(row).collect();
    (!rows.is_empty()).then(|| Block::Table(vec!["Policy", "Severity", "Requirement"], rows))
}

fn tags(writer: &Writer<'_>) -> Option<Block> {
    let mut tags: Vec<&Tag> = writer.subject.program.tags.iter().collect();
    tags.sort_by_key(|tag| Reverse(tag.importance));
    let row = |tag: &&Tag| {
        vec![
            vec![Span::Link(anchor(Kind::Tag, &tag.name))],
            code(&type_text(&tag.ty)),
            tag.importance.map(Span::Level).into_iter().collect(),
            writer.summary(&tag.doc),
        ]
    };
    let rows: Vec<_> = tags.iter().map(row).collect();
    (!rows.is_empty()).then(|| Block::Table(vec!["Tag", "Type", "Importance", "Description"], rows))
}

fn goals(writer: &Writer<'_>) -> Option<Block> {
    let row = |goal: &tagpol_sema::program::Goal| {
        vec![
            vec![Span::Link(anchor(Kind::Goal, &goal.name))],
            plain(&match &goal.target {
                Target::Coverage(coverage) => format!("at least {}", percent(coverage.at_least)),
                Target::Budget(budget) => super::goals::limit(budget),
            }),
            writer.summary(&goal.doc),
        ]
    };
    let rows: Vec<_> = writer.subject.program.goals.iter().map(row).collect();
    (!rows.is_empty()).then(|| Block::Table(vec!["Goal", "Target", "Description"], rows))
}
