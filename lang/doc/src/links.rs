//! Who refers to whom.

use std::collections::{BTreeMap, BTreeSet};

use tagpol_sema::program::{Dimension, Pred, Program, TagId, Value};

use crate::document::{Anchor, Kind};

/// What items of a program refer to, both ways.
#[derive(Debug, Default)]
pub(crate) struct Links {
    /// Every name of the program.
    names: BTreeMap<String, Anchor>,
    /// By item: the items whose conditions and values read it.
    readers: BTreeMap<Anchor, BTreeSet<Anchor>>,
}

impl Links {
    pub(crate) fn new(program: &Program) -> Self {
        let mut links = Self::default();
        links.name_all(program);
        for define in &program.defines {
            links.read(program, &anchor(Kind::Define, &define.name), [&define.pred], []);
        }
        for rule in &program.rules {
            let values = rule.actions.iter().map(|action| &action.value);
            links.read(program, &anchor(Kind::Rule, &rule.name), &rule.when, values);
        }
        for (index, policy) in program.policies.iter().enumerate() {
            let checks = policy.checks.iter().map(|check| &check.pred);
            let waivers = program.exemptions.iter().filter(|waiver| waiver.policy == index);
            let waivers = waivers.filter_map(|waiver| waiver.scope.as_ref());
            let preds = policy.scope.iter().chain(checks).chain(waivers);
            let values = policy.remedies.iter().map(|remedy| &remedy.value);
            links.read(program, &anchor(Kind::Policy, &policy.name), preds, values);
        }
        for goal in &program.goals {
            let reader = anchor(Kind::Goal, &goal.name);
            links.read(program, &reader, &goal.scope, []);
            goal.tags().iter().for_each(|tag| links.add(&reader, tag_anchor(program, *tag)));
            if let Some(Dimension::Tag(tag)) = goal.each {
                links.add(&reader, tag_anchor(program, tag));
            }
        }
        for allocation in &program.allocations {
            let reader = anchor(Kind::Allocation, &allocation.name);
            links.read(program, &reader, &allocation.from, []);
            links.add(&reader, tag_anchor(program, allocation.to));
        }
        links
    }

    /// Returns the item of a name.
    pub(crate) fn find(&self, name: &str) -> Option<Anchor> {
        self.names.get(name).cloned()
    }

    /// Lists the items of a kind that read an item.
    pub(crate) fn readers(&self, read: &Anchor, kinds: &[Kind]) -> Vec<Anchor> {
        let readers = self.readers.get(read).into_iter().flatten();
        readers.filter(|reader| kinds.contains(&reader.kind)).cloned().collect()
    }

    fn name_all(&mut self, program: &Program) {
        let tags = program.tags.iter().map(|tag| (Kind::Tag, &tag.name));
        let rules = program.rules.iter().map(|rule| (Kind::Rule, &rule.name));
        let defines = program.defines.iter().map(|define| (Kind::Define, &define.name));
        let tables = program.tables.iter().map(|table| (Kind::Table, &table.name));
        let policies = program.policies.iter().map(|policy| (Kind::Policy, &policy.name));
        let goals = program.goals.iter().map(|goal| (Kind::Goal, &goal.name));
        let allocations = program.allocations.iter().map(|item| (Kind::Allocation, &item.name));
        let all = tags.chain(rules).chain(defines).chain(tables).chain(policies).chain(goals);
        let all = all.chain(allocations).map(|(kind, name)| (name.clone(), anchor(kind, name)));
        self.names.extend(all);
    }

    fn read<'p>(
        &mut self,
        program: &'p Program,
        reader: &Anchor,
        preds: impl IntoIterator<Item = &'p Pred>,
        values: impl IntoIterator<Item = &'p Value>,
    ) {
        for read in read_by(program, preds, values) {
            self.add(reader, read);
        }
    }

    fn add(&mut self, reader: &Anchor, read: Anchor) {
        self.readers.entry(read).or_default().insert(reader.clone());
    }
}

/// Returns the way to an item.
pub(crate) fn anchor(kind: Kind, name: &str) -> Anchor {
    Anchor { kind, name: name.to_owned() }
}

/// Returns the way to a tag.
pub(crate) fn tag_anchor(program: &Program, tag: TagId) -> Anchor {
    anchor(Kind::Tag, &program.tag(tag).name)
}

/// Lists the tags, predicates and tables that conditions and values read.
pub(crate) fn read_by<'p>(
    program: &'p Program,
    preds: impl IntoIterator<Item = &'p Pred>,
    values: impl IntoIterator<Item = &'p Value>,
) -> BTreeSet<Anchor> {
    let mut read = BTreeSet::new();
    let mut of_value = |value: &Value| read.extend(value_anchor(program, value));
    values.into_iter().for_each(|value| value.each(&mut of_value));
    let preds: Vec<&Pred> = preds.into_iter().collect();
    preds.iter().for_each(|pred| pred.each_value(&mut of_value));
    preds.iter().for_each(|pred| {
        pred.each(&mut |pred| match pred {
            Pred::Named(id) => drop(read.insert(anchor(Kind::Define, &program.define(*id).name))),
            Pred::IsValid(tag) => drop(read.insert(tag_anchor(program, *tag))),
            _ => {}
        });
    });
    read
}

fn value_anchor(program: &Program, value: &Value) -> Option<Anchor> {
    match value {
        Value::Tag(tag) | Value::NativeTag(tag) | Value::SourceOf(tag) | Value::ConfidenceOf(tag) => {
            Some(tag_anchor(program, *tag))
        }
        Value::Lookup { table, .. } => Some(anchor(Kind::Table, &program.table(*table).name)),
        _ => None,
    }
}
