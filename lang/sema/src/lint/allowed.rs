//! `@allow(…)`: lints that an item silences.

use std::collections::BTreeSet;

use super::levels::meant;
use crate::codes::Code;
use crate::diagnostic::Draft;
use crate::hir::{Item, NodeId};
use crate::names::ItemRef;

/// The lints that an item silences, and which of them had something to say.
pub(super) struct Allowed {
    named: Vec<(NodeId, Code)>,
    silenced: BTreeSet<Code>,
}

impl Allowed {
    pub(super) fn of(item: &Item) -> Self {
        let named = item.allows.iter().filter_map(|name| Some((name.id, Code::lint(&name.text)?)));
        Self { named: named.collect(), silenced: BTreeSet::new() }
    }

    /// Whether a lint is silenced here.
    pub(super) fn silences(&mut self, code: Code) -> bool {
        let is_named = self.named.iter().any(|(_, named)| *named == code);
        if is_named {
            self.silenced.insert(code);
        }
        is_named
    }

    /// What an item allows without need. `judged`: whether a lint had its say.
    pub(super) fn needless(&mut self, item: &ItemRef, judged: impl Fn(Code) -> bool) -> Vec<Draft> {
        if self.silences(Code::L0022) {
            return Vec::new();
        }
        let needless = self.named.iter().filter(|(_, code)| !self.silenced.contains(code) && judged(*code));
        let drafts = needless.map(|(node, code)| {
            let name = code.lint_name().unwrap_or_default();
            Draft::new(Code::L0022, item.anchor(*node), format!("`{name}` finds nothing here"))
                .help("remove it, so that it does not hide a later mistake")
        });
        drafts.collect()
    }
}

/// Names in `@allow(…)` that no lint has; these are errors.
pub(crate) fn unknown_lints(item: &ItemRef, hir: &Item) -> Vec<Draft> {
    let unknown = hir.allows.iter().filter(|name| Code::lint(&name.text).is_none());
    let drafts = unknown.map(|name| {
        Draft::new(Code::E0045, item.anchor(name.id), format!("there is no lint `{}`", name.text))
            .help("`tagpol explain-code` lists the lints")
            .meant(meant(&name.text))
    });
    drafts.collect()
}
