//! Names of the project that hide a name of a module.

use crate::codes::Code;
use crate::db::{Db, Project};
use crate::diagnostic::Draft;
use crate::names::scope;

/// Reports each item of the project that hides one which a `use` without a list brings in.
#[salsa::tracked(returns(ref))]
pub(super) fn shadowed_items(db: &dyn Db, project: Project) -> Vec<Draft> {
    let drafts = scope(db, project).shadowed.iter().map(|(own, hidden)| {
        let name = &own.key.name;
        let module = hidden.file.module(db).as_deref().unwrap_or_default();
        let (kind, hidden_kind) = (own.key.kind.keyword(), hidden.key.kind.keyword());
        let message = format!("{kind} `{name}` hides {hidden_kind} `{name}` of `{module}`");
        Draft::new(Code::L0024, own.name_anchor(), message)
            .label("the project uses this one")
            .related(hidden.name_anchor(), "hidden")
            .help(format!(
                "if this is intended, write `use {module} except [{name}]`; otherwise rename this one"
            ))
    });
    drafts.collect()
}
