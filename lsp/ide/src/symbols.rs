//! The items of a file and of a project.

use tagpol_sema::db::lowered;
use tagpol_sema::hir::{Body, Item, ItemKind, TypeExpr, Value};
use tagpol_sema::{Db, Lowered, Project, SourceFile, check_name, describe, scope};
use tagpol_syntax::TextRange;

use crate::place::Place;

/// An item, or a part of one that has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentSymbol {
    /// Its name.
    pub name: String,
    /// What else is to be said of it: a type, a severity.
    pub detail: String,
    /// Its kind.
    pub kind: SymbolKind,
    /// All of it.
    pub range: TextRange,
    /// Its name.
    pub selection: TextRange,
    /// Its parts.
    pub children: Vec<Self>,
}

/// The kinds of symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of the language")]
pub enum SymbolKind {
    Item(ItemKind),
    Member,
    Column,
    Check,
    Given,
}

/// A named item of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceSymbol {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: ItemKind,
    /// Its name's place.
    pub place: Place,
    /// The module it belongs to, if it is one of the standard library.
    pub module: Option<String>,
}

/// How many symbols of a project are told at most.
const MOST_SYMBOLS: usize = 512;

/// Returns the items of a file in text order, with their parts.
pub fn document_symbols(db: &dyn Db, file: SourceFile) -> Vec<DocumentSymbol> {
    lowered(db, file).items.iter().map(item_symbol).collect()
}

fn item_symbol(lowered: &Lowered) -> DocumentSymbol {
    let kind = lowered.key.kind;
    let name = match kind {
        ItemKind::Normalize | ItemKind::Exempt | ItemKind::Infer | ItemKind::Use => {
            format!("{} {}", kind.keyword(), lowered.item.name.text)
        }
        _ => lowered.item.name.text.clone(),
    };
    let at = |node: tagpol_sema::hir::NodeId| lowered.spans.get(node.0 as usize).copied().unwrap_or_default();
    DocumentSymbol {
        name,
        detail: detail(&lowered.item),
        kind: SymbolKind::Item(kind),
        range: lowered.range,
        selection: at(lowered.item.name.id),
        children: parts(&lowered.item)
            .into_iter()
            .map(|(kind, name, node)| DocumentSymbol {
                name,
                detail: String::new(),
                kind,
                range: at(node),
                selection: at(node),
                children: Vec::new(),
            })
            .collect(),
    }
}

/// What stands beside a name in an outline.
fn detail(item: &Item) -> String {
    match &item.body {
        Body::Tag(tag) => match &tag.ty {
            Some(TypeExpr::Named(name)) => name.text.clone(),
            Some(TypeExpr::Matching(regex)) => format!("/{}/", regex.pattern),
            Some(TypeExpr::OneOf(..)) => "one of".to_owned(),
            None => String::new(),
        },
        Body::Policy(policy) => policy.severity.first().map(|name| name.text.clone()).unwrap_or_default(),
        Body::Rule(rule) => {
            rule.priority.as_ref().map(|(_, text)| format!("priority {text}")).unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// The parts of an item that have names.
fn parts(item: &Item) -> Vec<(SymbolKind, String, tagpol_sema::hir::NodeId)> {
    match &item.body {
        Body::Tag(tag) => match &tag.ty {
            Some(TypeExpr::OneOf(_, members)) => members.iter().filter_map(member).collect(),
            _ => Vec::new(),
        },
        Body::Table(table) => table
            .columns
            .iter()
            .map(|column| (SymbolKind::Column, column.name.text.clone(), column.name.id))
            .collect(),
        Body::Policy(policy) => policy
            .checks
            .iter()
            .filter_map(|check| Some((SymbolKind::Check, check_name(check)?.text.clone(), check.id)))
            .collect(),
        Body::Test(test) => test
            .givens
            .iter()
            .filter_map(|given| Some((SymbolKind::Given, given.label.as_ref()?.text.clone(), given.id)))
            .collect(),
        _ => Vec::new(),
    }
}

fn member(value: &Value) -> Option<(SymbolKind, String, tagpol_sema::hir::NodeId)> {
    let name = match value {
        Value::Path(_, name, _) => name.text.clone(),
        Value::Text(text) => text.value.clone(),
        _ => return None,
    };
    Some((SymbolKind::Member, name, value.id()))
}

/// Returns the items of a project whose names hold the letters of a query in this order, the closest
/// first. An empty query finds all.
pub fn workspace_symbols(db: &dyn Db, project: Project, query: &str) -> Vec<WorkspaceSymbol> {
    let query = query.to_lowercase();
    let items = scope(db, project).items.iter();
    let named = items.filter(|item| item.key.kind.defines_name() || item.key.kind == ItemKind::Test);
    let mut found: Vec<(usize, &tagpol_sema::ItemRef)> =
        named.filter_map(|item| Some((distance(&query, &item.key.name)?, item))).collect();
    found.sort_by(|(a, left), (b, right)| (a, &left.key.name).cmp(&(b, &right.key.name)));
    found.truncate(MOST_SYMBOLS);
    let symbols = found.into_iter().map(|(_, item)| WorkspaceSymbol {
        name: item.key.name.clone(),
        kind: item.key.kind,
        place: Place {
            file: item.file,
            range: tagpol_sema::range_of(db, &item.anchor(tagpol_sema::hir::NodeId(0))),
        },
        module: item.file.module(db).clone(),
    });
    symbols.collect()
}

/// How far a name is from a query: None if its letters are not in it in order, 0 for the same.
fn distance(query: &str, name: &str) -> Option<usize> {
    let name = name.to_lowercase();
    if let Some(at) = name.find(query) {
        return Some(at + name.len() - query.len());
    }
    let mut letters = name.chars();
    let in_order = query.chars().all(|letter| letters.any(|other| other == letter));
    in_order.then(|| 1000 + name.len())
}

/// Returns the type of a tag in words, for details of symbols and completions.
pub(crate) fn type_words(db: &dyn Db, project: Project, tag: &tagpol_sema::ItemRef) -> String {
    tagpol_sema::check::tag_decl(db, project, tag.clone()).ty.as_ref().map(describe).unwrap_or_default()
}
