//! What several tests of one value ask of it together.

use std::borrow::Cow;
use std::collections::HashSet;

use super::atom::{Kind, Test};
use super::automaton::{Language, Search, search};
use super::ordered::{self, Relation};
use super::text::TextTest;
use super::{Facts, Verdict};
use crate::formats;
use crate::program::{Func, Source, TagType, Value};

/// A test, and whether it must hold or must not.
pub(super) type Literal<'t, 'a> = (&'t Test<'a>, bool);

/// Whether one value can be as all of the tests ask.
pub(super) fn decide(subject: &Value, tests: &[Literal<'_, '_>], facts: &dyn Facts) -> Verdict {
    // No test holds of what is missing.
    let may_be_missing = may_be_missing(subject, facts);
    if may_be_missing && tests.iter().all(|(_, wanted)| !wanted) {
        return Verdict::Possible;
    }
    let contradicts = |(test, wanted): &Literal<'_, '_>| *wanted && is_refused(test, tests);
    if tests.contains(&(&Test::Set, false)) || tests.iter().any(contradicts) {
        return Verdict::Never;
    }
    match candidates(subject, tests) {
        Some(candidates) => of_candidates(subject, candidates, tests),
        None => of_the_unbounded(subject, tests),
    }
}

/// Whether a value may be missing.
pub(super) fn may_be_missing(value: &Value, facts: &dyn Facts) -> bool {
    match value {
        Value::Tag(tag) => !facts.never_missing(*tag),
        // What charges without a resource are for has no id either.
        Value::Attr(_) | Value::Charge(_) => true,
        Value::Template(parts) => parts.iter().any(|part| may_be_missing(part, facts)),
        Value::Call(Func::Coalesce, parts) => parts.iter().all(|part| may_be_missing(part, facts)),
        Value::Call(_, parts) => parts.iter().any(|part| may_be_missing(part, facts)),
        Value::Text(_)
        | Value::Number(_)
        | Value::Money(..)
        | Value::Date(_)
        | Value::Bool(_)
        | Value::CountNative(_)
        | Value::Element
        | Value::Today
        | Value::Now
        | Value::Duration(_) => false,
        Value::Shift { from, by, .. } => may_be_missing(from, facts) || may_be_missing(by, facts),
        Value::Native(_)
        | Value::NativeTag(_)
        | Value::Related { .. }
        | Value::SourceOf(_)
        | Value::ConfidenceOf(_)
        | Value::Meta(_)
        | Value::Lookup { .. }
        | Value::Extract(..) => true,
    }
}

/// Whether a test that must hold is one that must not, each of its patterns for itself.
fn is_refused(test: &Test<'_>, tests: &[Literal<'_, '_>]) -> bool {
    let refused = tests.iter().filter(|(_, wanted)| !wanted).map(|(test, _)| *test);
    let Test::Text(TextTest::Op(op, patterns)) = test else {
        return refused.into_iter().any(|other| other == test);
    };
    let refused: Vec<&String> = refused
        .filter_map(|other| match other {
            Test::Text(TextTest::Op(other, patterns)) if other == op => Some(*patterns),
            _ => None,
        })
        .flatten()
        .collect();
    patterns.iter().all(|pattern| refused.contains(&pattern))
}

/// The only texts that the value can be, where the tests leave finitely many.
fn candidates<'a>(subject: &Value, tests: &[Literal<'_, 'a>]) -> Option<Vec<Cow<'a, str>>> {
    let listed = tests.iter().filter_map(|(test, wanted)| match test {
        // What must not be "none of these" is one of them, and the other way round.
        Test::OneOf(texts, negated) if negated != wanted => Some(texts.clone()),
        Test::Text(TextTest::Type(TagType::Bool)) if *wanted => Some(vec!["true".into(), "false".into()]),
        _ => None,
    });
    let is_source = matches!(subject, Value::SourceOf(_));
    let sources =
        is_source.then(|| Source::ALL.iter().map(|source| Cow::Borrowed(source.as_str())).collect());
    listed.chain(sources).min_by_key(Vec::len)
}

/// Whether one of some texts is as all of the tests ask.
fn of_candidates(subject: &Value, mut candidates: Vec<Cow<'_, str>>, tests: &[Literal<'_, '_>]) -> Verdict {
    // Lists may be long, and are compared with each other.
    for (test, wanted) in tests {
        if let Test::OneOf(texts, negated) = test {
            let listed: HashSet<&str> = texts.iter().map(AsRef::as_ref).collect();
            candidates.retain(|text| (listed.contains(text.as_ref()) != *negated) == *wanted);
        }
    }
    let others: Vec<Literal<'_, '_>> =
        tests.iter().copied().filter(|(test, _)| !matches!(test, Test::OneOf(..))).collect();
    Verdict::any(candidates.iter().map(|text| judge(subject, text, &others)))
}

/// Whether one text is as all of the tests ask.
fn judge(subject: &Value, text: &str, tests: &[Literal<'_, '_>]) -> Verdict {
    if !can_be(subject, text) {
        return Verdict::Never;
    }
    let verdicts = tests.iter().map(|(test, wanted)| match holds(test, text) {
        Some(holds) if holds == *wanted => Verdict::Possible,
        Some(_) => Verdict::Never,
        None => Verdict::Unknown,
    });
    Verdict::all(verdicts)
}

/// Whether what a function gives can be a text.
fn can_be(value: &Value, text: &str) -> bool {
    match value {
        Value::Call(Func::Lower, _) => !text.bytes().any(|b| b.is_ascii_uppercase()),
        Value::Call(Func::Upper, _) => !text.bytes().any(|b| b.is_ascii_lowercase()),
        Value::Call(Func::Trim, _) => formats::trim(text) == text,
        _ => true,
    }
}

/// Whether a test holds of a text. None: not known.
fn holds(test: &Test<'_>, text: &str) -> Option<bool> {
    match test {
        Test::Set => Some(true),
        Test::OneOf(texts, negated) => Some(texts.iter().any(|other| other == text) != *negated),
        Test::Text(test) => test.holds(text),
        Test::Ordered(kind, relation) => Some(kind.place(text)?.is_some_and(|place| relation.holds(place))),
    }
}

/// Whether a value of which infinitely many are left can be as all of the tests ask: as ordered
/// values, kind by kind, and as texts.
fn of_the_unbounded(subject: &Value, tests: &[Literal<'_, '_>]) -> Verdict {
    let mut kinds: Vec<Kind> = Vec::new();
    for (test, _) in tests {
        if let Test::Ordered(kind, _) = test
            && !kinds.contains(kind)
        {
            kinds.push(*kind);
        }
    }
    let ordered = kinds.iter().map(|kind| of_kind(*kind, is_of_a_kind(subject), tests));
    let texts = of_texts(subject, tests, &kinds);
    // Several kinds, or a kind and texts, may exclude each other in ways that are not looked at.
    let is_one = usize::from(texts.is_some()) + kinds.len() <= 1;
    let whole = Verdict::all(ordered.chain(texts));
    if is_one { whole } else { whole.and(Verdict::Unknown) }
}

/// Whether a value that is there always is of its kind, where text need not be.
fn is_of_a_kind(value: &Value) -> bool {
    matches!(value, Value::Attr(_) | Value::ConfidenceOf(_) | Value::Call(Func::Length, _))
}

fn of_kind(kind: Kind, always: bool, tests: &[Literal<'_, '_>]) -> Verdict {
    let of_kind = tests.iter().filter_map(|(test, wanted)| match test {
        Test::Ordered(other, relation) if *other == kind => Some((relation, *wanted)),
        _ => None,
    });
    let relations: Vec<(&Relation, bool)> = of_kind.collect();
    // What is not a number, and what is not a day, is as every negated test asks.
    if (!always && relations.iter().all(|(_, wanted)| !wanted))
        || ordered::possible(&relations, kind.is_whole())
    {
        Verdict::Possible
    } else {
        Verdict::Never
    }
}

/// Whether there is a text as the tests of text ask. None: nothing is asked of it as a text.
fn of_texts(subject: &Value, tests: &[Literal<'_, '_>], kinds: &[Kind]) -> Option<Verdict> {
    let of_text: Vec<(&TextTest<'_>, bool)> = tests
        .iter()
        .filter_map(|(test, wanted)| match test {
            Test::Text(test) => Some((test, *wanted)),
            _ => None,
        })
        .collect();
    let excluded: Vec<&str> = tests
        .iter()
        .filter_map(|(test, _)| match test {
            Test::OneOf(texts, _) => Some(texts.iter().map(AsRef::as_ref)),
            _ => None,
        })
        .flatten()
        .collect();
    match of_text.as_slice() {
        [] => return (!excluded.is_empty()).then_some(Verdict::Possible),
        [(test, _)] if test.is_loose() && kinds.is_empty() => return Some(Verdict::Possible),
        [(test, true)] if test.matches_something() && excluded.is_empty() && form(subject).is_none() => {
            return Some(if kinds.is_empty() { Verdict::Possible } else { Verdict::Unknown });
        }
        _ => {}
    }
    // Most often a text that one of the tests refers to will do, which is found much faster.
    let wanted = of_text.iter().filter(|(_, wanted)| *wanted);
    let mut examples = wanted.flat_map(|(test, _)| test.examples());
    if kinds.is_empty() && examples.any(|text| judge(subject, &text, tests) == Verdict::Possible) {
        return Some(Verdict::Possible);
    }
    let mut inside: Vec<Language> = form(subject).into_iter().collect();
    inside.extend(kinds.iter().filter(|kind| is_asked(**kind, tests)).filter_map(|kind| form_of_kind(*kind)));
    let mut outside: Vec<Language> = excluded.into_iter().map(Language::literal).collect();
    let mut is_exact = true;
    for (test, wanted) in of_text {
        let bounds = test.bounds();
        is_exact &= bounds.is_exact();
        if wanted {
            inside.push(bounds.over);
        } else {
            outside.extend(bounds.under);
        }
    }
    Some(match search(&inside, &outside) {
        Search::Nothing => Verdict::Never,
        Search::Found(_) if is_exact => Verdict::Possible,
        Search::Found(_) | Search::GaveUp => Verdict::Unknown,
    })
}

/// Whether the value must be of a kind.
fn is_asked(kind: Kind, tests: &[Literal<'_, '_>]) -> bool {
    tests.iter().any(|(test, wanted)| *wanted && matches!(test, Test::Ordered(other, _) if *other == kind))
}

/// The texts that are values of a kind, and perhaps others.
fn form_of_kind(kind: Kind) -> Option<Language> {
    let ty = match kind {
        Kind::Number => TagType::Number,
        Kind::Date | Kind::FromNow => TagType::Date,
        Kind::Money(_) | Kind::Duration => return None,
    };
    Some(super::text::type_bounds(&ty).over)
}

/// The texts that a function can give, and perhaps others.
fn form(value: &Value) -> Option<Language> {
    match value {
        Value::Call(Func::Lower, _) => Some(Language::new("(?s:[^A-Z]*)")),
        Value::Call(Func::Upper, _) => Some(Language::new("(?s:[^a-z]*)")),
        _ => None,
    }
}
