//! Single tests of a condition, each about one value.

use std::borrow::Cow;

use chrono::Datelike as _;
use rust_decimal::Decimal;

use super::Facts;
use super::ordered::{Relation, double, place_of_double};
use super::text::TextTest;
use crate::formats;
use crate::program::{CmpOp, CompareAs, Direction, Pred, TagType, Value};

/// A test of one value. True only if the value is there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Atom<'a> {
    pub(super) subject: Cow<'a, Value>,
    pub(super) test: Test<'a>,
}

/// What is asked of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test<'a> {
    /// That it is there.
    Set,
    /// That it is one of these texts, or none of them.
    OneOf(Vec<Cow<'a, str>>, bool),
    /// A test of text.
    Text(TextTest<'a>),
    /// A test of something that has an order.
    Ordered(Kind, Relation),
}

/// The kinds that have an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Places of doubles; text must be a number.
    Number,
    /// Days; text must be one.
    Date,
    /// Amounts of one currency.
    Money([u8; 3]),
    /// Seconds.
    Duration,
    /// Seconds from now on; text must be a day.
    FromNow,
}

impl Kind {
    /// Whether there is nothing between one whole number and the next.
    pub(super) fn is_whole(self) -> bool {
        matches!(self, Self::Number | Self::Date)
    }

    /// The place of a text among the values of the kind. The outer None: not known; the inner one:
    /// it is no such value.
    #[expect(clippy::option_option, reason = "the two say different things")]
    pub(super) fn place(self, text: &str) -> Option<Option<Decimal>> {
        let day = formats::parse_date(text);
        match self {
            Self::Number => {
                let is_number = crate::validity::is_valid_text(&TagType::Number, text);
                Some(if is_number { text.parse().ok().map(place_of_double) } else { None })
            }
            Self::Date => Some(day.map(|day| Decimal::from(day.num_days_from_ce()))),
            // Which day today is, is not known.
            Self::FromNow => day.is_none().then_some(None),
            Self::Money(_) => Some(None),
            Self::Duration => {
                let micros = formats::parse_duration(text)
                    .filter(|_| crate::validity::is_valid_text(&TagType::Duration, text));
                Some(micros.map(|micros| Decimal::new(micros, 6)))
            }
        }
    }
}

/// What a condition without `and`, `or` and `not` comes to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Leaf<'a> {
    /// A test of one value.
    Atom(Atom<'a>),
    /// Always or never.
    Const(bool),
    /// Something about several values. Where it is true all of them are there.
    Opaque(Vec<&'a Value>),
}

/// Reads a condition without `and`, `or` and `not`; true: it holds where the leaf does, false:
/// where it does not.
pub(super) fn leaf<'a>(pred: &'a Pred, facts: &'a dyn Facts) -> (Leaf<'a>, bool) {
    match pred {
        Pred::IsSet(value) => (set(value), true),
        Pred::IsMissing(value) => (set(value), false),
        // It says nothing of whether there is a value.
        Pred::IsUnknown(_) => (Leaf::Opaque(Vec::new()), true),
        Pred::IsValid(tag) => {
            let subject = Cow::Owned(Value::Tag(*tag));
            let leaf = match facts.tag_type(*tag) {
                Some(TagType::Text) => Leaf::Atom(Atom { subject, test: Test::Set }),
                Some(TagType::OneOf(members)) => {
                    let members = members.iter().map(|member| Cow::Borrowed(member.as_str())).collect();
                    Leaf::Atom(Atom { subject, test: Test::OneOf(members, false) })
                }
                Some(ty) => Leaf::Atom(Atom { subject, test: Test::Text(TextTest::Type(ty)) }),
                None => Leaf::Opaque(Vec::new()),
            };
            (leaf, true)
        }
        Pred::Compare { op, left, right, by } => (compare(*op, left, right, *by), true),
        Pred::ComputedText { value, operand, .. } => (Leaf::Opaque(vec![value, operand]), true),
        Pred::In { value, list, negated, by } => (is_in(value, list, *negated, *by), true),
        Pred::IsFormat(value, _) | Pred::Text { value, .. } | Pred::Matches { value, .. } => {
            let test = TextTest::of(pred).map(Test::Text);
            (test.map_or(Leaf::Opaque(vec![value]), |test| atom(value, test)), true)
        }
        Pred::Within { value, direction, span } => {
            let span = Decimal::from(span.seconds);
            let relation = match direction {
                Direction::Last => Relation::Between(-span, Decimal::ZERO),
                Direction::Next => Relation::Between(Decimal::ZERO, span),
            };
            (atom(value, Test::Ordered(Kind::FromNow, relation)), true)
        }
        Pred::OfNative { .. } => (Leaf::Opaque(Vec::new()), true),
        Pred::Const(value) => (Leaf::Const(*value), true),
        Pred::And(_) | Pred::Or(_) | Pred::Not(_) | Pred::Named(_) => (Leaf::Opaque(Vec::new()), true),
    }
}

fn atom<'a>(subject: &'a Value, test: Test<'a>) -> Leaf<'a> {
    Leaf::Atom(Atom { subject: Cow::Borrowed(subject), test })
}

fn set(value: &Value) -> Leaf<'_> {
    atom(value, Test::Set)
}

fn compare<'a>(op: CmpOp, left: &'a Value, right: &'a Value, by: CompareAs) -> Leaf<'a> {
    let both = || Leaf::Opaque(vec![left, right]);
    if left == right {
        return match (op, by) {
            (CmpOp::Ne | CmpOp::Lt | CmpOp::Gt, _) => Leaf::Const(false),
            (_, CompareAs::Text) => set(left),
            _ => both(),
        };
    }
    let (subject, op, literal) = match (is_literal(left), is_literal(right)) {
        (false, true) => (left, op, right),
        (true, false) => (right, turned(op), left),
        _ => return both(),
    };
    if by == CompareAs::Text {
        let negated = match op {
            CmpOp::Eq => false,
            CmpOp::Ne => true,
            _ => return both(),
        };
        return match literal_text(literal) {
            Some(text) => atom(subject, Test::OneOf(vec![text], negated)),
            None => both(),
        };
    }
    match place(literal, by) {
        Some((kind, place)) => atom(subject, Test::Ordered(kind, Relation::Compare(op, place))),
        None => both(),
    }
}

fn is_in<'a>(value: &'a Value, list: &'a [Value], negated: bool, by: CompareAs) -> Leaf<'a> {
    let unknown = || Leaf::Opaque(vec![value]);
    if by == CompareAs::Text {
        let texts: Option<Vec<Cow<'a, str>>> = list.iter().map(literal_text).collect();
        return texts.map_or_else(unknown, |texts| atom(value, Test::OneOf(texts, negated)));
    }
    let places: Option<Vec<(Kind, Decimal)>> = list.iter().map(|literal| place(literal, by)).collect();
    let Some(places) = places else { return unknown() };
    let Some((kind, _)) = places.first().copied() else { return unknown() };
    let places: Option<Vec<Decimal>> =
        places.into_iter().map(|(other, place)| (other == kind).then_some(place)).collect();
    let Some(places) = places else { return unknown() };
    match (negated, places.as_slice()) {
        (false, _) => atom(value, Test::Ordered(kind, Relation::In(places))),
        (true, [one]) => atom(value, Test::Ordered(kind, Relation::Compare(CmpOp::Ne, *one))),
        (true, _) => atom(value, Test::Ordered(kind, Relation::NotIn(places))),
    }
}

fn turned(op: CmpOp) -> CmpOp {
    match op {
        CmpOp::Lt => CmpOp::Gt,
        CmpOp::Le => CmpOp::Ge,
        CmpOp::Gt => CmpOp::Lt,
        CmpOp::Ge => CmpOp::Le,
        CmpOp::Eq | CmpOp::Ne => op,
    }
}

pub(in crate::lint) fn is_literal(value: &Value) -> bool {
    literal_text(value).is_some()
        || matches!(value, Value::Number(_) | Value::Money(..) | Value::Date(_) | Value::Duration(_))
}

/// The text of a literal that is compared as text.
pub(in crate::lint) fn literal_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Text(text) => Some(Cow::Borrowed(text)),
        Value::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
        _ => None,
    }
}

/// The place of a literal among the values of its kind.
fn place(literal: &Value, by: CompareAs) -> Option<(Kind, Decimal)> {
    Some(match (literal, by) {
        (Value::Number(number), CompareAs::Number) => (Kind::Number, place_of_double(double(*number)?)),
        (Value::Date(date), CompareAs::Date) => (Kind::Date, Decimal::from(date.num_days_from_ce())),
        (Value::Money(amount, currency), CompareAs::Money) => {
            (Kind::Money(currency.as_bytes().try_into().ok()?), *amount)
        }
        (Value::Duration(span), CompareAs::Duration) => (Kind::Duration, Decimal::from(span.seconds)),
        _ => return None,
    })
}
