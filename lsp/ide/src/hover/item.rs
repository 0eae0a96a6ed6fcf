//! Items: their head, their documentation, and who has to do with them.

use std::collections::BTreeMap;

use tagpol_sema::check::{Typed, checked, table_decl, tag_decl};
use tagpol_sema::db::parsed;
use tagpol_sema::hir::{Body, ItemKind};
use tagpol_sema::{Db, ItemRef, Project, Symbol, mentions_of};
use tagpol_syntax::{SyntaxKind, SyntaxNode};

use super::{code, origin, paragraphs};
use crate::roles::{Role, User, users};
use crate::symbol::item_range;

/// How many names one line lists.
const MOST_NAMES: usize = 6;

pub(super) fn describe(db: &dyn Db, project: Project, item: &ItemRef) -> Option<String> {
    let hir = item.item(db)?;
    let facts = match &hir.body {
        Body::Tag(_) => tag(db, project, item),
        Body::Rule(_) => rule(db, project, item),
        Body::Policy(_) | Body::Instance(_) => policy(db, project, item),
        Body::Table(_) => table(db, project, item),
        Body::Define(_) | Body::List(_) | Body::Relation(_) | Body::Template(_) => uses(db, project, item),
        _ => String::new(),
    };
    Some(paragraphs([code(&head(db, item)), hir.doc.clone(), facts, origin(db, item.file)]))
}

/// The first line of an item; all of it where it is short and has no block.
fn head(db: &dyn Db, item: &ItemRef) -> String {
    let range = item_range(db, item);
    let root = parsed(db, item.file).root();
    let node = root.children().find(|node| node.text_range() == range);
    let Some(node) = node else { return format!("{} {}", item.key.kind.keyword(), item.key.name) };
    let keep_block = matches!(item.key.kind, ItemKind::Define | ItemKind::Relation);
    let text = if keep_block { node.text().to_string() } else { before_block(&node) };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text from the keyword to the `{` of the block.
fn before_block(node: &SyntaxNode) -> String {
    let mut text = String::new();
    let from = node.children_with_tokens().skip_while(|element| element.kind() != SyntaxKind::Keyword);
    for element in from {
        let is_block = element.kind() == SyntaxKind::TagOptions
            || element.as_token().is_some_and(|token| token.text() == "{");
        if is_block {
            break;
        }
        if element.kind() != SyntaxKind::Comment {
            text.push_str(&element.to_string());
        }
    }
    text
}

fn tag(db: &dyn Db, project: Project, item: &ItemRef) -> String {
    let decl = tag_decl(db, project, item.clone());
    let importance = decl.importance.map(|importance| format!("importance {}", importance.as_str()));
    let default = decl.default.as_ref().map(|value| format!("default `{value}`"));
    let settings: Vec<String> = importance.into_iter().chain(default).collect();
    let users = users(db, project, item);
    let roles = [
        ("set by", Role::Sets),
        ("filled by", Role::Fills),
        ("inferred", Role::Infers),
        ("required by", Role::Requires),
        ("forbidden by", Role::Forbids),
        ("counted by", Role::Covers),
    ];
    let lines = roles.iter().filter_map(|(words, role)| {
        let names = names(db, &users, *role);
        (!names.is_empty()).then(|| match role {
            Role::Infers => "inferred by the model".to_owned(),
            _ => format!("{words} {names}"),
        })
    });
    let keys = native_keys(db, project, &users);
    paragraphs([settings.join(" · "), keys, lines.collect::<Vec<_>>().join("  \n")])
}

/// The native keys of all `normalize` items of a tag.
fn native_keys(db: &dyn Db, project: Project, users: &[User]) -> String {
    let normalizes = users.iter().filter(|user| user.role == Role::Normalizes);
    let keys = normalizes.flat_map(|user| match &checked(db, project, user.item()).typed {
        Some(Typed::Normalize(_, normalize, _)) => normalize.keys.clone(),
        _ => Vec::new(),
    });
    let mut distinct: Vec<String> = Vec::new();
    for key in keys.map(|key| format!("`{key}`")) {
        if !distinct.contains(&key) {
            distinct.push(key);
        }
    }
    if distinct.is_empty() { String::new() } else { format!("native keys {}", listed(&distinct)) }
}

/// The items with a role, each once: `` `a`, `b` and 3 more ``.
fn names(db: &dyn Db, users: &[User], role: Role) -> String {
    let mut by_name: BTreeMap<String, ()> = BTreeMap::new();
    for user in users.iter().filter(|user| user.role == role) {
        let marker = user.at.file.module(db).as_ref().map(|module| format!(" ({module})"));
        by_name.insert(format!("`{}`{}", user.at.key.name, marker.unwrap_or_default()), ());
    }
    listed(&by_name.into_keys().collect::<Vec<_>>())
}

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(MOST_NAMES).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST_NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn rule(db: &dyn Db, project: Project, item: &ItemRef) -> String {
    let Some(Typed::Rule(rule, _)) = &checked(db, project, item.clone()).typed else { return String::new() };
    let scope = tagpol_sema::scope(db, project);
    let mut given: Vec<String> = Vec::new();
    for action in &rule.actions {
        let tag = scope.item_of(tagpol_sema::Def::Tag(action.tag));
        let name = tag.map(|tag| tag.key.name.as_str()).unwrap_or_default();
        let verb = match action.kind {
            tagpol_sema::program::ActionKind::Set => "sets",
            tagpol_sema::program::ActionKind::Fill => "fills",
        };
        given.push(format!("{verb} `{name}`"));
    }
    format!("priority {} · {}", rule.priority, given.join(", "))
}

fn policy(db: &dyn Db, project: Project, item: &ItemRef) -> String {
    let Some(Typed::Policy(policy, ..)) = &checked(db, project, item.clone()).typed else {
        return String::new();
    };
    let checks: Vec<String> = policy
        .checks
        .iter()
        .map(|check| format!("- `{}` {} {}", check.id, check.kind.must(), check.expectation))
        .collect();
    let waivers = mentions_of(db, project, &Symbol::Item(item.clone()))
        .iter()
        .filter(|mention| mention.at.key.kind == ItemKind::Exempt)
        .count();
    let waived = match waivers {
        0 => String::new(),
        1 => " · 1 waiver".to_owned(),
        n => format!(" · {n} waivers"),
    };
    paragraphs([format!("severity {}{waived}", policy.severity.as_str()), checks.join("\n")])
}

fn table(db: &dyn Db, project: Project, item: &ItemRef) -> String {
    let Some(table) = &table_decl(db, project, item.clone()).table else { return String::new() };
    let columns = table.columns.iter().enumerate().map(|(index, column)| {
        let key = if index == table.key { " (key)" } else { "" };
        format!("- `{}`: {}{key}", column.name, tagpol_sema::describe(&column.ty))
    });
    columns.collect::<Vec<_>>().join("\n")
}

/// How often a predicate is named.
fn uses(db: &dyn Db, project: Project, item: &ItemRef) -> String {
    let mentions = mentions_of(db, project, &Symbol::Item(item.clone()));
    match mentions.iter().filter(|mention| !mention.declares).count() {
        0 => "not used".to_owned(),
        1 => "used once".to_owned(),
        n => format!("used {n} times"),
    }
}
