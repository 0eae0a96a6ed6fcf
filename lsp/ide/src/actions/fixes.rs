//! Fixes of diagnostics: those that they bring along, silence, and leaving out what is not used.

use tagpol_sema::{Code, Level};
use tagpol_syntax::ast::{AllowAttr, AstNode as _};
use tagpol_syntax::{SyntaxKind, SyntaxNode, TextRange, TextSize};

use super::{Action, ActionKind, Site, start_with_docs};
use crate::diagnostics::{Diagnostic, diagnostics};
use crate::place::Edit;

pub(super) fn of_diagnostic(site: &Site<'_>, diagnostic: &Diagnostic, actions: &mut Vec<Action>) {
    if let Some(fix) = &diagnostic.fix {
        let mut action = site.action(fix.title.clone(), ActionKind::Fix, vec![fix.edit.clone()]);
        action.is_preferred = true;
        actions.push(action);
    }
    actions.extend(remove(site, diagnostic));
    actions.extend(add_statement(site, diagnostic));
    actions.extend(add_label(site, diagnostic));
    actions.extend(silence(site, diagnostic));
}

/// Leaves out an item, or a part of one, that does nothing.
fn remove(site: &Site<'_>, diagnostic: &Diagnostic) -> Option<Action> {
    let item = item_at(site, diagnostic)?;
    let (title, range) = match diagnostic.code {
        Code::L0018 => ("remove this predicate", whole_lines(site, &item)),
        Code::L0019 => ("remove this table", whole_lines(site, &item)),
        Code::L0028 => ("remove this list", whole_lines(site, &item)),
        Code::E0041 => ("remove this statement", statement_at(site, &item, diagnostic)?),
        Code::L0011 | Code::L0012 => ("remove this waiver", whole_lines(site, &item)),
        Code::L0022 => ("remove what is not needed from `@allow`", needless_allow(site, &item, diagnostic)?),
        _ => return None,
    };
    Some(site.action(title, ActionKind::Fix, vec![Edit::replace(range, "")]))
}

/// An item with its documentation, to the end of its last line and the empty line below it.
fn whole_lines(site: &Site<'_>, item: &SyntaxNode) -> TextRange {
    let start = start_with_docs(item);
    let end = usize::from(item.text_range().end());
    let rest = site.text().get(end..).unwrap_or_default();
    let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    TextRange::new(start, TextSize::try_from(end + blank).unwrap_or(item.text_range().end()))
}

/// A statement of an item that is written twice, with the white space before it.
fn statement_at(site: &Site<'_>, item: &SyntaxNode, diagnostic: &Diagnostic) -> Option<TextRange> {
    let statement = item.children().find(|node| node.text_range().contains_range(diagnostic.range))?;
    if statement.kind() == SyntaxKind::KeysStmt
        || statement.children().any(|node| node.text_range() == diagnostic.range)
    {
        // A part of it is listed twice, and the rest is needed.
        let parts = statement.children().count();
        if parts > 1 {
            return None;
        }
    }
    let range = statement.text_range();
    let before = site.text().get(..usize::from(range.start()))?;
    let blank = before.len() - before.trim_end().len();
    Some(TextRange::new(range.start() - TextSize::try_from(blank).ok()?, range.end()))
}

/// Adds a statement that an item needs, where a usual one exists.
fn add_statement(site: &Site<'_>, diagnostic: &Diagnostic) -> Option<Action> {
    const USUAL: [(&str, &str); 7] = [
        ("severity", "severity high"),
        ("because", "because \"TICKET-1: the reason\""),
        ("given", "given { name \"web-1\" }"),
        ("at least", "at least 90%"),
        ("split", "split proportional"),
        ("apply", "apply at 0.90"),
        ("suggest", "suggest at 0.70"),
    ];
    let item = item_at(site, diagnostic).filter(|_| diagnostic.code == Code::E0040)?;
    // "policy `p` has no `severity`"
    let (_, missing) = diagnostic.message.lines().next()?.rsplit_once(" has no `")?;
    let missing = missing.trim_end_matches('`');
    let (_, text) = USUAL.iter().find(|(word, _)| *word == missing)?;
    let is_brace =
        |element: &tagpol_syntax::SyntaxElement| element.as_token().is_some_and(|token| token.text() == "{");
    let brace = item.children_with_tokens().find(is_brace)?.text_range().end();
    let gap = if item.text().to_string().contains('\n') { "\n  " } else { " " };
    // A severity begins a policy; all others end their block.
    let last = item.children().last().map(|last| last.text_range().end()).filter(|end| *end > brace);
    let at = if missing == "severity" || missing == "given" { brace } else { last.unwrap_or(brace) };
    let edit = Edit::replace(TextRange::empty(at), format!("{gap}{text}"));
    Some(site.action(format!("add `{text}`"), ActionKind::Fix, vec![edit]))
}

/// Gives a check a label that no other check of its policy has.
fn add_label(site: &Site<'_>, diagnostic: &Diagnostic) -> Option<Action> {
    let item = item_at(site, diagnostic)?;
    let statements = || {
        item.children().filter(|node| matches!(node.kind(), SyntaxKind::RequireStmt | SyntaxKind::ForbidStmt))
    };
    let statement = statements().find(|node| node.text_range().contains_range(diagnostic.range))?;
    let has_label = statement.children().any(|node| node.kind() == SyntaxKind::Label);
    let is_one = !statement.text().to_string().contains(',');
    if !matches!(diagnostic.code, Code::E0042 | Code::E0043) || has_label || !is_one {
        return None;
    }
    let number = statements().position(|other| other == statement)? + 1;
    let label = format!("check-{number}");
    let at = statement.children().next()?.text_range().start();
    let edit = Edit::replace(TextRange::empty(at), format!("{label}: "));
    Some(site.action(format!("label this check `{label}`"), ActionKind::Fix, vec![edit]))
}

/// The name of a lint in its `@allow`, or all of that if it is the only one.
fn needless_allow(site: &Site<'_>, item: &SyntaxNode, diagnostic: &Diagnostic) -> Option<TextRange> {
    let attribute = item
        .children()
        .filter_map(AllowAttr::cast)
        .find(|attribute| attribute.range().contains_range(diagnostic.range))?;
    let names: Vec<TextRange> = attribute.names().map(|name| name.range()).collect();
    let at = names.iter().position(|range| *range == diagnostic.range)?;
    if names.len() == 1 {
        let end = usize::from(attribute.range().end());
        let rest = site.text().get(end..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start().len();
        return Some(TextRange::new(attribute.range().start(), TextSize::try_from(end + blank).ok()?));
    }
    Some(match names.get(at + 1) {
        Some(next) => TextRange::new(diagnostic.range.start(), next.start()),
        None => TextRange::new(names.get(at.checked_sub(1)?)?.end(), diagnostic.range.end()),
    })
}

/// Silences a lint at its item.
fn silence(site: &Site<'_>, diagnostic: &Diagnostic) -> Option<Action> {
    let name = diagnostic.code.lint_name().filter(|_| diagnostic.code != Code::L0022)?;
    let item = item_at(site, diagnostic)?;
    let listed =
        item.children().filter_map(AllowAttr::cast).last().and_then(|attribute| attribute.names().last());
    let edit = match listed {
        Some(last) => Edit::replace(TextRange::empty(last.range().end()), format!(", {name}")),
        None => Edit::replace(TextRange::empty(item.text_range().start()), format!("@allow({name})\n")),
    };
    Some(site.action(format!("silence `{name}` here"), ActionKind::Fix, vec![edit]))
}

fn item_at(site: &Site<'_>, diagnostic: &Diagnostic) -> Option<SyntaxNode> {
    let at = diagnostic.range;
    site.root.children().find(|node| node.kind().is_item() && node.text_range().contains_range(at))
}

/// Mends every error of the file that has a fix. What lints propose changes what a policy means, and is
/// left to a person.
pub(super) fn all(site: &Site<'_>) -> Option<Action> {
    let mut edits: Vec<Edit> = Vec::new();
    for diagnostic in diagnostics(site.db, site.project, site.file) {
        if let Some(fix) = diagnostic.fix.filter(|_| diagnostic.level == Level::Error)
            && edits.last().is_none_or(|last| last.range.end() <= fix.edit.range.start())
            && edits.last() != Some(&fix.edit)
        {
            edits.push(fix.edit);
        }
    }
    (!edits.is_empty()).then(|| site.action("fix all errors that have a fix", ActionKind::FixAll, edits))
}
