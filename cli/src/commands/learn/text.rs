//! Proposed rules and spellings as policies.

use std::collections::HashSet;
use tagpol_app::models::{TaggedResource, TrainingData};

use tagpol_app::learning::{Condition, MinedRule, Resource, Spelling, percent};
use tagpol_sema::pretty::{Words, quoted};
use tagpol_sema::program::{Program, Tag};

use crate::output::counted;

/// The names that are taken.
pub(super) struct Names(HashSet<String>);

impl Names {
    pub(super) fn of(program: &Program) -> Self {
        let tags = program.tags.iter().map(|tag| &tag.name);
        let named = tags
            .chain(program.rules.iter().map(|rule| &rule.name))
            .chain(program.policies.iter().map(|policy| &policy.name))
            .chain(program.defines.iter().map(|define| &define.name))
            .chain(program.tables.iter().map(|table| &table.name))
            .chain(program.goals.iter().map(|goal| &goal.name));
        Self(named.cloned().collect())
    }

    /// Returns the next name for a rule about a tag.
    pub(super) fn next(&mut self, tag: &str) -> String {
        let mut number = 1;
        loop {
            let name = format!("learned-{tag}-{number}");
            if self.0.insert(name.clone()) {
                return name;
            }
            number += 1;
        }
    }
}

/// Returns a proposed rule with a test, in canonical form.
pub(super) fn rule(
    data: &TrainingData<'_>,
    tag: &Tag,
    (rule, others): (&MinedRule, &[MinedRule]),
    all: &[TaggedResource],
    name: &str,
) -> String {
    let currency = data.snapshot.manifest().currency.clone().unwrap_or_default();
    let fills = counted(rule.fills, "resource", "resources");
    let cost = if rule.cost > 0.0 { format!(", {:.0} {currency} a month", rule.cost) } else { String::new() };
    let value = Words::new(data.program).tag_value(&tag.ty, &rule.value);
    let text = format!(
        "/// {} of {} have it (95% interval: at least {}). Fills {fills}{cost}.\nrule {name} {{\n  when {}\n  fill {} = {value}\n}}\n\ntest \"{name}\" {{\n  given {{\n{}  }}\n  expect {} == {value} from rule {name}\n}}\n",
        percent(rule.precision.share),
        counted(rule.support, "resource", "resources"),
        percent(rule.precision.low),
        condition(&rule.condition),
        tag.name,
        given(&example(rule, others, all)),
        tag.name,
    );
    formatted(&text)
}

/// Returns a resource that meets the condition of a rule and of no other: one of the inventory, else a made-up one.
fn example(rule: &MinedRule, others: &[MinedRule], all: &[TaggedResource]) -> Resource {
    let is_clear = |resource: &Resource| {
        rule.condition.holds(resource)
            && !others.iter().any(|other| other != rule && other.condition.holds(resource))
    };
    let own = all.iter().map(|one| &one.resource).filter(|one| one.id == rule.example);
    let any = all.iter().map(|one| &one.resource).take(MAX_TRIED);
    own.chain(any).find(|one| is_clear(one)).cloned().unwrap_or_else(|| made_up(&rule.condition))
}

/// The most resources that are tried as an example.
const MAX_TRIED: usize = 10_000;

fn made_up(condition: &Condition) -> Resource {
    let (name, type_, account) = match condition {
        Condition::Account(account) => (None, None, Some(account.clone())),
        Condition::Word(word) => (Some(format!("{word}-1")), None, None),
        Condition::Type(type_) => (None, Some(type_.clone()), None),
        Condition::WordOfType(word, type_) => (Some(format!("{word}-1")), Some(type_.clone()), None),
    };
    Resource { name, type_, account, ..Resource::default() }
}

fn given(one: &Resource) -> String {
    let fields = [("name", &one.name), ("type", &one.type_), ("account", &one.account)];
    let lines =
        fields.iter().filter_map(|(field, value)| Some(format!("    {field} {}\n", quoted(value.as_ref()?))));
    lines.collect()
}

fn condition(condition: &Condition) -> String {
    match condition {
        Condition::Account(account) => format!("resource.account == {}", quoted(account)),
        Condition::Word(word) => format!("resource.name has word {}", quoted(word)),
        Condition::Type(type_) => format!("resource.type == {}", quoted(type_)),
        Condition::WordOfType(word, type_) => {
            format!("resource.type == {}\n  when resource.name has word {}", quoted(type_), quoted(word))
        }
    }
}

/// Returns the spellings as a `normalize` item, or as entries for the existing one.
pub(super) fn normalize(data: &TrainingData<'_>, tag: &Tag, spellings: &[Spelling]) -> String {
    if spellings.is_empty() {
        return String::new();
    }
    let words = Words::new(data.program);
    let entries = spellings.iter().map(|one| {
        let of = counted(one.resources, "resource", "resources");
        let arm = format!("map {} -> {}", quoted(&one.written), words.tag_value(&tag.ty, &one.value));
        (arm, of)
    });
    if tag.normalizes.is_empty() {
        let lines: String = entries.map(|(arm, of)| format!("  // {of}\n  {arm}\n")).collect();
        return formatted(&format!("normalize {} {{\n{lines}}}\n", tag.name));
    }
    let lines: String = entries.map(|(arm, of)| format!("//   {arm}  // {of}\n")).collect();
    format!("// Add to `normalize {}`:\n{lines}", tag.name)
}

fn formatted(text: &str) -> String {
    tagpol_fmt::format(&tagpol_syntax::parse(text))
}
