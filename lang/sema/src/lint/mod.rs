//! Lints: what is allowed, and probably a mistake.
//!
//! In: items as they are written and as they were typed. Out: drafts, like those of the checker, at
//! the levels that the project gives them. A lint that says "never" or "always" has proved it; one
//! that cannot be proved is not said.

mod levels;
mod sites;
mod substrings;

pub use self::levels::{LintLevel, LintLevels, UnknownLint};
pub use self::substrings::suspects;

use self::sites::sites;
use crate::check::{Typed, checked};
use crate::codes::Code;
use crate::db::{Db, Project};
use crate::diagnostic::{Anchor, Diagnostic, Draft};
use crate::hir::{Item, NodeId};
use crate::names::{ItemRef, scope};
use crate::places::Places;
use crate::report::{errors, sort};

/// Returns everything there is to say about a project: what is wrong, and what lints find; ordered
/// by (file, position).
pub fn diagnostics(db: &dyn Db, project: Project) -> Vec<Diagnostic> {
    let mut all = errors(db, project);
    all.extend(lints(db, project).iter().cloned());
    sort(db, &mut all);
    all
}

/// Returns what lints find, at the levels of the project.
#[salsa::tracked(returns(ref))]
pub fn lints(db: &dyn Db, project: Project) -> Vec<Diagnostic> {
    let places = Places { db };
    let levels = project.levels(db);
    let mut found = Vec::new();
    // What a module of the standard library does is not for its users to mend.
    for item in scope(db, project).items.iter().filter(|item| item.file.module(db).is_none()) {
        for draft in item_lints(db, project, item.clone()) {
            let Some(level) = levels.of(draft.code) else { continue };
            found.push(Diagnostic { level, ..places.diagnostic(draft) });
        }
    }
    sort(db, &mut found);
    found
}

/// Lints one item by itself.
#[salsa::tracked(returns(ref))]
pub fn item_lints(db: &dyn Db, project: Project, item: ItemRef) -> Vec<Draft> {
    let mut lint = Lint { item: &item, drafts: Vec::new() };
    if let (Some(hir), Some(typed)) = (item.item(db), &checked(db, project, item.clone()).typed) {
        lint.run(&hir, typed);
    }
    lint.drafts
}

/// What the lints of one item have at hand.
struct Lint<'a> {
    item: &'a ItemRef,
    drafts: Vec<Draft>,
}

impl Lint<'_> {
    fn run(&mut self, hir: &Item, typed: &Typed) {
        for site in sites(hir, typed) {
            self.substrings(site);
        }
    }

    fn anchor(&self, node: NodeId) -> Anchor {
        self.item.anchor(node)
    }

    fn draft(&self, code: Code, node: NodeId, message: impl Into<String>) -> Draft {
        Draft::new(code, self.anchor(node), message)
    }

    fn report(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }
}
