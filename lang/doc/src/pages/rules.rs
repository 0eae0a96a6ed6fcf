//! Rules by priority, and the predicates and tables that conditions read.

use std::cmp::Reverse;

use tagpol_sema::pretty::type_text;
use tagpol_sema::program::{ActionKind, Define, Rule, Table, TagId, Value};

use super::{Writer, code, fact, links, listed, or_none, plain, text};
use crate::document::{Block, Kind, Span, Text};
use crate::links::{anchor, read_by, tag_anchor};

pub(super) fn blocks(writer: &Writer<'_>) -> Vec<Block> {
    let program = writer.subject.program;
    let mut rules: Vec<&Rule> = program.rules.iter().collect();
    rules.sort_by_key(|rule| Reverse(rule.priority));
    let mut blocks: Vec<Block> = rules.iter().flat_map(|rule| rule_blocks(writer, rule)).collect();
    blocks = or_none(blocks, "There are no rules.");
    let defines = program.defines.iter().zip(&writer.subject.remarks.defines);
    blocks.extend(defines.flat_map(|(define, doc)| define_blocks(writer, define, doc)));
    blocks.extend(program.tables.iter().flat_map(|table| table_blocks(writer, table)));
    blocks
}

fn rule_blocks(writer: &Writer<'_>, rule: &Rule) -> Vec<Block> {
    let values = rule.actions.iter().map(|action| &action.value);
    let read = read_by(writer.subject.program, &rule.when, values);
    let when = rule.when.as_ref().map_or_else(|| plain("always"), |when| code(&writer.words.pred(when)));
    let facts = [
        fact("Priority", plain(&rule.priority.to_string())),
        fact("When", when),
        fact("Sets", given(writer, rule, ActionKind::Set)),
        fact("Fills", given(writer, rule, ActionKind::Fill)),
        fact("Reads", links(read)),
        fact("Defined in", writer.origin(&rule.loc)),
    ];
    let mut blocks = vec![Block::Item(anchor(Kind::Rule, &rule.name))];
    blocks.extend(writer.doc(&rule.doc));
    blocks.push(Block::Facts(facts.into_iter().flatten().collect()));
    blocks
}

fn given(writer: &Writer<'_>, rule: &Rule, kind: ActionKind) -> Text {
    let actions = rule.actions.iter().filter(|action| action.kind == kind);
    listed(actions.map(|action| {
        let tag = Span::Link(tag_anchor(writer.subject.program, action.tag));
        vec![tag, text(" with "), Span::Code(given_value(writer, action.tag, &action.value))]
    }))
}

/// A value of a tag, as `set`, `fill` and `remediate` take it.
pub(super) fn given_value(writer: &Writer<'_>, tag: TagId, value: &Value) -> String {
    match value {
        Value::Text(text) => writer.words.tag_value(&writer.subject.program.tag(tag).ty, text),
        value => writer.words.value(value),
    }
}

fn define_blocks(writer: &Writer<'_>, define: &Define, doc: &str) -> Vec<Block> {
    let item = anchor(Kind::Define, &define.name);
    let readers = [Kind::Rule, Kind::Define, Kind::Policy, Kind::Goal, Kind::Allocation];
    let facts = [
        fact("Reads", links(read_by(writer.subject.program, [&define.pred], []))),
        fact("Used by", links(writer.links.readers(&item, &readers))),
        fact("Defined in", writer.origin(&define.loc)),
    ];
    let mut blocks = vec![Block::Item(item)];
    blocks.extend(writer.doc(doc));
    blocks.push(Block::Code(writer.words.pred(&define.pred)));
    blocks.push(Block::Facts(facts.into_iter().flatten().collect()));
    blocks
}

fn table_blocks(writer: &Writer<'_>, table: &Table) -> Vec<Block> {
    let item = anchor(Kind::Table, &table.name);
    let readers = [Kind::Rule, Kind::Define, Kind::Policy, Kind::Goal, Kind::Allocation];
    let key = table.columns.get(table.key).map_or("", |column| &column.name);
    let facts = [
        fact("File", code(writer.subject.inside(&table.path))),
        fact("Key", code(key)),
        fact("Used by", links(writer.links.readers(&item, &readers))),
        fact("Defined in", writer.origin(&table.loc)),
    ];
    let rows = table
        .columns
        .iter()
        .map(|column| vec![code(&column.name), code(&type_text(&column.ty)), code(&column.heading)]);
    let mut blocks = vec![Block::Item(item)];
    blocks.extend(writer.doc(&table.doc));
    blocks.push(Block::Facts(facts.into_iter().flatten().collect()));
    blocks.push(Block::Table(vec!["Column", "Type", "Heading in the file"], rows.collect()));
    blocks
}
