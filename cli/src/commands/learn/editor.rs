//! What was learnt from an inventory, for editors: what rules and maps could say, and how sure that is.

use std::collections::BTreeMap;

use tagpol_questions::{Clue, Learnt, LearntRule, LearntSpelling, LearntTag, Likely, Trait};
use tagpol_suggest::{Condition, Witness, Worth, clues};

use super::text::Names;
use super::{rules_of, spellings_of, text};
use crate::args::LearnArgs;
use crate::context::context;
use crate::failure::Failure;
use crate::output::Output;
use crate::project;
use crate::suggesting::predict::Asked;
use crate::suggesting::{Ground, Learned, Source, registry};

/// Resources that are looked at: of larger inventories some of each part.
const MOST: u64 = 100_000;

/// Clues of a tag that are told.
const CLUES: usize = 1000;

/// Rules of a tag that are told.
const RULES: usize = 20;

/// Resources that are asked about together.
const BATCH: usize = 4096;

/// Resources with a spelling that the model is asked about.
const ASKED: usize = 50;

/// How many of those must be said to have one value.
const MOSTLY: f64 = 0.6;

/// Looks at an inventory, and asks the promoted model, if there is one, about what is missing.
pub(crate) fn run(args: &LearnArgs, output: &mut Output) -> Result<Learnt, Failure> {
    let project = project::open(args.ground.path.as_deref(), &context(args.ground.now))?;
    let ground = Ground::open(project, &args.ground, output)?;
    let source = ground.source();
    let all = some(&source)?;
    // Where the model cannot be read, what the inventory says is there all the same.
    let asked = Asked::promoted(&source, &registry(source.store.path())).ok().flatten();
    let said = said(&source, asked.as_ref(), &all);
    let mut names = Names::of(source.program);
    let tags = source.targets.iter().enumerate().map(|(target, named)| {
        let learnt = LearntTag {
            inferred: inferred(&said, target),
            clues: clues_of(&source, &all, &said, target),
            rules: rules(&source, &all, target, args, &mut names),
            spellings: spellings(&source, asked.as_ref(), &all, target),
        };
        (named.name.clone(), learnt)
    });
    Ok(Learnt { tags: tags.filter(|(_, learnt)| *learnt != LearntTag::default()).collect() })
}

/// Reads resources: all, or one of some.
fn some(source: &Source<'_>) -> Result<Vec<Learned>, Failure> {
    let every = source.snapshot.manifest().counts.resources.div_ceil(MOST).max(1);
    let mut some = Vec::new();
    source.for_each(tagpol_app::evaluation::Which::All, |one| {
        if tagpol_suggest::fingerprint(&one.resource.id).is_multiple_of(every) {
            some.push(one);
        }
        Ok(())
    })?;
    Ok(some)
}

/// What the model says, by resource and target.
type Said = Vec<BTreeMap<usize, (String, f32)>>;

fn said(source: &Source<'_>, asked: Option<&Asked>, all: &[Learned]) -> Said {
    let Some(asked) = asked else { return vec![BTreeMap::new(); all.len()] };
    let answers = all.chunks(BATCH).flat_map(|batch| {
        let questions: Vec<(&Learned, Vec<usize>)> =
            batch.iter().map(|one| (one, Source::missing(one))).collect();
        asked.ask(&questions)
    });
    let best = |answers: Vec<(usize, tagpol_suggest::Answer)>| {
        let best = answers.into_iter().filter_map(|(target, answer)| {
            let best = answer.best().filter(|best| source.is_valid(target, &best.value))?;
            (best.confidence > 0.0).then(|| (target, (best.value.clone(), best.confidence)))
        });
        best.collect()
    };
    answers.map(best).collect()
}

fn inferred(said: &Said, target: usize) -> Vec<Likely> {
    let mut values: BTreeMap<&str, (u64, f64)> = BTreeMap::new();
    for (value, confidence) in said.iter().filter_map(|of| of.get(&target)) {
        let entry = values.entry(value).or_default();
        *entry = (entry.0 + 1, entry.1 + f64::from(*confidence));
    }
    let mut likely: Vec<Likely> = values
        .into_iter()
        .map(|(value, (count, sum))| likely_value(value, count, sum / count as f64))
        .collect();
    likely.sort_by(|a, b| b.resources.cmp(&a.resources).then_with(|| a.value.cmp(&b.value)));
    likely
}

fn likely_value(value: &str, resources: u64, confidence: f64) -> Likely {
    // Two digits are told, and never more than there is.
    Likely { value: value.to_owned(), resources, confidence: (confidence * 100.0).floor() / 100.0 }
}

fn clues_of(source: &Source<'_>, all: &[Learned], said: &Said, target: usize) -> Vec<Clue> {
    let witnesses: Vec<Witness<'_>> = all
        .iter()
        .zip(said)
        .map(|(one, said)| Witness {
            resource: &one.resource,
            value: source.label(one, target),
            said: said.get(&target).map(|(value, confidence)| (value.as_str(), *confidence)),
        })
        .collect();
    let found = clues(&source.targets, &witnesses, CLUES).into_iter();
    let told = found.filter_map(|clue| {
        let (about, text) = match clue.condition {
            Condition::Account(text) => (Trait::Account, text),
            Condition::Type(text) => (Trait::Type, text),
            Condition::Word(text) => (Trait::Word, text),
            Condition::WordOfType(..) => return None,
        };
        let values = clue
            .values
            .iter()
            .map(|(value, count, confidence)| likely_value(value, *count as u64, *confidence));
        Some(Clue { about, text, lacking: clue.lacking as u64, values: values.collect() })
    });
    told.collect()
}

fn rules(
    source: &Source<'_>,
    all: &[Learned],
    target: usize,
    args: &LearnArgs,
    names: &mut Names,
) -> Vec<LearntRule> {
    let Some(tag) = source.tags.get(target).map(|tag| source.program.tag(*tag)) else { return Vec::new() };
    let worth = Worth { support: args.support, precision: args.precision, rules: RULES };
    let found = rules_of(source, all, target, worth);
    let told = found.iter().map(|rule| {
        let name = names.next(&tag.name);
        LearntRule {
            asks: asks(&rule.condition),
            value: rule.value.clone(),
            support: rule.support as u64,
            precision: rule.precision.share,
            fills: rule.fills as u64,
            text: text::rule(source, tag, (rule, &found), all, &name),
            name,
        }
    });
    told.collect()
}

fn asks(condition: &Condition) -> String {
    match condition {
        Condition::Account(account) => format!("account `{account}`"),
        Condition::Word(word) => format!("names with `{word}`"),
        Condition::Type(type_) => format!("type `{type_}`"),
        Condition::WordOfType(word, type_) => format!("names with `{word}` of type `{type_}`"),
    }
}

/// Returns spellings: what differs in a slip of the pen, and what stands on resources of which the model
/// says one value.
fn spellings(
    source: &Source<'_>,
    asked: Option<&Asked>,
    all: &[Learned],
    target: usize,
) -> Vec<LearntSpelling> {
    let found = spellings_of(source, all, target).into_iter();
    let mut told: Vec<LearntSpelling> = found
        .map(|one| LearntSpelling {
            written: one.written,
            value: one.value,
            resources: one.resources as u64,
            confidence: None,
        })
        .collect();
    for (written, having) in unmapped(source, all, target) {
        let likely = asked.filter(|_| !told.iter().any(|one| one.written == written));
        if let Some((value, confidence)) = likely.and_then(|asked| meant(source, asked, &having, target)) {
            let resources = having.len() as u64;
            told.push(LearntSpelling {
                written: written.to_owned(),
                value,
                resources,
                confidence: Some(confidence),
            });
        }
    }
    told.sort_by(|a, b| b.resources.cmp(&a.resources).then_with(|| a.written.cmp(&b.written)));
    told
}

/// Values that stand for nothing that the tag knows, with the resources that have them.
fn unmapped<'l>(
    source: &Source<'_>,
    all: &'l [Learned],
    target: usize,
) -> BTreeMap<&'l str, Vec<&'l Learned>> {
    let mut found: BTreeMap<&str, Vec<&Learned>> = BTreeMap::new();
    for one in all {
        if let Some((value, _)) = one.values.get(target).and_then(Option::as_ref)
            && !source.is_valid(target, value)
        {
            found.entry(value).or_default().push(one);
        }
    }
    found
}

/// The value that the model says of most of the resources that have a spelling, and the share of those.
fn meant(source: &Source<'_>, asked: &Asked, having: &[&Learned], target: usize) -> Option<(String, f64)> {
    let questions: Vec<(&Learned, Vec<usize>)> =
        having.iter().take(ASKED).map(|one| (*one, vec![target])).collect();
    let mut sums: BTreeMap<String, f64> = BTreeMap::new();
    for (_, answer) in asked.ask(&questions).into_iter().flatten().filter(|(_, answer)| !answer.strange) {
        for one in answer.suggestions.iter().filter(|one| source.is_valid(target, &one.value)) {
            *sums.entry(one.value.clone()).or_default() += f64::from(one.probability);
        }
    }
    let (value, sum) = sums.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.cmp(&a.0)))?;
    let share = (sum / questions.len() as f64 * 100.0).floor() / 100.0;
    (share >= MOSTLY).then_some((value, share))
}
