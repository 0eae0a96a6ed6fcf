//! Names of modules that the project does not use yet, and the `use` that brings them in.

use tagpol_sema::db::{item_keys, parsed};
use tagpol_sema::hir::{ItemKey, ItemKind};
use tagpol_sema::{Db, Project, SourceFile, scope};
use tagpol_syntax::ast::{AstNode as _, File, Item, UseItem, UseList, UsePath};
use tagpol_syntax::{TextRange, TextSize};

use crate::place::Edit;

/// Lists the items of modules of some kind whose names are not taken, with their modules.
pub(super) fn unused(
    db: &dyn Db,
    project: Project,
    kind: ItemKind,
) -> impl Iterator<Item = (SourceFile, &ItemKey)> {
    let names = &scope(db, project).names;
    let of_module = move |module: &SourceFile| {
        let module = *module;
        item_keys(db, module).iter().map(move |key| (module, key))
    };
    let items = project.modules(db).iter().flat_map(of_module);
    items.filter(move |(_, key)| key.kind == kind && !names.contains_key(&key.name))
}

/// Returns the edit of a file that brings in a name of a module: in the list of a `use` that is there, or
/// as a `use` of its own below those that are there.
pub(crate) fn import(db: &dyn Db, file: SourceFile, module: &str, name: &str) -> Option<Edit> {
    let root = File::cast(parsed(db, file).root())?;
    let uses: Vec<UseItem> = root
        .items()
        .filter_map(|item| match item {
            Item::Use(item) => Some(item),
            _ => None,
        })
        .collect();
    let listed = uses.iter().filter(|item| path_of(item) == module).find_map(|item| item.child::<UseList>());
    if let Some(last) = listed.and_then(|list| list.names().last()) {
        return Some(Edit { range: TextRange::empty(last.range().end()), text: format!(", {name}") });
    }
    let text = format!("use {module}::{{{name}}}\n");
    if let Some(last) = uses.last() {
        let range = TextRange::empty(last.range().end());
        return Some(Edit { range, text: format!("\n{}", text.trim_end()) });
    }
    let at = after_header(file.text(db));
    Some(Edit { range: TextRange::empty(at), text: format!("{text}\n") })
}

fn path_of(item: &UseItem) -> String {
    item.child::<UsePath>().map(|path| path.syntax().text().to_string()).unwrap_or_default()
}

/// The first byte behind the comment that a file begins with, and the empty lines below it.
fn after_header(text: &str) -> TextSize {
    let is_header = |line: &&str| line.starts_with("//") && !line.starts_with("///");
    let header: usize = text.split_inclusive('\n').take_while(is_header).map(str::len).sum();
    let rest = text.get(header..).unwrap_or_default();
    let blank: usize = if header == 0 {
        0
    } else {
        rest.split_inclusive('\n').take_while(|line| line.trim().is_empty()).map(str::len).sum()
    };
    // A comment right above an item is about the item.
    let at = if header > 0 && blank == 0 { 0 } else { header + blank };
    TextSize::try_from(at).unwrap_or_default()
}
