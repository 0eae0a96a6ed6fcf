//! What authors say of their items beside what the engine needs.
//!
//! A [`Program`](crate::program::Program) has the `///` text of tags, rules, policies, tables, goals and
//! allocations, which reports show. Whoever writes documentation asks here for the rest. What comes back
//! has the shape of the program.

use crate::check::{Typed, checked};
use crate::db::{Db, Project};
use crate::hir::{Body, Item, ItemKind, Value};
use crate::names::{ItemRef, scope};

/// The remarks of a project without errors.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remarks {
    /// By tag: its `example`.
    pub examples: Vec<Option<String>>,
    /// By tag: the `///` texts above its `normalize` items, those of the project first.
    pub normalizes: Vec<Vec<String>>,
    /// By predicate: the `///` text above it.
    pub defines: Vec<String>,
    /// By waiver: the `///` text above it.
    pub exemptions: Vec<String>,
    /// The modules that the project's own files use, in order.
    pub modules: Vec<String>,
}

/// Returns the remarks of a project without errors.
pub fn remarks(db: &dyn Db, project: Project) -> Remarks {
    let scope = scope(db, project);
    let of_kind = |kind: ItemKind| scope.items.iter().filter(move |item| item.key.kind == kind);
    // One waiver of several checks is several in the program.
    let waived = |item: &ItemRef| match &checked(db, project, item.clone()).typed {
        Some(Typed::Exempt(exemptions, _)) => exemptions.len(),
        _ => 0,
    };
    let own = |item: &&ItemRef| item.file.module(db).is_none();
    let mut modules: Vec<String> =
        of_kind(ItemKind::Use).filter(own).map(|item| item.key.name.clone()).collect();
    modules.sort();
    modules.dedup();
    Remarks {
        examples: scope.tags.iter().map(|item| item.item(db).and_then(|item| example(&item))).collect(),
        normalizes: scope
            .tags
            .iter()
            .map(|tag| {
                let items = of_kind(ItemKind::Normalize).filter(|item| item.key.name == tag.key.name);
                let (own, modules): (Vec<&ItemRef>, Vec<&ItemRef>) = items.partition(own);
                let docs = own.into_iter().chain(modules).map(|item| doc(db, item));
                docs.filter(|doc| !doc.is_empty()).collect()
            })
            .collect(),
        defines: scope.defines.iter().map(|item| doc(db, item)).collect(),
        exemptions: of_kind(ItemKind::Exempt)
            .flat_map(|item| std::iter::repeat_n(doc(db, item), waived(item)))
            .collect(),
        modules,
    }
}

fn doc(db: &dyn Db, item: &ItemRef) -> String {
    item.item(db).map(|item| item.doc.clone()).unwrap_or_default()
}

/// The example of a tag, which has been checked to be a plain value.
fn example(item: &Item) -> Option<String> {
    let Body::Tag(tag) = &item.body else { return None };
    Some(match tag.example.first()? {
        Value::Text(text) => text.value.clone(),
        Value::Path(_, name, _) => name.text.clone(),
        Value::Number(_, text) | Value::Date(_, text) => text.clone(),
        Value::Bool(_, truth) => truth.to_string(),
        _ => return None,
    })
}
