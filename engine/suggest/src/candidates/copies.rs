//! Values that are copies: an application named like the account, an owner that another tag has too.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use tagpol_sema::formats::words;

use super::classes::Classes;
use crate::features::parts::bit;
use crate::features::resource::{Resource, fold, skeleton};
use crate::features::target_context::TargetContext;

/// The source that a value is copied from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The account.
    Account,
    /// The account without words that tell environments apart.
    BareAccount,
    /// The name without words that tell environments apart.
    BareName,
    /// Another group that the resource belongs to, by kind.
    Context(String),
    /// The same without words that tell environments apart.
    BareContext(String),
    /// Another native tag, by its key.
    Tag(String),
    /// The longest known value that occurs in the account, word by word.
    WordsOfAccount,
    /// The same of the name.
    WordsOfName,
    /// The same of another group that the resource belongs to, by kind.
    WordsOfContext(String),
}

impl Origin {
    /// Returns a description for people.
    pub fn description(&self) -> String {
        match self {
            Self::Account => "the account".to_owned(),
            Self::BareAccount => "the account without its environment".to_owned(),
            Self::BareName => "the name without its environment".to_owned(),
            Self::Context(key) => format!("`{key}`"),
            Self::BareContext(key) => format!("`{key}` without its environment"),
            Self::Tag(key) => format!("the tag `{key}`"),
            Self::WordsOfAccount => "part of the account".to_owned(),
            Self::WordsOfName => "part of the name".to_owned(),
            Self::WordsOfContext(key) => format!("part of `{key}`"),
        }
    }

    /// Whether the value is a known one that occurs in the words of a text.
    pub(crate) fn is_mention(&self) -> bool {
        matches!(self, Self::WordsOfAccount | Self::WordsOfName | Self::WordsOfContext(_))
    }
}

/// The most words of a value that is searched for in a text.
const MAX_WORDS: usize = 6;

/// The fewest letters and digits of such a value: shorter ones occur by chance.
const MIN_LETTERS: usize = 3;

/// Returns the longest known value that occurs in a text as whole words.
fn mention(text: &str, classes: &Classes) -> Option<String> {
    let words = words(text);
    let mut best: Option<(usize, u32)> = None;
    for start in 0..words.len() {
        let mut joined = String::new();
        for word in words.iter().skip(start).take(MAX_WORDS) {
            joined.push_str(word);
            let longer = joined.len() >= MIN_LETTERS && best.is_none_or(|(len, _)| joined.len() > len);
            if longer && let class @ 1.. = classes.class(&joined) {
                best = Some((joined.len(), class));
            }
        }
    }
    best.and_then(|(_, class)| classes.value(class)).map(str::to_owned)
}

/// Returns known values that occur in the texts that show where a resource belongs.
fn mentions(resource: &Resource, classes: &Classes) -> Vec<(Origin, u64, String)> {
    let own = [(Origin::WordsOfAccount, &resource.account), (Origin::WordsOfName, &resource.name)];
    let own = own.into_iter().filter_map(|(origin, text)| Some((origin, text.as_deref()?)));
    let context =
        resource.context.iter().map(|(key, value)| (Origin::WordsOfContext(key.clone()), value.as_str()));
    own.chain(context).filter_map(|(origin, text)| Some((origin, 0, mention(text, classes)?))).collect()
}

/// Returns what could be copied, each with the targets that it reveals, as bits.
fn copies(resource: &Resource, context: &TargetContext) -> Vec<(Origin, u64, String)> {
    let stop_words = &context.stop_words;
    let mut copies = Vec::new();
    let mut push = |origin: Origin, reveals: u64, text: String| {
        if !text.is_empty() {
            copies.push((origin, reveals, text));
        }
    };
    if let Some(account) = &resource.account {
        push(Origin::Account, 0, account.clone());
        push(Origin::BareAccount, 0, skeleton(account, stop_words));
    }
    if let Some(name) = &resource.name {
        push(Origin::BareName, 0, skeleton(name, stop_words));
    }
    for (key, value) in &resource.context {
        push(Origin::Context(key.clone()), 0, value.clone());
        push(Origin::BareContext(key.clone()), 0, skeleton(value, stop_words));
    }
    for (key, value) in &resource.tags {
        push(Origin::Tag(key.clone()), context.own_keys.targets_of(key), value.clone());
    }
    copies
}

/// How often copies from a source are right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HitRate {
    /// Resources whose value is the copy.
    pub(crate) right: u32,
    /// Resources that have both the tag and the source.
    pub(crate) of: u32,
}

impl HitRate {
    /// Returns the share that is right, from 0 to 1, drawn toward 0 if little was counted.
    pub(crate) fn reliability(self) -> f32 {
        self.right as f32 / (self.of as f32 + 2.0)
    }
}

/// The sources that are right often enough, for each target.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CopyRules {
    hits: FxHashMap<(usize, Origin), HitRate>,
}

/// A value that is copied from a source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CopiedValue {
    pub(crate) value: String,
    pub(crate) origin: Origin,
    pub(crate) hits: HitRate,
}

impl CopyRules {
    /// Counts over resources with their values by target.
    pub(crate) fn of<'a>(
        resources: impl Iterator<Item = (&'a Resource, &'a [(usize, String)])>,
        classes: &[Classes],
        context: &TargetContext,
    ) -> Self {
        let mut hits: FxHashMap<(usize, Origin), HitRate> = FxHashMap::default();
        for (resource, values) in resources {
            let copies = copies(resource, context);
            for (target, value) in values {
                let value = fold(value);
                let mentions = classes.get(*target).map(|classes| mentions(resource, classes));
                let copies = copies.iter().chain(mentions.iter().flatten());
                for (origin, _, text) in copies.filter(|(_, reveals, _)| reveals & bit(*target) == 0) {
                    let rate = hits.entry((*target, origin.clone())).or_default();
                    rate.of += 1;
                    rate.right += u32::from(fold(text) == value);
                }
            }
        }
        // A source that is hardly ever right is right by chance.
        hits.retain(|_, rate| rate.right >= 2 && rate.reliability() >= 0.05);
        Self { hits }
    }

    /// Returns the copies for a target of a resource, the most reliable first.
    pub(crate) fn get(
        &self,
        (target, classes): (usize, &Classes),
        resource: &Resource,
        context: &TargetContext,
    ) -> Vec<CopiedValue> {
        let copies = copies(resource, context).into_iter().chain(mentions(resource, classes));
        let mut copied: Vec<CopiedValue> = copies
            .filter(|(_, reveals, _)| reveals & bit(target) == 0)
            .filter_map(|(origin, _, value)| {
                let hits = *self.hits.get(&(target, origin.clone()))?;
                Some(CopiedValue { value, origin, hits })
            })
            .collect();
        copied.sort_by(|a, b| {
            b.hits.reliability().total_cmp(&a.hits.reliability()).then_with(|| a.origin.cmp(&b.origin))
        });
        copied
    }

    /// Returns all sources with their targets, sorted.
    pub(crate) fn entries(&self) -> Vec<(usize, Origin, HitRate)> {
        let mut entries: Vec<_> =
            self.hits.iter().map(|((target, origin), rate)| (*target, origin.clone(), *rate)).collect();
        entries.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        entries
    }

    /// Restores the rules from their [`Self::entries`].
    pub(crate) fn from_entries(entries: Vec<(usize, Origin, HitRate)>) -> Self {
        let hits = entries.into_iter().map(|(target, origin, rate)| ((target, origin), rate));
        Self { hits: hits.collect() }
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
