//! Runs of letters of all that is known of a resource: what the simple methods look at.

use rustc_hash::FxHashMap;

use crate::candidates::generator::Known;
use crate::features::parts::{ANY_TAG, Field, Part};
use crate::features::resource::Resource;
use crate::numerics::random::hash;

/// Returns the runs of a resource without its tags as parts, for a dictionary.
pub(crate) fn parts(resource: &Resource) -> [Part; 1] {
    let features = counted_runs(places(resource)).into_iter();
    let features = features.map(|(hash, count)| (hash, count as f32)).collect();
    [Part { field: Field::Name, text: String::new(), says: 0, features }]
}

/// Numbers of runs of two to five letters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grams(FxHashMap<u64, u32>);

impl Grams {
    /// Returns how many runs there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the runs of a resource with their weights, and numbers those that are new.
    pub(crate) fn learn(&mut self, resource: &Resource, known: &Known, hidden: u64) -> Vec<(u32, f32)> {
        let hashes = hashes(resource, known, hidden);
        let numbers = hashes.into_iter().map(|hash| {
            let next = self.0.len() as u32;
            *self.0.entry(hash).or_insert(next)
        });
        counted(numbers.collect())
    }

    /// Returns the runs of a resource that are known, with their weights.
    pub(crate) fn of(&self, resource: &Resource, known: &Known, hidden: u64) -> Vec<(u32, f32)> {
        let hashes = hashes(resource, known, hidden).into_iter();
        counted(hashes.filter_map(|hash| self.0.get(&hash).copied()).collect())
    }
}

/// Counts the runs, and scales the counts to length 1.
fn counted(mut numbers: Vec<u32>) -> Vec<(u32, f32)> {
    numbers.sort_unstable();
    let mut counted: Vec<(u32, f32)> =
        numbers.chunk_by(|a, b| a == b).filter_map(|run| Some((*run.first()?, run.len() as f32))).collect();
    let length: f32 = counted.iter().map(|(_, count)| count * count).sum();
    let scale = f32::max(length.sqrt(), f32::MIN_POSITIVE).recip();
    counted.iter_mut().for_each(|(_, count)| *count *= scale);
    counted
}

fn hashes(resource: &Resource, known: &Known, hidden: u64) -> Vec<u64> {
    let tags = resource.tags.iter().filter(|(key, _)| (known.own.says(key) | ANY_TAG) & hidden == 0);
    let tags = tags.map(|(key, value)| format!("{key}={value}"));
    runs(places(resource).map(str::to_owned).chain(tags))
}

/// Returns what a resource is called, what it is, and where it stands.
fn places(resource: &Resource) -> impl Iterator<Item = &str> {
    let own = [&resource.name, &resource.type_, &resource.account, &resource.region];
    let context = resource.context.iter().map(|(_, value)| value.as_str());
    own.into_iter().flatten().map(String::as_str).chain(context)
}

fn runs(texts: impl Iterator<Item = impl AsRef<str>>) -> Vec<u64> {
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

/// Returns the runs of texts with how often each is there.
fn counted_runs<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<(u64, usize)> {
    let mut hashes = runs(texts);
    hashes.sort_unstable();
    hashes.chunk_by(|a, b| a == b).filter_map(|run| Some((*run.first()?, run.len()))).collect()
}
