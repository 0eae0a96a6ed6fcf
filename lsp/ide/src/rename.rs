//! Giving a thing another name, wherever it is named. Resources keep their values: what was read under the name of a tag is
//! read on, and what was written as a member of an enumeration stands for it on.

use std::collections::{BTreeMap, HashSet};

use tagpol_sema::check::tag_decl;
use tagpol_sema::db::parsed;
use tagpol_sema::formats::fold_key;
use tagpol_sema::hir::{Body, Check, ItemKind, Normalize};
use tagpol_sema::pretty::quoted;
use tagpol_sema::program::TagType;
use tagpol_sema::{Db, ItemRef, Project, SourceFile, Symbol, mentions_of, scope};
use tagpol_syntax::{SyntaxKind, SyntaxNode, TextRange, TextSize};

use crate::place::{Edit, Place};
use crate::references::places;
use crate::symbol::{Named, item_of, item_range, named_at};

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
    check_readers(db, project, &named.symbol)?;
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
    for (file, edit) in kept(db, project, &named.symbol, name) {
        edits.entry(file.path(db)).or_insert_with(|| (file, Vec::new())).1.push(edit);
    }
    Ok(edits.into_values().collect())
}

/// The edits by which resources keep their values: an item that normalizes the tag reads its old name as a key, or maps the
/// old member to the new one.
fn kept(db: &dyn Db, project: Project, symbol: &Symbol, name: &str) -> Vec<(SourceFile, Edit)> {
    let (tag, old) = match symbol {
        Symbol::Item(tag) if tag.key.kind == ItemKind::Tag => (tag, tag.key.name.clone()),
        Symbol::Member(tag, member) => (tag, member.clone()),
        _ => return Vec::new(),
    };
    let is_member = matches!(symbol, Symbol::Member(..));
    let is_same =
        if is_member { old.to_lowercase() == name.to_lowercase() } else { fold_key(&old) == fold_key(name) };
    if is_same {
        return Vec::new();
    }
    let statement = if is_member {
        let target =
            if check_form(name).is_ok() && name != "missing" { name.to_owned() } else { quoted(name) };
        format!("map {} -> {target}", quoted(&old))
    } else {
        format!("keys {}", quoted(&old))
    };
    let items = scope(db, project).items.iter();
    let items = items.filter(|item| item.key.kind == ItemKind::Normalize && item.key.name == tag.key.name);
    let own: Vec<&ItemRef> = items.filter(|item| item.file.module(db).is_none()).collect();
    let mut edits: Vec<(SourceFile, Edit)> = own
        .iter()
        .filter_map(|item| Some((item.file, keeping(db, item, &old, &statement, is_member)?)))
        .collect();
    // Without an item for all resources, the key of the tag's own name was read by the others.
    if let Some(scope) = others(db, &own) {
        let named = if is_member { tag.key.name.as_str() } else { name };
        let named = if RESERVED.contains(&named) { format!("`{named}`") } else { named.to_owned() };
        let text = format!("\n\nnormalize {named}{scope} {{\n  {statement}\n}}");
        let end = item_range(db, tag).end();
        edits.push((tag.file, Edit { range: TextRange::empty(end), text }));
    }
    edits
}

/// The scope of an item for the resources that none of these refers to; None if one refers to all.
fn others(db: &dyn Db, items: &[&ItemRef]) -> Option<String> {
    let mut scopes = Vec::new();
    for item in items {
        let clause = node_of(db, item)?.children().find(|node| node.kind() == SyntaxKind::WhereClause)?;
        let text = clause.text().to_string();
        scopes.push(format!("({})", text.trim_start().strip_prefix("where")?.trim()));
    }
    match scopes.as_slice() {
        [] => Some(String::new()),
        [one] => Some(format!(" where not {one}")),
        several => Some(format!(" where not ({})", several.join(" or "))),
    }
}

fn node_of(db: &dyn Db, item: &ItemRef) -> Option<SyntaxNode> {
    let range = item_range(db, item);
    let items = parsed(db, item.file).root().descendants();
    items
        .into_iter()
        .find(|node| node.kind() == SyntaxKind::NormalizeItem && range.contains_range(node.text_range()))
}

/// The edit of one `normalize`. None if it has what is needed.
fn keeping(db: &dyn Db, item: &ItemRef, old: &str, statement: &str, is_member: bool) -> Option<Edit> {
    let hir = item.item(db)?;
    let Body::Normalize(body) = &hir.body else { return None };
    let node = node_of(db, item)?;
    let is_brace =
        |element: &tagpol_syntax::SyntaxElement| element.as_token().is_some_and(|token| token.text() == "{");
    let brace = node.children_with_tokens().find(is_brace)?.text_range().end();
    let text = node.text().to_string();
    let gap = if text.contains('\n') { "\n  " } else { " " };
    let insert = |at: TextSize, text: String| Some(Edit { range: TextRange::empty(at), text });
    if is_member {
        // Behind all others, since the first pattern that matches decides, and members come after patterns.
        let last = node.children().filter(|child| child.text_range().start() > brace).last();
        return insert(last.map_or(brace, |last| last.text_range().end()), format!("{gap}{statement}"));
    }
    if reads(body, old) {
        return None;
    }
    let keys = node.children().find(|child| child.kind() == SyntaxKind::KeysStmt);
    let first = keys.and_then(|keys| {
        let mut tokens = keys.children_with_tokens().filter_map(|element| element.into_token());
        tokens.find(|token| matches!(token.kind(), SyntaxKind::String | SyntaxKind::Name))
    });
    match first {
        Some(first) => insert(first.text_range().start(), format!("{}, ", quoted(old))),
        None => insert(brace, format!("{gap}{statement}")),
    }
}

fn reads(body: &Normalize, key: &str) -> bool {
    body.keys.iter().any(|own| fold_key(&own.value) == fold_key(key))
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
        Symbol::Member(tag, old) => member_taken(db, project, tag, old, name),
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

/// No module means the item by its name.
fn check_readers(db: &dyn Db, project: Project, symbol: &Symbol) -> Result<(), String> {
    let Symbol::Item(item) = symbol else { return Ok(()) };
    let reader = scope(db, project).reader_of(item).and_then(|reader| reader.file.module(db).as_deref());
    match reader {
        Some(module) => {
            let name = &item.key.name;
            Err(format!("`{module}` reads `{name}` by its name, which cannot be changed there"))
        }
        None => Ok(()),
    }
}

/// Members of an enumeration may not differ in case only.
fn member_taken(db: &dyn Db, project: Project, tag: &ItemRef, old: &str, name: &str) -> bool {
    let Some(TagType::OneOf(members)) = &tag_decl(db, project, tag.clone()).ty else { return false };
    members.iter().any(|member| member != old && member.to_lowercase() == name.to_lowercase())
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
