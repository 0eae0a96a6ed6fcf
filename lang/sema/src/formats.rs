//! The forms of values that the language knows, stated once for the checker and both evaluators.
//!
//! Regular expressions here are of the subset that RE2 and the Rust `regex` crate read alike and
//! refer to the whole value.

use std::borrow::Cow;

use chrono::NaiveDate;
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

/// An email address: the form that web forms accept, with a dot in the domain.
pub const EMAIL: &str = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+";

/// A decimal number without exponent.
pub const NUMBER: &str = r"[+-]?[0-9]+(?:\.[0-9]+)?";

/// An `http` or `https` address.
pub const URL: &str = r"https?://[^\s/?#]+(?:[/?#][^\s]*)?";

/// A length of time: `72h`, `30d`, `90 minutes`, `1.5 weeks`. Compared regardless of case.
pub const DURATION: &str =
    r"[0-9]{1,6}(?:\.[0-9]{1,6})? ?(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?)";

/// The first letters of the units of [`DURATION`], in microseconds.
pub const DURATION_UNITS: [(char, i64); 5] = [
    ('s', 1_000_000),
    ('m', 60_000_000),
    ('h', 3_600_000_000),
    ('d', 86_400_000_000),
    ('w', 604_800_000_000),
];

/// What the keys begin with that clouds add to resources by themselves; [`fold_key`] is not applied to it.
pub const PROVIDER_KEYS: [&str; 5] = ["aws:", "hidden-", "goog-", "aks-managed-", "ms-resource-usage"];

/// The shape of a day; [`is_date`] also asks the calendar.
pub const DATE_SHAPE: &str = "[0-9]{4}-[0-9]{2}-[0-9]{2}";

/// The characters that `trim` takes off both ends: those with the Unicode property White_Space,
/// and the byte order mark.
pub const WHITE_SPACE: &str = "\t\n\u{b}\u{c}\r \u{85}\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}";

/// The characters that show nothing where they stand in a text: [`tidy`] takes them out.
pub const INVISIBLE: &str = "\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{180e}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2060}\u{2061}\u{2062}\u{2063}\u{2064}\u{2066}\u{2067}\u{2068}\u{2069}\u{206a}\u{206b}\u{206c}\u{206d}\u{206e}\u{206f}\u{2800}\u{3164}\u{feff}\u{ffa0}";

/// The spaces that look like the one of the keyboard: [`tidy`] writes that one for them.
pub const SPACES: &str = "\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}\u{202f}\u{205f}\u{3000}";

/// The characters that two spellings of one native key may differ in, in addition to case and white space.
pub const KEY_SEPARATORS: &str = "-_.:/";

/// Returns the text without [`WHITE_SPACE`] at both ends.
pub fn trim(text: &str) -> &str {
    text.trim_matches(|c| WHITE_SPACE.contains(c))
}

/// Returns the text with each letter and its accents as one character where there is one (NFC): what looks
/// the same has the same bytes then.
pub fn compose(text: &str) -> Cow<'_, str> {
    if is_nfc(text) { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

/// Returns what people see of a text: without [`INVISIBLE`] characters, with plain spaces for [`SPACES`],
/// without [`WHITE_SPACE`] at both ends, and composed. Empty if nothing of it can be seen.
pub fn tidy(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii()) {
        return Cow::Borrowed(trim(text));
    }
    let visible = text.chars().filter(|c| !INVISIBLE.contains(*c));
    let plain: String = visible.map(|c| if SPACES.contains(c) { ' ' } else { c }).collect();
    Cow::Owned(compose(trim(&plain)).into_owned())
}

/// Whether nothing of the text can be seen.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| WHITE_SPACE.contains(c) || INVISIBLE.contains(c))
}

/// Returns the form in which native keys are compared: `CostCenter`, `cost_center`, `cost-center` and
/// `cost/center` are one.
pub fn fold_key(key: &str) -> String {
    let tidy = tidy(key);
    let kept = tidy.chars().filter(|c| !KEY_SEPARATORS.contains(*c) && !WHITE_SPACE.contains(*c));
    kept.flat_map(char::to_lowercase).collect()
}

/// Whether a native key is one that a cloud adds by itself, whatever its case.
pub fn is_provider_key(key: &str) -> bool {
    let key = lower(&compose(key));
    PROVIDER_KEYS.iter().any(|prefix| key.starts_with(prefix))
}

/// Reads a [`DURATION`], in microseconds. It is whole, since a fraction has at most six digits.
pub fn parse_duration(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at_checked(digits)?;
    let unit = unit.trim_start_matches(' ').chars().next()?.to_ascii_lowercase();
    let (_, length) = DURATION_UNITS.iter().find(|(first, _)| *first == unit)?;
    let number: rust_decimal::Decimal = number.parse().ok()?;
    i64::try_from(number.checked_mul((*length).into())?).ok()
}

/// What the ids of resources of Azure begin with, which compare regardless of case.
pub const AZURE_ID: &str = "/subscriptions/";

/// An ARN; its last part, by which other answers of AWS name the resource, is the group.
pub const ARN: &str = "arn:(?s:.*)[/:]([^/:]+)";

/// Returns the form in which ids of resources are compared.
pub fn comparable_id(id: &str) -> Cow<'_, str> {
    let folded = lower(id);
    if folded.starts_with(AZURE_ID) { Cow::Owned(folded) } else { Cow::Borrowed(id) }
}

/// Returns the last part of an [`ARN`]: `i-0abc` of an instance. None: it is not an ARN.
pub fn arn_part(id: &str) -> Option<&str> {
    let (_, part) = id.strip_prefix("arn:")?.rsplit_once(['/', ':'])?;
    (!part.is_empty()).then_some(part)
}

/// Whether the text is a day of the calendar, written `YYYY-MM-DD`, from year 0001 on.
pub fn is_date(text: &str) -> bool {
    parse_date(text).is_some()
}

/// Reads a day of the calendar, written `YYYY-MM-DD`, from year 0001 on.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    let shape = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    if !shape || text.starts_with("0000") {
        return None;
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

/// Returns the words of a name, in lower case.
///
/// Words are the runs of letters between anything that is not a letter (so digits and `-_./: ` all
/// separate), split once more where a lower-case letter meets an upper-case one (`webProd`) and
/// before the last of several upper-case letters that a lower-case one follows (`APIGateway`).
///
/// `web-prod-01` has `web`, `prod`; `WebProdApi` has `web`, `prod`, `api`; `preprod` only itself.
/// Only ASCII letters split by case; other letters are letters without case here.
pub fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words = Vec::new();
    let mut word = String::new();
    for (i, &c) in chars.iter().enumerate() {
        if !is_word_char(c) {
            flush(&mut word, &mut words);
            continue;
        }
        let before = i.checked_sub(1).and_then(|j| chars.get(j)).copied();
        let after = chars.get(i + 1).copied();
        let boundary = c.is_ascii_uppercase()
            && before.is_some_and(|b| {
                b.is_ascii_lowercase()
                    || (b.is_ascii_uppercase() && after.is_some_and(|a| a.is_ascii_lowercase()))
            });
        if boundary {
            flush(&mut word, &mut words);
        }
        word.push(lower_char(c));
    }
    flush(&mut word, &mut words);
    words
}

/// Returns the text in lower case, each character by itself. Two texts are equal regardless of case
/// where this makes them equal.
pub fn lower(text: &str) -> String {
    text.chars().map(lower_char).collect()
}

/// Returns the text in upper case, each character by itself.
pub fn upper(text: &str) -> String {
    text.chars().map(upper_char).collect()
}

fn upper_char(c: char) -> char {
    // Of the letters that Unicode's full mapping makes two of, the one that has an upper case of its own.
    if c == 'ß' { 'ẞ' } else { single(c, c.to_uppercase()) }
}

fn lower_char(c: char) -> char {
    // The one letter whose lower case is two characters in Unicode's full mapping.
    if c == 'İ' { 'i' } else { single(c, c.to_lowercase()) }
}

/// Returns what a character is mapped to, where that is one character, else itself.
fn single(c: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(other), None) => other,
        _ => c,
    }
}

/// Whether the character is part of a word: an ASCII letter, or any character beyond ASCII.
fn is_word_char(c: char) -> bool {
    c.is_ascii_alphabetic() || !c.is_ascii()
}

fn flush(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_names() {
        let cases = [
            ("web-prod-01", vec!["web", "prod"]),
            ("WebProdApi", vec!["web", "prod", "api"]),
            ("prod01", vec!["prod"]),
            ("APIGateway", vec!["api", "gateway"]),
            ("preprod-api", vec!["preprod", "api"]),
            ("product-catalog", vec!["product", "catalog"]),
            ("a.b/c:d e_f", vec!["a", "b", "c", "d", "e", "f"]),
            ("", vec![]),
            ("--1--", vec![]),
            ("straße-prod", vec!["straße", "prod"]),
        ];
        for (name, expected) in cases {
            assert_eq!(words(name), expected, "{name}");
        }
    }

    #[test]
    fn trap_names_hold_no_environment_word() {
        let traps = [
            ("preprod-api", "prod"),
            ("nonprod-db", "prod"),
            ("product-catalog", "prod"),
            ("delivery-svc", "live"),
            ("domain-resolver", "main"),
            ("olive-cache", "live"),
            ("maintenance-fn", "main"),
            ("device-registry", "dev"),
            ("latest-images", "test"),
            ("contest-app", "test"),
        ];
        for (name, word) in traps {
            assert!(!words(name).iter().any(|w| w == word), "{name} has {word}");
        }
        // These do hold the word, and rightly: only a person can say what they mean.
        assert!(words("uat-prod-copy").contains(&"prod".to_owned()));
        assert!(words("staging-main").contains(&"main".to_owned()));
    }

    #[test]
    fn dates_are_days_of_the_calendar() {
        for good in ["2026-09-01", "2024-02-29", "0001-01-01", "9999-12-31"] {
            assert!(is_date(good), "{good}");
        }
        for bad in [
            "2026-9-1",
            "2026-09-31",
            "2023-02-29",
            "20260901",
            " 2026-09-01",
            "2026-10-15T00:00:00Z",
            "0000-01-01",
            "२०२६-०९-०१",
        ] {
            assert!(!is_date(bad), "{bad}");
        }
    }

    #[test]
    fn spellings_of_one_key_fold_alike() {
        for key in [
            "CostCenter",
            "cost_center",
            "cost-center",
            "Cost Center",
            " cost.center\u{a0}",
            "COST:CENTER",
            "cost/center",
            "\u{feff}Cost\u{200b}Center",
            "cost\u{ad}-center\u{2003}",
        ] {
            assert_eq!(fold_key(key), "costcenter", "{key}");
        }
        assert_eq!(fold_key("Kostentra\u{308}ger"), fold_key("kosten-tr\u{e4}ger"));
        assert_ne!(fold_key("Kostentrager"), fold_key("Kostentr\u{e4}ger"));
    }

    #[test]
    fn tidy_texts_are_what_people_see() {
        let cases = [
            ("web", "web"),
            (" web\t\n", "web"),
            ("web\u{a0}", "web"),
            ("\u{feff}web\u{200b}", "web"),
            ("\u{200b} web \u{200b}", "web"),
            ("data\u{a0}team", "data team"),
            ("data  team", "data  team"),
            ("so\u{ad}ft", "soft"),
            ("cafe\u{301}", "caf\u{e9}"),
            ("cafe\u{200d}\u{301}", "caf\u{e9}"),
            ("\u{ff57}\u{ff45}\u{ff42}", "\u{ff57}\u{ff45}\u{ff42}"),
            (" \u{a0}\u{200b}\u{2800}", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(tidy(text), expected, "{text:?}");
            assert_eq!(tidy(&tidy(text)), expected, "{text:?} twice");
            assert_eq!(is_blank(text), expected.is_empty(), "{text:?}");
        }
    }
}
