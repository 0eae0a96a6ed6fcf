//! What lints know of the names in conditions.

use std::collections::BTreeSet;

use super::logic::Facts;
use crate::check::{Typed, checked, tag_decl};
use crate::db::{Db, Project, SourceFile};
use crate::names::{Scope, items_in_scope, scope};
use crate::program::{DefineId, Pred, TagId, TagType, Value};

/// The names of a project.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) db: &'a dyn Db,
    pub(super) project: Project,
    pub(super) scope: &'a Scope,
}

impl<'a> Names<'a> {
    pub(super) fn new(db: &'a dyn Db, project: Project) -> Self {
        Self { db, project, scope: scope(db, project) }
    }

    /// Returns the name of a tag.
    pub(super) fn tag(&self, tag: TagId) -> &'a str {
        self.scope.tags.get(tag.0 as usize).map_or("", |item| item.key.name.as_str())
    }
}

impl Facts for Names<'_> {
    fn define(&self, define: DefineId) -> Option<&Pred> {
        let item = self.scope.defines.get(define.0 as usize)?;
        match &checked(self.db, self.project, item.clone()).typed {
            Some(Typed::Define(pred)) => Some(pred),
            _ => None,
        }
    }

    fn tag_type(&self, tag: TagId) -> Option<&TagType> {
        let item = self.scope.tags.get(tag.0 as usize)?;
        tag_decl(self.db, self.project, item.clone()).ty.as_ref()
    }

    fn never_missing(&self, tag: TagId) -> bool {
        let item = self.scope.tags.get(tag.0 as usize);
        let has_default =
            item.is_some_and(|item| tag_decl(self.db, self.project, item.clone()).default.is_some());
        has_default || always_given(self.db, self.project).contains(&tag)
    }
}

/// Tags that some rule gives a plain value without a condition.
#[salsa::tracked(returns(ref))]
fn always_given(db: &dyn Db, project: Project) -> BTreeSet<TagId> {
    let files = scope(db, project).files(db, project);
    files.into_iter().flat_map(|file| always_given_in(db, project, file)).copied().collect()
}

#[salsa::tracked(returns(ref))]
fn always_given_in(db: &dyn Db, project: Project, file: SourceFile) -> BTreeSet<TagId> {
    let mut given = BTreeSet::new();
    for item in items_in_scope(db, project, file) {
        if let Some(Typed::Rule(rule, _)) = &checked(db, project, item).typed
            && rule.when.is_none()
        {
            let plain = rule.actions.iter().filter(|action| matches!(action.value, Value::Text(_)));
            given.extend(plain.map(|action| action.tag));
        }
    }
    given
}
