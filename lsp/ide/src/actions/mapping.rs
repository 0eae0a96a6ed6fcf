//! Native values that a `normalize` does not know yet.

use tagpol_sema::check::tag_decl;
use tagpol_sema::program::TagType;
use tagpol_sema::words::quoted;
use tagpol_sema::{Def, scope};
use tagpol_syntax::similar::closest;
use tagpol_syntax::{SyntaxElement, SyntaxKind, SyntaxNode, TextRange, TextSize};

use super::{Action, ActionKind, Site};
use crate::facts::{Facts, Seen};
use crate::place::Edit;
use crate::symbol::item_at;

/// Values for which an action is offered each.
const EACH: usize = 8;

/// Offers to map values that occur and stand for nothing: to the member that is spelt most alike, or to
/// nothing.
pub(super) fn unmapped(site: &Site<'_>, facts: &dyn Facts, actions: &mut Vec<Action>) {
    let Some(node) = site.item().filter(|node| node.kind() == SyntaxKind::NormalizeItem) else { return };
    let Some(item) = item_at(site.db, site.file, site.range.start()) else { return };
    let tag = &item.key.name;
    let Some(known) = facts.unmapped(tag).filter(|known| !known.answer.is_empty()) else { return };
    let Some(at) = last_statement(&node) else { return };
    let members = members(site, tag);
    let mut all = String::new();
    for seen in known.answer.iter().take(EACH) {
        let member = nearest(&seen.text, &members);
        let target = member.unwrap_or("missing");
        let line = format!("\n  map {} -> {target}", quoted(&seen.text));
        let title = format!("map `{}` to {target} ({})", seen.text, seen.summary());
        let edit = Edit { range: TextRange::empty(at), text: line.clone() };
        actions.push(site.action(title, ActionKind::Fix, vec![edit]));
        if member.is_some() {
            all += &line;
        }
    }
    if all.matches('\n').count() > 1 {
        let edit = Edit { range: TextRange::empty(at), text: all };
        let title = "map all values that are spelt like a member";
        actions.push(site.action(title, ActionKind::Fix, vec![edit]));
    }
    if known.answer.len() > 1 {
        actions.push(site.action(
            discarding(&known.answer),
            ActionKind::Fix,
            vec![discard(at, &known.answer)],
        ));
    }
}

fn discarding(seen: &[Seen]) -> String {
    format!("map all {} unmapped values to missing", seen.len())
}

fn discard(at: TextSize, seen: &[Seen]) -> Edit {
    let values: Vec<String> = seen.iter().map(|seen| quoted(&seen.text)).collect();
    Edit { range: TextRange::empty(at), text: format!("\n  map {} -> missing", values.join(", ")) }
}

/// The end of the last statement of a block: what is added stands behind it.
fn last_statement(node: &SyntaxNode) -> Option<TextSize> {
    let is_brace = |element: &SyntaxElement| element.as_token().is_some_and(|token| token.text() == "{");
    let brace = node.children_with_tokens().find(is_brace)?.text_range();
    let last = node.children().filter(|child| child.text_range().start() > brace.start()).last();
    Some(last.map_or(brace.end(), |child| child.text_range().end()))
}

fn members(site: &Site<'_>, tag: &str) -> Vec<String> {
    let scope = scope(site.db, site.project);
    let Some(def @ Def::Tag(_)) = scope.names.get(tag) else { return Vec::new() };
    let Some(item) = scope.item_of(*def) else { return Vec::new() };
    match &tag_decl(site.db, site.project, item.clone()).ty {
        Some(TagType::OneOf(members)) => members.clone(),
        _ => Vec::new(),
    }
}

/// The member that a value is probably meant to be.
fn nearest<'m>(value: &str, members: &'m [String]) -> Option<&'m str> {
    let value = value.trim().to_lowercase();
    let begins = |member: &&String| {
        let member = member.to_lowercase();
        value.len() >= 3 && (member.starts_with(&value) || value.starts_with(&member))
    };
    let found = members.iter().find(begins).map(String::as_str);
    found.or_else(|| closest(&value, members.iter().map(String::as_str)))
}
