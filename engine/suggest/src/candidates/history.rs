//! What resources like one had before: counts of values by what resources share.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::features::parts::{ANY_TAG, OwnKeys, bit};
use crate::features::resource::{Resource, skeleton};
use crate::numerics::random::hash;

/// What resources share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The account.
    Account,
    /// Something else that says where they belong.
    Context,
    /// Where they belong, without words that tell environments apart.
    Family,
    /// The words of the name, without digits and words that tell environments apart.
    Name,
    /// The words of the name, with those.
    Words,
    /// The start of the name.
    Start,
    /// A native tag with its value.
    Tag,
}

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Self; 7] =
        [Self::Account, Self::Context, Self::Family, Self::Name, Self::Words, Self::Start, Self::Tag];

    fn word(self) -> &'static str {
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

/// Something that resources share, by its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) kind: Kind,
    pub(crate) hash: u64,
    /// Targets whose own keys say it, as bits.
    says: u64,
}

impl Key {
    /// Whether it says any of the hidden targets.
    pub(crate) fn is_hidden(self, hidden: u64) -> bool {
        self.says & hidden != 0
    }
}

/// Returns what a resource may share with others, each with how a person calls it.
pub(crate) fn keys(resource: &Resource, own: &OwnKeys, stop: &FxHashSet<String>) -> Vec<(Key, String)> {
    let mut keys = Vec::new();
    let mut push = |kind: Kind, says: u64, scope: &str, text: &str, called: String| {
        if !text.is_empty() {
            keys.push((Key { kind, hash: hash(&[kind.word(), scope, text]), says }, called));
        }
    };
    if let Some(account) = &resource.account {
        push(Kind::Account, 0, "", account, format!("account `{account}`"));
    }
    for (key, value) in &resource.context {
        push(Kind::Context, 0, key, value, format!("{key} `{value}`"));
    }
    let family = resource.family(stop);
    push(Kind::Family, 0, "", &family, format!("`{family}` in any environment"));
    if let Some(name) = &resource.name {
        let bare = skeleton(name, stop);
        let type_ = resource.type_.as_deref().unwrap_or_default();
        push(Kind::Name, 0, type_, &bare, format!("type `{type_}` named like `{bare}`"));
        let words = tagpol_sema::formats::words(name);
        let joined = words.join("-");
        push(Kind::Words, 0, "", &joined, format!("names with the words of `{joined}`"));
        let start: Vec<&str> = bare.split('-').take(2).collect();
        let start = start.join("-");
        push(Kind::Start, 0, "", &start, format!("names that start like `{start}`"));
    }
    for (key, value) in &resource.tags {
        push(Kind::Tag, own.says(key) | ANY_TAG, key, value, format!("tag `{key}` = `{value}`"));
    }
    keys
}

/// How often each value stands by something that is shared.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Counts {
    /// Classes with their counts, the most frequent first.
    pub(crate) classes: Vec<(u32, u32)>,
    pub(crate) total: u32,
}

impl Counts {
    /// Returns the share of a class, drawn a little towards nothing where few were counted.
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

/// The most values that are kept for something that is shared.
const MOST_VALUES: usize = 6;

impl History {
    /// Counts. Each resource comes with what it shares and its classes by target.
    pub(crate) fn of<'a>(resources: impl Iterator<Item = (&'a [Key], &'a [(usize, u32)])>) -> Self {
        let mut counts: FxHashMap<(u32, u64), FxHashMap<u32, u32>> = FxHashMap::default();
        for (keys, classes) in resources {
            for (target, class) in classes {
                for key in keys.iter().filter(|key| key.says & bit(*target) == 0) {
                    *counts.entry((*target as u32, key.hash)).or_default().entry(*class).or_default() += 1;
                }
            }
        }
        let sorted = counts.into_iter().map(|(key, classes)| {
            let total = classes.values().sum();
            let mut classes: Vec<(u32, u32)> = classes.into_iter().collect();
            classes.sort_unstable_by_key(|(class, count)| (std::cmp::Reverse(*count), *class));
            classes.truncate(MOST_VALUES);
            (key, Counts { classes, total })
        });
        Self { counts: sorted.collect() }
    }

    /// Returns the counts of a target by something that is shared, if that does not say the target
    /// itself.
    pub(crate) fn get(&self, target: usize, key: Key) -> Option<&Counts> {
        let counts = self.counts.get(&(target as u32, key.hash));
        counts.filter(|_| key.says & bit(target) == 0)
    }

    /// Returns all counts, sorted.
    pub(crate) fn entries(&self) -> Vec<((u32, u64), &Counts)> {
        let mut entries: Vec<_> = self.counts.iter().map(|(key, counts)| (*key, counts)).collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        entries
    }

    /// Puts one together from what [`Self::entries`] told.
    pub(crate) fn from_entries(entries: impl Iterator<Item = ((u32, u64), Counts)>) -> Self {
        Self { counts: entries.collect() }
    }
}
