//! Facts about an inventory for editors: clues, rules and spellings with their confidence.

use std::collections::BTreeMap;
use tagpol_app::models::{ActiveModel, TaggedResource, TrainingData, registry};

use tagpol_app::learning::{Condition, Witness, Worth, clues};
use tagpol_worker_protocol::{Clue, Learnt, LearntRule, LearntSpelling, LearntTag, Likely, Trait};

use super::text::Names;
use super::{rules_of, spellings_of, text};
use crate::args::LearnArgs;
use crate::context::context;
use crate::failure::Failure;
use crate::inference;
use crate::output::Output;
use crate::project;

/// The most resources that are read; of larger inventories, a sample by id.
const MAX_RESOURCES: u64 = 100_000;

/// The most clues of a tag.
const CLUES: usize = 1000;

/// The most rules of a tag.
const RULES: usize = 20;

/// Resources that are asked about together.
const BATCH: usize = 4096;

/// The most resources with a spelling that the model is asked about.
const SAMPLE: usize = 50;

/// The least mean probability of the value that a spelling stands for.
const MIN_SHARE: f64 = 0.6;

/// Reads an inventory, and asks the promoted model, if there is one, about missing tags.
pub(crate) fn run(args: &LearnArgs, output: &mut Output) -> Result<Learnt, Failure> {
    let run_context = context(args.input.now);
    let project = project::open(args.input.path.as_deref(), &run_context)?;
    let context = inference::training(&project, &args.input, &run_context, output)?;
    let data = context.data();
    let all = some(&data)?;
    // Without a model that can be read, there are still the facts of the inventory.
    let model = ActiveModel::promoted(&data, &registry(data.store.folder())).ok().flatten();
    let suggested = suggested(&data, model.as_ref(), &all);
    let mut names = Names::of(data.program);
    let tags = data.targets.iter().enumerate().map(|(target, named)| {
        let learnt = LearntTag {
            inferred: inferred(&suggested, target),
            clues: clues_of(&data, &all, &suggested, target),
            rules: rules(&data, &all, target, args, &mut names),
            spellings: spellings(&data, model.as_ref(), &all, target),
        };
        (named.name.clone(), learnt)
    });
    Ok(Learnt { tags: tags.filter(|(_, learnt)| *learnt != LearntTag::default()).collect() })
}

/// Reads all resources, or a sample of them.
fn some(data: &TrainingData<'_>) -> Result<Vec<TaggedResource>, Failure> {
    let every = data.snapshot.manifest().counts.resources.div_ceil(MAX_RESOURCES).max(1);
    let mut some = Vec::new();
    data.for_each(tagpol_app::evaluation::Which::All, |one| {
        if tagpol_app::learning::fingerprint(&one.resource.id).is_multiple_of(every) {
            some.push(one);
        }
        Ok(())
    })?;
    Ok(some)
}

/// Suggested values with their confidence, by resource and target.
type BestSuggestions = Vec<BTreeMap<usize, (String, f32)>>;

fn suggested(
    data: &TrainingData<'_>,
    model: Option<&ActiveModel>,
    all: &[TaggedResource],
) -> BestSuggestions {
    let Some(model) = model else { return vec![BTreeMap::new(); all.len()] };
    let answers = all.chunks(BATCH).flat_map(|batch| {
        let questions: Vec<(&TaggedResource, Vec<usize>)> =
            batch.iter().map(|one| (one, TrainingData::missing(one))).collect();
        model.ask(&questions)
    });
    let best = |answers: Vec<(usize, tagpol_app::learning::Answer)>| {
        let best = answers.into_iter().filter_map(|(target, answer)| {
            let best = answer.best().filter(|best| data.is_valid(target, &best.value))?;
            (best.confidence > 0.0).then(|| (target, (best.value.clone(), best.confidence)))
        });
        best.collect()
    };
    answers.map(best).collect()
}

fn inferred(suggested: &BestSuggestions, target: usize) -> Vec<Likely> {
    let mut values: BTreeMap<&str, (u64, f64)> = BTreeMap::new();
    for (value, confidence) in suggested.iter().filter_map(|of| of.get(&target)) {
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
    // Rounded down, because a confidence is a lower bound.
    Likely { value: value.to_owned(), resources, confidence: (confidence * 100.0).floor() / 100.0 }
}

fn clues_of(
    data: &TrainingData<'_>,
    all: &[TaggedResource],
    suggested: &BestSuggestions,
    target: usize,
) -> Vec<Clue> {
    let witnesses: Vec<Witness<'_>> = all
        .iter()
        .zip(suggested)
        .map(|(one, suggested)| Witness {
            resource: &one.resource,
            value: data.label(one, target),
            suggested: suggested.get(&target).map(|(value, confidence)| (value.as_str(), *confidence)),
        })
        .collect();
    let found = clues(&data.targets, &witnesses, CLUES).into_iter();
    let clues = found.filter_map(|clue| {
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
    clues.collect()
}

fn rules(
    data: &TrainingData<'_>,
    all: &[TaggedResource],
    target: usize,
    args: &LearnArgs,
    names: &mut Names,
) -> Vec<LearntRule> {
    let Some(tag) = data.tags.get(target).map(|tag| data.program.tag(*tag)) else { return Vec::new() };
    let worth = Worth { support: args.support, precision: args.precision, rules: RULES };
    let found = rules_of(data, all, target, worth);
    let rules = found.iter().map(|rule| {
        let name = names.next(&tag.name);
        LearntRule {
            asks: described(&rule.condition),
            value: rule.value.clone(),
            support: rule.support as u64,
            precision: rule.precision.share,
            fills: rule.fills as u64,
            text: text::rule(data, tag, (rule, &found), all, &name),
            name,
        }
    });
    rules.collect()
}

fn described(condition: &Condition) -> String {
    match condition {
        Condition::Account(account) => format!("account `{account}`"),
        Condition::Word(word) => format!("names with `{word}`"),
        Condition::Type(type_) => format!("type `{type_}`"),
        Condition::WordOfType(word, type_) => format!("names with `{word}` of type `{type_}`"),
    }
}

/// Returns misspelled values: typos, and values of resources for most of which the model suggests the same value.
fn spellings(
    data: &TrainingData<'_>,
    model: Option<&ActiveModel>,
    all: &[TaggedResource],
    target: usize,
) -> Vec<LearntSpelling> {
    let found = spellings_of(data, all, target).into_iter();
    let mut spellings: Vec<LearntSpelling> = found
        .map(|one| LearntSpelling {
            written: one.written,
            value: one.value,
            resources: one.resources as u64,
            confidence: None,
        })
        .collect();
    for (written, having) in unmapped(data, all, target) {
        let unknown = model.filter(|_| !spellings.iter().any(|one| one.written == written));
        if let Some((value, confidence)) = unknown.and_then(|model| meant(data, model, &having, target)) {
            let resources = having.len() as u64;
            spellings.push(LearntSpelling {
                written: written.to_owned(),
                value,
                resources,
                confidence: Some(confidence),
            });
        }
    }
    spellings.sort_by(|a, b| b.resources.cmp(&a.resources).then_with(|| a.written.cmp(&b.written)));
    spellings
}

/// Returns values that are not valid, with the resources that have them.
fn unmapped<'l>(
    data: &TrainingData<'_>,
    all: &'l [TaggedResource],
    target: usize,
) -> BTreeMap<&'l str, Vec<&'l TaggedResource>> {
    let mut found: BTreeMap<&str, Vec<&TaggedResource>> = BTreeMap::new();
    for one in all {
        if let Some((value, _)) = one.values.get(target).and_then(Option::as_ref)
            && !data.is_valid(target, value)
        {
            found.entry(value).or_default().push(one);
        }
    }
    found
}

/// Returns the value that the model suggests for most of the resources with a spelling, and its mean probability.
fn meant(
    data: &TrainingData<'_>,
    model: &ActiveModel,
    having: &[&TaggedResource],
    target: usize,
) -> Option<(String, f64)> {
    let questions: Vec<(&TaggedResource, Vec<usize>)> =
        having.iter().take(SAMPLE).map(|one| (*one, vec![target])).collect();
    let mut sums: BTreeMap<String, f64> = BTreeMap::new();
    for (_, answer) in
        model.ask(&questions).into_iter().flatten().filter(|(_, answer)| !answer.out_of_distribution)
    {
        for one in answer.suggestions.iter().filter(|one| data.is_valid(target, &one.value)) {
            *sums.entry(one.value.clone()).or_default() += f64::from(one.probability);
        }
    }
    let (value, sum) = sums.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.cmp(&a.0)))?;
    let share = (sum / questions.len() as f64 * 100.0).floor() / 100.0;
    (share >= MIN_SHARE).then_some((value, share))
}
