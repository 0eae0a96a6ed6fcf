//! What the user sets in the editor, below `tagpol`.

use serde::Deserialize;
use tagpol_ide::{HintKind, LensAction};
use tower_lsp::ls_types::LSPAny;

/// The settings; what is not set has its default, and what is unknown is passed over.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub(crate) struct Settings {
    /// Which hints stand between the words.
    pub(crate) hints: Hints,
    /// Which actions stand above items.
    pub(crate) lens: Lens,
    /// Of which resources numbers are shown.
    pub(crate) inventory: Inventory,
    /// When findings are reported.
    pub(crate) findings: Findings,
}

/// Of which resources numbers are shown.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Inventory {
    /// Whether any are.
    pub(crate) enabled: bool,
    /// An id, the beginning of one, or a folder. None: what the project says.
    pub(crate) snapshot: Option<String>,
}

impl Default for Inventory {
    fn default() -> Self {
        Self { enabled: true, snapshot: None }
    }
}

/// When findings are reported as diagnostics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Findings {
    /// After each save, not only when somebody asks.
    pub(crate) on_save: bool,
}

/// The hints between the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Hints {
    /// The order in which rules of one tag are asked.
    pub(crate) priorities: bool,
    /// Types of values that rules give.
    pub(crate) types: bool,
    /// What predicates in scopes stand for.
    pub(crate) scopes: bool,
    /// What the inventory tells.
    pub(crate) facts: bool,
}

impl Default for Hints {
    fn default() -> Self {
        Self { priorities: true, types: true, scopes: true, facts: true }
    }
}

/// The actions above items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Lens {
    /// Run a test.
    pub(crate) tests: bool,
    /// What a policy finds.
    pub(crate) policies: bool,
    /// How much of an item the tests cover.
    pub(crate) coverage: bool,
}

impl Default for Lens {
    fn default() -> Self {
        Self { tests: true, policies: true, coverage: true }
    }
}

impl Settings {
    /// Whether hints of a kind are shown.
    pub(crate) fn wants(&self, kind: HintKind) -> bool {
        match kind {
            HintKind::Priority => self.hints.priorities,
            HintKind::Type => self.hints.types,
            HintKind::Scope => self.hints.scopes,
            HintKind::Fact => self.hints.facts,
            // One of both is enough.
            HintKind::Policy => self.hints.facts && !self.lens.policies,
        }
    }

    /// Whether lenses of a kind are shown.
    pub(crate) fn wants_lens(&self, action: &LensAction) -> bool {
        match action {
            LensAction::RunTest(_) => self.lens.tests,
            LensAction::ShowViolations(..) => self.lens.policies,
            LensAction::Coverage(_) => self.lens.coverage,
        }
    }

    /// Reads settings, with or without the key `tagpol` around them. What cannot be read is as if it
    /// were not set.
    pub(crate) fn read(value: &LSPAny) -> Self {
        let inner = value.get("tagpol").unwrap_or(value);
        serde_json::from_value(inner.clone()).unwrap_or_default()
    }
}
