//! What people decided, what the model says, and when findings were first seen.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use tagpol_sema::formats::is_blank;
use tagpol_sema::program::{Source, TagId};

use super::{Resource, TagResult, Winner};

/// Values of resources that are not in their inventory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overlays {
    /// By resource and tag: the value that a person decided.
    pub decided: BTreeMap<(String, String), String>,
    /// By resource and tag: the value that the model finds most likely, and how sure it is, from 0
    /// to 1. What a person refused is not among them.
    pub predicted: BTreeMap<(String, String), (String, Decimal)>,
    /// When findings were first seen.
    pub first_seen: FirstSeen,
}

/// What is known of the times when findings were first seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum FirstSeen {
    /// Nobody keeps them.
    #[default]
    NotKept,
    /// This is the first run that is kept.
    FirstRun,
    /// By policy, check and resource; a finding that is not there is first seen now.
    At(BTreeMap<(String, String, String), DateTime<Utc>>),
}

impl Resource<'_> {
    /// Returns the value that a person decided for a tag.
    pub fn decision(&self, id: TagId) -> Option<String> {
        self.by_decision(id)?.value
    }

    /// Returns the value that the model gives a tag, where it may and is sure enough, and how sure it
    /// is, from 0 to 1.
    pub fn inference(&self, id: TagId) -> Option<(String, Decimal)> {
        self.by_model(id)?;
        self.options.overlays.predicted.get(&self.about(id)).cloned()
    }

    pub(super) fn by_decision(&self, id: TagId) -> Option<TagResult> {
        let value = self.options.overlays.decided.get(&self.about(id)).filter(|value| !is_blank(value))?;
        Some(TagResult {
            value: Some(value.clone()),
            source: Some(Source::Decided),
            winner: Some(Winner::Decided),
            conflict: false,
            unknown: false,
        })
    }

    /// The model's value, where an `infer` lets it apply.
    pub(super) fn by_model(&self, id: TagId) -> Option<TagResult> {
        let inference = self.program.inferences.iter().find(|inference| inference.tag == id)?;
        let (value, confidence) = self.options.overlays.predicted.get(&self.about(id))?;
        if *confidence < inference.apply? || is_blank(value) {
            return None;
        }
        Some(TagResult {
            value: Some(value.clone()),
            source: Some(Source::Inferred),
            winner: Some(Winner::Inferred),
            conflict: false,
            unknown: false,
        })
    }

    /// How sure the model is of a value that it gave.
    pub(super) fn confidence(&self, id: TagId) -> Option<Decimal> {
        if self.tag(id)?.source != Some(Source::Inferred) {
            return None;
        }
        self.options.overlays.predicted.get(&self.about(id)).map(|(_, confidence)| *confidence)
    }

    /// Since when a finding of the resource is there; None if that is unknown.
    pub fn since(&self, policy: &str, check: &str) -> Option<DateTime<Utc>> {
        let (now, created) = (self.options.now, self.row.created);
        match &self.options.overlays.first_seen {
            FirstSeen::NotKept => created,
            FirstSeen::FirstRun => Some(created.map_or(now, |created| created.min(now))),
            FirstSeen::At(times) => {
                let key = (policy.to_owned(), check.to_owned(), self.row.id.clone());
                Some(times.get(&key).copied().unwrap_or(now))
            }
        }
    }

    fn about(&self, id: TagId) -> (String, String) {
        (self.row.id.clone(), self.declaration(id).name.clone())
    }
}
