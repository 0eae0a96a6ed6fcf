//! Exact amounts of money.

use std::fmt;

/// An exact decimal amount as text: an optional minus sign, digits, and optionally a point and digits; at most 38
/// digits, which is what a bill in DuckDB holds. The currency is stored next to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Amount(String);

/// Most digits of an amount.
const MAX_DIGITS: usize = 38;

impl Amount {
    /// Reads an amount; None if the text is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_amount =
            is_number(whole) && is_number(fraction) && whole.len() + fraction.len() <= MAX_DIGITS + 1;
        is_amount.then(|| Self(text.to_owned()))
    }

    /// Returns its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_decimal_numbers() {
        for text in ["0", "-1.5", "99999999999999999999999999.999999999999"] {
            assert_eq!(Amount::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "-", "1.", ".5", "1e5", "+1", "NaN", "1,5", &"9".repeat(40)] {
            assert_eq!(Amount::parse(text), None, "{text}");
        }
    }
}
