//! Counts of values by what resources share: an account, a family, a name, a tag.

use rustc_hash::FxHashMap;

use crate::features::parts::{ANY_TAG, bit};
use crate::features::resource::{Resource, skeleton};
use crate::features::target_context::TargetContext;
use crate::numerics::random::hash;

/// An attribute that resources can share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SharedAttribute {
    /// The account.
    Account,
    /// Another group that they belong to.
    Context,
    /// The account or group without words that tell environments apart.
    Family,
    /// The words of the name, without digits and words that tell environments apart.
    Name,
    /// All words of the name.
    Words,
    /// The first two words of the name.
    Start,
    /// A native tag with its value.
    Tag,
}

impl SharedAttribute {
    /// All attributes, the broadest first.
    pub(crate) const ALL: [Self; 7] =
        [Self::Account, Self::Context, Self::Family, Self::Name, Self::Words, Self::Start, Self::Tag];

    /// Returns a name that is part of hashes, and so of saved models.
    fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Context => "context",
            Self::Family => "family",
            Self::Name => "name",
            Self::Words => "words",
            Self::Start => "start",
            Self::Tag => "tag",
        }
    }
}

/// A value of an attribute, by its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HistoryKey {
    pub(crate) attribute: SharedAttribute,
    pub(crate) hash: u64,
    /// The targets that it reveals, as bits.
    reveals: u64,
}

impl HistoryKey {
    /// Whether it reveals a hidden target.
    pub(crate) fn is_hidden(self, hidden: u64) -> bool {
        self.reveals & hidden != 0
    }
}

/// Returns what a resource may share with others, each with a description for people.
pub(crate) fn history_keys(resource: &Resource, context: &TargetContext) -> Vec<(HistoryKey, String)> {
    let mut keys = Vec::new();
    let mut push =
        |attribute: SharedAttribute, reveals: u64, scope: &str, text: &str, description: String| {
            if !text.is_empty() {
                let hash = hash(&[attribute.as_str(), scope, text]);
                keys.push((HistoryKey { attribute, hash, reveals }, description));
            }
        };
    if let Some(account) = &resource.account {
        push(SharedAttribute::Account, 0, "", account, format!("with account `{account}`"));
    }
    for (key, value) in &resource.context {
        push(SharedAttribute::Context, 0, key, value, format!("with {key} `{value}`"));
    }
    let family = resource.family(&context.stop_words);
    push(SharedAttribute::Family, 0, "", &family, format!("of `{family}` in any environment"));
    if let Some(name) = &resource.name {
        let bare = skeleton(name, &context.stop_words);
        let type_ = resource.type_.as_deref().unwrap_or_default();
        push(SharedAttribute::Name, 0, type_, &bare, format!("of type `{type_}` with names like `{bare}`"));
        let words = tagpol_sema::formats::words(name);
        let joined = words.join("-");
        push(SharedAttribute::Words, 0, "", &joined, format!("with the words `{joined}` in their names"));
        let start: Vec<&str> = bare.split('-').take(2).collect();
        let start = start.join("-");
        push(SharedAttribute::Start, 0, "", &start, format!("with names that start with `{start}`"));
    }
    for (key, value) in &resource.tags {
        push(
            SharedAttribute::Tag,
            context.own_keys.targets_of(key) | ANY_TAG,
            key,
            value,
            format!("with tag `{key}` = `{value}`"),
        );
    }
    keys
}

/// How often each value occurs with something that is shared.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Counts {
    /// Classes with their counts, the most frequent first; at most 6.
    pub(crate) classes: Vec<(u32, u32)>,
    /// Resources that have the tag, with any value.
    pub(crate) total: u32,
}

impl Counts {
    /// Returns the share of a class, from 0 to 1, drawn a little toward 0 if few were counted.
    pub(crate) fn share(&self, class: u32) -> f32 {
        self.count(class) as f32 / (self.total as f32 + 1.0)
    }

    pub(crate) fn count(&self, class: u32) -> u32 {
        self.classes.iter().find(|(found, _)| *found == class).map_or(0, |(_, count)| *count)
    }
}

/// The counts of all targets.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct History {
    counts: FxHashMap<(u32, u64), Counts>,
}

/// The most classes that are kept for something that is shared.
const MAX_CLASSES: usize = 6;

impl History {
    /// Counts the classes of resources, each given with its keys and its classes by target.
    pub(crate) fn of<'a>(resources: impl Iterator<Item = (&'a [HistoryKey], &'a [(usize, u32)])>) -> Self {
        let mut counts: FxHashMap<(u32, u64), FxHashMap<u32, u32>> = FxHashMap::default();
        for (keys, classes) in resources {
            for (target, class) in classes {
                for key in keys.iter().filter(|key| key.reveals & bit(*target) == 0) {
                    *counts.entry((*target as u32, key.hash)).or_default().entry(*class).or_default() += 1;
                }
            }
        }
        let sorted = counts.into_iter().map(|(key, classes)| {
            let total = classes.values().sum();
            let mut classes: Vec<(u32, u32)> = classes.into_iter().collect();
            classes.sort_unstable_by_key(|(class, count)| (std::cmp::Reverse(*count), *class));
            classes.truncate(MAX_CLASSES);
            (key, Counts { classes, total })
        });
        Self { counts: sorted.collect() }
    }

    /// Returns the counts of a target for a key. None if there are none, or if the key reveals the target.
    pub(crate) fn get(&self, target: usize, key: HistoryKey) -> Option<&Counts> {
        let counts = self.counts.get(&(target as u32, key.hash));
        counts.filter(|_| key.reveals & bit(target) == 0)
    }

    /// Returns all counts, sorted.
    pub(crate) fn entries(&self) -> Vec<((u32, u64), &Counts)> {
        let mut entries: Vec<_> = self.counts.iter().map(|(key, counts)| (*key, counts)).collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        entries
    }

    /// Restores the counts from their [`Self::entries`].
    pub(crate) fn from_entries(entries: impl Iterator<Item = ((u32, u64), Counts)>) -> Self {
        Self { counts: entries.collect() }
    }
}
