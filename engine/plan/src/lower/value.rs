//! Values become typed expressions, and expressions of one type become those of another.

use rust_decimal::Decimal;
use tagpol_sema::program::{Attr, ChargeAttr, Func, Regex, TableId, Value};

use super::text::group_count;
use super::{Lowering, money, note};
use crate::ir::{AttrColumn, Expr, Field, Function, Literal, Type};

/// An expression and its type.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    pub(super) expr: Expr,
    pub(super) ty: Type,
}

impl Typed {
    fn new(expr: Expr, ty: Type) -> Self {
        Self { expr, ty }
    }

    fn text(expr: Expr) -> Self {
        Self::new(expr, Type::Text)
    }
}

impl Lowering<'_> {
    /// Returns the value; NULL if it is missing.
    pub(super) fn value(&mut self, value: &Value) -> Typed {
        match value {
            Value::Text(text) => Typed::text(Expr::text(text)),
            Value::Bool(truth) => Typed::text(Expr::text(truth.to_string())),
            Value::Number(number) => Typed::new(Expr::Literal(Literal::Number(*number)), Type::Number),
            Value::Money(amount, currency) => {
                let amount = self.in_currency(*amount, currency);
                Typed::new(Expr::Literal(Literal::Money(amount)), Type::Money)
            }
            Value::Date(day) => Typed::new(Expr::Literal(Literal::Date(*day)), Type::Date),
            Value::Duration(span) => {
                Typed::new(Expr::integer(span.seconds.saturating_mul(1_000_000)), Type::Duration)
            }
            Value::Tag(id) => Typed::text(self.tag_value(*id)),
            Value::Native(key) => Typed::text(self.composed_key(key)),
            Value::NativeTag(id) => Typed::text(self.native_value(*id)),
            Value::SourceOf(id) => Typed::text(self.source_name(*id)),
            Value::ConfidenceOf(id) => Typed::new(self.confidence(*id), Type::Number),
            Value::Attr(attr) => self.attr(*attr),
            Value::Charge(attr) => Typed::text(self.charge_attr(*attr)),
            Value::Meta(path) => {
                let field = Expr::Field(Field::Meta(path.clone()));
                Typed::text(self.columns.share(&format!("meta_{path}"), field, Type::Text, None))
            }
            Value::Lookup { table, column, key } => Typed::text(self.lookup(*table, *column, key)),
            Value::Template(parts) => Typed::text(self.template(value, parts)),
            Value::Call(func, args) => self.call(value, *func, args),
            Value::CountNative(tags) => Typed::new(self.count_native(tags), Type::Integer),
            Value::Element => Typed::text(self.element.clone().unwrap_or(Expr::Null(Type::Text))),
            Value::Related { relation, part } => Typed::text(self.related_part(*relation, *part)),
            Value::Today => Typed::new(Expr::Literal(Literal::Date(self.now.date_naive())), Type::Date),
            Value::Now => Typed::new(Expr::Literal(Literal::Time(self.now)), Type::Time),
            Value::Shift { from, back, by } => self.shifted(from, *back, by),
            Value::Extract(inner, regex) => Typed::text(self.extract(inner, regex)),
        }
    }

    /// An attribute that only charges have; missing where the relation is one of resources.
    fn charge_attr(&mut self, attr: ChargeAttr) -> Expr {
        if !self.is_charged {
            return Expr::Null(Type::Text);
        }
        let field = Expr::Field(Field::Promoted(attr.column().to_owned()));
        self.columns.share(&format!("charge_{}", attr.column()), field, Type::Text, None)
    }

    fn attr(&mut self, attr: Attr) -> Typed {
        let column = match attr {
            Attr::Id => AttrColumn::Id,
            Attr::Name => AttrColumn::Name,
            Attr::Type => AttrColumn::Type,
            Attr::Provider => AttrColumn::Provider,
            Attr::Account => AttrColumn::Account,
            Attr::Region => AttrColumn::Region,
            Attr::Source => AttrColumn::Source,
            Attr::MonthlyCost => AttrColumn::MonthlyCost,
            Attr::Created => AttrColumn::Created,
            Attr::Age => {
                let created = self.attr_column(AttrColumn::Created);
                let now = Expr::Literal(Literal::Time(self.now));
                let age = Expr::call(Function::TimeBetween, [created, now]);
                return Typed::new(age, Type::Duration);
            }
        };
        Typed::new(self.attr_column(column), column.ty())
    }

    /// Returns the attribute's column, which layer 0 always has.
    pub(super) fn attr_column(&mut self, attr: AttrColumn) -> Expr {
        self.columns.share(attr.as_str(), Expr::Field(Field::Attr(attr)), attr.ty(), None)
    }

    /// A lookup is a column of its own, so that each is made once.
    fn lookup(&mut self, table: TableId, column: usize, key: &Value) -> Expr {
        let key = self.text_value(key);
        if matches!(key, Expr::Null(_)) {
            return key;
        }
        let declared = self.program.table(table);
        let cell = declared.columns.get(column).map_or("", |column| column.name.as_str());
        let name = format!("lookup_{}_{cell}", declared.name);
        let note = note(format!("table `{}`", declared.name), &declared.loc);
        self.columns.share(&name, Expr::Lookup { table, column, key: Box::new(key) }, Type::Text, note)
    }

    /// A template of one part passes on what it is given, and has no limit.
    fn template(&mut self, written: &Value, parts: &[Value]) -> Expr {
        if let [only] = parts {
            return self.text_value(only);
        }
        let mut texts: Vec<Expr> = Vec::new();
        for part in parts {
            let part = self.text_value(part);
            let part = self.reusable(part);
            match (texts.last_mut(), part) {
                (_, Expr::Null(ty)) => return Expr::Null(ty),
                (Some(Expr::Literal(Literal::Text(before))), Expr::Literal(Literal::Text(after))) => {
                    before.push_str(&after)
                }
                (_, part) => texts.push(part),
            }
        }
        if texts.is_empty() {
            return Expr::text("");
        }
        let written = self.written(written);
        self.concatenated(texts, &written)
    }

    fn call(&mut self, written: &Value, func: Func, args: &[Value]) -> Typed {
        let (function, ty) = match func {
            Func::Coalesce => return self.first_of(args),
            Func::Lower => (Function::Lower, Type::Text),
            Func::Upper => (Function::Upper, Type::Text),
            Func::Trim => (Function::Trim, Type::Text),
            Func::Length => (Function::Length, Type::Integer),
            Func::Replace => (Function::Replace, Type::Text),
        };
        let args: Vec<Expr> = args.iter().map(|arg| self.text_value(arg)).collect();
        if args.iter().any(|arg| matches!(arg, Expr::Null(_))) {
            return Typed::new(Expr::Null(ty), ty);
        }
        if function == Function::Replace {
            let args: Vec<Expr> = args.into_iter().map(|arg| self.reusable(arg)).collect();
            let written = self.written(written);
            return Typed::text(self.replaced(args, &written));
        }
        Typed::new(Expr::Call(function, args), ty)
    }

    /// Values of one type keep it; others are taken as text.
    fn first_of(&mut self, args: &[Value]) -> Typed {
        let typed: Vec<Typed> = args.iter().map(|arg| self.value(arg)).collect();
        let ty = match typed.split_first() {
            Some((first, rest)) if rest.iter().all(|t| t.ty == first.ty) => first.ty,
            _ => Type::Text,
        };
        let parts: Vec<Expr> =
            typed.into_iter().map(|t| if t.ty == ty { t.expr } else { self.to_text(t) }).collect();
        Typed::new(self.columns.coalesce(parts, ty), ty)
    }

    fn extract(&mut self, inner: &Value, regex: &Regex) -> Expr {
        let value = self.text_value(inner);
        if matches!(value, Expr::Null(_)) {
            return value;
        }
        let (value, regex) = (Box::new(self.reusable(value)), regex.clone());
        let group = group_count(&regex).min(1);
        let found = Expr::Matches { value: value.clone(), regex: regex.clone(), whole: false };
        let text = Expr::Group { value, regex, group, whole: false };
        Expr::only_where(found, text, Type::Text)
    }

    /// Returns the value as text; NULL for what has no text form.
    pub(super) fn text_value(&mut self, value: &Value) -> Expr {
        let typed = self.value(value);
        self.to_text(typed)
    }

    fn to_text(&self, typed: Typed) -> Expr {
        match (typed.ty, typed.expr) {
            (Type::Text, expr) => expr,
            (_, Expr::Literal(Literal::Number(number))) => Expr::text(number.to_string()),
            (_, Expr::Literal(Literal::Date(day))) => Expr::text(day.to_string()),
            (Type::Integer | Type::Date, expr) => Expr::call(Function::ToText, [expr]),
            _ => Expr::Null(Type::Text),
        }
    }

    /// Returns the value as an IEEE double; NULL for what is not a number.
    pub(super) fn number_value(&mut self, value: &Value) -> Expr {
        let Typed { expr, ty } = self.value(value);
        match ty {
            Type::Number => expr,
            Type::Integer => Expr::call(Function::ToNumber, [expr]),
            Type::Text => self.columns.derive(Function::ParseNumber, expr, Type::Number),
            _ => Expr::Null(Type::Number),
        }
    }

    /// Returns the value as a day; NULL for what is not a date.
    pub(super) fn date_value(&mut self, value: &Value) -> Expr {
        let Typed { expr, ty } = self.value(value);
        match ty {
            Type::Date => expr,
            Type::Time => Expr::call(Function::DayOf, [expr]),
            Type::Text => self.columns.derive(Function::ParseDate, expr, Type::Date),
            _ => Expr::Null(Type::Date),
        }
    }

    /// Returns the value as a time, a day as its first moment; NULL for what is neither.
    pub(super) fn time_value(&mut self, value: &Value) -> Expr {
        let Typed { expr, ty } = self.value(value);
        match ty {
            Type::Time => expr,
            _ => match self.date_value(value) {
                Expr::Null(_) => Expr::Null(Type::Time),
                day => Expr::call(Function::ToTime, [day]),
            },
        }
    }

    /// Returns the value as a length of time; NULL for what is none.
    pub(super) fn duration_value(&mut self, value: &Value) -> Expr {
        let Typed { expr, ty } = self.value(value);
        match ty {
            Type::Duration => expr,
            Type::Text => self.columns.derive(Function::ParseDuration, expr, Type::Duration),
            _ => Expr::Null(Type::Duration),
        }
    }

    /// A day or a time before or after another one. A day with a literal number of whole days stays a day.
    fn shifted(&mut self, from: &Value, back: bool, by: &Value) -> Typed {
        let is_time = self.value(from).ty == Type::Time;
        let is_whole = matches!(by, Value::Duration(span) if span.seconds % 86_400 == 0);
        let ty = if is_whole && !is_time { Type::Date } else { Type::Time };
        let (from, span) = (self.time_value(from), self.duration_value(by));
        if matches!(from, Expr::Null(_)) || matches!(span, Expr::Null(_)) {
            return Typed::new(Expr::Null(ty), ty);
        }
        let span = if back { Expr::call(Function::Back, [span]) } else { span };
        let shifted = Expr::call(Function::AddTime, [from, span]);
        Typed::new(if ty == Type::Date { Expr::call(Function::DayOf, [shifted]) } else { shifted }, ty)
    }

    /// Returns the value if it is of the type, else NULL.
    pub(super) fn value_of_type(&mut self, value: &Value, wanted: Type) -> Expr {
        let Typed { expr, ty } = self.value(value);
        if ty == wanted { expr } else { Expr::Null(wanted) }
    }

    /// Returns an amount in the snapshot's currency, by its rate where it is of another.
    fn in_currency(&mut self, amount: Decimal, currency: &str) -> Decimal {
        let Some(snapshot) = self.currency else { return amount };
        if snapshot == currency {
            return amount;
        }
        let rate = self.rates.between(currency, snapshot);
        if let Some(amount) = rate.and_then(|rate| rate.of(amount)) {
            return amount;
        }
        self.errors.push(money::CurrencyMismatch {
            amount,
            currency: currency.to_owned(),
            snapshot: snapshot.to_owned(),
            loc: self.at.clone(),
        });
        amount
    }
}
