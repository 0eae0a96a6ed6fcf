//! Rules, native values and defaults become the virtual value of a tag.

use tagpol_sema::program::{ActionKind, Source, TagId};

use super::{Resource, TagResult, Winner};

/// A value that an action of a firing rule gives.
struct Candidate {
    priority: i64,
    winner: Winner,
    value: String,
}

impl Resource<'_> {
    /// Returns the value of the strongest source that has one. All tags that the tag's rules read
    /// must have been evaluated.
    pub(super) fn virtual_tag(&self, id: TagId) -> TagResult {
        self.by_decision(id)
            .or_else(|| self.by_rules(id, ActionKind::Set, Source::Set))
            .or_else(|| self.by_native(id))
            .or_else(|| self.by_rules(id, ActionKind::Fill, Source::Fill))
            .or_else(|| self.by_model(id))
            .or_else(|| self.by_default(id))
            .unwrap_or_default()
    }

    /// The first candidate of the highest priority wins; another value among those is a conflict.
    fn by_rules(&self, id: TagId, kind: ActionKind, source: Source) -> Option<TagResult> {
        let mut candidates = self.rule_candidates(id, kind);
        let highest = candidates.iter().map(|candidate| candidate.priority).max()?;
        candidates.retain(|candidate| candidate.priority == highest);
        let first = candidates.first()?;
        Some(TagResult {
            value: Some(first.value.clone()),
            source: Some(source),
            winner: Some(first.winner.clone()),
            conflict: candidates.iter().any(|candidate| candidate.value != first.value),
            unknown: false,
        })
    }

    /// Returns what the rules that fire give to the tag, in the order of the program.
    fn rule_candidates(&self, id: TagId, kind: ActionKind) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for (rule_index, rule) in self.program.rules.iter().enumerate() {
            for (action_index, action) in rule.actions.iter().enumerate() {
                if action.tag != id || action.kind != kind || !self.applies(rule.when.as_ref()) {
                    continue;
                }
                let value = self.computing_for(id, &action.loc, |this| this.given(&action.value));
                if let Some(value) = value {
                    let winner = Winner::Rule { rule: rule_index, action: action_index };
                    candidates.push(Candidate { priority: rule.priority, winner, value });
                }
            }
        }
        candidates
    }

    fn by_native(&self, id: TagId) -> Option<TagResult> {
        let native = self.native(id)?;
        Some(TagResult {
            value: Some(native.value.clone()),
            source: Some(Source::Native),
            winner: Some(Winner::Native { key: native.key.clone() }),
            conflict: native.conflict,
            unknown: false,
        })
    }

    fn by_default(&self, id: TagId) -> Option<TagResult> {
        let default = self.declaration(id).default.clone()?;
        Some(TagResult {
            value: Some(default),
            source: Some(Source::Default),
            winner: Some(Winner::Default),
            conflict: false,
            unknown: false,
        })
    }
}
