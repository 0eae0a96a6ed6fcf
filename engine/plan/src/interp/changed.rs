//! A resource as it would be with other tags.

use std::collections::BTreeMap;

use tagpol_sema::program::{Source, TagId};

use super::{Resource, TagResult};

impl Resource<'_> {
    /// Returns the resource as it would be if a person decided on some of its tags; None takes the
    /// value away. Tags whose rules read these follow.
    #[must_use]
    pub fn deciding(&self, decisions: &BTreeMap<TagId, Option<String>>) -> Self {
        let mut changed = self.clone();
        for &id in self.program.strata.iter().flatten() {
            let result = match decisions.get(&id) {
                Some(value) => decided(value.clone()),
                None => changed.virtual_tag(id),
            };
            if let Some(slot) = changed.tags.get_mut(id.0 as usize) {
                *slot = result;
            }
        }
        changed
    }
}

fn decided(value: Option<String>) -> TagResult {
    let source = value.is_some().then_some(Source::Decided);
    TagResult { value, source, winner: None, conflict: false }
}
