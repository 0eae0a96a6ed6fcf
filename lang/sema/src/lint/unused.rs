//! Predicates, tables and lists that nothing names.

use std::collections::BTreeSet;

use crate::check::checked;
use crate::codes::Code;
use crate::db::{Db, Project, SourceFile};
use crate::diagnostic::Draft;
use crate::names::{items_in_scope, scope};
use crate::program::{DefineId, TableId};

/// The predicates, tables and lists that some item names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Named {
    defines: BTreeSet<DefineId>,
    tables: BTreeSet<TableId>,
    lists: BTreeSet<usize>,
}

/// Collects what is named in a file.
#[salsa::tracked(returns(ref))]
fn named_in(db: &dyn Db, project: Project, file: SourceFile) -> Named {
    let mut named = Named::default();
    for item in items_in_scope(db, project, file) {
        let reads = &checked(db, project, item).reads;
        named.defines.extend(&reads.defines);
        named.tables.extend(&reads.tables);
        named.lists.extend(&reads.lists);
    }
    named
}

/// Collects what is named anywhere.
#[salsa::tracked(returns(ref))]
fn named(db: &dyn Db, project: Project) -> Named {
    let mut named = Named::default();
    for file in scope(db, project).files(db, project) {
        let there = named_in(db, project, file);
        named.defines.extend(&there.defines);
        named.tables.extend(&there.tables);
        named.lists.extend(&there.lists);
    }
    named
}

/// Finds predicates, tables and lists that nothing names.
#[salsa::tracked(returns(ref))]
pub(super) fn unnamed_items(db: &dyn Db, project: Project) -> Vec<Draft> {
    let (scope, named) = (scope(db, project), named(db, project));
    let index = |i: usize| u32::try_from(i).unwrap_or(u32::MAX);
    let defines =
        scope.defines.iter().enumerate().filter(|(i, _)| !named.defines.contains(&DefineId(index(*i))));
    let tables = scope.tables.iter().enumerate().filter(|(i, _)| !named.tables.contains(&TableId(index(*i))));
    let lists = scope.lists.iter().enumerate().filter(|(i, _)| !named.lists.contains(i));
    let defines = defines.map(|(_, item)| {
        Draft::new(Code::L0018, item.name_anchor(), format!("predicate `{}` is not used", item.key.name))
            .help("remove the predicate, or use it in a condition")
    });
    let tables = tables.map(|(_, item)| {
        Draft::new(Code::L0019, item.name_anchor(), format!("table `{}` is not used", item.key.name))
            .help("remove the table, or use it: `NAME[resource.account].column`")
    });
    let lists = lists.map(|(_, item)| {
        Draft::new(Code::L0028, item.name_anchor(), format!("list `{}` is not used", item.key.name))
            .help("remove the list, or use it in a condition: `resource.account in NAME`")
    });
    defines.chain(tables).chain(lists).collect()
}
