//! Where names are declared.

use tagpol_sema::hir::{Body, ItemKind, TypeExpr, Value};
use tagpol_sema::{Db, ItemRef, Project, SourceFile, Symbol, declaration, range_of};
use tagpol_syntax::{TextRange, TextSize};

use crate::place::Place;
use crate::symbol::{item_of, item_range, named_at};

/// Where something is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The name that was asked about.
    pub origin: TextRange,
    /// The whole declaration.
    pub whole: Place,
    /// The name in it.
    pub name: TextRange,
}

/// Returns where the name at an offset is declared.
pub fn definition(db: &dyn Db, project: Project, file: SourceFile, offset: TextSize) -> Option<Definition> {
    let named = named_at(db, project, file, offset)?;
    declared(db, &named.symbol, named.range)
}

/// Returns where the type of the name at an offset is declared: of a member its enumeration, of a
/// tag its type.
pub fn type_definition(
    db: &dyn Db,
    project: Project,
    file: SourceFile,
    offset: TextSize,
) -> Option<Definition> {
    let named = named_at(db, project, file, offset)?;
    match &named.symbol {
        Symbol::Item(item) if item.key.kind == ItemKind::Tag => type_of(db, item, named.range),
        other => declared(db, &Symbol::Item(item_of(other)?.clone()), named.range),
    }
}

pub(crate) fn declared(db: &dyn Db, symbol: &Symbol, origin: TextRange) -> Option<Definition> {
    if let Symbol::Module(file) = symbol {
        let start = TextRange::empty(0.into());
        return Some(Definition { origin, whole: Place { file: *file, range: start }, name: start });
    }
    let at = declaration(db, symbol)?;
    let name = range_of(db, &at);
    let whole = match symbol {
        Symbol::Item(item) => item_range(db, item),
        _ => name,
    };
    Some(Definition { origin, whole: Place { file: at.file, range: whole }, name })
}

fn type_of(db: &dyn Db, tag: &ItemRef, origin: TextRange) -> Option<Definition> {
    let hir = tag.item(db)?;
    let Body::Tag(body) = &hir.body else { return None };
    let node = match body.ty.as_ref()? {
        TypeExpr::Named(name) => name.id,
        TypeExpr::Matching(regex) => regex.id,
        TypeExpr::OneOf(list, members) => members.first().map_or(*list, Value::id),
    };
    let name = range_of(db, &tag.anchor(node));
    Some(Definition { origin, whole: Place { file: tag.file, range: item_range(db, tag) }, name })
}
