//! Numbers and foreign text, as people read them.

use tagpol_sema::program::Measure;
use tagpol_session::Decimal;
pub(super) use tagpol_sink::terminal::line as clean;

use tagpol_eval::GoalResult;

/// Returns a count with commas: `1,204`.
pub(super) fn count(number: u64) -> String {
    group(&number.to_string())
}

/// Returns a count with its noun: `1 row`, `1,204 rows`.
pub(super) fn several(number: u64, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

/// Returns an amount with two decimals and commas; what would round to nothing is less than a cent.
pub(super) fn money(amount: Decimal) -> String {
    let rounded = round_to_cents(amount);
    if rounded == 0 && amount.unscaled != 0 {
        return if amount.unscaled > 0 { "<0.01" } else { ">-0.01" }.to_owned();
    }
    let (sign, rounded) = if rounded < 0 { ("-", -rounded) } else { ("", rounded) };
    format!("{sign}{}.{:02}", group(&(rounded / 100).to_string()), rounded % 100)
}

/// Returns an amount of an inventory as the database has it.
pub(super) fn decimal(amount: rust_decimal::Decimal) -> Decimal {
    Decimal { unscaled: amount.mantissa(), scale: u8::try_from(amount.scale()).unwrap_or_default() }
}

/// The amount in hundredths, halves away from zero.
fn round_to_cents(amount: Decimal) -> i128 {
    let Some(drop) = u32::from(amount.scale).checked_sub(2) else {
        return amount.unscaled.saturating_mul(10_i128.pow(2 - u32::from(amount.scale)));
    };
    let unit = 10_i128.checked_pow(drop).unwrap_or(i128::MAX);
    let half = unit / 2;
    if amount.unscaled < 0 { (amount.unscaled - half) / unit } else { (amount.unscaled + half) / unit }
}

fn group(digits: &str) -> String {
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns a share with one decimal: `47.7%`. Never `100.0%` where something is missing.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let tenths = u128::from(part) * 1000 / u128::from(whole);
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// The text with its middle taken out where it is longer.
pub(super) fn shorten(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most / 3).collect();
    let tail: String = text.chars().skip(length - (most - most / 3 - 1)).collect();
    format!("{head}…{tail}")
}

/// Returns what a goal has reached, in a sentence: `71.2% of cost is covered by owner, team; 90% is
/// wanted`.
pub(super) fn goal_text(goal: &GoalResult) -> String {
    let share = goal.share_text().unwrap_or_else(|| "nothing".to_owned());
    let of = match goal.by {
        Measure::Count => "of resources are",
        Measure::Cost => "of cost is",
    };
    format!("{share} {of} covered by {}; {} is wanted", goal.tags.join(", "), goal.target_text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        let text = |unscaled, scale| money(Decimal { unscaled, scale });
        assert_eq!(text(1_234_567_895, 3), "1,234,567.90");
        assert_eq!(text(5, 0), "5.00");
        assert_eq!(text(0, 12), "0.00");
        assert_eq!(text(-1_500_000_000_000, 12), "-1.50");
        assert_eq!(text(800_000, 12), "<0.01");
        assert_eq!(text(-800_000, 12), ">-0.01");
        assert_eq!(text(5, 3), "0.01");
        assert_eq!(text(994_999_999_999, 12), "0.99");
        assert_eq!(text(999, 1), "99.90");
    }

    #[test]
    fn counts_and_shares() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_204_000), "1,204,000");
        assert_eq!(percent(999_999, 1_000_000), "99.9%");
        assert_eq!(percent(1, 1), "100.0%");
        assert_eq!(percent(0, 0), "-");
    }
}
