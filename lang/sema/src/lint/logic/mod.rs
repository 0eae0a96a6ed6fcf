//! Decides what conditions can be true of one resource together.
//!
//! In: typed conditions. Out: a [`Verdict`]. A condition is taken apart into alternatives, each a
//! list of tests that must hold or must not; the tests of each value are judged together
//! (`subject`), values apart from each other. Values that hang together (a tag and its source) are
//! taken as if they did not, so more is thought to be possible than is: [`Verdict::Never`] is a
//! proof, and what cannot be decided is [`Verdict::Unknown`].

mod atom;
pub(in crate::lint) mod automaton;
mod ordered;
mod subject;
pub(in crate::lint) mod text;
mod witness;

use std::borrow::Cow;
use std::cell::Cell;

use self::atom::{Atom, Leaf, Test, leaf};
use self::subject::decide;
pub use self::witness::{is_text_test, witness};
use crate::program::{Attr, DefineId, Pred, TagId, TagType, Value};

/// What is known of the names in conditions.
pub(in crate::lint) trait Facts {
    /// Returns what a predicate stands for. None: it is wrong.
    fn define(&self, define: DefineId) -> Option<&Pred>;
    /// Returns the type of a tag. None: it is wrong.
    fn tag_type(&self, tag: TagId) -> Option<&TagType>;
    /// Whether a tag always has a value.
    fn never_missing(&self, tag: TagId) -> bool;
}

/// Whether conditions can be true together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lint) enum Verdict {
    /// They cannot.
    Never,
    /// That is not known.
    Unknown,
    /// They can.
    Possible,
}

impl Verdict {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Possible, Self::Possible) => Self::Possible,
        }
    }

    /// Of several ways; those after the first that is possible are not looked at.
    fn any(ways: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::Never;
        for way in ways {
            match way {
                Self::Possible => return way,
                Self::Unknown => all = way,
                Self::Never => {}
            }
        }
        all
    }

    /// Of several that must all be; those after the first that never is are not looked at.
    fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::Possible;
        for part in parts {
            match part {
                Self::Never => return part,
                Self::Unknown => all = part,
                Self::Possible => {}
            }
        }
        all
    }
}

/// A condition that must hold, or must not.
pub(in crate::lint) type Term<'a> = (&'a Pred, bool);

/// Returns whether all terms can be true of one resource.
pub(in crate::lint) fn verdict(terms: &[Term<'_>], facts: &dyn Facts) -> Verdict {
    let unfolding = Unfolding { facts, steps: Cell::new(0) };
    let Some(alternatives) = unfolding.all_of(terms, 0) else { return Verdict::Unknown };
    Verdict::any(alternatives.iter().map(|alternative| judge(alternative, facts)))
}

/// Whether all terms can never be true of one resource.
pub(in crate::lint) fn never(terms: &[Term<'_>], facts: &dyn Facts) -> bool {
    verdict(terms, facts) == Verdict::Never
}

/// Alternatives that are looked at before the condition is given up as too large.
const ALTERNATIVES: usize = 256;
/// Tests in all of them together.
const TESTS: usize = 2048;
/// Conditions within conditions, through predicates too; a cycle of those is reported elsewhere.
const DEPTH: usize = 256;
/// Steps of taking a condition apart. What predicates stand for is taken apart wherever they are used, so
/// that a few hundred short definitions could otherwise keep this busy for minutes.
const STEPS: usize = 8192;

/// Leaves that must hold, or must not.
type Alternative<'a> = Vec<Term<'a>>;

/// Takes conditions apart into alternatives.
struct Unfolding<'a> {
    facts: &'a dyn Facts,
    /// Conditions looked at and tests copied so far.
    steps: Cell<usize>,
}

impl<'a> Unfolding<'a> {
    /// The alternatives of a condition. None: too many, or too deep.
    fn alternatives(&self, (pred, wanted): Term<'a>, depth: usize) -> Option<Vec<Alternative<'a>>> {
        self.spend(1)?;
        if depth > DEPTH {
            return None;
        }
        match pred {
            Pred::Not(inner) => self.alternatives((inner, !wanted), depth + 1),
            Pred::Named(define) => match self.facts.define(*define) {
                Some(inner) => self.alternatives((inner, wanted), depth + 1),
                None => Some(vec![vec![(pred, wanted)]]),
            },
            Pred::And(parts) | Pred::Or(parts) => {
                let terms: Vec<Term<'a>> = parts.iter().map(|part| (part, wanted)).collect();
                if matches!(pred, Pred::And(_)) == wanted {
                    self.all_of(&terms, depth + 1)
                } else {
                    self.any_of(&terms, depth + 1)
                }
            }
            _ => Some(vec![vec![(pred, wanted)]]),
        }
    }

    fn any_of(&self, terms: &[Term<'a>], depth: usize) -> Option<Vec<Alternative<'a>>> {
        let mut all = Vec::new();
        for term in terms {
            let next = self.alternatives(*term, depth)?;
            self.spend(next.len())?;
            all.extend(next);
            if is_too_large(&all) {
                return None;
            }
        }
        Some(all)
    }

    fn all_of(&self, terms: &[Term<'a>], depth: usize) -> Option<Vec<Alternative<'a>>> {
        let mut all: Vec<Alternative<'a>> = vec![Vec::new()];
        for term in terms {
            let next = self.alternatives(*term, depth)?;
            if all.len() * next.len() > ALTERNATIVES {
                return None;
            }
            // What there is of one alternative grows in place.
            if let ([only], [more]) = (all.as_mut_slice(), next.as_slice()) {
                self.spend(more.len())?;
                only.extend(more);
            } else {
                all = all
                    .iter()
                    .flat_map(|one| next.iter().map(move |other| one.iter().chain(other).copied().collect()))
                    .collect();
                self.spend(all.iter().map(Vec::len).sum())?;
            }
            if is_too_large(&all) {
                return None;
            }
        }
        Some(all)
    }

    /// None: there have been enough steps.
    fn spend(&self, steps: usize) -> Option<()> {
        self.steps.set(self.steps.get() + steps);
        (self.steps.get() <= STEPS).then_some(())
    }
}

fn is_too_large(alternatives: &[Alternative<'_>]) -> bool {
    alternatives.len() > ALTERNATIVES || alternatives.iter().map(Vec::len).sum::<usize>() > TESTS
}

/// Tests that must hold, or must not, by what they are about.
type BySubject<'a> = Vec<(Cow<'a, Value>, Vec<(Test<'a>, bool)>)>;

fn judge(alternative: &[Term<'_>], facts: &dyn Facts) -> Verdict {
    let mut by_subject: BySubject<'_> = Vec::new();
    let mut opaque: Vec<Term<'_>> = Vec::new();
    for (pred, wanted) in alternative {
        let (leaf, holds_alike) = leaf(pred, facts);
        let wanted = *wanted == holds_alike;
        match leaf {
            Leaf::Const(value) if value == wanted => {}
            Leaf::Const(_) => return Verdict::Never,
            Leaf::Atom(atom) => add(&mut by_subject, atom, wanted),
            Leaf::Opaque(values) => {
                if opaque.contains(&(pred, !wanted)) {
                    return Verdict::Never;
                }
                opaque.push((pred, wanted));
                let subjects = values.into_iter().filter(|_| wanted);
                subjects.for_each(|value| {
                    add(&mut by_subject, Atom { subject: Cow::Borrowed(value), test: Test::Set }, true);
                });
            }
        }
    }
    let subjects: Vec<&Value> = by_subject.iter().map(|(subject, _)| subject.as_ref()).collect();
    let is_sure = opaque.is_empty() && are_independent(&subjects);
    let sure = if is_sure { Verdict::Possible } else { Verdict::Unknown };
    let verdicts = by_subject.iter().map(|(subject, tests)| {
        let tests: Vec<(&Test<'_>, bool)> = tests.iter().map(|(test, wanted)| (test, *wanted)).collect();
        decide(subject, &tests, facts)
    });
    Verdict::all(verdicts).and(sure)
}

fn add<'a>(by_subject: &mut BySubject<'a>, Atom { subject, test }: Atom<'a>, wanted: bool) {
    match by_subject.iter_mut().find(|(other, _)| *other == subject) {
        Some((_, tests)) => tests.push((test, wanted)),
        None => by_subject.push((subject, vec![(test, wanted)])),
    }
}

/// Whether none of the values says anything of another.
fn are_independent(subjects: &[&Value]) -> bool {
    let of_tags = subjects.iter().any(|value| matches!(value, Value::Tag(_)));
    let is_plain = |value: &&Value| match value {
        // An age is counted from the creation.
        Value::Attr(Attr::Age) => !subjects.contains(&&Value::Attr(Attr::Created)),
        Value::Tag(_) | Value::Attr(_) | Value::Charge(_) => true,
        // Native values become those of tags.
        Value::Native(_) => !of_tags,
        _ => subjects.len() == 1,
    };
    subjects.iter().all(is_plain)
}

#[cfg(test)]
mod tests;
