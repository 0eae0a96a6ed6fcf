//! The same in other words.

use tagpol_sema::formats;
use tagpol_syntax::ast::{AstNode as _, TextTail};
use tagpol_syntax::{SyntaxKind, SyntaxNode, TextRange, TextSize};

use super::{Action, ActionKind, Site, start_with_docs};
use crate::place::Edit;

pub(super) fn rewritings(site: &Site<'_>, actions: &mut Vec<Action>) {
    actions.extend(quote(site));
    actions.extend(has_word(site));
    actions.extend(sort_spellings(site));
    actions.extend(extract(site));
}

/// Puts a plain word into quotes where a text may stand.
fn quote(site: &Site<'_>) -> Option<Action> {
    let token = site.token.as_ref().filter(|token| token.kind() == SyntaxKind::Name)?;
    let parent = token.parent()?.kind();
    let is_text = matches!(
        parent,
        SyntaxKind::KeysStmt
            | SyntaxKind::Pattern
            | SyntaxKind::MapTarget
            | SyntaxKind::TagEntry
            | SyntaxKind::Share
    );
    // `missing` without quotes is not a value.
    if !is_text || (parent == SyntaxKind::MapTarget && token.text() == "missing") {
        return None;
    }
    let name = token.text().trim_matches('`');
    let edit = Edit::replace(token.text_range(), format!("\"{name}\""));
    Some(site.action(format!("put `{name}` in quotes"), ActionKind::Rewrite, vec![edit]))
}

/// Turns `contains "prod"` into `has word "prod"`.
fn has_word(site: &Site<'_>) -> Option<Action> {
    let mut around = site.token.as_ref()?.parent_ancestors();
    let node = around.find(|node| node.kind() == SyntaxKind::Comparison)?;
    let tail = node.children().find_map(TextTail::cast)?;
    let operator = tail.syntax().children().find(|node| node.kind() == SyntaxKind::TextOp)?;
    let texts: Vec<String> = tail
        .syntax()
        .descendants_with_tokens()
        .filter_map(|element| element.into_token())
        .filter(|token| token.kind() == SyntaxKind::String)
        .map(|token| token.text().trim_matches('"').to_owned())
        .collect();
    let are_words = texts.iter().all(|text| formats::words(text) == [text.to_lowercase()]);
    if tail.operator() != "contains" || texts.is_empty() || !are_words {
        return None;
    }
    let edit = Edit::replace(operator.text_range(), "has word");
    Some(site.action("compare whole words: `has word`", ActionKind::Rewrite, vec![edit]))
}

/// Sorts the spellings of an arm of a map, of which each may match.
fn sort_spellings(site: &Site<'_>) -> Option<Action> {
    let mut around = site.token.as_ref()?.parent_ancestors();
    let arm = around.find(|node| node.kind() == SyntaxKind::MapStmt)?;
    let patterns: Vec<SyntaxNode> =
        arm.children().filter(|node| node.kind() == SyntaxKind::Pattern).collect();
    let written: Vec<String> = patterns.iter().map(|node| node.text().to_string()).collect();
    let mut sorted = written.clone();
    // Expressions last, as they are harder to read.
    sorted.sort_by_key(|text| (text.starts_with('/'), text.trim_matches('"').to_lowercase()));
    if sorted == written {
        return None;
    }
    let edits = patterns.iter().zip(sorted).map(|(node, text)| Edit::replace(node.text_range(), text));
    Some(site.action("sort the spellings of this arm", ActionKind::Rewrite, edits.collect()))
}

/// Makes a predicate of the selected condition.
fn extract(site: &Site<'_>) -> Option<Action> {
    let selected = site.text().get(std::ops::Range::from(site.range))?;
    let blank = TextSize::of(selected) - TextSize::of(selected.trim_start());
    let range = TextRange::at(site.range.start() + blank, TextSize::of(selected.trim()));
    if range.is_empty() {
        return None;
    }
    let is_condition = site.root.descendants().any(|node| {
        node.text_range() == range
            && matches!(
                node.kind(),
                SyntaxKind::Comparison
                    | SyntaxKind::AndExpr
                    | SyntaxKind::OrExpr
                    | SyntaxKind::NotExpr
                    | SyntaxKind::Paren
            )
    });
    let item = site.item().filter(|_| is_condition)?;
    let name = free_name(site);
    let condition = selected.trim();
    let define =
        Edit::replace(TextRange::empty(start_with_docs(&item)), format!("define {name} = {condition}\n\n"));
    let edits = vec![define, Edit::replace(range, name)];
    Some(site.action("extract a predicate", ActionKind::Extract, edits))
}

/// A name that nothing has: `condition`, `condition-2`, …
fn free_name(site: &Site<'_>) -> String {
    let names = &tagpol_sema::scope(site.db, site.project).names;
    let mut numbered = (2_u32..).map(|n| format!("condition-{n}"));
    let first = std::iter::once("condition".to_owned());
    first.chain(&mut numbered).find(|name| !names.contains_key(name)).unwrap_or_default()
}
