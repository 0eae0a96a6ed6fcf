//! Giving a thing another name, wherever it is named.

use std::collections::{BTreeMap, HashSet};

use tagpol_sema::check::tag_decl;
use tagpol_sema::hir::{Body, Check, ItemKind};
use tagpol_sema::program::TagType;
use tagpol_sema::{Db, ItemRef, Project, SourceFile, Symbol, mentions_of, scope};
use tagpol_syntax::{TextRange, TextSize};

use crate::place::{Edit, Place};
use crate::references::places;
use crate::symbol::{Named, item_of, named_at};

/// The words that are names in backticks only.
pub(crate) const RESERVED: [&str; 6] = ["and", "else", "in", "is", "not", "or"];

/// Returns the name at an offset, with its text as it is asked for. Fails with the reason where it
/// cannot be renamed.
pub fn prepare_rename(
    db: &dyn Db,
    project: Project,
    file: SourceFile,
    offset: TextSize,
) -> Result<(TextRange, String), String> {
    let named = renamable(db, project, file, offset)?;
    let text = name_of(db, &named.symbol);
    Ok((named.range, text))
}

/// Returns the edits, by file, that give the thing at an offset another name. Fails with the reason
/// where it cannot have it.
pub fn rename(
    db: &dyn Db,
    project: Project,
    file: SourceFile,
    offset: TextSize,
    name: &str,
) -> Result<Vec<(SourceFile, Vec<Edit>)>, String> {
    let named = renamable(db, project, file, offset)?;
    let name = name.trim().trim_matches('`');
    if !matches!(named.symbol, Symbol::Member(..)) {
        check_form(name)?;
    }
    check_clash(db, project, &named.symbol, name)?;
    let mut edits: BTreeMap<&str, (SourceFile, Vec<Edit>)> = BTreeMap::new();
    let named_so = named_after(db, project, &named.symbol);
    let mentions = std::iter::once(&named.symbol).chain(&named_so);
    let mentions = mentions.flat_map(|symbol| mentions_of(db, project, symbol));
    let mut seen = HashSet::new();
    for place in places(db, mentions) {
        if place.file.module(db).is_none() && seen.insert((place.file, place.range)) {
            let edit = Edit::replace(place.range, written(db, place, &named.symbol, name));
            edits.entry(place.file.path(db)).or_insert_with(|| (place.file, Vec::new())).1.push(edit);
        }
    }
    Ok(edits.into_values().collect())
}

/// The checks that have their names from a tag: what refers to them refers to it.
fn named_after(db: &dyn Db, project: Project, symbol: &Symbol) -> Vec<Symbol> {
    let Symbol::Item(tag) = symbol else { return Vec::new() };
    if tag.key.kind != ItemKind::Tag {
        return Vec::new();
    }
    let name = &tag.key.name;
    let is_named_so = |check: &Check| {
        check.label.is_none() && tagpol_sema::check_name(check).is_some_and(|own| own.text == *name)
    };
    let policies = scope(db, project).policies.iter().filter(|policy| {
        let hir = policy.item(db);
        let body = hir.as_deref().map(|hir| &hir.body);
        matches!(body, Some(Body::Policy(body)) if body.checks.iter().any(is_named_so))
    });
    policies.map(|policy| Symbol::Check(policy.clone(), name.clone())).collect()
}

fn renamable(db: &dyn Db, project: Project, file: SourceFile, offset: TextSize) -> Result<Named, String> {
    let named = named_at(db, project, file, offset).ok_or("there is no name here that can be changed")?;
    let Some(item) = item_of(&named.symbol) else {
        return Err("modules of the standard library have the names that they have".to_owned());
    };
    if let Some(module) = item.file.module(db) {
        return Err(format!("`{}` belongs to `{module}`, which cannot be changed", item.key.name));
    }
    Ok(named)
}

fn name_of(db: &dyn Db, symbol: &Symbol) -> String {
    match symbol {
        Symbol::Item(item) => item.key.name.clone(),
        Symbol::Member(_, text) | Symbol::Column(_, text) | Symbol::Check(_, text) => text.clone(),
        Symbol::Given(test, index) => given_label(db, test, *index).unwrap_or_default(),
        Symbol::Module(_) => String::new(),
    }
}

fn given_label(db: &dyn Db, test: &ItemRef, index: usize) -> Option<String> {
    let hir = test.item(db)?;
    let Body::Test(body) = &hir.body else { return None };
    body.givens.get(index)?.label.as_ref().map(|label| label.text.clone())
}

/// A name is kebab-case.
fn check_form(name: &str) -> Result<(), String> {
    let is_kebab = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !name.ends_with('-')
        && !name.contains("--");
    if is_kebab {
        return Ok(());
    }
    Err(format!("`{name}` is not a name: names are lower case with `-` between words"))
}

/// Nothing else has the name where it would count.
fn check_clash(db: &dyn Db, project: Project, symbol: &Symbol, name: &str) -> Result<(), String> {
    if name == name_of(db, symbol) {
        return Ok(());
    }
    let taken = match symbol {
        Symbol::Item(_) => {
            let other = scope(db, project).names.get(name);
            return match other {
                Some(other) => Err(format!("`{name}` is {} already", other.kind())),
                None => Ok(()),
            };
        }
        Symbol::Member(tag, _) => member_taken(db, project, tag, name),
        Symbol::Column(table, _) => match table.item(db).as_deref().map(|hir| &hir.body) {
            Some(Body::Table(body)) => body.columns.iter().any(|column| column.name.text == name),
            _ => false,
        },
        Symbol::Check(policy, _) => match policy.item(db).as_deref().map(|hir| &hir.body) {
            Some(Body::Policy(body)) => {
                body.checks.iter().filter_map(tagpol_sema::check_name).any(|check| check.text == name)
            }
            _ => false,
        },
        Symbol::Given(test, _) => match test.item(db).as_deref().map(|hir| &hir.body) {
            Some(Body::Test(body)) => {
                body.givens.iter().any(|given| given.label.as_ref().is_some_and(|label| label.text == name))
            }
            _ => false,
        },
        Symbol::Module(_) => false,
    };
    if taken { Err(format!("there is a `{name}` here already")) } else { Ok(()) }
}

/// Members of an enumeration may not differ in case only.
fn member_taken(db: &dyn Db, project: Project, tag: &ItemRef, name: &str) -> bool {
    let Some(TagType::OneOf(members)) = &tag_decl(db, project, tag.clone()).ty else { return false };
    members.iter().any(|member| member.to_lowercase() == name.to_lowercase())
}

/// The new name as it is written at a place: in quotes where the old one is, or where it is not a plain
/// word; in backticks where it is reserved.
fn written(db: &dyn Db, place: Place, symbol: &Symbol, name: &str) -> String {
    let old = place.file.text(db).get(std::ops::Range::from(place.range)).unwrap_or_default();
    let is_word = check_form(name).is_ok();
    if old.starts_with('"') || (matches!(symbol, Symbol::Member(..)) && !is_word) {
        return format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
    }
    if RESERVED.contains(&name) { format!("`{name}`") } else { name.to_owned() }
}
