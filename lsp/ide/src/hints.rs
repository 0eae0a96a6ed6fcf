//! What stands between the words: what is decided elsewhere.

use tagpol_sema::check::{Typed, checked, tag_decl};
use tagpol_sema::db::{lowered, parsed};
use tagpol_sema::hir::{Body, Expr, NodeId, Policy, Rule, Value};
use tagpol_sema::program::{ActionKind, TagId};
use tagpol_sema::{Db, Def, ItemRef, Lowered, Project, SourceFile, describe, range_of, scope};
use tagpol_syntax::{TextRange, TextSize};

use crate::facts::Facts;
use crate::place::Edit;
use crate::roles::{Role, users};

/// A hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Where it stands.
    pub at: TextSize,
    /// Its text.
    pub label: String,
    /// What it is about.
    pub kind: HintKind,
    /// More of it, in Markdown; may be empty.
    pub tooltip: String,
    /// What writes the same into the text, where it can be written.
    pub insert: Option<Edit>,
}

/// What a hint is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HintKind {
    /// The order in which rules of one tag are asked.
    Priority,
    /// The type of a value that a rule gives.
    Type,
    /// The resources that are meant.
    Scope,
    /// What the inventory tells of a rule, a predicate, a `normalize`.
    Fact,
    /// What a policy finds in the inventory.
    Policy,
}

/// The most characters of a predicate that stand in a line.
const MAX_SCOPE: usize = 60;

/// The most lines of a tooltip, and characters of one.
const MAX_LINES: usize = 20;
const MAX_LINE: usize = 500;

/// Puts lines together, of many only the first with the number of the others.
fn bounded(lines: impl ExactSizeIterator<Item = String>, between: &str) -> String {
    let more = lines.len().saturating_sub(MAX_LINES);
    let mut shown: Vec<String> = lines.take(MAX_LINES).map(|line| cut(&line, MAX_LINE)).collect();
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown.join(between)
}

/// Returns the hints in a part of a file, in text order.
pub fn hints(
    db: &dyn Db,
    project: Project,
    file: SourceFile,
    within: TextRange,
    facts: &dyn Facts,
) -> Vec<Hint> {
    let items = lowered(db, file).items.iter();
    let mut hints = Vec::new();
    for lowered in items.filter(|lowered| lowered.range.intersect(within).is_some()) {
        let item = ItemRef { file, key: lowered.key.clone() };
        match &lowered.item.body {
            Body::Rule(rule) => {
                remark(db, &item, facts, &mut hints);
                of_rule(db, project, &item, rule, &mut hints);
            }
            Body::Define(_) => remark(db, &item, facts, &mut hints),
            Body::Normalize(_) => unmapped(db, &item, facts, &mut hints),
            Body::Policy(policy) => of_policy(db, project, &item, policy, facts, &mut hints),
            Body::Exempt(exempt) if exempt.scopes.is_empty() && !lowered.item.broken => {
                hints.push(everywhere(db, &item, lowered, "all resources in the policy's scope"));
            }
            Body::Exempt(exempt) => scopes(db, project, &item, &exempt.scopes, &mut hints),
            Body::Goal(goal) => scopes(db, project, &item, &goal.scopes, &mut hints),
            _ => {}
        }
    }
    hints.retain(|hint| within.contains_inclusive(hint.at));
    hints.sort_by_key(|hint| hint.at);
    hints
}

/// What is remarkable about a condition in the inventory.
fn remark(db: &dyn Db, item: &ItemRef, facts: &dyn Facts, hints: &mut Vec<Hint>) {
    if let Some(label) = facts.matches(&item.key.name).and_then(|known| known.remark()) {
        hints.push(fact(db, item, label, String::new()));
    }
}

/// The native values that a `normalize` does not know.
fn unmapped(db: &dyn Db, item: &ItemRef, facts: &dyn Facts, hints: &mut Vec<Hint>) {
    let Some(known) = facts.unmapped(&item.key.name) else { return };
    let Some(label) = known.summary() else { return };
    let lines = known.answer.iter().map(|seen| format!("- `{}`: {}", seen.text, seen.summary()));
    hints.push(fact(db, item, label, bounded(lines, "\n")));
}

fn fact(db: &dyn Db, item: &ItemRef, label: String, tooltip: String) -> Hint {
    let at = range_of(db, &item.anchor(NodeId(0))).end();
    Hint { at, label, kind: HintKind::Fact, tooltip, insert: None }
}

fn of_rule(db: &dyn Db, project: Project, item: &ItemRef, rule: &Rule, hints: &mut Vec<Hint>) {
    let Some(Typed::Rule(typed, nodes)) = &checked(db, project, item.clone()).typed else { return };
    for ((action, node), hir) in typed.actions.iter().zip(nodes).zip(&rule.actions) {
        if is_computed(&hir.value)
            && let Some(label) = type_of(db, project, action.tag)
        {
            let at = range_of(db, &item.anchor(hir.tag.id)).end();
            hints.push(Hint {
                at,
                label: format!(": {label}"),
                kind: HintKind::Type,
                tooltip: String::new(),
                insert: None,
            });
        }
        if let Some((label, tooltip)) = order(db, project, item, action.tag, action.kind) {
            let at = range_of(db, &item.anchor(*node)).end();
            hints.push(Hint { at, label, kind: HintKind::Priority, tooltip, insert: None });
        }
    }
}

/// Whether a value is more than a literal.
fn is_computed(value: &Value) -> bool {
    match value {
        Value::Call(..) => true,
        Value::Path(_, _, steps) => !steps.is_empty(),
        Value::Text(text) => {
            text.parts.iter().any(|part| matches!(part, tagpol_sema::hir::TextPart::Path(..)))
        }
        _ => false,
    }
}

fn type_of(db: &dyn Db, project: Project, tag: TagId) -> Option<String> {
    let item = scope(db, project).item_of(Def::Tag(tag))?;
    tag_decl(db, project, item.clone()).ty.as_ref().map(describe)
}

/// The place of a rule among those that set, or fill, the same tag; None if it is the only one.
fn order(
    db: &dyn Db,
    project: Project,
    item: &ItemRef,
    tag: TagId,
    kind: ActionKind,
) -> Option<(String, String)> {
    let scope = scope(db, project);
    let role = if kind == ActionKind::Set { Role::Sets } else { Role::Fills };
    let users = users(db, project, scope.item_of(Def::Tag(tag))?);
    let mut rules: Vec<(std::cmp::Reverse<i64>, usize, ItemRef)> = Vec::new();
    for user in users.iter().filter(|user| user.role == role) {
        let rule = user.item();
        let (Some(Typed::Rule(typed, _)), Some(Def::Rule(index))) =
            (&checked(db, project, rule.clone()).typed, scope.def_of(&rule))
        else {
            continue;
        };
        rules.push((std::cmp::Reverse(typed.priority), index, rule));
    }
    rules.sort_by_key(|(priority, index, _)| (*priority, *index));
    rules.dedup_by_key(|(_, index, _)| *index);
    let place = rules.iter().position(|(.., rule)| rule == item)?;
    if rules.len() < 2 {
        return None;
    }
    let lines =
        rules.iter().map(|(priority, _, rule)| format!("1. `{}`, priority {}", rule.key.name, priority.0));
    let tooltip = format!("The first that fires and has a value wins:\n\n{}", bounded(lines, "\n"));
    Some((format!("{} of {}", ordinal(place + 1), rules.len()), tooltip))
}

fn ordinal(n: usize) -> String {
    let ending = match (n % 10, n % 100) {
        (1, tens) if tens != 11 => "st",
        (2, tens) if tens != 12 => "nd",
        (3, tens) if tens != 13 => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

fn of_policy(
    db: &dyn Db,
    project: Project,
    item: &ItemRef,
    policy: &Policy,
    facts: &dyn Facts,
    hints: &mut Vec<Hint>,
) {
    if let Some(known) = facts.policy(&item.key.name) {
        let at = range_of(db, &item.anchor(NodeId(0))).end();
        let (label, kind) = (known.summary(), HintKind::Policy);
        hints.push(Hint { at, label, kind, tooltip: String::new(), insert: None });
    }
    if policy.scopes.is_empty() {
        if let Some(lowered) = lowered(db, item.file).get(&item.key).filter(|lowered| !lowered.item.broken) {
            hints.push(everywhere(db, item, lowered, "all resources"));
        }
        return;
    }
    scopes(db, project, item, &policy.scopes, hints);
}

/// What is said where no scope is written: it stands behind the name.
fn everywhere(db: &dyn Db, item: &ItemRef, lowered: &Lowered, label: &str) -> Hint {
    let name = lowered.spans.first().copied().unwrap_or_default();
    let text = item.file.text(db).get(std::ops::Range::from(lowered.range)).unwrap_or_default();
    let gap = if text.contains('\n') { "\n  " } else { " " };
    // The scope is the first statement of the block.
    let brace = text.find('{').and_then(|at| TextSize::try_from(at + 1).ok());
    let insert = brace.map(|at| Edit {
        range: TextRange::empty(lowered.range.start() + at),
        text: format!("{gap}for resource"),
    });
    let label = format!("for {label}");
    Hint { at: name.end(), label, kind: HintKind::Scope, tooltip: String::new(), insert }
}

/// What the predicates that a scope names stand for.
fn scopes(
    db: &dyn Db,
    project: Project,
    item: &ItemRef,
    scopes: &[(NodeId, Option<Expr>)],
    hints: &mut Vec<Hint>,
) {
    for (node, expr) in scopes {
        let mut names = Vec::new();
        expr.iter().for_each(|expr| predicates(expr, &mut names));
        let meanings: Vec<String> = names
            .into_iter()
            .filter_map(|name| {
                let Some(def @ Def::Define(_)) = scope(db, project).names.get(name) else { return None };
                Some(format!("`{name}` is `{}`", condition_text(db, scope(db, project).item_of(*def)?)?))
            })
            .collect();
        let [first, ..] = meanings.as_slice() else { continue };
        let at = range_of(db, &item.anchor(*node)).end();
        let text = first.split_once(" is ").map_or("", |(_, text)| text.trim_matches('`'));
        let label = if meanings.len() == 1 {
            format!("= {}", short(text))
        } else {
            format!("{} predicates", meanings.len())
        };
        let tooltip = bounded(meanings.into_iter(), "\n\n");
        hints.push(Hint { at, label, kind: HintKind::Scope, tooltip, insert: None });
    }
}

/// The names that stand alone in a condition.
fn predicates<'e>(expr: &'e Expr, names: &mut Vec<&'e str>) {
    match expr {
        Expr::Or(parts) | Expr::And(parts) => parts.iter().for_each(|part| predicates(part, names)),
        Expr::Not(inner) => predicates(inner, names),
        Expr::Value(Value::Path(_, name, steps)) if steps.is_empty() => names.push(&name.text),
        _ => {}
    }
}

/// The condition of a predicate as it is written, in one line.
fn condition_text(db: &dyn Db, define: &ItemRef) -> Option<String> {
    let range = lowered(db, define.file).get(&define.key)?.range;
    let root = parsed(db, define.file).root();
    let node = root.children().find(|node| node.text_range() == range)?;
    let text = node.text().to_string();
    let (_, condition) = text.split_once('=')?;
    Some(condition.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn short(text: &str) -> String {
    cut(text, MAX_SCOPE)
}

/// At most some characters of a text.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
