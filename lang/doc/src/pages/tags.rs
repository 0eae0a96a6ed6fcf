//! The tags: what they are, where their values come from, who asks for them.

use std::cmp::Reverse;

use tagpol_sema::pretty::{pattern_text, type_text};
use tagpol_sema::program::{
    Action, ActionKind, MapTarget, Normalize, Otherwise, Rule, Tag, TagId, TagType, Transform, WrittenKey,
};

use super::rules::given_value;
use super::{Writer, check_path, code, fact, links, listed, or_none, percent, plain, text};
use crate::document::{Anchor, Block, Kind, Span, Text};
use crate::links::anchor;

pub(super) fn blocks(writer: &Writer<'_>) -> Vec<Block> {
    let tags = (0u32..).map(TagId).zip(&writer.subject.program.tags);
    or_none(tags.flat_map(|(id, tag)| blocks_of(writer, id, tag)).collect(), "There are no tags.")
}

fn blocks_of(writer: &Writer<'_>, id: TagId, tag: &Tag) -> Vec<Block> {
    let mut blocks = vec![Block::Item(anchor(Kind::Tag, &tag.name))];
    blocks.extend(writer.doc(&tag.doc));
    blocks.push(Block::Facts(facts(writer, id, tag)));
    let sources = sources(writer, id, tag);
    if sources.len() > 1 {
        blocks.push(Block::Paragraph(plain(
            "If there is no decision, the first of these that has a value applies:",
        )));
        blocks.push(Block::Steps(sources));
    }
    blocks.extend(native(writer, id, tag));
    blocks
}

fn facts(writer: &Writer<'_>, id: TagId, tag: &Tag) -> Vec<(&'static str, Text)> {
    let example = writer.subject.remarks.examples.get(id.0 as usize).cloned().flatten();
    let item = anchor(Kind::Tag, &tag.name);
    let others = [Kind::Rule, Kind::Define, Kind::Policy, Kind::Goal, Kind::Allocation];
    let asked: Vec<Text> = asked_by(writer, id).collect();
    let mut readers = writer.links.readers(&item, &others);
    let asks = |reader: &Anchor| asked.iter().any(|path| path.contains(&Span::Link(reader.clone())));
    readers.retain(|reader| !asks(reader));
    [
        fact("Type", code(&type_text(&tag.ty))),
        fact("Importance", tag.importance.map(Span::Level).into_iter().collect()),
        fact("Example", example.map(|example| code(&example)).unwrap_or_default()),
        fact("Required by", listed(asked)),
        fact("Read by", links(readers)),
        fact("Defined in", writer.origin(&tag.loc)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The checks about a tag.
fn asked_by(writer: &Writer<'_>, id: TagId) -> impl Iterator<Item = Text> {
    writer.subject.program.policies.iter().flat_map(move |policy| {
        let checks = policy.checks.iter().filter(move |check| check.tag == Some(id));
        checks.map(|check| check_path(policy, Some(check)))
    })
}

/// Where a value may come from, strongest first.
fn sources(writer: &Writer<'_>, id: TagId, tag: &Tag) -> Vec<Text> {
    let mut sources = given(writer, id, ActionKind::Set);
    sources.push(plain("native tags, as below"));
    sources.extend(given(writer, id, ActionKind::Fill));
    let inference = writer.subject.program.inferences.iter().find(|inference| inference.tag == id);
    if let Some(share) = inference.and_then(|inference| inference.apply) {
        sources.push(plain(&format!("what the model infers, from a confidence of {}", percent(share))));
    }
    if let Some(default) = &tag.default {
        sources.push(vec![text("the default "), Span::Code(default.clone())]);
    }
    sources
}

/// What rules give, by priority.
fn given(writer: &Writer<'_>, id: TagId, kind: ActionKind) -> Vec<Text> {
    let mut rules: Vec<&Rule> = writer.subject.program.rules.iter().collect();
    rules.sort_by_key(|rule| Reverse(rule.priority));
    let of_rule = |rule: &&Rule| {
        let actions = rule.actions.iter().filter(|action| action.tag == id && action.kind == kind);
        let given = |action: &Action| {
            let value = Span::Code(given_value(writer, id, &action.value));
            vec![value, text(", by the rule "), Span::Link(anchor(Kind::Rule, &rule.name))]
        };
        actions.map(given).collect::<Vec<Text>>()
    };
    rules.iter().flat_map(of_rule).collect()
}

/// How native tags become it.
fn native(writer: &Writer<'_>, id: TagId, tag: &Tag) -> Vec<Block> {
    let mut blocks = vec![Block::Section("Native tags")];
    let remarks = writer.subject.remarks.normalizes.get(id.0 as usize);
    blocks.extend(remarks.into_iter().flatten().flat_map(|doc| writer.doc(doc)));
    let implicit = Normalize::implicit(tag);
    let normalizes: Vec<&Normalize> =
        if tag.normalizes.is_empty() { vec![&implicit] } else { tag.normalizes.iter().collect() };
    blocks.extend(normalizes.iter().flat_map(|normalize| normalized(writer, tag, normalize)));
    blocks
}

fn normalized(writer: &Writer<'_>, tag: &Tag, normalize: &Normalize) -> Vec<Block> {
    let facts = [
        normalize.scope.as_ref().and_then(|scope| fact("Of", writer.scope(Some(scope)))),
        fact("Keys, in order", listed(normalize.keys.iter().map(|key| code(key)))),
        fact("Written as", listed(normalize.writes.iter().map(written))),
        fact("Other values", others(tag, normalize)),
    ];
    let mut blocks = vec![Block::Facts(facts.into_iter().flatten().collect())];
    let row = |arm: &tagpol_sema::program::MapArm| {
        let becomes = match &arm.target {
            MapTarget::Missing => plain("missing"),
            MapTarget::Value(value) => code(value),
        };
        vec![listed(arm.patterns.iter().map(|pattern| code(&pattern_text(pattern)))), becomes]
    };
    if !normalize.arms.is_empty() {
        blocks.push(Block::Table(vec!["Native value", "becomes"], normalize.arms.iter().map(row).collect()));
    }
    if let (TagType::OneOf(_), []) = (&tag.ty, normalize.arms.as_slice()) {
        blocks.push(Block::Paragraph(plain("Values of the enumeration match regardless of case.")));
    }
    blocks
}

/// A key that is written to a cloud: `Owner` in aws.
fn written(written: &WrittenKey) -> Text {
    let mut text = code(&written.key);
    text.extend(plain(&format!(" in {}", written.cloud.provider())));
    text
}

/// What becomes of values that no arm takes.
fn others(tag: &Tag, normalize: &Normalize) -> Text {
    let change = |transform: &Transform| {
        plain(match transform {
            Transform::Lower => "to lower case",
            Transform::Upper => "to upper case",
            Transform::Trim => "trimmed",
        })
    };
    let otherwise = match normalize.otherwise {
        // Any text is valid.
        Otherwise::Keep if tag.ty == TagType::Text => None,
        Otherwise::Keep => Some(plain("kept as they are, valid or not")),
        Otherwise::Missing => Some(plain("missing if they are not valid")),
    };
    listed(normalize.transforms.iter().map(change).chain(otherwise))
}
