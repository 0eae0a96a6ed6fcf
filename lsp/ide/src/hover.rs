//! What a name or a word means.

mod item;
mod part;

use tagpol_sema::db::parsed;
use tagpol_sema::hir::{Body, ItemKind};
use tagpol_sema::{Code, Db, Project, SourceFile, Symbol, range_of};
use tagpol_syntax::{TextRange, TextSize};

use crate::facts::Facts;
use crate::place::token_at;
use crate::symbol::{item_at, named_at};
use crate::words;

/// An explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    /// What it is about.
    pub range: TextRange,
    /// Markdown.
    pub markdown: String,
}

/// Explains what stands at an offset.
pub fn hover(
    db: &dyn Db,
    project: Project,
    file: SourceFile,
    offset: TextSize,
    facts: &dyn Facts,
) -> Option<Hover> {
    if let Some(named) = named_at(db, project, file, offset)
        && let Some(text) = describe(db, project, &named.symbol)
    {
        let markdown = paragraphs([text, told(&named.symbol, facts)]);
        return Some(Hover { range: named.range, markdown });
    }
    lint(db, file, offset).or_else(|| word(db, file, offset))
}

/// Explains a thing that has a name.
pub(crate) fn describe(db: &dyn Db, project: Project, symbol: &Symbol) -> Option<String> {
    match symbol {
        Symbol::Item(item) => item::describe(db, project, item),
        Symbol::Member(tag, member) => part::member(db, project, tag, member),
        Symbol::Column(table, column) => part::column(db, project, table, column),
        Symbol::Check(policy, check) => part::check(db, project, policy, check),
        Symbol::Given(test, index) => part::given(db, test, *index),
        Symbol::Module(module) => part::module(db, *module),
    }
}

/// What the inventory tells of an item.
fn told(symbol: &Symbol, facts: &dyn Facts) -> String {
    let Symbol::Item(item) = symbol else { return String::new() };
    let name = &item.key.name;
    let told = match item.key.kind {
        ItemKind::Tag => facts.tag(name).map(|known| known.summary()),
        ItemKind::Policy => facts.policy(name).map(|known| known.summary()),
        ItemKind::Define | ItemKind::Rule => facts.matches(name).map(|known| known.summary()),
        _ => None,
    };
    told.unwrap_or_default()
}

/// Explains a lint that `@allow(…)` names.
fn lint(db: &dyn Db, file: SourceFile, offset: TextSize) -> Option<Hover> {
    let item = item_at(db, file, offset)?;
    let hir = item.item(db)?;
    let named = hir.allows.iter().map(|name| (range_of(db, &item.anchor(name.id)), name));
    let (range, name) = named.into_iter().find(|(range, _)| range.contains_inclusive(offset))?;
    let code = Code::lint(&name.text)?;
    Some(Hover { range, markdown: format!("**{}**: {}\n\n{}", name.text, code.title(), code.page()) })
}

fn word(db: &dyn Db, file: SourceFile, offset: TextSize) -> Option<Hover> {
    let token = token_at(&parsed(db, file).root(), offset)?;
    let markdown = words::of_token(&token)?.to_owned();
    Some(Hover { range: token.text_range(), markdown })
}

/// Text of the language, in a fence.
fn code(text: &str) -> String {
    format!("```tagpol\n{text}\n```")
}

/// Paragraphs that are not empty, with lines between them.
fn paragraphs(parts: impl IntoIterator<Item = String>) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n\n")
}

/// Where an item of a module comes from.
fn origin(db: &dyn Db, file: SourceFile) -> String {
    file.module(db).as_ref().map(|module| format!("from `{module}`")).unwrap_or_default()
}

/// The kinds of body, told apart without their content.
fn is_tag(body: &Body) -> bool {
    matches!(body, Body::Tag(_))
}
