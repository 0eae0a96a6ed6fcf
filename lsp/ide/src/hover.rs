//! What a name or a word means.

mod item;
mod part;

use tagpol_sema::db::parsed;
use tagpol_sema::hir::{Body, ItemKind};
use tagpol_sema::{Code, Db, Project, SourceFile, Symbol, range_of};
use tagpol_syntax::{SyntaxKind, SyntaxToken, TextRange, TextSize};

use crate::facts::{Facts, Subject};
use crate::keyword_docs;
use crate::place::token_at;
use crate::symbol::{item_at, named_at};

/// Values of a native key that are facts_of_item.
const TOP_VALUES: usize = 10;

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
        let markdown = paragraphs([text, inventory_facts(&named.symbol, facts)]);
        return Some(Hover { range: named.range, markdown });
    }
    let token = token_at(&parsed(db, file).root(), offset);
    lint(db, file, offset)
        .or_else(|| native_key(token.as_ref()?, facts))
        .or_else(|| word(db, file, token.as_ref()?, facts))
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
fn inventory_facts(symbol: &Symbol, facts: &dyn Facts) -> String {
    if let Symbol::Member(tag, member) = symbol {
        let seen = facts.values(&Subject::Tag(tag.key.name.clone())).into_iter();
        let seen =
            seen.filter(|seen| seen.text == *member).map(|seen| format!("in use on {}", seen.summary()));
        return seen.collect();
    }
    let Symbol::Item(item) = symbol else { return String::new() };
    let name = &item.key.name;
    let facts_of_item = match item.key.kind {
        ItemKind::Tag => facts.tag(name).map(|known| known.summary()),
        ItemKind::Policy => facts.policy(name).map(|known| known.summary()),
        ItemKind::Define | ItemKind::Rule => facts.matches(name).map(|known| known.summary()),
        _ => None,
    };
    facts_of_item.unwrap_or_default()
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

/// Tells how often a native key occurs, and with which values.
fn native_key(token: &SyntaxToken, facts: &dyn Facts) -> Option<Hover> {
    let parent = token.parent()?.kind();
    let is_key = matches!(parent, SyntaxKind::KeysStmt | SyntaxKind::Index);
    if token.kind() != SyntaxKind::String || !is_key {
        return None;
    }
    let key = token.text().trim_matches('"');
    let keys = facts.keys();
    let seen = keys.iter().find(|seen| seen.text == key)?;
    let values = facts.values(&Subject::Native(key.to_owned()));
    let top = values.iter().take(TOP_VALUES).map(|seen| format!("- `{}`: {}", seen.text, seen.summary()));
    let top = top.collect::<Vec<_>>().join("\n");
    let markdown = paragraphs([format!("native key `{key}`: {}", seen.summary()), top]);
    Some(Hover { range: token.text_range(), markdown })
}

/// Explains a word of the language; a `when` with what it matches.
fn word(db: &dyn Db, file: SourceFile, token: &SyntaxToken, facts: &dyn Facts) -> Option<Hover> {
    let text = keyword_docs::of_token(token)?.to_owned();
    let is_when = token.text() == "when";
    let rule = is_when.then(|| item_at(db, file, token.text_range().start())).flatten();
    let matches = rule.and_then(|item| facts.matches(&item.key.name)).map(|known| known.summary());
    let markdown = paragraphs([text, matches.unwrap_or_default()]);
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

/// The kinds of body, facts_of_item apart without their content.
fn is_tag(body: &Body) -> bool {
    matches!(body, Body::Tag(_))
}
