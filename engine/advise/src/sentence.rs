//! Sentences of typed parts, so that numbers, names, foreign values and commands are never mistaken for words.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tagpol_model::numbers;

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Words of this program, or of a model after they were checked; never a digit.
    Words(Cow<'static, str>),
    /// How many: `1,204`.
    Count(u64),
    /// A share in percent, as it is shown: `47.7%`.
    Share(String),
    /// A score in tenths: `61.2`.
    Score(u32),
    /// An amount of money.
    Money(Money),
    /// A month or a range of months: `2026-10`.
    Month(String),
    /// A name that the policies define: of a tag, a policy, a check, a goal, a framework.
    Name(String),
    /// A text of foreign origin: a value, the name or id of a resource, an account, a native key, a message.
    Value(String),
    /// A command of this program.
    Command(Command),
}

/// A command of this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The whole line.
    pub text: String,
    /// The argument of foreign origin: the id of a resource. None if there is none.
    pub foreign: Option<String>,
}

/// An amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// The amount.
    pub amount: Amount,
    /// Its currency, ISO 4217. None if the inventory names none.
    pub currency: Option<Currency>,
}

/// A decimal number, in units of 10^-`scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Amount {
    /// How many units.
    pub unscaled: i128,
    /// Digits behind the point.
    pub scale: u8,
}

impl Amount {
    /// Returns the amount in units of a scale, to compare amounts; what is beyond all numbers is the greatest.
    pub(crate) fn at_scale(self, scale: u8) -> i128 {
        let (up, down) = (scale.saturating_sub(self.scale), self.scale.saturating_sub(scale));
        let factor = |digits: u8| 10_i128.checked_pow(digits.into()).unwrap_or(i128::MAX);
        self.unscaled.saturating_mul(factor(up)) / factor(down)
    }

    /// Whether it is more than nothing.
    pub(crate) fn is_positive(self) -> bool {
        self.unscaled > 0
    }
}

/// The code of a currency: three capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Reads a code. None if the text is not one: it is foreign, and can be anything.
    pub fn new(text: &str) -> Option<Self> {
        let code: [u8; 3] = text.as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_uppercase).then_some(Self(code))
    }

    /// Returns the code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Part {
    /// Returns the part as text, foreign values exactly as they are; not yet escaped for any reader.
    pub(crate) fn plain(&self) -> Cow<'_, str> {
        match self {
            Self::Words(words) => Cow::Borrowed(words),
            Self::Count(number) => Cow::Owned(numbers::count(*number)),
            Self::Score(tenths) => Cow::Owned(format!("{}.{}", tenths / 10, tenths % 10)),
            Self::Money(money) => Cow::Owned(money.to_string()),
            Self::Share(text)
            | Self::Month(text)
            | Self::Name(text)
            | Self::Value(text)
            | Self::Command(Command { text, .. }) => Cow::Borrowed(text),
        }
    }

    /// Returns the foreign text in it. None if all of it is of this program or of the policies.
    pub fn foreign(&self) -> Option<&str> {
        match self {
            Self::Value(text) => Some(text),
            Self::Command(command) => command.foreign.as_deref(),
            _ => None,
        }
    }

    /// Whether it states something that a fact must support: anything but words.
    pub fn is_atom(&self) -> bool {
        !matches!(self, Self::Words(_))
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&numbers::money(self.amount.unscaled, self.amount.scale))?;
        match &self.currency {
            Some(currency) => write!(f, " {}", currency.as_str()),
            None => Ok(()),
        }
    }
}

/// A sentence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sentence(pub Vec<Part>);

/// The text, foreign values exactly as they are: not escaped for any reader.
impl std::fmt::Display for Sentence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for part in &self.0 {
            match part {
                Part::Name(_) | Part::Value(_) | Part::Command(_) => write!(f, "`{}`", part.plain())?,
                part => f.write_str(&part.plain())?,
            }
        }
        Ok(())
    }
}

impl Sentence {
    /// Returns its parts that a fact must support.
    pub fn atoms(&self) -> impl Iterator<Item = &Part> {
        self.0.iter().filter(|part| part.is_atom())
    }

    pub(crate) fn push(&mut self, part: impl IntoParts) {
        part.add_to(&mut self.0);
    }
}

/// What a sentence is put together from.
pub(crate) trait IntoParts {
    fn add_to(self, parts: &mut Vec<Part>);
}

impl IntoParts for &'static str {
    fn add_to(self, parts: &mut Vec<Part>) {
        parts.push(Part::Words(Cow::Borrowed(self)));
    }
}

impl IntoParts for Part {
    fn add_to(self, parts: &mut Vec<Part>) {
        parts.push(self);
    }
}

impl IntoParts for Sentence {
    fn add_to(self, parts: &mut Vec<Part>) {
        parts.extend(self.0);
    }
}

impl<T: IntoParts> IntoParts for Option<T> {
    fn add_to(self, parts: &mut Vec<Part>) {
        if let Some(part) = self {
            part.add_to(parts);
        }
    }
}

/// Puts a sentence together: words as string literals, other parts by the functions below.
macro_rules! sentence {
    ($($part:expr),* $(,)?) => {{
        let mut sentence = $crate::sentence::Sentence::default();
        $(sentence.push($part);)*
        sentence
    }};
}
pub(crate) use sentence;

/// A number with its noun, as `several(2, "row", "rows")`.
pub(crate) fn several(number: u64, one: &'static str, many: &'static str) -> Sentence {
    sentence![Part::Count(number), " ", if number == 1 { one } else { many }]
}

pub(crate) fn name(text: &str) -> Part {
    Part::Name(text.to_owned())
}

pub(crate) fn value(text: &str) -> Part {
    Part::Value(text.to_owned())
}

/// A share of a whole. None if the whole is not positive.
pub(crate) fn share(part: i128, whole: i128) -> Option<Part> {
    numbers::percent_of(part, whole).map(Part::Share)
}

/// Items as `a`, `a and b`, `a, b and c`.
pub(crate) fn list(items: impl IntoIterator<Item = impl IntoParts>) -> Sentence {
    let items: Vec<_> = items.into_iter().collect();
    let count = items.len();
    let mut sentence = Sentence::default();
    for (at, item) in items.into_iter().enumerate() {
        match at {
            0 => {}
            at if at + 1 == count => sentence.push(" and "),
            _ => sentence.push(", "),
        }
        sentence.push(item);
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_different_scales_compare() {
        let amount = |unscaled, scale| Amount { unscaled, scale };
        assert_eq!(amount(125, 2).at_scale(4), 12_500);
        assert_eq!(amount(-12_599, 4).at_scale(2), -125);
        assert_eq!(amount(i128::MAX, 0).at_scale(255), i128::MAX);
        assert_eq!(amount(5, 255).at_scale(0), 0);
    }

    #[test]
    fn only_codes_are_currencies() {
        assert_eq!(Currency::new("USD").map(|code| code.as_str().to_owned()), Some("USD".to_owned()));
        for text in ["", "usd", "US", "USDX", "U\u{e9}", "<b>"] {
            assert_eq!(Currency::new(text), None, "{text}");
        }
    }

    #[test]
    fn lists_read_well() {
        let text = |items: &[&'static str]| -> String {
            list(items.iter().copied()).0.iter().map(|part| part.plain().into_owned()).collect()
        };
        assert_eq!(text(&[]), "");
        assert_eq!(text(&["a"]), "a");
        assert_eq!(text(&["a", "b"]), "a and b");
        assert_eq!(text(&["a", "b", "c"]), "a, b and c");
    }
}
