//! The tests of a file, for a list of them; and where checks stand.

use tagpol_sema::db::lowered;
use tagpol_sema::hir::{ItemKind, NodeId};
use tagpol_sema::{Db, Def, ItemRef, Project, SourceFile, Symbol, declaration, range_of, scope};
use tagpol_syntax::TextRange;

use crate::place::Place;

/// A test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// Its name.
    pub name: String,
    /// All of it.
    pub range: TextRange,
    /// Its name.
    pub selection: TextRange,
}

/// Returns the tests of a file, in text order.
pub fn tests(db: &dyn Db, file: SourceFile) -> Vec<Test> {
    let items = lowered(db, file).items.iter().filter(|item| item.key.kind == ItemKind::Test);
    let tests = items.map(|lowered| {
        let item = ItemRef { file, key: lowered.key.clone() };
        let selection = range_of(db, &item.anchor(NodeId(0)));
        Test { name: lowered.key.name.clone(), range: lowered.range, selection }
    });
    tests.collect()
}

/// Returns where a check stands; where it has no name of its own, its policy's name. None if there is
/// no such policy.
pub fn check_place(db: &dyn Db, project: Project, policy: &str, check: &str) -> Option<Place> {
    let scope = scope(db, project);
    let def @ Def::Policy(_) = scope.names.get(policy)? else { return None };
    let item = scope.item_of(*def)?.clone();
    let symbol = Symbol::Check(item.clone(), check.to_owned());
    let anchor = declaration(db, &symbol).unwrap_or_else(|| item.anchor(NodeId(0)));
    Some(Place { file: item.file, range: range_of(db, &anchor) })
}
