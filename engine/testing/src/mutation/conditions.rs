//! Mutated conditions: each with one small change.

use tagpol_sema::condition_places::Place;
use tagpol_sema::program::{CmpOp, Direction, Loc, Pred, TextOp, Value};

use tagpol_sema::pretty::{Words, op_text, quoted};

/// A mutated condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variant {
    /// The change in words.
    pub(super) what: String,
    /// Where it is.
    pub(super) loc: Loc,
    /// The whole condition.
    pub(super) pred: Pred,
}

/// Returns all mutants of the condition. `item` is the place of what it
/// belongs to, for parts whose own is not known.
pub(super) fn variants(words: &Words<'_>, pred: &Pred, place: Option<&Place>, item: &Loc) -> Vec<Variant> {
    let loc = place.map_or(item, |place| &place.loc);
    let at = |index: usize| place.and_then(|place| place.parts.get(index));
    let mut found = match pred {
        Pred::And(parts) => joined(words, parts, at, loc, Pred::And),
        Pred::Or(parts) => joined(words, parts, at, loc, Pred::Or),
        Pred::Not(inner) => {
            let inside = variants(words, inner, at(0), loc).into_iter();
            // What is negated twice is what it was.
            let inside = inside.filter(|variant| !is_negation(&variant.pred, inner));
            inside.map(|variant| Variant { pred: Pred::Not(Box::new(variant.pred)), ..variant }).collect()
        }
        leaf => changed_leaf(words, leaf)
            .into_iter()
            .map(|(what, pred)| Variant { what, loc: loc.clone(), pred })
            .collect(),
    };
    if !is_negated_otherwise(pred) {
        let what = format!("`{}` was negated", words.pred(pred));
        found.push(Variant { what, loc: loc.clone(), pred: negated(pred) });
    }
    found
}

/// Whether a mutant of its own already negates the condition: each part of `and` and `or` has its
/// turn, and `==` becomes `!=`.
fn is_negated_otherwise(pred: &Pred) -> bool {
    let equality = |op: &CmpOp| matches!(op, CmpOp::Eq | CmpOp::Ne);
    match pred {
        Pred::And(_) | Pred::Or(_) => true,
        Pred::Compare { op, .. } => equality(op),
        _ => false,
    }
}

/// Whether a condition is plainly the opposite of another.
pub(super) fn is_negation(pred: &Pred, of: &Pred) -> bool {
    *pred == negated(of)
}

fn negated(pred: &Pred) -> Pred {
    match pred {
        Pred::Not(inner) => (**inner).clone(),
        Pred::Const(truth) => Pred::Const(!truth),
        Pred::IsSet(value) => Pred::IsMissing(value.clone()),
        Pred::IsMissing(value) => Pred::IsSet(value.clone()),
        other => Pred::Not(Box::new(other.clone())),
    }
}

/// The parts of `and` and `or`: each mutated, and each removed.
fn joined<'p>(
    words: &Words<'_>,
    parts: &[Pred],
    at: impl Fn(usize) -> Option<&'p Place>,
    loc: &Loc,
    join: fn(Vec<Pred>) -> Pred,
) -> Vec<Variant> {
    let mut found = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        for variant in variants(words, part, at(index), loc) {
            let mut parts = parts.to_vec();
            if let Some(slot) = parts.get_mut(index) {
                *slot = variant.pred;
            }
            found.push(Variant { pred: join(parts), ..variant });
        }
        let what = format!("`{}` was removed", words.pred(part));
        let loc = at(index).map_or(loc, |place| &place.loc).clone();
        found.push(Variant { what, loc, pred: join(without(parts, index)) });
    }
    found
}

/// Returns the list without one of its members.
pub(super) fn without<T: Clone>(list: &[T], index: usize) -> Vec<T> {
    let mut rest = list.to_vec();
    rest.remove(index);
    rest
}

/// The mutants of a condition that is not made of others, but for its negation.
fn changed_leaf(words: &Words<'_>, leaf: &Pred) -> Vec<(String, Pred)> {
    let text = words.pred(leaf);
    match leaf {
        Pred::Compare { op, left, right, by } => {
            let other = boundary(*op);
            let what = format!("`{}` became `{}` in `{text}`", op_text(*op), op_text(other));
            vec![(what, Pred::Compare { op: other, left: left.clone(), right: right.clone(), by: *by })]
        }
        Pred::In { value, list, negated, by } => shorter(list)
            .map(|(member, list)| {
                let what = format!("`{}` was removed from `{text}`", member_text(words, &member));
                (what, Pred::In { value: value.clone(), list, negated: *negated, by: *by })
            })
            .collect(),
        Pred::Text { op, value, patterns } => {
            let shorter = shorter(patterns).map(|(pattern, patterns)| {
                let what = format!("`{}` was removed from `{text}`", quoted(&pattern));
                (what, Pred::Text { op: *op, value: value.clone(), patterns })
            });
            let mut found: Vec<_> = shorter.collect();
            // The usual trap: `contains "prod"` is true of `preprod` too.
            if *op == TextOp::HasWord {
                let what = format!("`has word` became `contains` in `{text}`");
                let (op, value, patterns) = (TextOp::Contains, value.clone(), patterns.clone());
                found.push((what, Pred::Text { op, value, patterns }));
            }
            found
        }
        Pred::OfNative { every, tags, test } => {
            let changed = Pred::OfNative { every: !every, tags: *tags, test: test.clone() };
            vec![(format!("`{text}` became `{}`", words.pred(&changed)), changed)]
        }
        Pred::ComputedText { op, value, operand } => {
            let other = if *op == TextOp::Contains { TextOp::StartsWith } else { TextOp::Contains };
            let changed = Pred::ComputedText { op: other, value: value.clone(), operand: operand.clone() };
            vec![(format!("`{text}` became `{}`", words.pred(&changed)), changed)]
        }
        Pred::Matches { value, regex, whole: true } => {
            let what = format!("`matches` became `contains` in `{text}`");
            vec![(what, Pred::Matches { value: value.clone(), regex: regex.clone(), whole: false })]
        }
        Pred::Within { value, direction, span } => {
            let (from, to, direction) = match direction {
                Direction::Last => ("last", "next", Direction::Next),
                Direction::Next => ("next", "last", Direction::Last),
            };
            let what = format!("`{from}` became `{to}` in `{text}`");
            vec![(what, Pred::Within { value: value.clone(), direction, span: *span })]
        }
        Pred::IsValid(tag) => {
            vec![(format!("`valid` became `set` in `{text}`"), Pred::IsSet(Value::Tag(*tag)))]
        }
        _ => Vec::new(),
    }
}

/// The operator that one confuses most easily with another.
fn boundary(op: CmpOp) -> CmpOp {
    match op {
        CmpOp::Eq => CmpOp::Ne,
        CmpOp::Ne => CmpOp::Eq,
        CmpOp::Lt => CmpOp::Le,
        CmpOp::Le => CmpOp::Lt,
        CmpOp::Gt => CmpOp::Ge,
        CmpOp::Ge => CmpOp::Gt,
    }
}

/// Each member of a list with the rest of it, where there is a rest.
fn shorter<T: Clone>(list: &[T]) -> impl Iterator<Item = (T, Vec<T>)> {
    let several = list.len() > 1;
    let members = list.iter().enumerate().filter(move |_| several);
    members.map(|(index, member)| (member.clone(), without(list, index)))
}

fn member_text(words: &Words<'_>, value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => words.value(other),
    }
}
