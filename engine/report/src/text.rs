//! Numbers and foreign text, as people read them.

pub(super) use tagpol_model::numbers::{count, percent, percent_of, several};
use tagpol_session::Decimal;
pub(super) use tagpol_sink::terminal::line as clean;

/// Returns [`tagpol_model::numbers::money`] of an amount.
pub(super) fn money(amount: Decimal) -> String {
    tagpol_model::numbers::money(amount.unscaled, amount.scale)
}

/// Returns an amount of an inventory as the database has it.
pub(super) fn decimal(amount: rust_decimal::Decimal) -> Decimal {
    Decimal { unscaled: amount.mantissa(), scale: u8::try_from(amount.scale()).unwrap_or_default() }
}

/// The text with its middle taken out where it is longer.
pub(super) fn shorten(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most / 3).collect();
    let tail: String = text.chars().skip(length - (most - most / 3 - 1)).collect();
    format!("{head}…{tail}")
}
