//! Targets for the whole portfolio, and how shared costs are spread.

use tagpol_sema::program::{Allocation, Goal, Split};

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
    let tags = goal.tags.iter().map(|tag| tag_anchor(writer.subject.program, *tag));
    let mut target = plain(&format!("at least {} by {}", percent(goal.at_least), goal.by.as_str()));
    target.push(text(" with valid "));
    target.extend(links(tags));
    let facts = [
        fact("Target", target),
        fact("Of", writer.scope(goal.scope.as_ref())),
        fact("Severity", vec![Span::Level(goal.severity)]),
        fact("Written in", writer.origin(&goal.loc)),
    ];
    let mut blocks = vec![Block::Item(anchor(Kind::Goal, &goal.name))];
    blocks.extend(writer.doc(&goal.doc));
    blocks.push(Block::Facts(facts.into_iter().flatten().collect()));
    blocks
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
        fact("Written in", writer.origin(&allocation.loc)),
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
