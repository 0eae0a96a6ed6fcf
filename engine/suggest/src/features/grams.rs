//! Character n-grams of all texts of a resource: the features of the simple methods.

use rustc_hash::FxHashMap;

use super::parts::{ANY_TAG, Field, Part};
use super::resource::Resource;
use super::target_context::TargetContext;
use crate::numerics::random::hash;

/// Returns the n-grams of a resource without its tags as a part, for a dictionary.
pub(crate) fn parts(resource: &Resource) -> [Part; 1] {
    let features = counted_ngrams(texts(resource)).into_iter();
    let features = features.map(|(hash, count)| (hash, count as f32)).collect();
    [Part { field: Field::Name, text: String::new(), reveals: 0, features }]
}

/// Numbers of n-grams of two to five characters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ngrams(FxHashMap<u64, u32>);

impl Ngrams {
    /// Returns the number of n-grams.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the n-grams of a resource with their weights, and numbers those that are new.
    pub(crate) fn learn(
        &mut self,
        resource: &Resource,
        context: &TargetContext,
        hidden: u64,
    ) -> Vec<(u32, f32)> {
        let hashes = hashes(resource, context, hidden);
        let numbers = hashes.into_iter().map(|hash| {
            let next = self.0.len() as u32;
            *self.0.entry(hash).or_insert(next)
        });
        counted(numbers.collect())
    }

    /// Returns the n-grams of a resource that have a number, with their weights.
    pub(crate) fn of(&self, resource: &Resource, context: &TargetContext, hidden: u64) -> Vec<(u32, f32)> {
        let hashes = hashes(resource, context, hidden).into_iter();
        counted(hashes.filter_map(|hash| self.0.get(&hash).copied()).collect())
    }
}

/// Counts the n-grams, and scales the counts to length 1.
fn counted(mut numbers: Vec<u32>) -> Vec<(u32, f32)> {
    numbers.sort_unstable();
    let mut counted: Vec<(u32, f32)> =
        numbers.chunk_by(|a, b| a == b).filter_map(|run| Some((*run.first()?, run.len() as f32))).collect();
    let length: f32 = counted.iter().map(|(_, count)| count * count).sum();
    let scale = f32::max(length.sqrt(), f32::MIN_POSITIVE).recip();
    counted.iter_mut().for_each(|(_, count)| *count *= scale);
    counted
}

fn hashes(resource: &Resource, context: &TargetContext, hidden: u64) -> Vec<u64> {
    let tags =
        resource.tags.iter().filter(|(key, _)| (context.own_keys.targets_of(key) | ANY_TAG) & hidden == 0);
    let tags = tags.map(|(key, value)| format!("{key}={value}"));
    ngrams(texts(resource).map(str::to_owned).chain(tags))
}

/// Returns name, type, and all that shows where a resource belongs.
fn texts(resource: &Resource) -> impl Iterator<Item = &str> {
    let own = [&resource.name, &resource.type_, &resource.account, &resource.region];
    let context = resource.context.iter().map(|(_, value)| value.as_str());
    own.into_iter().flatten().map(String::as_str).chain(context)
}

/// Returns the hashes of all n-grams of texts, as often as each occurs.
fn ngrams(texts: impl Iterator<Item = impl AsRef<str>>) -> Vec<u64> {
    let mut hashes = Vec::new();
    for text in texts {
        let text: Vec<char> = text.as_ref().to_lowercase().chars().take(200).collect();
        let mut run = String::new();
        for len in 2..=5 {
            for window in text.windows(len) {
                run.clear();
                run.extend(window);
                hashes.push(hash(&[&run]));
            }
        }
    }
    hashes
}

/// Returns the hashes of n-grams with how often each occurs.
fn counted_ngrams<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<(u64, usize)> {
    let mut hashes = ngrams(texts);
    hashes.sort_unstable();
    hashes.chunk_by(|a, b| a == b).filter_map(|run| Some((*run.first()?, run.len()))).collect()
}
