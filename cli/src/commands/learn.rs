//! `tagpol learn`

use std::fmt::Write as _;

use tagpol_sema::program;
use tagpol_sema::words::quoted;
use tagpol_suggest::{Condition, MinedRule, Specimen, Spelling, Worth, mine, spellings};

use super::clock;
use super::suggest::values;
use crate::args::LearnArgs;
use crate::failure::{Exit, Failure};
use crate::files::write_whole;
use crate::output::{Output, counted};
use crate::project::Project;
use crate::suggesting::words::percent;
use crate::suggesting::{Ground, Learned, Source};

pub(crate) fn run(args: &LearnArgs, output: &mut Output) -> Result<Exit, Failure> {
    let project = Project::load(args.project.as_deref())?;
    let ground = Ground::open(project, &args.source, &args.wait, clock(args.now), output)?;
    let source = ground.source();
    let asked = args.tag.as_deref().map(|tag| source.target(tag)).transpose()?;
    let all = source.all()?;
    let mut text = String::new();
    let (mut rules, mut entries) = (0, 0);
    for target in (0..source.targets.len()).filter(|at| asked.is_none_or(|asked| asked == *at)) {
        let worth = Worth { support: args.support, precision: args.precision, ..Worth::default() };
        let found = rules_of(&source, &all, target, worth);
        let spellings = spellings_of(&source, &all, target);
        rules += found.len();
        entries += spellings.len();
        text.push_str(&normalize(&source, target, &spellings));
        text.push_str(&as_rules(&source, target, &found, &all));
    }
    if text.is_empty() {
        output.note("nothing was found that is worth a rule\n");
        return Ok(Exit::Success);
    }
    let text = format!("// Found in {}.\n{text}", source.snapshot.id());
    match &args.write {
        None => output.print_exactly(&text)?,
        Some(path) => {
            write_whole(path, &text)?;
            let (rules, entries) =
                (counted(rules, "rule", "rules"), counted(entries, "spelling", "spellings"));
            output.print(&format!("{}: {rules}, {entries}\n", path.display()))?;
        }
    }
    Ok(Exit::Success)
}

/// Finds rules among resources whose value no rule gives: what a rule covers needs no other.
fn rules_of(source: &Source<'_>, all: &[Learned], target: usize, worth: Worth) -> Vec<MinedRule> {
    let covered = |one: &&Learned| {
        let given = one.values.get(target).and_then(Option::as_ref);
        given.is_none_or(|(_, by)| !matches!(by, program::Source::Fill | program::Source::Set))
    };
    let specimens: Vec<Specimen<'_>> = all
        .iter()
        .filter(covered)
        .filter_map(|one| {
            let value = source.label(one, target);
            // A value that is not valid is neither one to learn nor one that is missing.
            let usable = value.is_some() || Source::missing(one).contains(&target);
            usable.then_some(Specimen { resource: &one.resource, value })
        })
        .collect();
    mine(&source.targets, &specimens, worth)
}

fn spellings_of(source: &Source<'_>, all: &[Learned], target: usize) -> Vec<Spelling> {
    let counts = values(all, target);
    let values: Vec<(&str, usize, bool)> = counts
        .iter()
        .map(|(value, count)| (value.as_str(), *count, source.is_valid(target, value)))
        .collect();
    source.targets.get(target).map(|target| spellings(target, &values)).unwrap_or_default()
}

/// Returns the spellings as a `normalize` item, or as entries for the one that is there.
fn normalize(source: &Source<'_>, target: usize, spellings: &[Spelling]) -> String {
    let Some(tag) = source.tags.get(target).map(|tag| source.program.tag(*tag)) else { return String::new() };
    if spellings.is_empty() {
        return String::new();
    }
    let entries = spellings.iter().map(|one| {
        let of = counted(one.resources, "resource", "resources");
        let arm = format!("map {} -> {}", quoted(&one.written), quoted(&one.value));
        (arm, of)
    });
    if tag.normalizes.is_empty() {
        let lines: String = entries.map(|(arm, of)| format!("  // {of}\n  {arm}\n")).collect();
        return format!("\nnormalize {} {{\n{lines}}}\n", tag.name);
    }
    let lines: String = entries.map(|(arm, of)| format!("//   {arm}  // {of}\n")).collect();
    format!("\n// Add to `normalize {}`:\n{lines}", tag.name)
}

fn as_rules(source: &Source<'_>, target: usize, rules: &[MinedRule], all: &[Learned]) -> String {
    let Some(tag) = source.targets.get(target) else { return String::new() };
    let currency = source.snapshot.manifest().currency.clone().unwrap_or_default();
    let mut text = String::new();
    for (at, rule) in rules.iter().enumerate() {
        let name = format!("learnt-{}-{}", tag.name, at + 1);
        let fills = counted(rule.fills, "resource", "resources");
        let cost =
            if rule.cost > 0.0 { format!(", {:.0} {currency} a month", rule.cost) } else { String::new() };
        let _ = write!(
            text,
            "\n/// {} of {} have it (at least {} at 95%). Fills {fills}{cost}.\nrule {name} {{\n  when {}\n  fill {} = {}\n}}\n",
            percent(rule.precision.share),
            counted(rule.support, "resource", "resources"),
            percent(rule.precision.low),
            condition(&rule.condition),
            tag.name,
            quoted(&rule.value)
        );
        text.push_str(&test(&name, &tag.name, rule, all));
    }
    text
}

/// Returns a test of a rule: a resource like one that it was learnt from, without tags.
fn test(name: &str, tag: &str, rule: &MinedRule, all: &[Learned]) -> String {
    let Some(one) = all.iter().find(|one| one.resource.id == rule.example) else { return String::new() };
    let fields =
        [("name", &one.resource.name), ("type", &one.resource.type_), ("account", &one.resource.account)];
    let fields =
        fields.iter().filter_map(|(field, value)| Some(format!("    {field} {}\n", quoted(value.as_ref()?))));
    let fields: String = fields.collect();
    let value = quoted(&rule.value);
    format!(
        "\ntest \"{name}\" {{\n  given {{\n{fields}  }}\n  expect {tag} == {value} from rule {name}\n}}\n"
    )
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
