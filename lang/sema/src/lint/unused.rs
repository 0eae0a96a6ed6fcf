//! Predicates and tables that nothing names.

use std::collections::BTreeSet;

use crate::check::checked;
use crate::codes::Code;
use crate::db::{Db, Project};
use crate::diagnostic::Draft;
use crate::names::scope;
use crate::program::{DefineId, TableId};

/// The predicates and tables that some item names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Named {
    defines: BTreeSet<DefineId>,
    tables: BTreeSet<TableId>,
}

/// Collects what is named anywhere.
#[salsa::tracked(returns(ref))]
fn named(db: &dyn Db, project: Project) -> Named {
    let mut named = Named::default();
    for item in &scope(db, project).items {
        let reads = &checked(db, project, item.clone()).reads;
        named.defines.extend(&reads.defines);
        named.tables.extend(&reads.tables);
    }
    named
}

/// Finds predicates and tables that nothing names.
#[salsa::tracked(returns(ref))]
pub(super) fn unnamed_items(db: &dyn Db, project: Project) -> Vec<Draft> {
    let (scope, named) = (scope(db, project), named(db, project));
    let index = |i: usize| u32::try_from(i).unwrap_or(u32::MAX);
    let defines =
        scope.defines.iter().enumerate().filter(|(i, _)| !named.defines.contains(&DefineId(index(*i))));
    let tables = scope.tables.iter().enumerate().filter(|(i, _)| !named.tables.contains(&TableId(index(*i))));
    let defines = defines.map(|(_, item)| {
        Draft::new(Code::L0018, item.name_anchor(), format!("nothing asks for `{}`", item.key.name))
            .help("leave the predicate out, or name it where it was meant to be asked")
    });
    let tables = tables.map(|(_, item)| {
        Draft::new(Code::L0019, item.name_anchor(), format!("nothing looks up `{}`", item.key.name))
            .help("leave the table out, or look it up: `NAME[resource.account].column`")
    });
    defines.chain(tables).collect()
}
