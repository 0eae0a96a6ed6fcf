//! What is missing, declared where it is missing.

use tagpol_sema::hir::{Body, ItemKind, TypeExpr, Value};
use tagpol_sema::{Code, ItemRef, Symbol, range_of};
use tagpol_syntax::{SyntaxKind, SyntaxNode, SyntaxToken, TextRange};

use super::{Action, ActionKind, Site, start_with_docs};
use crate::completion::import;
use crate::diagnostics::Diagnostic;
use crate::place::{Edit, token_at};
use crate::symbol::named_at;

pub(super) fn of_diagnostic(site: &Site<'_>, diagnostic: &Diagnostic, actions: &mut Vec<Action>) {
    let Some(token) = token_at(&site.root, diagnostic.range.start()) else { return };
    match diagnostic.code {
        Code::E0010 if token.kind() == SyntaxKind::Name || token.kind() == SyntaxKind::String => {
            let name = site.text().get(std::ops::Range::from(diagnostic.range)).unwrap_or_default();
            bring_in(site, name, actions);
            declare(site, &token, name, actions);
        }
        Code::E0012 => actions.extend(add_member(site, &token, diagnostic)),
        _ => {}
    }
}

/// Brings in a name that a module has.
fn bring_in(site: &Site<'_>, name: &str, actions: &mut Vec<Action>) {
    for module in site.project.modules(site.db) {
        let Some(path) = module.module(site.db).as_deref() else { continue };
        let keys = tagpol_sema::db::item_keys(site.db, *module);
        if keys.iter().any(|key| key.kind.defines_name() && key.name == name)
            && let Some(edit) = import(site.db, site.file, path, name)
        {
            actions.push(site.action(format!("use `{path}::{name}`"), ActionKind::Fix, vec![edit]));
        }
    }
}

/// Declares an unknown name as what it is used as.
fn declare(site: &Site<'_>, token: &SyntaxToken, name: &str, actions: &mut Vec<Action>) {
    let name = name.trim_matches('`');
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return;
    }
    let Some(item) = token.parent_ancestors().find(|node| node.kind().is_item()) else { return };
    let mut offer = |what: &str, text: String| {
        let edit = Edit::replace(TextRange::empty(start_with_docs(&item)), format!("{text}\n\n"));
        actions.push(site.action(format!("declare {what} `{name}`"), ActionKind::Fix, vec![edit]));
    };
    if is_table(token) {
        offer("table", format!("table {name} from \"{name}.csv\" key id {{\n  id: text\n}}"));
        return;
    }
    offer("tag", format!("tag {name}: text"));
    if is_condition(token) {
        offer("predicate", format!("define {name} = resource.name is set"));
    }
}

/// `accounts[…]`
fn is_table(token: &SyntaxToken) -> bool {
    token.parent().is_some_and(|path| path.children().any(|node| node.kind() == SyntaxKind::Index))
}

/// Whether a name stands where a whole condition could.
fn is_condition(token: &SyntaxToken) -> bool {
    let Some(path) = token.parent().filter(|node| node.kind() == SyntaxKind::Path) else { return false };
    path.parent().is_some_and(|parent| {
        matches!(
            parent.kind(),
            SyntaxKind::WhenStmt
                | SyntaxKind::WhereClause
                | SyntaxKind::RequireStmt
                | SyntaxKind::ForbidStmt
                | SyntaxKind::DefineItem
                | SyntaxKind::AndExpr
                | SyntaxKind::OrExpr
                | SyntaxKind::NotExpr
                | SyntaxKind::Paren
        )
    })
}

/// Adds a value to the enumeration that is missing it, if that is the project's own.
fn add_member(site: &Site<'_>, token: &SyntaxToken, diagnostic: &Diagnostic) -> Option<Action> {
    // The name of a list stands for its values, and is none itself.
    if token.parent().is_some_and(|parent| parent.kind() == SyntaxKind::InTail) {
        return None;
    }
    let tag = tag_of_value(site, token)?;
    if tag.file.module(site.db).is_some() {
        return None;
    }
    let hir = tag.item(site.db)?;
    let Body::Tag(body) = &hir.body else { return None };
    let Some(TypeExpr::OneOf(_, members)) = &body.ty else { return None };
    let last = range_of(site.db, &tag.anchor(members.last().map(Value::id)?));
    let written = site.text().get(std::ops::Range::from(diagnostic.range))?;
    let edit = Edit::replace(TextRange::empty(last.end()), format!(", {written}"));
    Some(Action {
        title: format!("add `{}` to the values of `{}`", written.trim_matches('"'), tag.key.name),
        kind: ActionKind::Fix,
        edits: vec![(tag.file, vec![edit])],
        fixes: None,
        is_preferred: false,
    })
}

/// The tag whose value a word should have been: that of the statement or comparison around it.
fn tag_of_value(site: &Site<'_>, token: &SyntaxToken) -> Option<ItemRef> {
    let named = |name: SyntaxToken| {
        let named = named_at(site.db, site.project, site.file, name.text_range().start())?;
        match named.symbol {
            Symbol::Item(item) if item.key.kind == ItemKind::Tag => Some(item),
            _ => None,
        }
    };
    let around = token.parent_ancestors().find(|node| {
        matches!(
            node.kind(),
            SyntaxKind::Comparison
                | SyntaxKind::SetStmt
                | SyntaxKind::FillStmt
                | SyntaxKind::RemediateStmt
                | SyntaxKind::NormalizeItem
                | SyntaxKind::TagItem
                | SyntaxKind::ExpectTag
                | SyntaxKind::ToStmt
        )
    })?;
    names(&around).filter(|name| name != token).find_map(named)
}

/// The names in a node, in text order.
fn names(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> + use<> {
    node.descendants_with_tokens()
        .filter_map(|element| element.into_token())
        .filter(|token| token.kind() == SyntaxKind::Name)
}
