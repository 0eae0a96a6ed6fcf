//! Values that are copies: an application that is called like the account, an owner that another tag
//! says too.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use tagpol_sema::formats::words;

use crate::candidates::generator::Classes;
use crate::features::parts::{OwnKeys, bit};
use crate::features::resource::{Resource, fold, skeleton};

/// Where a value is copied from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The account.
    Account,
    /// The account without words that tell environments apart.
    BareAccount,
    /// The name without words that tell environments apart.
    BareName,
    /// Something else that says where the resource belongs, by the name of that.
    Context(String),
    /// The same without words that tell environments apart.
    BareContext(String),
    /// Another native tag, by its key.
    Tag(String),
    /// Known values that stand in the account, word by word; of those the longest.
    WordsOfAccount,
    /// The same of the name.
    WordsOfName,
    /// The same of something else that says where the resource belongs, by the name of that.
    WordsOfContext(String),
}

impl Origin {
    /// Returns what a person calls it.
    pub fn called(&self) -> String {
        match self {
            Self::Account => "the account".to_owned(),
            Self::BareAccount => "the account without its environment".to_owned(),
            Self::BareName => "the name without its environment".to_owned(),
            Self::Context(key) => format!("`{key}`"),
            Self::BareContext(key) => format!("`{key}` without its environment"),
            Self::Tag(key) => format!("the tag `{key}`"),
            Self::WordsOfAccount => "the account in some of its words".to_owned(),
            Self::WordsOfName => "the name in some of its words".to_owned(),
            Self::WordsOfContext(key) => format!("`{key}` in some of its words"),
        }
    }

    /// Whether it is a known value in the words of something.
    pub(crate) fn is_mention(&self) -> bool {
        matches!(self, Self::WordsOfAccount | Self::WordsOfName | Self::WordsOfContext(_))
    }
}

/// Words that a value has at most that is looked for in a text.
const MOST_WORDS: usize = 6;

/// Letters and digits that it has at least.
const LEAST_LETTERS: usize = 3;

/// Returns the longest known value that stands in a text, word by word.
fn mention(text: &str, classes: &Classes) -> Option<String> {
    let words = words(text);
    let mut best: Option<(usize, u32)> = None;
    for start in 0..words.len() {
        let mut joined = String::new();
        for word in words.iter().skip(start).take(MOST_WORDS) {
            joined.push_str(word);
            let longer = joined.len() >= LEAST_LETTERS && best.is_none_or(|(len, _)| joined.len() > len);
            if longer && let class @ 1.. = classes.class(&joined) {
                best = Some((joined.len(), class));
            }
        }
    }
    best.and_then(|(_, class)| classes.value(class)).map(str::to_owned)
}

/// Returns known values that stand in what says where a resource belongs.
fn mentions(resource: &Resource, classes: &Classes) -> Vec<(Origin, u64, String)> {
    let own = [(Origin::WordsOfAccount, &resource.account), (Origin::WordsOfName, &resource.name)];
    let own = own.into_iter().filter_map(|(origin, text)| Some((origin, text.as_deref()?)));
    let context =
        resource.context.iter().map(|(key, value)| (Origin::WordsOfContext(key.clone()), value.as_str()));
    own.chain(context).filter_map(|(origin, text)| Some((origin, 0, mention(text, classes)?))).collect()
}

/// Returns what could be copied, each with the targets whose own keys say it, as bits.
fn copies(resource: &Resource, own: &OwnKeys, stop: &FxHashSet<String>) -> Vec<(Origin, u64, String)> {
    let mut copies = Vec::new();
    let mut push = |origin: Origin, says: u64, text: String| {
        if !text.is_empty() {
            copies.push((origin, says, text));
        }
    };
    if let Some(account) = &resource.account {
        push(Origin::Account, 0, account.clone());
        push(Origin::BareAccount, 0, skeleton(account, stop));
    }
    if let Some(name) = &resource.name {
        push(Origin::BareName, 0, skeleton(name, stop));
    }
    for (key, value) in &resource.context {
        push(Origin::Context(key.clone()), 0, value.clone());
        push(Origin::BareContext(key.clone()), 0, skeleton(value, stop));
    }
    for (key, value) in &resource.tags {
        push(Origin::Tag(key.clone()), own.says(key), value.clone());
    }
    copies
}

/// How often a copy is right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) right: u32,
    pub(crate) of: u32,
}

impl Record {
    /// Returns the share, drawn towards nothing where little was seen.
    pub(crate) fn share(self) -> f32 {
        self.right as f32 / (self.of as f32 + 2.0)
    }
}

/// How often which copies are right.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Derivations {
    records: FxHashMap<(usize, Origin), Record>,
}

/// A copy.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Derived {
    pub(crate) value: String,
    pub(crate) origin: Origin,
    pub(crate) record: Record,
}

impl Derivations {
    /// Counts over resources with their values by target.
    pub(crate) fn of<'a>(
        resources: impl Iterator<Item = (&'a Resource, &'a [(usize, String)])>,
        classes: &[Classes],
        own: &OwnKeys,
        stop: &FxHashSet<String>,
    ) -> Self {
        let mut records: FxHashMap<(usize, Origin), Record> = FxHashMap::default();
        for (resource, values) in resources {
            let copies = copies(resource, own, stop);
            for (target, value) in values {
                let value = fold(value);
                let mentions = classes.get(*target).map(|classes| mentions(resource, classes));
                let copies = copies.iter().chain(mentions.iter().flatten());
                for (origin, _, text) in copies.filter(|(_, says, _)| says & bit(*target) == 0) {
                    let record = records.entry((*target, origin.clone())).or_default();
                    record.of += 1;
                    record.right += u32::from(fold(text) == value);
                }
            }
        }
        // What is hardly ever right is no copy but chance.
        records.retain(|_, record| record.right >= 2 && record.share() >= 0.05);
        Self { records }
    }

    /// Returns the copies for a target of a resource, the most reliable first.
    pub(crate) fn get(
        &self,
        (target, classes): (usize, &Classes),
        resource: &Resource,
        own: &OwnKeys,
        stop: &FxHashSet<String>,
    ) -> Vec<Derived> {
        let copies = copies(resource, own, stop).into_iter().chain(mentions(resource, classes));
        let mut derived: Vec<Derived> = copies
            .filter(|(_, says, _)| says & bit(target) == 0)
            .filter_map(|(origin, _, value)| {
                let record = *self.records.get(&(target, origin.clone()))?;
                Some(Derived { value, origin, record })
            })
            .collect();
        derived.sort_by(|a, b| {
            b.record.share().total_cmp(&a.record.share()).then_with(|| a.origin.cmp(&b.origin))
        });
        derived
    }

    /// Returns all records, sorted.
    pub(crate) fn entries(&self) -> Vec<(usize, Origin, Record)> {
        let mut entries: Vec<_> = self
            .records
            .iter()
            .map(|((target, origin), record)| (*target, origin.clone(), *record))
            .collect();
        entries.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        entries
    }

    /// Puts one together from what [`Self::entries`] told.
    pub(crate) fn from_entries(entries: Vec<(usize, Origin, Record)>) -> Self {
        let records = entries.into_iter().map(|(target, origin, record)| ((target, origin), record));
        Self { records: records.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_are_found_as_whole_words_and_the_longest_first() {
        let values = ["apply", "laa-apply", "prod", "legal aid"];
        let classes = Classes::from_entries(values.map(|value| (value.to_owned(), 5)).into_iter());
        let found = |text: &str| mention(text, &classes);
        assert_eq!(found("laa-apply-for-legal-aid-production"), Some("laa-apply".to_owned()));
        assert_eq!(found("for-legal-aid"), Some("legal aid".to_owned()));
        assert_eq!(found("reapply-product"), None);
        assert_eq!(found(""), None);
    }
}
