//! `tagpol learn`

mod editor;
mod text;

pub(crate) use editor::run as for_editor;

use tagpol_sema::program;
use tagpol_sink::terminal::line;
use tagpol_suggest::{MinedRule, Specimen, Spelling, Worth, mine, spellings};

use self::text::Names;
use super::suggest::values;
use crate::args::LearnArgs;
use crate::context::context;
use crate::failure::{Exit, Failure};
use crate::files::write_whole;
use crate::output::{Output, counted};
use crate::project;
use crate::suggesting::{Ground, Learned, Source};

pub(crate) fn run(args: &LearnArgs, output: &mut Output) -> Result<Exit, Failure> {
    let project = project::open(args.ground.path.as_deref(), &context(args.ground.now))?;
    let ground = Ground::open(project, &args.ground, output)?;
    let source = ground.source();
    let asked = args.tag.as_deref().map(|tag| source.target(tag)).transpose()?;
    let all = source.all()?;
    let mut items: Vec<String> = Vec::new();
    let mut names = Names::of(source.program);
    let (mut rules, mut entries) = (0, 0);
    for target in (0..source.targets.len()).filter(|at| asked.is_none_or(|asked| asked == *at)) {
        let Some(tag) = source.tags.get(target).map(|tag| source.program.tag(*tag)) else { continue };
        let worth = Worth { support: args.support, precision: args.precision, ..Worth::default() };
        let found = rules_of(&source, &all, target, worth);
        let spellings = spellings_of(&source, &all, target);
        rules += found.len();
        entries += spellings.len();
        items.push(text::normalize(&source, tag, &spellings));
        items.extend(
            found.iter().map(|rule| text::rule(&source, tag, (rule, &found), &all, &names.next(&tag.name))),
        );
    }
    items.retain(|item| !item.is_empty());
    if items.is_empty() {
        output.note("nothing was found that is worth a rule\n");
        return Ok(Exit::Success);
    }
    let text = format!("// Found in {}.\n\n{}", line(source.snapshot.id()), items.join("\n"));
    let text = tagpol_sink::policy::text(&text);
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

/// Finds rules that fill what no rule fills, and that give nothing else than the rules that are there.
fn rules_of(source: &Source<'_>, all: &[Learned], target: usize, worth: Worth) -> Vec<MinedRule> {
    let specimens: Vec<Specimen<'_>> = all
        .iter()
        .filter_map(|one| {
            let given = one.values.get(target).and_then(Option::as_ref);
            let ruled = given.filter(|(_, by)| matches!(by, program::Source::Fill | program::Source::Set));
            let value = match ruled {
                Some((value, _)) => Some(value.as_str()),
                None => source.label(one, target),
            };
            // A value that is not valid is neither one to learn nor one that is missing.
            let usable = value.is_some() || Source::missing(one).contains(&target);
            usable.then_some(Specimen { resource: &one.resource, value, by_rule: ruled.is_some() })
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
