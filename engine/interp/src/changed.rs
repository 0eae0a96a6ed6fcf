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
            changed.set_tag(id, result);
        }
        changed
    }

    /// Returns the resource with another value of one tag. Tags whose rules read it stay as they are, so
    /// only conditions about this tag alone may be asked of it.
    #[must_use]
    pub fn with_value(&self, tag: TagId, value: &str) -> Self {
        let mut changed = self.clone();
        changed.set_tag(tag, decided(Some(value.to_owned())));
        changed
    }
}

fn decided(value: Option<String>) -> TagResult {
    let source = value.is_some().then_some(Source::Decided);
    TagResult { value, source, winner: None, conflict: false, unknown: false }
}
