//! What can be done with an item, shown above it.

use tagpol_sema::db::lowered;
use tagpol_sema::hir::{ItemKind, NodeId};
use tagpol_sema::{Db, ItemRef, SourceFile, range_of};
use tagpol_syntax::TextRange;

use crate::facts::Facts;

/// Something that can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lens {
    /// The name of the item.
    pub range: TextRange,
    /// What it is.
    pub action: LensAction,
}

/// What can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LensAction {
    /// Run the test of this name.
    RunTest(String),
    /// Nothing: it is told what a policy finds.
    Tell(String),
}

/// Returns what can be done in a file, in text order.
pub fn lenses(db: &dyn Db, file: SourceFile, facts: &dyn Facts) -> Vec<Lens> {
    let items = lowered(db, file).items.iter();
    let lenses = items.filter_map(|lowered| {
        let item = ItemRef { file, key: lowered.key.clone() };
        let action = match lowered.key.kind {
            ItemKind::Test => LensAction::RunTest(lowered.key.name.clone()),
            ItemKind::Policy => LensAction::Tell(facts.policy(&lowered.key.name)?.summary()),
            _ => return None,
        };
        Some(Lens { range: range_of(db, &item.anchor(NodeId(0))), action })
    });
    lenses.collect()
}
