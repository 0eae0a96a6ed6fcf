//! Conditions. Each is true or false; a missing value makes every test of it false.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tagpol_sema::formats::{lower, words};
use tagpol_sema::program::{CmpOp, CompareAs, DefineId, Direction, Duration, Pred, Regex, TextOp, Value};

use super::Resource;
use super::patterns::glob;
use super::values::Scalar;

impl Resource<'_> {
    /// Whether a condition holds for the resource.
    pub fn holds(&self, pred: &Pred) -> bool {
        match pred {
            Pred::Const(truth) => *truth,
            Pred::And(all) => all.iter().all(|p| self.holds(p)),
            Pred::Or(any) => any.iter().any(|p| self.holds(p)),
            Pred::Not(inner) => !self.holds(inner),
            Pred::Named(id) => self.is_named(*id),
            Pred::IsSet(value) => self.value(value).is_some(),
            Pred::IsMissing(value) => self.value(value).is_none(),
            Pred::IsUnknown(value) => self.is_unknown(value),
            Pred::IsValid(id) => {
                let ty = &self.declaration(*id).ty;
                self.text(&Value::Tag(*id)).is_some_and(|text| self.patterns.is_valid(ty, &text))
            }
            Pred::IsFormat(value, format) => {
                self.text(value).is_some_and(|text| self.patterns.has_form(*format, &text))
            }
            Pred::Compare { op, left, right, by } => {
                self.order(left, right, *by).is_some_and(|order| satisfies(*op, order))
            }
            Pred::In { value, list, negated, by } => self.is_in(value, list, *by, *negated),
            Pred::Text { op, value, patterns } => {
                self.text(value).is_some_and(|text| patterns.iter().any(|p| text_test(*op, &text, p)))
            }
            Pred::ComputedText { op, value, operand } => {
                let sides = self.text(value).zip(self.text(operand));
                let is_admitted = matches!(op, TextOp::Contains | TextOp::StartsWith | TextOp::EndsWith);
                is_admitted && sides.is_some_and(|(text, operand)| text_test(*op, &text, &operand))
            }
            Pred::Matches { value, regex, whole } => {
                self.text(value).is_some_and(|text| self.matches(&text, regex, *whole))
            }
            Pred::OfNative { every, tags, test } => self.holds_of_native(*every, tags, test),
            Pred::Within { value, direction, span } => self.within(value, *direction, *span),
        }
    }

    /// Whether a named predicate holds.
    pub(super) fn is_named(&self, id: DefineId) -> bool {
        self.named(id).0
    }

    /// Returns whether a named predicate holds, and whether that is unknown.
    pub(super) fn named(&self, id: DefineId) -> (bool, bool) {
        let known = |id: &DefineId| self.holding.borrow().get(id).copied();
        if let Some(found) = known(&id) {
            return found;
        }
        let mut found = (false, false);
        for next in self.program.defines_within(id, |id| known(&id).is_some()) {
            let pred = &self.program.define(next).pred;
            found = (self.holds(pred), self.is_unknown_condition(pred));
            self.holding.borrow_mut().insert(next, found);
        }
        found
    }

    /// Returns how two values compare; None if one is missing or not of the form to compare by.
    fn order(&self, left: &Value, right: &Value, by: CompareAs) -> Option<Ordering> {
        match by {
            CompareAs::Text => Some(self.text(left)?.as_bytes().cmp(self.text(right)?.as_bytes())),
            CompareAs::Number => self.number(left)?.partial_cmp(&self.number(right)?),
            CompareAs::Money => Some(self.money(left)?.cmp(&self.money(right)?)),
            CompareAs::Date => Some(self.date(left)?.cmp(&self.date(right)?)),
            CompareAs::Time => Some(self.time(left)?.cmp(&self.time(right)?)),
            CompareAs::Duration => Some(self.duration(left)?.cmp(&self.duration(right)?)),
        }
    }

    fn is_in(&self, value: &Value, list: &[Value], by: CompareAs, negated: bool) -> bool {
        let orders: Option<Vec<Ordering>> =
            list.iter().map(|literal| self.order(value, literal, by)).collect();
        orders.is_some_and(|orders| orders.contains(&Ordering::Equal) != negated)
    }

    fn matches(&self, text: &str, regex: &Regex, whole: bool) -> bool {
        let compiled = if whole {
            self.patterns.whole(&regex.pattern, regex.ignore_case)
        } else {
            self.patterns.part(&regex.pattern, regex.ignore_case)
        };
        compiled.is_match(text)
    }

    fn within(&self, value: &Value, direction: Direction, span: Duration) -> bool {
        let now = self.options.now;
        let (from, to) = match direction {
            Direction::Last => (shift(now, -span.seconds), now),
            Direction::Next => (now, shift(now, span.seconds)),
        };
        match self.value(value) {
            Some(Scalar::Time(time)) => from <= time && time <= to,
            Some(scalar) => scalar
                .as_date()
                .is_some_and(|day: NaiveDate| from.date_naive() <= day && day <= to.date_naive()),
            None => false,
        }
    }
}

fn satisfies(op: CmpOp, order: Ordering) -> bool {
    match op {
        CmpOp::Eq => order.is_eq(),
        CmpOp::Ne => order.is_ne(),
        CmpOp::Lt => order.is_lt(),
        CmpOp::Le => order.is_le(),
        CmpOp::Gt => order.is_gt(),
        CmpOp::Ge => order.is_ge(),
    }
}

fn text_test(op: TextOp, text: &str, pattern: &str) -> bool {
    match op {
        TextOp::Contains => text.contains(pattern),
        TextOp::StartsWith => text.starts_with(pattern),
        TextOp::EndsWith => text.ends_with(pattern),
        TextOp::Like => glob(pattern, text),
        TextOp::HasWord => words(text).contains(&lower(pattern)),
    }
}

/// Returns the time that many seconds later, or the last (first) one there is.
fn shift(time: DateTime<Utc>, seconds: i64) -> DateTime<Utc> {
    let end = if seconds < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
    time.checked_add_signed(TimeDelta::seconds(seconds)).unwrap_or(end)
}
