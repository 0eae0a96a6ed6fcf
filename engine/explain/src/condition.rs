//! Why a condition holds, or does not.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tagpol_interp::Resource;
use tagpol_sema::condition_places::{Place, Places};
use tagpol_sema::program::{Attr, DefineId, Duration, Loc, Pred, Value};

use tagpol_sema::pretty::{Words, duration};

/// A part of a condition with what it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// As the language writes it.
    pub text: String,
    /// Whether it holds.
    pub truth: bool,
    /// Where it was written, if that is known.
    pub loc: Option<Loc>,
    /// What its values are, without those that are written out in it.
    pub operands: Vec<Operand>,
    /// How its parts make it true or false.
    pub junction: Junction,
    /// Its parts; the definition for a named predicate, which all its uses share.
    pub parts: Vec<Arc<Self>>,
}

/// A value in a condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operand {
    /// As the language writes it.
    pub text: String,
    /// What it is; None if it is missing.
    pub value: Option<String>,
}

/// How a part of a condition is made of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Junction {
    /// It is made of none.
    Leaf,
    /// All must hold.
    And,
    /// One must hold.
    Or,
    /// It must not hold.
    Not,
    /// It is the definition of a name.
    Named,
}

impl Part {
    /// Returns the smallest part that decides whether the whole holds: the first false one of an
    /// `and`, the first true one of an `or`. Where each part counts, the whole.
    pub fn decisive(&self) -> &Self {
        let part = match (self.junction, self.truth) {
            (Junction::And, false) => self.parts.iter().find(|part| !part.truth),
            (Junction::Or, true) => self.parts.iter().find(|part| part.truth),
            (Junction::Not | Junction::Named, _) => self.parts.first(),
            _ => None,
        };
        part.map_or(self, |part| part.decisive())
    }

    /// Returns all values that it is about, each once.
    pub fn all_operands(&self) -> Vec<&Operand> {
        let mut found = Vec::new();
        self.collect_operands(&mut BTreeSet::new(), &mut BTreeSet::new(), &mut found);
        found
    }

    /// `seen` are the definitions that have been looked through, by their addresses.
    fn collect_operands<'a>(
        &'a self,
        seen: &mut BTreeSet<*const Self>,
        known: &mut BTreeSet<&'a Operand>,
        found: &mut Vec<&'a Operand>,
    ) {
        found.extend(self.operands.iter().filter(|operand| known.insert(operand)));
        for part in &self.parts {
            if self.junction != Junction::Named || seen.insert(Arc::as_ptr(part)) {
                part.collect_operands(seen, known, found);
            }
        }
    }
}

/// Explains the conditions of a program for one resource.
///
/// Each named predicate is explained once, however often it is used: a few short definitions that each use
/// the one before twice would otherwise make an explanation of any size.
#[derive(Debug)]
pub struct Explainer<'r, 'a> {
    /// The resource.
    pub resource: &'r Resource<'a>,
    /// The places of the program's conditions.
    pub places: &'r Places,
    /// What the predicates explained so far stand for.
    named: RefCell<BTreeMap<DefineId, Arc<Part>>>,
}

impl<'r, 'a> Explainer<'r, 'a> {
    /// Returns an explainer that has explained nothing yet.
    pub fn new(resource: &'r Resource<'a>, places: &'r Places) -> Self {
        Self { resource, places, named: RefCell::default() }
    }

    /// Explains a condition. `place` has the shape of the condition.
    pub fn condition(&self, pred: &Pred, place: Option<&Place>) -> Part {
        let inner: Vec<&Pred> = match pred {
            Pred::And(parts) | Pred::Or(parts) => parts.iter().collect(),
            Pred::Not(inner) => vec![inner],
            _ => Vec::new(),
        };
        let at = |index: usize| place.and_then(|place| place.parts.get(index));
        let parts: Vec<Arc<Part>> = match pred {
            Pred::Named(id) => self.named(*id).into_iter().collect(),
            _ => {
                let parts = inner.into_iter().enumerate();
                parts.map(|(index, part)| Arc::new(self.condition(part, at(index)))).collect()
            }
        };
        Part {
            text: Words::new(self.resource.program()).pred(pred),
            truth: self.resource.holds(pred),
            loc: place.map(|place| place.loc.clone()),
            operands: operands(self.resource, pred),
            junction: match pred {
                Pred::And(_) => Junction::And,
                Pred::Or(_) => Junction::Or,
                Pred::Not(_) => Junction::Not,
                Pred::Named(_) => Junction::Named,
                _ => Junction::Leaf,
            },
            parts,
        }
    }

    /// Explains what a predicate stands for.
    fn named(&self, id: DefineId) -> Option<Arc<Part>> {
        let program = self.resource.program();
        for next in program.defines_within(id, |id| self.named.borrow().contains_key(&id)) {
            let place = self.places.defines.get(next.0 as usize).and_then(Option::as_ref);
            let part = Arc::new(self.condition(&program.define(next).pred, place));
            self.named.borrow_mut().insert(next, part);
        }
        self.named.borrow().get(&id).cloned()
    }
}

fn operands(resource: &Resource<'_>, pred: &Pred) -> Vec<Operand> {
    let mut found = Vec::new();
    match pred {
        Pred::IsValid(tag) => collect(resource, &Value::Tag(*tag), &mut found),
        Pred::IsSet(value) | Pred::IsMissing(value) | Pred::IsUnknown(value) | Pred::IsFormat(value, _) => {
            collect(resource, value, &mut found);
        }
        Pred::Compare { left, right, .. } | Pred::ComputedText { value: left, operand: right, .. } => {
            collect(resource, left, &mut found);
            collect(resource, right, &mut found);
        }
        Pred::In { value, .. }
        | Pred::Text { value, .. }
        | Pred::Matches { value, .. }
        | Pred::Within { value, .. } => collect(resource, value, &mut found),
        Pred::OfNative { .. }
        | Pred::Const(_)
        | Pred::And(_)
        | Pred::Or(_)
        | Pred::Not(_)
        | Pred::Named(_) => {}
    }
    found
}

/// Collects what is read: a value that is computed is shown by what it is computed of.
fn collect(resource: &Resource<'_>, value: &Value, found: &mut Vec<Operand>) {
    match value {
        Value::Template(parts) | Value::Call(_, parts) => {
            parts.iter().for_each(|part| collect(resource, part, found));
        }
        Value::Extract(inner, _) => collect(resource, inner, found),
        Value::Shift { from, by, .. } => {
            collect(resource, from, found);
            collect(resource, by, found);
        }
        Value::Tag(_)
        | Value::Native(_)
        | Value::NativeTag(_)
        | Value::SourceOf(_)
        | Value::ConfidenceOf(_)
        | Value::Attr(_)
        | Value::Charge(_)
        | Value::Meta(_)
        | Value::Related { .. }
        | Value::CountNative(_)
        | Value::Today
        | Value::Now
        | Value::Lookup { .. } => {
            if let Value::Lookup { key, .. } = value {
                collect(resource, key, found);
            }
            let text = Words::new(resource.program()).value(value);
            let value = match value {
                Value::Attr(Attr::Age) => {
                    resource.age().map(|age| duration(Duration { seconds: age.num_seconds() }))
                }
                Value::Attr(Attr::MonthlyCost) => {
                    let unit = resource.options().currency.as_ref();
                    let unit = unit.map(|unit| format!(" {unit}")).unwrap_or_default();
                    resource.shown(value).map(|amount| amount + &unit)
                }
                value => resource.shown(value),
            };
            found.push(Operand { text, value });
        }
        Value::Text(_)
        | Value::Number(_)
        | Value::Money(..)
        | Value::Date(_)
        | Value::Bool(_)
        | Value::Element
        | Value::Duration(_) => {}
    }
}
