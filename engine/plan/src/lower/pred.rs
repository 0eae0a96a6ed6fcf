//! Conditions become two-valued expressions.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tagpol_sema::program::{
    CmpOp, CompareAs, DefineId, Direction, Duration, Format, Pred, Regex, TagId, TagType, TextOp, Value,
};

use super::money::{self, Bound};
use super::text::{glob, matches_empty, word};
use super::{Lowering, note};
use crate::ir::{Expr, Function, Literal, Type};

impl Lowering<'_> {
    /// Returns the condition; it is never NULL.
    pub(super) fn pred(&mut self, pred: &Pred) -> Expr {
        match pred {
            Pred::Const(truth) => Expr::bool(*truth),
            Pred::And(all) => Expr::and(all.iter().map(|p| self.pred(p)).collect::<Vec<_>>()),
            Pred::Or(any) => Expr::or(any.iter().map(|p| self.pred(p)).collect::<Vec<_>>()),
            Pred::Not(inner) => self.pred(inner).negate(),
            Pred::Named(id) => self.define(*id),
            Pred::IsSet(value) => {
                let value = self.value(value).expr;
                self.columns.is_set(value)
            }
            Pred::IsMissing(value) => {
                let value = self.value(value).expr;
                self.columns.is_set(value).negate()
            }
            Pred::IsUnknown(value) => self.unknown_value(value),
            Pred::IsValid(tag) => self.is_valid(*tag),
            Pred::IsFormat(value, format) => {
                let value = self.text_value(value);
                let condition = self.has_form(value, *format);
                self.columns.truth(condition)
            }
            Pred::Compare { op, left, right, by } => self.compare(*op, left, right, *by),
            Pred::In { value, list, negated, by } => self.is_in(value, list, *negated, *by),
            Pred::Text { op, value, patterns } => self.text_test(*op, value, patterns),
            Pred::ComputedText { op, value, operand } => self.computed_text_test(*op, value, operand),
            Pred::Matches { value, regex, whole } => self.matches(value, regex, *whole),
            Pred::OfNative { every, tags, test } => self.of_native(*every, tags, test),
            Pred::Within { value, direction, span } => self.within(value, *direction, *span),
        }
    }

    /// Returns a condition that may be left out, which then always holds.
    pub(super) fn optional_pred(&mut self, pred: Option<&Pred>) -> Expr {
        pred.map_or(Expr::bool(true), |pred| self.pred(pred))
    }

    /// A named predicate is a column, made where it is first used.
    fn define(&mut self, id: DefineId) -> Expr {
        for id in self.program.defines_within(id, |id| self.defines.contains_key(&id)) {
            self.make_define(id);
        }
        self.defines.get(&id).cloned().unwrap_or(Expr::bool(false))
    }

    /// Makes the column of a predicate. Those of all predicates that it uses must have been made.
    fn make_define(&mut self, id: DefineId) {
        let define = self.program.define(id);
        let outer = std::mem::replace(&mut self.at, define.loc.clone());
        let condition = self.pred(&define.pred);
        self.at = outer;
        let name = format!("define_{}", define.name);
        let note = note(format!("define `{}`", define.name), &define.loc);
        let expr = self.columns.share(&name, condition, Type::Bool, note);
        self.defines.insert(id, expr);
    }

    fn is_valid(&mut self, id: TagId) -> Expr {
        let tag = self.program.tag(id);
        let value = self.tag_value(id);
        let valid = self.fits_type(value, &tag.ty);
        let valid = self.columns.truth(valid);
        if tag.ty == TagType::Text {
            return valid;
        }
        self.columns.share(&format!("valid_{}", tag.name), valid, Type::Bool, None)
    }

    /// Whether a text is a value of the type, exactly as it is; may be NULL if the text is. An
    /// empty text is a value of plain `text` only.
    pub(super) fn fits_type(&mut self, value: Expr, ty: &TagType) -> Expr {
        if matches!(value, Expr::Null(_)) {
            return Expr::bool(false);
        }
        let one_of = |value: Expr, members: Vec<Expr>| in_list(value, members, false);
        match ty {
            TagType::Text => self.columns.is_set(value),
            TagType::Matching(regex) => {
                let full =
                    Expr::Matches { value: Box::new(value.clone()), regex: regex.clone(), whole: true };
                if matches_empty(regex) {
                    Expr::and([Expr::compare(CmpOp::Ne, value, Expr::text("")), full])
                } else {
                    full
                }
            }
            TagType::OneOf(members) => {
                one_of(value, members.iter().filter(|m| !m.is_empty()).map(Expr::text).collect())
            }
            TagType::Bool => one_of(value, vec![Expr::text("true"), Expr::text("false")]),
            TagType::Email => self.has_form(value, Format::Email),
            TagType::Date => self.has_form(value, Format::Date),
            TagType::Number => self.has_form(value, Format::Number),
            TagType::Url => self.has_form(value, Format::Url),
            TagType::Duration => self.has_form(value, Format::Duration),
        }
    }

    /// Whether a text has the form; may be NULL if the text is.
    fn has_form(&mut self, value: Expr, format: Format) -> Expr {
        let function = match format {
            Format::Email => Function::IsEmail,
            Format::Number => Function::IsNumber,
            Format::Url => Function::IsUrl,
            Format::Duration => Function::IsDuration,
            Format::Date => {
                let day = self.columns.derive(Function::ParseDate, value, Type::Date);
                return self.columns.is_set(day);
            }
        };
        match value {
            Expr::Null(_) => Expr::bool(false),
            value => Expr::call(function, [value]),
        }
    }

    /// Returns the value in the form to compare by; NULL for what has not that form.
    fn comparable(&mut self, value: &Value, by: CompareAs) -> Expr {
        match by {
            CompareAs::Text => self.text_value(value),
            CompareAs::Number => self.number_value(value),
            CompareAs::Date => self.date_value(value),
            CompareAs::Money => self.value_of_type(value, Type::Money),
            CompareAs::Duration => self.duration_value(value),
            CompareAs::Time => self.time_value(value),
        }
    }

    fn compare(&mut self, op: CmpOp, left: &Value, right: &Value, by: CompareAs) -> Expr {
        let (left, right) = (self.comparable(left, by), self.comparable(right, by));
        let condition = match (left, right) {
            (Expr::Null(_), _) | (_, Expr::Null(_)) => return Expr::bool(false),
            (Expr::Literal(Literal::Money(a)), Expr::Literal(Literal::Money(b))) => {
                return Expr::bool(satisfies(op, a.cmp(&b)));
            }
            (cost, Expr::Literal(Literal::Money(amount))) => self.compare_money(op, cost, amount),
            (Expr::Literal(Literal::Money(amount)), cost) => {
                self.compare_money(money::flipped(op), cost, amount)
            }
            (left, right) => Expr::compare(op, left, right),
        };
        self.columns.truth(condition)
    }

    fn compare_money(&self, op: CmpOp, cost: Expr, amount: rust_decimal::Decimal) -> Expr {
        match money::bound(op, amount) {
            Bound::Compare(op, amount) => Expr::compare(op, cost, Expr::Literal(Literal::Money(amount))),
            Bound::Always(true) => self.columns.is_set(cost),
            Bound::Always(false) => Expr::bool(false),
        }
    }

    fn is_in(&mut self, value: &Value, list: &[Value], negated: bool, by: CompareAs) -> Expr {
        let value = self.comparable(value, by);
        let list: Vec<Expr> = list.iter().map(|literal| self.comparable(literal, by)).collect();
        if matches!(value, Expr::Null(_)) || list.iter().any(|e| matches!(e, Expr::Null(_))) {
            return Expr::bool(false);
        }
        let list: Vec<Expr> = list.into_iter().filter_map(as_cost).collect();
        if list.is_empty() {
            return if negated { self.columns.is_set(value) } else { Expr::bool(false) };
        }
        self.columns.truth(in_list(value, list, negated))
    }

    fn text_test(&mut self, op: TextOp, value: &Value, patterns: &[String]) -> Expr {
        let text = self.text_value(value);
        if matches!(text, Expr::Null(_)) {
            return Expr::bool(false);
        }
        let function = match op {
            TextOp::Contains => Function::Contains,
            TextOp::StartsWith => Function::StartsWith,
            TextOp::EndsWith => Function::EndsWith,
            TextOp::Like => return self.like_any(text, patterns),
            TextOp::HasWord => return self.has_word(text, patterns),
        };
        let text = if patterns.len() > 1 { self.reusable(text) } else { text };
        let tests: Vec<Expr> = patterns
            .iter()
            .map(|pattern| Expr::call(function, [text.clone(), Expr::text(pattern)]))
            .collect();
        self.columns.truth(Expr::or(tests))
    }

    /// A test against a text of the same resource. The checker admits three operators only.
    fn computed_text_test(&mut self, op: TextOp, value: &Value, operand: &Value) -> Expr {
        let function = match op {
            TextOp::Contains => Function::Contains,
            TextOp::StartsWith => Function::StartsWith,
            TextOp::EndsWith => Function::EndsWith,
            TextOp::Like | TextOp::HasWord => return Expr::bool(false),
        };
        let (text, operand) = (self.text_value(value), self.text_value(operand));
        if matches!(text, Expr::Null(_)) || matches!(operand, Expr::Null(_)) {
            return Expr::bool(false);
        }
        self.columns.truth(Expr::call(function, [text, operand]))
    }

    fn like_any(&mut self, text: Expr, patterns: &[String]) -> Expr {
        let text = if patterns.len() > 1 { self.reusable(text) } else { text };
        let like = |pattern: &String| Expr::Like { value: Box::new(text.clone()), pattern: glob(pattern) };
        let tests: Vec<Expr> = patterns.iter().map(like).collect();
        self.columns.truth(Expr::or(tests))
    }

    /// The words of a name are found once, in a column of their own.
    fn has_word(&mut self, text: Expr, patterns: &[String]) -> Expr {
        let words = self.columns.derive(Function::Words, text, Type::Text);
        let tests: Vec<Expr> = patterns
            .iter()
            .filter_map(|pattern| word(pattern))
            .map(|word| Expr::call(Function::Contains, [words.clone(), Expr::text(word)]))
            .collect();
        self.columns.truth(Expr::or(tests))
    }

    fn matches(&mut self, value: &Value, regex: &Regex, whole: bool) -> Expr {
        let value = self.text_value(value);
        if matches!(value, Expr::Null(_)) {
            return Expr::bool(false);
        }
        let test = Expr::Matches { value: Box::new(value), regex: regex.clone(), whole };
        self.columns.truth(test)
    }

    fn within(&mut self, value: &Value, direction: Direction, span: Duration) -> Expr {
        let (from, to) = match direction {
            Direction::Last => (shift(self.now, -span.seconds), self.now),
            Direction::Next => (self.now, shift(self.now, span.seconds)),
        };
        let typed = self.value(value);
        let (value, from, to) = if typed.ty == Type::Time {
            (typed.expr, Literal::Time(from), Literal::Time(to))
        } else {
            let day = self.date_value(value);
            (day, Literal::Date(from.date_naive()), Literal::Date(to.date_naive()))
        };
        if matches!(value, Expr::Null(_)) {
            return Expr::bool(false);
        }
        self.columns.truth(Expr::and([
            Expr::compare(CmpOp::Ge, value.clone(), Expr::Literal(from)),
            Expr::compare(CmpOp::Le, value, Expr::Literal(to)),
        ]))
    }
}

/// Returns whether the value is among the constants; NULL if the value is.
pub(super) fn in_list(value: Expr, mut list: Vec<Expr>, negated: bool) -> Expr {
    let op = if negated { CmpOp::Ne } else { CmpOp::Eq };
    match (list.len(), list.pop()) {
        (_, None) => Expr::bool(negated),
        (1, Some(only)) => Expr::compare(op, value, only),
        (_, Some(last)) => {
            list.push(last);
            Expr::In { value: Box::new(value), list, negated }
        }
    }
}

/// Returns a constant as the column of costs can hold it. None: no cost is equal to it.
fn as_cost(literal: Expr) -> Option<Expr> {
    let Expr::Literal(Literal::Money(amount)) = literal else {
        return Some(literal);
    };
    match money::bound(CmpOp::Eq, amount) {
        Bound::Compare(_, amount) => Some(Expr::Literal(Literal::Money(amount))),
        Bound::Always(_) => None,
    }
}

fn satisfies(op: CmpOp, order: std::cmp::Ordering) -> bool {
    match op {
        CmpOp::Eq => order.is_eq(),
        CmpOp::Ne => order.is_ne(),
        CmpOp::Lt => order.is_lt(),
        CmpOp::Le => order.is_le(),
        CmpOp::Gt => order.is_gt(),
        CmpOp::Ge => order.is_ge(),
    }
}

/// Returns the time that many seconds later, within the years 1 to 9999, which every dialect can
/// write.
pub(super) fn shift(time: DateTime<Utc>, seconds: i64) -> DateTime<Utc> {
    let end = |year, month, day| {
        NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default().and_time(chrono::NaiveTime::MIN)
    };
    let (first, last) = (end(1, 1, 1).and_utc(), end(9999, 12, 31).and_utc());
    let shifted = TimeDelta::try_seconds(seconds).and_then(|d| time.checked_add_signed(d));
    let beyond = if seconds < 0 { first } else { last };
    shifted.unwrap_or(beyond).clamp(first, last)
}
