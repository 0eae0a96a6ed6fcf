//! Targets for the whole portfolio, and how shared costs are spread.

use tagpol_sema::program::{Allocation, Budget, Dimension, Goal, Split, Target};

use super::{Writer, code, fact, links, listed, or_none, percent, plain, text};
use crate::document::{Block, Kind, Span, Text};
use crate::links::{anchor, tag_anchor};

pub(super) fn blocks(writer: &Writer<'_>) -> Vec<Block> {
    let program = writer.subject.program;
    let goals = program.goals.iter().flat_map(|goal| goal_blocks(writer, goal));
    let mut blocks = or_none(goals.collect(), "There are no goals.");
    blocks.extend(program.allocations.iter().flat_map(|allocation| allocation_blocks(writer, allocation)));
    blocks
}

fn goal_blocks(writer: &Writer<'_>, goal: &Goal) -> Vec<Block> {
    let program = writer.subject.program;
    let target = match &goal.target {
        Target::Coverage(coverage) => {
            let least = format!("at least {} by {}", percent(coverage.at_least), coverage.by.as_str());
            let mut target = plain(&least);
            target.push(text(" with valid "));
            target.extend(links(coverage.tags.iter().map(|tag| tag_anchor(program, *tag))));
            target
        }
        Target::Budget(budget) => plain(&limit(budget)),
    };
    let each = match goal.each {
        None => Text::new(),
        Some(Dimension::Tag(tag)) => links([tag_anchor(program, tag)]),
        Some(dimension) => code(&program.dimension_name(dimension)),
    };
    let facts = [
        fact("Target", target),
        fact("For each", each),
        fact("Of", writer.scope(goal.scope.as_ref())),
        fact("Severity", vec![Span::Level(goal.severity)]),
        fact("Defined in", writer.origin(&goal.loc)),
    ];
    let mut blocks = vec![Block::Item(anchor(Kind::Goal, &goal.name))];
    blocks.extend(writer.doc(&goal.doc));
    blocks.push(Block::Facts(facts.into_iter().flatten().collect()));
    blocks
}

/// `at most 5000 USD a month`
pub(super) fn limit(budget: &Budget) -> String {
    format!("at most {} {} a month", budget.limit.normalize(), budget.currency)
}

fn allocation_blocks(writer: &Writer<'_>, allocation: &Allocation) -> Vec<Block> {
    let mut to = vec![Span::Link(tag_anchor(writer.subject.program, allocation.to))];
    match &allocation.among {
        None => to.insert(0, text("every ")),
        Some(values) => {
            to.push(text(": "));
            to.extend(listed(values.iter().map(|value| code(value))));
        }
    }
    let facts = [
        fact("Cost of", writer.scope(allocation.from.as_ref())),
        fact("Goes to", to),
        fact("Split", split(&allocation.split)),
        fact("Defined in", writer.origin(&allocation.loc)),
    ];
    let mut blocks = vec![Block::Item(anchor(Kind::Allocation, &allocation.name))];
    blocks.extend(writer.doc(&allocation.doc));
    blocks.push(Block::Facts(facts.into_iter().flatten().collect()));
    blocks
}

fn split(split: &Split) -> Text {
    match split {
        Split::Proportional => plain("in proportion to their own costs"),
        Split::Even => plain("evenly"),
        Split::Fixed(shares) => {
            listed(shares.iter().map(|(value, share)| {
                vec![Span::Code(value.clone()), text(&format!(" {}", percent(*share)))]
            }))
        }
    }
}
