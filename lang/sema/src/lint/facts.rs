//! What lints know of the names in conditions.

use std::collections::BTreeSet;

use super::logic::Facts;
use crate::check::{Typed, checked, tag_decl};
use crate::db::{Db, Project};
use crate::names::{Scope, scope};
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
    let rules = scope(db, project).rules.iter().filter_map(|item| {
        let typed = checked(db, project, item.clone()).typed.as_ref();
        typed.and_then(|typed| if let Typed::Rule(rule, _) = typed { Some(rule) } else { None })
    });
    let unconditional = rules.filter(|rule| rule.when.is_none()).flat_map(|rule| &rule.actions);
    unconditional.filter(|action| matches!(action.value, Value::Text(_))).map(|action| action.tag).collect()
}
