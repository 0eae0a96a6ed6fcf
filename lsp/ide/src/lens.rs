//! What can be done with an item, shown above it.

use tagpol_sema::db::lowered;
use tagpol_sema::hir::{ItemKind, NodeId};
use tagpol_sema::{Db, ItemRef, Lowered, SourceFile, line_index, range_of};
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
    /// Show what the policy of this name finds, of which this is told already.
    ShowViolations(String, String),
    /// Nothing: it is told how much the tests cover.
    Coverage(String),
}

/// Returns what can be done in a file, in text order.
pub fn lenses(db: &dyn Db, file: SourceFile, facts: &dyn Facts) -> Vec<Lens> {
    let mut lenses = Vec::new();
    for lowered in &lowered(db, file).items {
        let name = &lowered.key.name;
        let action = match lowered.key.kind {
            ItemKind::Test => Some(LensAction::RunTest(name.clone())),
            ItemKind::Policy => {
                facts.policy(name).map(|known| LensAction::ShowViolations(name.clone(), known.summary()))
            }
            _ => None,
        };
        let item = ItemRef { file, key: lowered.key.clone() };
        let range = range_of(db, &item.anchor(NodeId(0)));
        let covered = coverage(db, file, lowered, facts).map(LensAction::Coverage);
        lenses.extend(action.into_iter().chain(covered).map(|action| Lens { range, action }));
    }
    lenses
}

/// How much of an item the tests cover, where there is something to cover.
fn coverage(db: &dyn Db, file: SourceFile, lowered: &Lowered, facts: &dyn Facts) -> Option<String> {
    let can_be = matches!(
        lowered.key.kind,
        ItemKind::Rule | ItemKind::Policy | ItemKind::Define | ItemKind::Normalize | ItemKind::Exempt
    );
    if !can_be {
        return None;
    }
    let text = file.text(db);
    let line = |at| line_index(db, file).position(text, at).0.saturating_sub(1);
    let covered = facts.coverage(file.path(db), line(lowered.range.start())..=line(lowered.range.end()))?;
    (covered.all > 0).then(|| format!("covered {} of {}", covered.covered, covered.all))
}
