//! Numbers, moments and short texts, as cells and JSON values write them.
//!
//! In: text. Out: exact values, or `None`; the caller knows the place and says what was wrong.

use std::borrow::Cow;
use std::str::FromStr;

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};

/// Digits after the point that a snapshot keeps of a cost.
pub(crate) const COST_SCALE: u32 = 12;

/// The smallest amount that is refused: with 16 digits before and 12 after the point an amount
/// still fits the 96 bits of a [`Decimal`], for whoever reads it back.
const COST_LIMIT: Decimal = Decimal::from_parts(1_874_919_424, 2_328_306, 0, false, 0);

/// Characters of an offending text that a reject shows.
const SHOWN_CHARS: usize = 120;

/// Reads an amount such as `12.50`, `-3` or `5.64902E-05`, exactly where it has up to 28 digits.
pub(crate) fn parse_cost(text: &str) -> Option<Decimal> {
    let text = text.trim();
    let scientific = text.contains(['e', 'E']);
    let cost = if scientific { parse_scientific(text)? } else { Decimal::from_str(text).ok()? };
    // The decimal parser skips `_`, which no bill means as part of a number.
    (!text.contains('_') && cost.abs() < COST_LIMIT).then_some(cost)
}

/// Reads an amount as people and spreadsheets write it: `$5`, `1,234.50`, `1.234,50 EUR`, `(12.00)`.
///
/// Returns the amount, and the currency if a code or a symbol of one currency names it.
///
/// # Errors
///
/// Returns why it is not a clear amount.
pub(crate) fn parse_written_cost(text: &str) -> Result<(Decimal, Option<&'static str>), &'static str> {
    let not_a_number = "expected a number such as `12.50`";
    let mut digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '\'').collect();
    let currency = SYMBOLS.iter().find(|(symbol, _)| digits.contains(symbol));
    if let Some((symbol, _)) = currency {
        digits = digits.replacen(symbol, "", 1);
    }
    let bare = digits.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).map(str::to_owned);
    let negative = bare.is_some();
    let number = bare.unwrap_or(digits);
    let (sign, number) = match number.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (true, rest),
        None => (false, number.strip_prefix('+').unwrap_or(&number)),
    };
    if !number.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',')) {
        return Err(not_a_number);
    }
    let plain = without_grouping(number)?;
    let amount = parse_cost(&plain).ok_or(not_a_number)?;
    let amount = if negative != sign { -amount } else { amount };
    Ok((amount, currency.and_then(|(_, code)| *code)))
}

/// Symbols and codes of currencies, and the currency if there is only one. The longest first.
const SYMBOLS: [(&str, Option<&str>); 10] = [
    ("USD", Some("USD")),
    ("EUR", Some("EUR")),
    ("GBP", Some("GBP")),
    ("CHF", Some("CHF")),
    ("JPY", Some("JPY")),
    ("US$", Some("USD")),
    ("€", Some("EUR")),
    ("£", Some("GBP")),
    ("$", None),
    ("¥", None),
];

/// Returns a number with a point and without separators of thousands: the last of two separators is the
/// point; a single comma before three digits may be either.
fn without_grouping(number: &str) -> Result<String, &'static str> {
    let last = number.rfind(['.', ',']);
    let Some((whole, fraction)) = last.and_then(|at| Some((number.get(..at)?, number.get(at + 1..)?))) else {
        return Ok(number.to_owned());
    };
    let point = number.as_bytes().get(whole.len()).copied();
    let kinds = [b'.', b','].map(|kind| number.bytes().filter(|b| *b == kind).count());
    let is_grouped = |text: &str| {
        let mut groups = text.split(['.', ',']);
        groups.next().is_some_and(|first| (1..=3).contains(&first.len()))
            && groups.all(|group| group.len() == 3)
    };
    match kinds {
        // Both occur: one for thousands, and behind them the other.
        [points, commas] if points > 0 && commas > 0 => {
            let single = if point == Some(b'.') { points } else { commas };
            if single == 1 && is_grouped(whole) {
                Ok(format!("{}.{fraction}", whole.replace(['.', ','], "")))
            } else {
                Err("its separators contradict each other")
            }
        }
        [0, 1] if fraction.len() == 3 && is_grouped(number) => {
            Err("it may be thousands or a fraction, so write it with a point and without separators")
        }
        [0, 1] => Ok(format!("{whole}.{fraction}")),
        [1, 0] => Ok(number.to_owned()),
        _ if is_grouped(number) => Ok(number.replace(['.', ','], "")),
        _ => Err("its separators contradict each other"),
    }
}

/// Reads `5.6E-05`, also with an exponent beyond the 28 decimals that the decimal parser takes.
fn parse_scientific(text: &str) -> Option<Decimal> {
    if let Ok(cost) = Decimal::from_scientific_lossy(text) {
        return Some(cost);
    }
    let (digits, exponent) = text.split_once(['e', 'E'])?;
    let exponent: i32 = exponent.parse().ok()?;
    let mut cost = Decimal::from_str(digits).ok()?;
    if exponent >= 0 {
        return cost.is_zero().then_some(Decimal::ZERO);
    }
    // No amount has digits left after being divided sixty times.
    for _ in 0..exponent.unsigned_abs().min(60) {
        cost = cost.checked_div(Decimal::TEN)?;
    }
    Some(cost)
}

/// Rounds to the decimals that a snapshot keeps, halves to the even neighbor.
pub(crate) fn round_cost(cost: Decimal) -> Decimal {
    cost.round_dp_with_strategy(COST_SCALE, RoundingStrategy::MidpointNearestEven)
}

/// Whether a snapshot can hold the amount.
pub(crate) fn fits_cost(cost: Decimal) -> bool {
    cost.abs() < COST_LIMIT
}

/// Reads a moment as bills and APIs write it: `2026-09-01`, `2026-09-01 22:00:00`,
/// `2026-09-01T22:00:00.5Z`, `2026-09-01T22:00:00+02:00`. Without an offset it is UTC.
///
/// Returns microseconds since 1970; finer digits are cut off.
pub(crate) fn parse_moment(text: &str) -> Option<i64> {
    let text = text.trim();
    let (date, rest) = text.split_at_checked(10)?;
    let date = parse_day(date)?;
    if rest.is_empty() {
        return Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros());
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, offset_seconds) = split_offset(rest)?;
    let (clock, micros) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, parse_fraction(fraction)?),
        None => (clock, 0),
    };
    let mut parts = clock.split(':');
    let hour = parse_digits(parts.next()?, 2)?;
    let minute = parse_digits(parts.next()?, 2)?;
    let second = parts.next().map_or(Some(0), |part| parse_digits(part, 2))?;
    if parts.next().is_some() {
        return None;
    }
    let moment = date.and_hms_micro_opt(hour, minute, second, micros)?.and_utc().timestamp_micros();
    Some(moment - offset_seconds * 1_000_000)
}

/// Reads a day whose year, month and day have these places between separators, such as `10/31/2026`, as microseconds
/// since 1970. A time behind it does not count. The year has four digits.
pub(crate) fn parse_day_parts(text: &str, separators: &[char], places: [usize; 3]) -> Option<i64> {
    let day = text.trim().split([' ', 'T']).next()?;
    let parts: Option<Vec<u32>> = day.split(separators).map(|part| part.parse().ok()).collect();
    let parts = parts.filter(|parts| parts.len() == 3)?;
    let [year, month, day] = places.map(|place| parts.get(place).copied().unwrap_or_default());
    let year = i32::try_from(year).ok().filter(|year| (1000..10_000).contains(year))?;
    Some(NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros())
}

/// Reads `2026-09-01`.
fn parse_day(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('-');
    let year = parse_digits(parts.next()?, 4)?;
    let month = parse_digits(parts.next()?, 2)?;
    let day = parse_digits(parts.next()?, 2)?;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    (year > 0 && parts.next().is_none()).then_some(date)
}

/// Takes `Z`, `+02:00`, `-0530` or ` UTC` off the end; returns the seconds ahead of UTC.
fn split_offset(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']).or_else(|| text.strip_suffix(" UTC")) {
        return Some((clock, 0));
    }
    let Some(at) = text.find(['+', '-']) else {
        return Some((text, 0));
    };
    let (clock, offset) = text.split_at_checked(at)?;
    let ahead = offset.starts_with('+');
    let digits: String = offset.chars().skip(1).filter(|c| *c != ':').collect();
    let hhmm = match digits.len() {
        2 => parse_digits(&digits, 2)? * 100,
        4 => parse_digits(&digits, 4)?,
        _ => return None,
    };
    if hhmm / 100 > 23 || hhmm % 100 > 59 {
        return None;
    }
    let seconds = i64::from(hhmm / 100 * 3600 + hhmm % 100 * 60);
    Some((clock.trim_end(), if ahead { seconds } else { -seconds }))
}

/// Reads the digits after the point of a second, as microseconds.
fn parse_fraction(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let micros: String = text.chars().chain("000000".chars()).take(6).collect();
    micros.parse().ok()
}

/// Reads exactly `len` ASCII digits.
fn parse_digits(text: &str, len: usize) -> Option<u32> {
    (text.len() == len && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Returns bytes as text; what is no UTF-8 becomes `\u{fffd}`, and the text is then an owned one.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    // Asked first because it is several times as quick where all is well.
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

/// Returns the start of a text for a message: control characters escaped, at most 120 characters.
pub(crate) fn shorten(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.trim_end_matches(['\r', '\n']).chars();
    for c in chars.by_ref().take(SHOWN_CHARS) {
        // Bidirectional overrides would let a value rewrite the line it is shown on.
        if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    if chars.next().is_some() {
        out.push('…');
    }
    out
}

/// Returns the start of bytes for a message; what is no UTF-8 is shown as `\u{fffd}`.
pub(crate) fn shorten_bytes(bytes: &[u8]) -> String {
    // Four bytes hold any character, so this many bytes hold one character more than is shown.
    let start = bytes.get(..4 * (SHOWN_CHARS + 1)).unwrap_or(bytes);
    shorten(&String::from_utf8_lossy(start))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn costs_are_exact() {
        let cases = [
            ("12.50", "12.50"),
            ("-3", "-3"),
            ("0.00000080000", "0.00000080000"),
            ("5.64902E-05", "0.0000564902"),
            ("1e3", "1000"),
            ("2.5E+2", "250"),
            (" 7 ", "7"),
            ("1E-40", "0"),
            ("0E-40", "0"),
            ("3.3333333333333333333333333333333333", "3.3333333333333333333333333333"),
            ("9999999999999999.999999999999", "9999999999999999.999999999999"),
        ];
        for (text, expected) in cases {
            let expected: Decimal = expected.parse().unwrap();
            assert_eq!(parse_cost(text), Some(expected), "{text}");
        }
        for bad in ["", "$5", "1,5", "1.2.3", "NaN", "inf", "1e40", "10000000000000000", "1_000", "0x10"] {
            assert_eq!(parse_cost(bad), None, "{bad}");
        }
    }

    #[test]
    fn amounts_of_spreadsheets() {
        let cases = [
            ("$5", "5", None),
            ("1,234.50", "1234.50", None),
            ("1.234,50", "1234.50", None),
            ("1.234.567", "1234567", None),
            ("1,234,567.8", "1234567.8", None),
            ("12,50", "12.50", None),
            ("1 234,5 €", "1234.5", Some("EUR")),
            ("1\u{a0}234,56", "1234.56", None),
            ("1'234.50", "1234.50", None),
            ("USD 12.50", "12.50", Some("USD")),
            ("(12.00)", "-12.00", None),
            ("-$3.10", "-3.10", None),
            ("0,125", "0.125", None),
        ];
        for (text, expected, currency) in cases {
            let expected: Decimal = expected.parse().unwrap();
            if text == "0,125" {
                // It might be written by somebody who groups thousands.
                assert!(parse_written_cost(text).is_err());
            } else {
                assert_eq!(parse_written_cost(text), Ok((expected, currency)), "{text}");
            }
        }
        for bad in ["1,234", "1,23,4", "1.2.3", "1.234,5.6", "12 apples", "", "$", "1,234.567,8"] {
            assert!(parse_written_cost(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_limit_is_ten_to_the_16() {
        assert_eq!(COST_LIMIT.to_string(), "10000000000000000");
    }

    #[test]
    fn moments_of_bills_and_apis() {
        let base = 1_727_733_600_000_000; // 2024-09-30T22:00:00Z
        for text in [
            "2024-09-30 22:00:00",
            "2024-09-30T22:00:00Z",
            "2024-09-30T22:00Z",
            "2024-09-30T22:00:00.000Z",
            "2024-10-01T00:00:00+02:00",
            "2024-09-30T16:30:00-0530",
            "2024-09-30 22:00:00 UTC",
            "2024-09-30 22:00:00+00",
        ] {
            assert_eq!(parse_moment(text), Some(base), "{text}");
        }
        assert_eq!(parse_moment("2024-09-30"), Some(base - 22 * 3_600_000_000));
        assert_eq!(parse_moment("2024-09-30T22:00:00.1234567Z"), Some(base + 123_456));
        for bad in [
            "",
            "soon",
            "2024-9-30",
            "2024-02-30",
            "30/09/2024",
            "2024-09-30T25:00:00",
            "2024-09-30T22:00:00+99:00",
            "2024-09-3é",
        ] {
            assert_eq!(parse_moment(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_value_or_none(text in "[-+0-9.eE_:TZ /]{0,40}|.{0,30}", digits in any::<i64>()) {
            for text in [text.clone(), format!("{digits}"), format!("1e{digits}"), format!("{text}e-{digits}")] {
                if let Some(cost) = parse_cost(&text) {
                    prop_assert!(fits_cost(round_cost(cost)) || cost.abs() < COST_LIMIT);
                }
                if let Some(micros) = parse_moment(&text) {
                    // An offset may lead a day out of the years that are read.
                    prop_assert!(crate::month::YearMonth::of_micros(micros).is_some() || text.contains(['+', '-']));
                }
            }
        }
    }

    #[test]
    fn shown_texts_are_short_and_harmless() {
        assert_eq!(shorten("a\u{1b}[31m\u{202e}b\n"), "a\\u{1b}[31m\\u{202e}b");
        assert_eq!(shorten(&"é".repeat(200)).chars().count(), 121);
        assert_eq!(shorten_bytes(b"a\xffb"), "a\u{fffd}b");
    }
}
