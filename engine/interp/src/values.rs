//! Expressions: what they come to for a resource, and in which form it can be read.

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};
use rust_decimal::Decimal;
use tagpol_sema::formats::{is_blank, lower, parse_date, parse_duration, trim, upper};
use tagpol_sema::pretty::Words;
use tagpol_sema::program::{Attr, ChargeAttr, Format, Func, Loc, Regex, TagId, Value};

use super::Resource;
use super::patterns::Limited;
use tagpol_plan::ir::ComputedText;

/// What an expression comes to, where it is not missing.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    Text(String),
    Number(Decimal),
    Money(Decimal),
    Date(NaiveDate),
    Time(DateTime<Utc>),
    Duration(TimeDelta),
}

impl Scalar {
    /// Returns it as text; None for what has no text form.
    fn as_text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Date(day) => Some(day.format("%Y-%m-%d").to_string()),
            Self::Money(_) | Self::Time(_) | Self::Duration(_) => None,
        }
    }

    /// Returns it as a day; a time is its day in UTC.
    pub(super) fn as_date(&self) -> Option<NaiveDate> {
        match self {
            Self::Text(text) => parse_date(text),
            Self::Date(day) => Some(*day),
            Self::Time(time) => Some(time.date_naive()),
            Self::Number(_) | Self::Money(_) | Self::Duration(_) => None,
        }
    }
}

/// The first moment of year 1.
fn first_moment() -> DateTime<Utc> {
    NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default().and_time(NaiveTime::MIN).and_utc()
}

/// The last day of 9999, which people write for "never".
fn last_moment() -> DateTime<Utc> {
    NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or_default().and_time(NaiveTime::MIN).and_utc()
}

impl Resource<'_> {
    /// Returns what an expression comes to; None if it is missing.
    pub(super) fn value(&self, value: &Value) -> Option<Scalar> {
        match value {
            Value::Number(number) => Some(Scalar::Number(*number)),
            Value::Money(amount, currency) => {
                let ours = self.options.currency.as_ref();
                if ours.is_none_or(|ours| ours == currency) {
                    return Some(Scalar::Money(*amount));
                }
                let (worth, units) = self.options.rates.get(currency)?;
                amount.checked_mul(*worth)?.checked_div(*units).map(Scalar::Money)
            }
            Value::Date(day) => Some(Scalar::Date(*day)),
            Value::Duration(span) => Some(Scalar::Duration(TimeDelta::seconds(span.seconds))),
            Value::Text(text) => Some(Scalar::Text(text.clone())),
            Value::Bool(truth) => Some(Scalar::Text(truth.to_string())),
            Value::Tag(id) => self.tag(*id)?.value.clone().map(Scalar::Text),
            Value::Native(key) => self.raw_value(key).map(Scalar::Text),
            Value::NativeTag(id) => Some(Scalar::Text(self.native(*id)?.value.clone())),
            Value::SourceOf(id) => Some(Scalar::Text(self.tag(*id)?.source?.as_str().to_owned())),
            Value::ConfidenceOf(id) => self.confidence(*id).map(Scalar::Number),
            Value::Attr(attr) => self.attr(*attr),
            Value::Charge(attr) => self.charge_attr(*attr).cloned().map(Scalar::Text),
            Value::Meta(path) => self.meta(path).map(Scalar::Text),
            Value::Lookup { table, column, key } => {
                let row = self.options.tables.get(table.0 as usize)?.get(&self.text(key)?)?;
                row.get(*column)?.clone().map(Scalar::Text)
            }
            Value::Template(parts) => self.template(value, parts).map(Scalar::Text),
            Value::Call(func, args) => self.call(value, *func, args),
            Value::CountNative(tags) => Some(Scalar::Number(self.count_native(tags).into())),
            Value::Element => self.element.borrow().clone().map(Scalar::Text),
            Value::Related { relation, part } => self.related_part(*relation, *part).map(Scalar::Text),
            Value::Today => Some(Scalar::Date(self.options.now.date_naive())),
            Value::Now => Some(Scalar::Time(self.options.now)),
            Value::Shift { from, back, by } => self.shifted(from, *back, by),
            Value::Extract(inner, regex) => self.extract(inner, regex).map(Scalar::Text),
        }
    }

    fn charge_attr(&self, attr: ChargeAttr) -> Option<&String> {
        let charge = self.row.charge.as_ref()?;
        match attr {
            ChargeAttr::Service => charge.service.as_ref(),
            ChargeAttr::Category => charge.category.as_ref(),
            ChargeAttr::BillingAccount => charge.billing_account.as_ref(),
        }
    }

    /// Returns the expression as a reader may see it: text as it is, amounts without their currency,
    /// times in RFC 3339, lengths of time in seconds. None if it is missing.
    pub fn shown(&self, value: &Value) -> Option<String> {
        Some(match self.value(value)? {
            Scalar::Text(text) => text,
            Scalar::Number(number) | Scalar::Money(number) => number.to_string(),
            Scalar::Date(day) => day.format("%Y-%m-%d").to_string(),
            Scalar::Time(time) => time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            Scalar::Duration(span) => format!("{} seconds", span.num_seconds()),
        })
    }

    /// Returns the expression as text; None if it is missing.
    pub(super) fn text(&self, value: &Value) -> Option<String> {
        self.value(value)?.as_text()
    }

    /// Returns the expression as the value that it gives a tag; None if it is missing or blank. A literal is
    /// never blank: the checker reports it.
    pub fn given(&self, value: &Value) -> Option<String> {
        self.text(value).filter(|text| value.is_literal() || !is_blank(text))
    }

    /// Returns the expressions as texts; None if one of them is missing.
    fn texts(&self, values: &[Value]) -> Option<Vec<String>> {
        values.iter().map(|value| self.text(value)).collect()
    }

    /// Returns the expression as an IEEE double; None if it is missing or no number.
    pub(super) fn number(&self, value: &Value) -> Option<f64> {
        let text = self.text(value)?;
        if self.patterns.has_form(Format::Number, &text) { text.parse().ok() } else { None }
    }

    /// Returns the expression as an amount; None if it is missing or no money.
    pub(super) fn money(&self, value: &Value) -> Option<Decimal> {
        if let Scalar::Money(amount) = self.value(value)? { Some(amount) } else { None }
    }

    /// Returns the expression as a day; None if it is missing or no date.
    pub(super) fn date(&self, value: &Value) -> Option<NaiveDate> {
        self.value(value)?.as_date()
    }

    /// Returns the expression as a length of time; None if it is missing or none.
    pub(super) fn duration(&self, value: &Value) -> Option<TimeDelta> {
        match self.value(value)? {
            Scalar::Duration(span) => Some(span),
            Scalar::Text(text) if self.patterns.has_form(Format::Duration, &text) => {
                parse_duration(&text).map(TimeDelta::microseconds)
            }
            _ => None,
        }
    }

    /// Returns the expression as a time; None if it is missing or none.
    pub(super) fn time(&self, value: &Value) -> Option<DateTime<Utc>> {
        match self.value(value)? {
            Scalar::Time(time) => Some(time),
            scalar => Some(scalar.as_date()?.and_time(NaiveTime::MIN).and_utc()),
        }
    }

    /// A day or a time before or after another one. A day with a literal number of whole days stays a day.
    fn shifted(&self, from: &Value, back: bool, by: &Value) -> Option<Scalar> {
        let is_time = matches!(self.value(from)?, Scalar::Time(_));
        let (from, span) = (self.time(from)?, self.duration(by)?);
        let shifted = if back { from.checked_sub_signed(span) } else { from.checked_add_signed(span) };
        let (first, last) = (first_moment(), last_moment());
        let shifted = shifted.unwrap_or(if back { first } else { last }).clamp(first, last);
        let is_whole = matches!(by, Value::Duration(span) if span.seconds % 86_400 == 0);
        Some(if is_whole && !is_time { Scalar::Date(shifted.date_naive()) } else { Scalar::Time(shifted) })
    }

    fn attr(&self, attr: Attr) -> Option<Scalar> {
        let row = self.row;
        match attr {
            Attr::Id => (!row.id.is_empty()).then(|| Scalar::Text(row.id.clone())),
            Attr::Name => row.name.clone().map(Scalar::Text),
            Attr::Type => row.type_.clone().map(Scalar::Text),
            Attr::Provider => row.provider.clone().map(Scalar::Text),
            Attr::Account => row.account.clone().map(Scalar::Text),
            Attr::Region => row.region.clone().map(Scalar::Text),
            Attr::Created => row.created.map(Scalar::Time),
            Attr::Age => self.age().map(Scalar::Duration),
            Attr::MonthlyCost => row.monthly_cost.map(Scalar::Money),
            Attr::Source => row.source.clone().map(Scalar::Text),
        }
    }

    /// Now minus created; negative where it is created later.
    pub fn age(&self) -> Option<TimeDelta> {
        self.row.created.map(|created| self.options.now - created)
    }

    /// The member of exactly this name, else what the names between the dots lead to.
    fn meta(&self, path: &str) -> Option<String> {
        let json: serde_json::Value = serde_json::from_str(self.row.meta.as_ref()?).ok()?;
        let text = |value: &serde_json::Value| match value {
            serde_json::Value::Null => None,
            serde_json::Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        json.get(path).and_then(text).or_else(|| {
            let step = |value: &serde_json::Value, name: &str| match value {
                serde_json::Value::Array(members) => {
                    // `01` and `+1` are no positions.
                    let position = name.parse::<usize>().ok().filter(|at| at.to_string() == name)?;
                    members.get(position).cloned()
                }
                other => other.get(name).cloned(),
            };
            text(&path.split('.').try_fold(json.clone(), |value, name| step(&value, name))?)
        })
    }

    /// Puts texts together; missing where one is, or where they are longer than the limit. A template of one
    /// part passes on what it is given, and has no limit.
    fn template(&self, written: &Value, parts: &[Value]) -> Option<String> {
        if let [only] = parts {
            return self.text(only);
        }
        let mut joined = Limited::new(self.options.text_limit);
        for part in parts {
            joined.push(&self.text(part)?);
        }
        joined.finish().or_else(|| self.is_too_long(self.computed(written)))
    }

    /// `replace(text, from, to)`; missing where it comes out longer than the limit.
    fn replace(&self, written: &Value, text: &str, from: &str, to: &str) -> Option<String> {
        let found = if from.is_empty() { 0 } else { text.matches(from).count() };
        let length = (text.len() - found * from.len()).saturating_add(found.saturating_mul(to.len()));
        if !self.options.text_limit.allows(length) {
            return self.is_too_long(self.computed(written));
        }
        Some(if found == 0 { text.to_owned() } else { text.replace(from, to) })
    }

    /// A text that is computed in a condition; where that stands is not known here.
    fn computed(&self, written: &Value) -> ComputedText {
        let nowhere = Loc { file: "".into(), line: 0, column: 0 };
        ComputedText::new(None, &Words::new(self.program).value(written), nowhere)
    }

    /// Notes that a text came out too long. Returns None: it is missing.
    pub(super) fn is_too_long<T>(&self, text: ComputedText) -> Option<T> {
        self.too_long.borrow_mut().get_or_insert(text);
        None
    }

    /// Returns what `f` does, and notes the tag and the place of the first text that it finds too long.
    pub(super) fn computing_for<T>(&self, tag: TagId, loc: &Loc, f: impl FnOnce(&Self) -> T) -> T {
        let earlier = self.too_long.take();
        let result = f(self);
        let found = self.too_long.take();
        let tag = || Some(self.declaration(tag).name.clone());
        let found = found.map(|text| ComputedText { tag: tag(), loc: loc.clone(), ..text });
        self.too_long.replace(earlier.or(found));
        result
    }

    fn call(&self, written: &Value, func: Func, args: &[Value]) -> Option<Scalar> {
        if func == Func::Coalesce {
            return args.iter().find_map(|arg| self.value(arg));
        }
        let texts = self.texts(args)?;
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        match (func, texts.as_slice()) {
            (Func::Lower, [text]) => Some(Scalar::Text(lower(text))),
            (Func::Upper, [text]) => Some(Scalar::Text(upper(text))),
            (Func::Trim, [text]) => Some(Scalar::Text(trim(text).to_owned())),
            (Func::Length, [text]) => Some(Scalar::Number(text.chars().count().into())),
            (Func::Replace, [text, from, to]) => self.replace(written, text, from, to).map(Scalar::Text),
            // The checker lets no call with another number of arguments pass.
            _ => None,
        }
    }

    /// Returns group 1 of the first match, or the whole match where the expression has no group. A
    /// group that took no part in the match is empty.
    fn extract(&self, inner: &Value, regex: &Regex) -> Option<String> {
        let text = self.text(inner)?;
        let compiled = self.patterns.part(&regex.pattern, regex.ignore_case);
        let groups = compiled.captures(&text)?;
        let group = usize::from(compiled.captures_len() > 1);
        Some(groups.get(group).map_or(String::new(), |m| m.as_str().to_owned()))
    }
}
