//! Numbers as people read them: with commas, rounded, and never nicer than they are.

/// Returns a count with commas: `1,204`.
pub fn count(number: u64) -> String {
    group(&number.to_string())
}

/// Returns a count with its noun: `1 row`, `1,204 rows`.
pub fn several(number: u64, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

/// Returns an amount, in units of 10^-`scale`, with two decimals and commas; what would round to nothing is less than
/// a cent.
pub fn money(unscaled: i128, scale: u8) -> String {
    let rounded = round_to_cents(unscaled.unsigned_abs(), scale);
    if rounded == 0 && unscaled != 0 {
        return if unscaled > 0 { "<0.01" } else { ">-0.01" }.to_owned();
    }
    let sign = if unscaled < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", group(&(rounded / 100).to_string()), rounded % 100)
}

/// The amount in hundredths, halves rounded up.
fn round_to_cents(units: u128, scale: u8) -> u128 {
    let Some(drop) = u32::from(scale).checked_sub(2) else {
        return units.saturating_mul(10_u128.pow(2 - u32::from(scale)));
    };
    let Some(unit) = 10_u128.checked_pow(drop) else { return 0 };
    units.saturating_add(unit / 2) / unit
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

/// Returns a share with one decimal, rounded half up: `47.7%`. `-` if the whole is 0.
///
/// `100.0%` and `0.0%` are exact: a share that is slightly less than all is `99.9%`, and one that is slightly
/// more than nothing is `<0.1%`.
pub fn percent(part: u64, whole: u64) -> String {
    percent_of(part.into(), whole.into()).unwrap_or_else(|| "-".to_owned())
}

/// Returns [`percent`] of amounts that may be negative; None if the whole is not positive.
pub fn percent_of(part: i128, whole: i128) -> Option<String> {
    if whole <= 0 {
        return None;
    }
    let (size, whole) = (part.unsigned_abs(), whole.unsigned_abs());
    // Digits that no percentage shows make room to multiply.
    let unit = if size.max(whole) > 10_u128.pow(30) { 10_u128.pow(12) } else { 1 };
    let (size, whole) = (size / unit, (whole / unit).max(1));
    let doubled = size.saturating_mul(2000).saturating_add(whole);
    let tenths = match doubled / whole.saturating_mul(2) {
        1000 if size < whole => 999,
        1000 if size > whole => 1001,
        tenths => tenths,
    };
    Some(match (tenths, part.signum()) {
        (0, 1) => "<0.1%".to_owned(),
        (0, -1) => ">-0.1%".to_owned(),
        (_, sign) => format!("{}{}.{}%", if sign < 0 { "-" } else { "" }, tenths / 10, tenths % 10),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        let text = money;
        assert_eq!(text(1_234_567_895, 3), "1,234,567.90");
        assert_eq!(text(5, 0), "5.00");
        assert_eq!(text(0, 12), "0.00");
        assert_eq!(text(-1_500_000_000_000, 12), "-1.50");
        assert_eq!(text(800_000, 12), "<0.01");
        assert_eq!(text(-800_000, 12), ">-0.01");
        assert_eq!(text(5, 3), "0.01");
        assert_eq!(text(994_999_999_999, 12), "0.99");
        assert_eq!(text(999, 1), "99.90");
        assert_eq!(text(i128::MIN, 38), "-1.70");
        assert_eq!(text(i128::MAX, 255), "<0.01");
        assert!(text(i128::MIN, 0).starts_with("-3,402"), "as much as there is room for");
    }

    #[test]
    fn counts_and_empty_wholes() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_204_000), "1,204,000");
        assert_eq!(percent(0, 0), "-");
    }

    #[test]
    fn percentages_are_rounded_half_up() {
        assert_eq!(percent(2, 3), "66.7%");
        assert_eq!(percent(1, 3), "33.3%");
        assert_eq!(percent(1, 2000), "0.1%");
        assert_eq!(percent(333, 2000), "16.7%", "16.65 is rounded up");
        assert_eq!(percent(u64::MAX - 1, u64::MAX), "99.9%");
    }

    #[test]
    fn all_and_nothing_are_exact() {
        assert_eq!(percent(1, 1), "100.0%");
        assert_eq!(percent(9996, 10_000), "99.9%");
        assert_eq!(percent(999_999, 1_000_000), "99.9%");
        assert_eq!(percent(0, 1), "0.0%");
        assert_eq!(percent(1, 2001), "<0.1%");
        assert_eq!(percent(1, 1_000_000), "<0.1%");
    }

    #[test]
    fn shares_of_costs_may_be_negative_or_exceed_the_whole() {
        let text = |part, whole| percent_of(part, whole).unwrap_or_default();
        assert_eq!(text(-2, 3), "-66.7%");
        assert_eq!(text(-1, 1_000_000), ">-0.1%");
        assert_eq!(text(1_000_001, 1_000_000), "100.1%");
        assert_eq!(text(3, 2), "150.0%");
        assert_eq!(text(1, 0), "");
        assert_eq!(text(1, -5), "");
    }
}
