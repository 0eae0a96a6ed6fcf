//! `tagpol learn`

mod editor;
mod text;

pub(crate) use editor::run as for_editor;

use tagpol_app::learning::{MinedRule, Specimen, Spelling, Worth, mine, spellings};
use tagpol_app::models::{TaggedResource, TrainingData, value_counts};
use tagpol_sema::program;
use tagpol_sink::terminal::line;

use self::text::Names;
use crate::args::LearnArgs;
use crate::context::context;
use crate::failure::{Exit, Failure};
use crate::files::write_whole;
use crate::inference;
use crate::output::{Output, counted};
use crate::project;

pub(crate) fn run(args: &LearnArgs, output: &mut Output) -> Result<Exit, Failure> {
    let run_context = context(args.input.now);
    let project = project::open(args.input.path.as_deref(), &run_context)?;
    let context = inference::training(&project, &args.input, &run_context, output)?;
    let data = context.data();
    let wanted = args.tag.as_deref().map(|tag| data.target(tag)).transpose()?;
    let all = data.all()?;
    let mut items: Vec<String> = Vec::new();
    let mut names = Names::of(data.program);
    let (mut rules, mut entries) = (0, 0);
    for target in (0..data.targets.len()).filter(|at| wanted.is_none_or(|wanted| wanted == *at)) {
        let Some(tag) = data.tags.get(target).map(|tag| data.program.tag(*tag)) else { continue };
        let worth = Worth { support: args.support, precision: args.precision, ..Worth::default() };
        let found = rules_of(&data, &all, target, worth);
        let spellings = spellings_of(&data, &all, target);
        rules += found.len();
        entries += spellings.len();
        items.push(text::normalize(&data, tag, &spellings));
        items.extend(
            found.iter().map(|rule| text::rule(&data, tag, (rule, &found), &all, &names.next(&tag.name))),
        );
    }
    items.retain(|item| !item.is_empty());
    if items.is_empty() {
        output.note("no rules or spellings found\n");
        return Ok(Exit::Success);
    }
    let text = format!("// Proposed from snapshot {}.\n\n{}", line(data.snapshot.id()), items.join("\n"));
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

/// Finds rules that fill what no existing rule fills, and that contradict none.
fn rules_of(data: &TrainingData<'_>, all: &[TaggedResource], target: usize, worth: Worth) -> Vec<MinedRule> {
    let specimens: Vec<Specimen<'_>> = all
        .iter()
        .filter_map(|one| {
            let given = one.values.get(target).and_then(Option::as_ref);
            let ruled = given.filter(|(_, by)| matches!(by, program::Source::Fill | program::Source::Set));
            let value = match ruled {
                Some((value, _)) => Some(value.as_str()),
                None => data.label(one, target),
            };
            // A value that is not valid is neither evidence nor missing.
            let usable = value.is_some() || TrainingData::missing(one).contains(&target);
            usable.then_some(Specimen { resource: &one.resource, value, by_rule: ruled.is_some() })
        })
        .collect();
    mine(&data.targets, &specimens, worth)
}

fn spellings_of(data: &TrainingData<'_>, all: &[TaggedResource], target: usize) -> Vec<Spelling> {
    let counts = value_counts(all, target);
    let values: Vec<(&str, usize, bool)> =
        counts.iter().map(|(value, count)| (value.as_str(), *count, data.is_valid(target, value))).collect();
    data.targets.get(target).map(|target| spellings(target, &values)).unwrap_or_default()
}
