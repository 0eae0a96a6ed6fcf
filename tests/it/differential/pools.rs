//! Small pools of texts, times and amounts. The plain ones come first: cases shrink towards them.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::sample::select;
use rust_decimal::Decimal;
use tagpol_plan::TextLimit;
use tagpol_sema::program::{Duration, Regex, Value};

/// The currency of every snapshot.
pub(super) const CURRENCY: &str = "USD";

/// Texts that break what handles them carelessly.
pub(super) const HOSTILE: &[&str] = &[
    "",
    " ",
    "'",
    "''; DROP TABLE resources; --",
    "\"",
    "\\",
    "\\'",
    "/* */ -- ",
    "%",
    "_",
    "*",
    "?",
    ".*",
    "[a-z]",
    "$1",
    "$$",
    "{team}",
    "?1",
    "a\nb",
    "a\tb\r",
    "a\u{b}b",
    "a\0b",
    "\u{a0}x\u{a0}",
    "\u{feff}x",
    "\u{2003}x\u{3000}",
    "\u{200b}",
    "\u{feff}prod\u{a0}",
    "pr\u{ad}od\u{200b} ",
    "a\u{2003}b",
    "\u{e9}t\u{e9}",
    "e\u{301}te\u{301}",
    "\u{c9}T\u{c9}",
    "\u{212a}",
    "\u{17f}",
    "\u{1f600}",
    "ß İ ΑΣ",
    "\u{10ffff}",
    "日本",
    "NULL",
    "null",
    "true",
    "\u{661}",
];

/// Documents of a provider.
pub(super) const METAS: &[&str] = &[
    r#"{"size": 10, "sku": {"name": "web", "tier": null}, "list": ["a", {"x": "b"}, 3, null]}"#,
    "{}",
    r#"{"sku.name": "prod", "sku": {"name": "web"}, "size": "10"}"#,
    r#"{"sku.name": null, "sku": {"name": "web"}, "list": {"1": "x", "01": "y"}}"#,
    r#"{"size": true, "sku": "web", "list": [[["prod"]]]}"#,
    r#"{"size": -0.5, "sl/ash": "a", "til~de": "b", "~1": "c", "it's": "prod", "quo\"te": "d"}"#,
    r#"{"sku": {"name": ""}, "size": "", "list": [], "a.b.c": "web", "a.b": {"c": "x"}}"#,
    r#"{"sku": {"name": "\u00e9\u0000\n\ud83d\ude00"}, "size": 0.1, "日本": "prod", " ": "x"}"#,
    r#"{"sku": {"name": {"b": 1, "a": [true, null, "é"]}}, "size": 9007199254740993, "-": "x"}"#,
];

/// Paths into them.
pub(super) const META_PATHS: &[&str] = &[
    "size",
    "sku",
    "sku.name",
    "list",
    "list.0",
    "list.1.x",
    "list.2",
    "list.3",
    "list.4",
    "list.-",
    "list.-1",
    "list.01",
    "list.0.0.0",
    "sl/ash",
    "til~de",
    "~1",
    "it's",
    "quo\"te",
    "a.b.c",
    "日本",
    " ",
    "-",
    "none",
    "sku.tier",
    "$",
    "*",
    "#",
];

/// Keys and cells of tables, besides those that are hostile.
pub(super) const CELLS: &[&str] = &[
    "123456789012",
    "web",
    "prod",
    "jane@company.com",
    "aws",
    "web-prod-01",
    "core",
    "2026-09-01",
    "10",
    "production",
    "a",
    "eu-west-1",
];

/// What units of the other currencies are worth in [`CURRENCY`]: the second so many of the first.
pub(super) fn rates() -> BTreeMap<String, (Decimal, Decimal)> {
    let euro = (Decimal::new(108, 2), Decimal::ONE);
    let pound = (Decimal::ONE, Decimal::new(75, 2));
    BTreeMap::from([("EUR".to_owned(), euro), ("GBP".to_owned(), pound)])
}

/// Names of resources: words, traps and other spellings.
pub(super) const NAMES: &[&str] = &[
    "web-prod-01",
    "WebProdApi",
    "preprod-api",
    "prod",
    "PROD.db",
    "product-catalog",
    "nonprod",
    "dev_7",
    "APIGateway",
    "team:web/prod",
    "x",
    "Été-prod",
    "日本prod",
    "a  b",
];

/// Words to look for in names.
pub(super) const WORDS: &[&str] =
    &["prod", "PROD", "web", "Api", "gateway", "dev", "été", "web-prod", "01", ""];

/// Parts to look for in texts, and globs.
pub(super) const PARTS: &[&str] =
    &["prod", "a", "-", "PRE", "", "1", "'", "\\", "%", "_", "é", "\n", "\0", "日", "."];

/// Globs over names and values.
pub(super) const GLOBS: &[&str] = &[
    "prod*", "*", "*prod*", "?", "p?od", "*-*", "", "prod", "P*", "dev?*", "*é*", "a?b", "[a-z]*", "*.*",
    "*\\*", "'*", "*$", "^*", "??", "*(*",
];

/// Expressions of the common subset, without groups.
pub(super) const PLAIN_REGEXES: &[&str] = &[
    "prod",
    "[A-Z]{3}-[0-9]{3}",
    "^prod",
    "prod$",
    "PROD.*",
    "WEBPRODAPI",
    "É",
    r"\bprod\b",
    r"\w+",
    r"\W",
    r"\d+",
    r"\s",
    r"\S*",
    ".*",
    ".",
    "a.b",
    "a|ab",
    "(?:a|b)*",
    "",
    "[^a-z]",
    r"[^\s]+",
    r"[\w.]+@[\w.]+",
    "é",
    "k",
    "s",
    "'",
    r"\\",
    r"\.",
    r"/",
    "[é日]",
    r"\*",
    r"x{1,2}y?",
];

/// Expressions of the common subset, with groups.
pub(super) const GROUP_REGEXES: &[&str] = &[
    "(prod|dev)",
    "(PROD|[a-d]EV).*",
    "(prod|dev)-?([0-9]+)?",
    r"([a-z]+)@.*",
    "-([0-9]+)",
    "(.*)",
    r"(\w+)[. ](\w+)",
    "([0-9]*)",
    "x(y)?",
    "(?:a|b)(c)?",
    r"(\S+)\s*",
];

/// Spans of time, as policies write them.
const SPANS: &[i64] = &[86_400, 0, 1, 3_600, 90 * 86_400, 365 * 86_400, 100 * 365 * 86_400];

/// Returns a text of one of two pools, mostly of the first.
pub(super) fn mostly(
    first: &'static [&'static str],
    other: &'static [&'static str],
) -> impl Strategy<Value = String> + Clone {
    prop_oneof![4 => select(first), 1 => select(other)].prop_map(str::to_owned)
}

/// Returns a text of the pool.
pub(super) fn one_of(pool: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    select(pool).prop_map(str::to_owned)
}

/// Returns one to three texts of the pool.
pub(super) fn some_of(pool: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> + Clone {
    prop::collection::vec(one_of(pool), 1..=3)
}

/// Returns an expression with or without groups.
pub(super) fn regex() -> impl Strategy<Value = Regex> + Clone {
    cased(prop_oneof![2 => select(PLAIN_REGEXES), 1 => select(GROUP_REGEXES)])
}

/// Returns an expression, mostly with groups.
pub(super) fn group_regex() -> impl Strategy<Value = Regex> + Clone {
    cased(prop_oneof![1 => select(PLAIN_REGEXES), 3 => select(GROUP_REGEXES)])
}

fn cased(patterns: impl Strategy<Value = &'static str> + Clone) -> impl Strategy<Value = Regex> + Clone {
    (patterns, any::<bool>())
        .prop_map(|(pattern, ignore_case)| Regex { pattern: pattern.to_owned(), ignore_case })
}

/// Returns a clock: at noon, at midnight of a leap year, between two microseconds of a year's end.
pub(super) fn now() -> impl Strategy<Value = DateTime<Utc>> + Clone {
    select(clocks())
}

fn clocks() -> Vec<DateTime<Utc>> {
    ["2026-09-01T12:00:00Z", "2024-02-29T00:00:00Z", "2026-12-31T23:59:59.999999Z"]
        .into_iter()
        .filter_map(|text| text.parse().ok())
        .collect()
}

/// Returns a limit of computed texts, which random texts often come close to; or the usual one.
pub(super) fn text_limit() -> impl Strategy<Value = TextLimit> + Clone {
    prop_oneof![2 => Just(TextLimit::default()), 1 => (0_u32..=40).prop_map(TextLimit)]
}

/// Returns a span of time.
pub(super) fn span() -> impl Strategy<Value = Duration> + Clone {
    select(SPANS).prop_map(|seconds| Duration { seconds })
}

/// Returns a day on or around the ends of a span of time from one of the clocks.
pub(super) fn day() -> impl Strategy<Value = NaiveDate> + Clone {
    let days: Vec<NaiveDate> = clocks()
        .into_iter()
        .flat_map(|now| {
            SPANS.iter().flat_map(move |&s| [TimeDelta::seconds(s), TimeDelta::seconds(-s)].map(|d| now + d))
        })
        .flat_map(|end| {
            let day = end.date_naive();
            [Some(day), day.checked_add_days(Days::new(1)), day.checked_sub_days(Days::new(1))]
        })
        .flatten()
        .collect();
    select(days)
}

/// Returns how far a time is from the clock: a span of time, or a little off one.
pub(super) fn time_off() -> impl Strategy<Value = TimeDelta> + Clone {
    let off = select(&[0_i64, 1, -1, 1_000_000, -1_000_000][..]);
    (select(SPANS), any::<bool>(), off).prop_map(|(seconds, ahead, micros)| {
        let span = TimeDelta::seconds(if ahead { seconds } else { -seconds });
        span + TimeDelta::microseconds(micros)
    })
}

/// Returns a number as a program writes it.
pub(super) fn number() -> impl Strategy<Value = Decimal> + Clone {
    select(vec![
        Decimal::new(10, 0),
        Decimal::new(0, 0),
        Decimal::new(1, 1),
        Decimal::new(3, 1),
        Decimal::new(150, 2),
        Decimal::new(-1, 0),
        Decimal::new(4, 0),
        Decimal::new(9_007_199_254_740_992, 0),
    ])
}

/// Returns an amount of money, of at most 12 places.
pub(super) fn amount() -> impl Strategy<Value = Decimal> + Clone {
    select(vec![
        Decimal::new(500, 0),
        Decimal::new(50_000, 2),
        Decimal::new(0, 0),
        Decimal::new(500_000_000_000_001, 12),
        Decimal::new(499_999_999_999_999, 12),
        Decimal::new(-3, 0),
        Decimal::new(3, 1),
        Decimal::new(9_999_999_999_999_999, 2),
    ])
}

/// Returns a literal amount.
pub(super) fn money() -> impl Strategy<Value = Value> + Clone {
    let currency = prop_oneof![4 => Just(CURRENCY), 1 => Just("EUR"), 1 => Just("GBP")];
    (amount(), currency).prop_map(|(amount, currency)| Value::Money(amount, currency.to_owned()))
}
