//! Rules that an inventory teaches.

use tagpol_sema::scope;
use tagpol_syntax::{SyntaxKind, SyntaxNode, TextRange, TextSize};
use tagpol_worker_protocol::LearntRule;

use super::{Action, ActionKind, Site};
use crate::facts::{Facts, several};
use crate::place::Edit;

/// Rules about a tag that are offered.
const OFFERED: usize = 3;

/// Offers rules about the tag that the item at the cursor declares, normalizes or gives a value.
pub(super) fn rules(site: &Site<'_>, facts: &dyn Facts, actions: &mut Vec<Action>) {
    let Some(node) = site.item() else { return };
    let Some(learnt) = facts.learnt() else { return };
    let names = scope(site.db, site.project);
    // A rule of this name was added since.
    let is_new = |rule: &&LearntRule| !names.rules.iter().any(|item| item.key.name == rule.name);
    for tag in tags(&node) {
        let rules = learnt.tag(&tag).into_iter().flat_map(|tag| &tag.rules);
        for rule in rules.filter(is_new).take(OFFERED) {
            actions.push(site.action(title(rule), ActionKind::Extract, vec![added(site, &node, &rule.text)]));
        }
    }
}

/// Returns the edit that adds items below another one, with an empty line above and below.
fn added(site: &Site<'_>, item: &SyntaxNode, text: &str) -> Edit {
    let end = item.text_range().end();
    let behind = site.text().get(usize::from(end)..).unwrap_or_default();
    let (line, below) = behind.split_once('\n').unwrap_or((behind, ""));
    // A remark at the end of its line stays there.
    let is_alone = line.trim().is_empty() || line.trim_start().starts_with("//");
    let at = if is_alone { end + TextSize::of(line) } else { end };
    let is_close = below.lines().next().is_some_and(|next| !next.trim().is_empty());
    let below = if is_close { "\n" } else { "" };
    Edit { range: TextRange::empty(at), text: format!("\n\n{}{below}", text.trim_end()) }
}

fn title(rule: &LearntRule) -> String {
    let LearntRule { asks, value, support, precision, .. } = rule;
    // Never more than there is: 99.9% are not all.
    let percent = (precision * 100.0).floor();
    let support = several(*support, "resource");
    format!("add rule learned from {support} ({percent:.0}%): {asks} → {value}")
}

/// The tags that an item is about.
fn tags(item: &SyntaxNode) -> Vec<String> {
    let mut tags: Vec<String> = match item.kind() {
        SyntaxKind::TagItem | SyntaxKind::NormalizeItem => first_name(item).into_iter().collect(),
        SyntaxKind::RuleItem => {
            let gives = |node: &SyntaxNode| matches!(node.kind(), SyntaxKind::FillStmt | SyntaxKind::SetStmt);
            item.children().filter(gives).filter_map(|node| first_name(&node)).collect()
        }
        _ => Vec::new(),
    };
    tags.dedup();
    tags
}

fn first_name(node: &SyntaxNode) -> Option<String> {
    let names = node.descendants_with_tokens().filter_map(|element| element.into_token());
    let name = names.into_iter().find(|token| token.kind() == SyntaxKind::Name)?;
    Some(name.text().trim_matches('`').to_owned())
}
