//! What was learned from an inventory, as the learner writes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What was learned, by the names of tags.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Learnt {
    /// Tags of which anything is known.
    pub tags: BTreeMap<String, LearntTag>,
}

/// What was learned of a tag.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LearntTag {
    /// What the promoted model says of resources that lack the tag, the most frequent value first.
    pub inferred: Vec<Likely>,
    /// What resources have in common, and the values that go with it, the most frequent first.
    pub clues: Vec<Clue>,
    /// Rules that nearly all resources agree with, the one that fills most first.
    pub rules: Vec<LearntRule>,
    /// Native values that stand for none of the tag's, and what they are likely to mean, the most
    /// frequent first.
    pub spellings: Vec<LearntSpelling>,
}

/// A value with how likely it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Likely {
    /// The value.
    pub value: String,
    /// Resources that it is said of.
    pub resources: u64,
    /// From 0 to 1.
    pub confidence: f64,
}

/// What a clue is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum Trait {
    Account,
    Type,
    /// A word of the name.
    Word,
}

/// Something that resources have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clue {
    /// What it is about.
    pub about: Trait,
    /// The account, the type or the word.
    pub text: String,
    /// Resources that have it and lack the tag.
    pub lacking: u64,
    /// Values that go with it, the likeliest first.
    pub values: Vec<Likely>,
}

/// A rule that could be added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LearntRule {
    /// Its name, which no item of the project has.
    pub name: String,
    /// What it asks, in a few words.
    pub asks: String,
    /// The value that it gives.
    pub value: String,
    /// Resources that it was learned from.
    pub support: u64,
    /// The share of them that have the value.
    pub precision: f64,
    /// Resources that it would fill.
    pub fills: u64,
    /// The rule and its test, in canonical form.
    pub text: String,
}

/// A spelling that could be mapped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LearntSpelling {
    /// As it is written.
    pub written: String,
    /// What it is likely to mean.
    pub value: String,
    /// Resources that have it.
    pub resources: u64,
    /// How likely that is, where a model says it; None: it is spelled nearly so.
    pub confidence: Option<f64>,
}

impl Learnt {
    /// Returns what was learned of a tag.
    pub fn tag(&self, name: &str) -> Option<&LearntTag> {
        self.tags.get(name)
    }
}

impl LearntTag {
    /// Returns the clue of an account, a type or a word.
    pub fn clue(&self, about: Trait, text: &str) -> Option<&Clue> {
        self.clues.iter().find(|clue| clue.about == about && clue.text == text)
    }
}
