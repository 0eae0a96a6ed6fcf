//! Literals: numbers, dates, amounts with units, regular expressions.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::Ctx;
use crate::codes::Code;
use crate::hir::{NodeId, Quantity, RegexLit};
use crate::program::{Duration, Regex};
use crate::{formats, regex};

/// The units of time, in seconds; singular and plural.
const DURATIONS: [(&str, &str, i64); 5] = [
    ("second", "seconds", 1),
    ("minute", "minutes", 60),
    ("hour", "hours", 3600),
    ("day", "days", 86_400),
    ("week", "weeks", 604_800),
];

/// Currencies that a word in small letters is taken for. Another word may be a unit of time with a typing error.
const CURRENCIES: [&str; 31] = [
    "AED", "ARS", "AUD", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF",
    "IDR", "ILS", "INR", "JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PLN", "SAR", "SEK", "SGD", "TRY", "USD",
    "ZAR",
];

/// The longest length of time that a program may refer to: 100 years of 365 days.
const LONGEST: i64 = 100 * 365 * 86_400;

/// What a number with a unit can be.
pub(crate) enum Amount {
    /// A length of time.
    Duration(Duration),
    /// An amount of money in a currency.
    Money(Decimal, String),
}

impl Ctx<'_> {
    /// Reads a number with its unit.
    pub(crate) fn amount(&mut self, quantity: &Quantity) -> Option<Amount> {
        let number = self.number(quantity.id, &quantity.number)?;
        let unit = quantity.unit.text.as_str();
        if let Some((.., seconds)) = DURATIONS.iter().find(|(one, many, _)| unit == *one || unit == *many) {
            return self.duration_of(quantity, number, *seconds).map(Amount::Duration);
        }
        if unit.len() == 3 && unit.bytes().all(|b| b.is_ascii_uppercase()) {
            return Some(Amount::Money(number, unit.to_owned()));
        }
        let words = DURATIONS.iter().map(|(_, many, _)| *many);
        let mut draft = self
            .draft(Code::E0023, quantity.unit.id, format!("`{unit}` is not a unit"))
            .help("units of time are seconds, minutes, hours, days and weeks; money takes the three capital letters of its currency, as in `500 USD`");
        let upper = unit.to_ascii_uppercase();
        draft = match abbreviation(unit) {
            Some(word) => draft.help(format!("did you mean `{word}`?")).fix(word),
            None if CURRENCIES.contains(&upper.as_str()) => {
                draft.help(format!("did you mean `{upper}`?")).fix(upper)
            }
            None => draft.did_you_mean(unit, words),
        };
        self.report(draft);
        None
    }

    fn duration_of(&mut self, quantity: &Quantity, number: Decimal, seconds: i64) -> Option<Duration> {
        let total =
            number.checked_mul(Decimal::from(seconds)).and_then(|total| i64::try_from(total.round()).ok());
        match total {
            Some(seconds) if (0..=LONGEST).contains(&seconds) => Some(Duration { seconds }),
            _ => {
                let draft = self
                    .draft(Code::E0024, quantity.id, "this length of time is out of range")
                    .help("it must be between 0 seconds and 100 years");
                self.report(draft);
                None
            }
        }
    }

    /// Reads a number with a unit of time.
    pub(crate) fn duration(&mut self, quantity: &Quantity) -> Option<Duration> {
        match self.amount(quantity)? {
            Amount::Duration(duration) => Some(duration),
            Amount::Money(..) => {
                let draft = self
                    .draft(Code::E0020, quantity.id, "expected a length of time, found money")
                    .help("write it like `24 hours` or `90 days`");
                self.report(draft);
                None
            }
        }
    }

    /// Reads a plain number.
    pub(crate) fn number(&mut self, node: NodeId, text: &str) -> Option<Decimal> {
        let number = text.parse().ok();
        if number.is_none() {
            let (message, help) = if text.ends_with('%') {
                let help = "write a plain number or an amount such as `500 USD`; percentages belong to `at least` of goals, \
                            `split fixed` and `infer`";
                ("a percentage has no place here", help)
            } else {
                ("this number is too long", "write a decimal number of at most 28 digits")
            };
            let draft = self.draft(Code::E0024, node, message).help(help);
            self.report(draft);
        }
        number
    }

    /// Reads a day of the calendar.
    pub(crate) fn date(&mut self, node: NodeId, text: &str) -> Option<NaiveDate> {
        let date = formats::parse_date(text);
        if date.is_none() {
            let draft = self
                .draft(Code::E0024, node, format!("`{text}` is not a day of the calendar"))
                .help("dates are written `YYYY-MM-DD`");
            self.report(draft);
        }
        date
    }

    /// Checks a regular expression.
    pub(crate) fn regex(&mut self, literal: &RegexLit) -> Option<Regex> {
        match regex::check(&literal.pattern, &literal.flags) {
            Ok(regex) => Some(regex),
            Err(reason) => {
                let draft = self
                    .draft(Code::E0022, literal.id, "this regular expression cannot be used")
                    .label(reason)
                    .help("supported: the syntax that RE2 and Rust's regex crate have in common, so that results do not depend on the engine");
                self.report(draft);
                None
            }
        }
    }
}

/// The unit that a usual abbreviation stands for.
fn abbreviation(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "s" | "sec" | "secs" => "seconds",
        "m" | "min" | "mins" => "minutes",
        "h" | "hr" | "hrs" => "hours",
        "d" => "days",
        "w" | "wk" => "weeks",
        _ => return None,
    })
}
