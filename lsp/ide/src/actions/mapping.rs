//! Native values that a `normalize` does not know yet.

use std::borrow::Cow;
use std::collections::BTreeMap;

use tagpol_sema::check::tag_decl;
use tagpol_sema::pretty::quoted;
use tagpol_sema::program::TagType;
use tagpol_sema::{Def, scope};
use tagpol_syntax::similar::closest;
use tagpol_syntax::{SyntaxElement, SyntaxKind, SyntaxNode, TextRange, TextSize};

use super::{Action, ActionKind, Site};
use crate::completion::is_plain_word;
use crate::facts::{Facts, Seen};
use crate::place::Edit;
use crate::symbol::item_at;

/// Values for which an action is offered each.
const EACH: usize = 8;

/// Offers to map values that occur and stand for nothing: to what the inventory tells that they mean, to
/// the member that is spelled most alike, or to nothing.
pub(super) fn unmapped(site: &Site<'_>, facts: &dyn Facts, actions: &mut Vec<Action>) {
    let Some(node) = site.item().filter(|node| node.kind() == SyntaxKind::NormalizeItem) else { return };
    let Some(item) = item_at(site.db, site.file, site.range.start()) else { return };
    let tag = &item.key.name;
    let unmapped = facts.unmapped(tag).map(|known| known.answer).unwrap_or_default();
    let Some(at) = last_statement(&node) else { return };
    let (ty, meant) = (type_of(site, tag), meant(site, facts, tag, &unmapped));
    let written = |value: Option<&str>| value.map_or_else(|| "missing".to_owned(), |value| word(ty, value));
    let mut add = |title: String, lines: &[(Vec<&str>, String)]| {
        let edit = Edit { range: TextRange::empty(at), text: arms(lines) };
        actions.push(site.action(title, ActionKind::Fix, vec![in_form(site, &node, edit)]));
    };
    for (pattern, member, matched) in patterns(ty, &unmapped) {
        let target = written(Some(member));
        let title = format!("map `{pattern}` to {target} ({matched} values)");
        add(title, &[(vec![pattern.as_str()], target)]);
    }
    let several_meant = meant.iter().filter(|(_, value)| value.is_some()).count();
    if several_meant > 1 {
        add(format!("map these {several_meant} spellings"), &by_target(&meant, &written));
    }
    for (seen, value) in meant.iter().take(EACH) {
        let target = written(value.as_deref());
        let title = format!("map `{}` to {target} ({})", seen.text, seen.summary());
        add(title, &[(vec![seen.text.as_str()], target)]);
    }
    if unmapped.len() > 1 {
        let all = meant.iter().map(|(seen, _)| seen.text.as_str()).collect();
        let title = format!("map all {} unmapped values to missing", unmapped.len());
        add(title, &[(all, "missing".to_owned())]);
    }
}

/// The least values for which a pattern is offered.
const SHARED: usize = 2;

/// Patterns that several values match which begin or end with a member: `*-production`. One that a value matches which
/// denies the member, such as `non-production`, is left out.
fn patterns<'t>(ty: Option<&'t TagType>, unmapped: &[Seen]) -> Vec<(String, &'t str, usize)> {
    let Some(TagType::OneOf(members)) = ty else { return Vec::new() };
    let texts: Vec<String> = unmapped.iter().map(|seen| seen.text.trim().to_lowercase()).collect();
    let denies = |rest: &str| {
        let mut words = rest.split(|c: char| !c.is_alphanumeric());
        words.any(|word| matches!(word, "non" | "not" | "no" | "pre" | "post" | "sub" | "ex"))
    };
    let mut found = Vec::new();
    for member in members {
        let lower = member.to_lowercase();
        for sign in ['-', '_', '.', '/', ':'] {
            let (ending, beginning) = (format!("{sign}{lower}"), format!("{lower}{sign}"));
            let ends: Vec<&str> =
                texts.iter().filter_map(|text| text.strip_suffix(ending.as_str())).collect();
            let begins: Vec<&str> =
                texts.iter().filter_map(|text| text.strip_prefix(beginning.as_str())).collect();
            for (rests, pattern) in [(ends, format!("*{ending}")), (begins, format!("{beginning}*"))] {
                if rests.len() >= SHARED && !rests.iter().any(|rest| denies(rest)) {
                    found.push((pattern, member.as_str(), rests.len()));
                }
            }
        }
    }
    found
}

/// Values that stand for nothing, each with what it is likely to mean. Of a tag of any text these are the
/// slips of the pen.
fn meant<'s>(
    site: &Site<'_>,
    facts: &dyn Facts,
    tag: &str,
    unmapped: &'s [Seen],
) -> Vec<(Cow<'s, Seen>, Option<String>)> {
    let learnt = facts.learnt();
    let spellings = learnt.as_ref().and_then(|learnt| learnt.tag(tag)).map(|tag| tag.spellings.as_slice());
    let spellings = spellings.unwrap_or_default();
    let members = match type_of(site, tag) {
        Some(TagType::OneOf(members)) => members.as_slice(),
        _ => &[],
    };
    let known = unmapped.iter().map(|seen| {
        let spelt = spellings.iter().find(|one| one.written == seen.text).map(|one| one.value.as_str());
        (Cow::Borrowed(seen), spelt.or_else(|| nearest(&seen.text, members)).map(str::to_owned))
    });
    let others = spellings.iter().filter(|one| !unmapped.iter().any(|seen| seen.text == one.written));
    let others = others.filter(|_| members.is_empty()).map(|one| {
        let seen = Seen { text: one.written.clone(), count: one.resources, cost: None };
        (Cow::Owned(seen), Some(one.value.clone()))
    });
    known.chain(others).collect()
}

/// Spellings with what they mean, together those that mean the same.
fn by_target<'m>(
    meant: &'m [(Cow<'_, Seen>, Option<String>)],
    written: &impl Fn(Option<&str>) -> String,
) -> Vec<(Vec<&'m str>, String)> {
    let mut targets: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (seen, value) in meant {
        if let Some(value) = value {
            targets.entry(value).or_default().push(&seen.text);
        }
    }
    targets.into_iter().map(|(value, spellings)| (spellings, written(Some(value)))).collect()
}

fn arms(lines: &[(Vec<&str>, String)]) -> String {
    let arm = |(spellings, target): &(Vec<&str>, String)| {
        let spellings: Vec<String> = spellings.iter().map(|text| quoted(text)).collect();
        format!("\n  map {} -> {target}", spellings.join(", "))
    };
    lines.iter().map(arm).collect()
}

/// Returns an edit of an item with what else the formatter changes in the item then.
fn in_form(site: &Site<'_>, item: &SyntaxNode, edit: Edit) -> Edit {
    let range = item.text_range();
    let before = item.text().to_string();
    // What stands on one line with another item cannot be formatted by itself.
    let above = site.text().get(..range.start().into()).unwrap_or_default();
    let at = usize::from(edit.range.start() - range.start());
    if !(above.is_empty() || above.ends_with('\n')) || !before.is_char_boundary(at) {
        return edit;
    }
    let mut after = before.clone();
    after.insert_str(at, &edit.text);
    let after = tagpol_fmt::format(&tagpol_syntax::parse(&after));
    difference(range.start(), &before, after.trim_end())
}

/// Returns the edit of the lines in which two texts differ, the first of which begins at an offset.
fn difference(start: TextSize, before: &str, after: &str) -> Edit {
    let lines = |text: &str| text.split_inclusive('\n').map(str::len).collect::<Vec<_>>();
    let (old, new) = (lines(before), lines(after));
    let mut first = 0;
    for (a, b) in before.split_inclusive('\n').zip(after.split_inclusive('\n')) {
        if a != b {
            break;
        }
        first += a.len();
    }
    let most = (before.len() - first).min(after.len() - first);
    let mut last = 0;
    for (a, b) in old.iter().rev().zip(new.iter().rev()) {
        let end = last + a;
        if a != b || end > most || before.get(before.len() - end..) != after.get(after.len() - end..) {
            break;
        }
        last = end;
    }
    let text = after.get(first..after.len() - last).unwrap_or_default().to_owned();
    let at = |offset: usize| start + TextSize::try_from(offset).unwrap_or_default();
    Edit { range: TextRange::new(at(first), at(before.len() - last)), text }
}

/// A value as an arm takes it.
fn word(ty: Option<&TagType>, value: &str) -> String {
    match ty {
        Some(TagType::OneOf(_) | TagType::Bool) if is_plain_word(value) => value.to_owned(),
        _ => quoted(value),
    }
}

/// The end of the last statement of a block: what is added stands behind it.
fn last_statement(node: &SyntaxNode) -> Option<TextSize> {
    let is_brace = |element: &SyntaxElement| element.as_token().is_some_and(|token| token.text() == "{");
    let brace = node.children_with_tokens().find(is_brace)?.text_range();
    let last = node.children().filter(|child| child.text_range().start() > brace.start()).last();
    Some(last.map_or(brace.end(), |child| child.text_range().end()))
}

fn type_of<'s>(site: &Site<'s>, tag: &str) -> Option<&'s TagType> {
    let scope = scope(site.db, site.project);
    let def = scope.names.get(tag).filter(|def| matches!(def, Def::Tag(_)))?;
    tag_decl(site.db, site.project, scope.item_of(*def)?.clone()).ty.as_ref()
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
