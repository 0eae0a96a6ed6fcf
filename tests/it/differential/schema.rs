//! The tags that every program has.

use proptest::prelude::*;
use tagpol_sema::program::{Regex, TagId, TagType};

use super::pools;

/// A tag: what of it is the same in every program.
pub(super) struct SchemaTag {
    /// Its name; two of them are words of SQL.
    pub(super) name: &'static str,
    /// Which of the types it has.
    pub(super) kind: Kind,
    /// Native keys: spellings of its name, then others.
    pub(super) keys: &'static [&'static str],
    /// Values that are valid for it, whichever details its type has.
    pub(super) valid: &'static [&'static str],
    /// Raw values: valid ones, ones that become so, ones that almost are.
    pub(super) raw: &'static [&'static str],
}

/// The types of tags without their details.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Matching,
    OneOf,
    Email,
    Date,
    Number,
    Bool,
    Url,
    Duration,
}

/// The tags in the order of their names, so by their ids.
pub(super) const TAGS: [SchemaTag; 11] = [
    SchemaTag {
        name: "active",
        kind: Kind::Bool,
        keys: &["active", "Active", "ACTIVE", "is-active"],
        valid: &["true", "false"],
        raw: &["true", "false", "TRUE", " False ", "yes", "0", "", "t"],
    },
    SchemaTag {
        name: "cost-center",
        kind: Kind::Matching,
        keys: &[
            "cost-center",
            "CostCenter",
            "cost_center",
            "COST CENTER",
            " cost.center\u{a0}",
            "cost/center",
            "cost\u{200b}center",
            "cc",
        ],
        valid: &["ABC-123"],
        raw: &[
            "ABC-123",
            "XYZ-999",
            " ABC-123 ",
            "abc-123",
            "ABC-1234",
            "abc",
            "",
            "ABC-123\n",
            "\u{17f}\u{17f}\u{17f}-123",
        ],
    },
    SchemaTag {
        name: "environment",
        kind: Kind::OneOf,
        keys: &["environment", "Environment", "env", "Env", "ENV", "stage", "e-n-v"],
        valid: &["production", "development"],
        raw: &[
            "production",
            "prod",
            "PRODUCTION",
            " Development\t",
            "prd",
            "DEV",
            "prod\u{a0}",
            "\u{feff}prod",
            "pro\u{200b}duction",
            "e\u{301}te\u{301}",
            "dev-7",
            "prod-12",
            "n/a",
            "",
            "ÉTÉ",
            "été ",
        ],
    },
    SchemaTag {
        name: "group",
        kind: Kind::Text,
        keys: &["group", "Group", "GROUP", "grp"],
        valid: &["a", "b"],
        raw: &["a", "b", " a ", "A", "", " ", "n/a"],
    },
    SchemaTag {
        name: "homepage",
        kind: Kind::Url,
        keys: &["homepage", "HomePage", "home_page", "url"],
        valid: &["https://a.example/x?y#z"],
        raw: &[
            "https://a.example/x?y#z",
            "http://a",
            " http://a ",
            "HTTP://a",
            "ftp://a",
            "http://",
            "http://a b",
            "http://a/\u{b}",
            "http://\u{a0}",
        ],
    },
    SchemaTag {
        name: "order",
        kind: Kind::Number,
        keys: &["order", "Order", "ORDER", "rank"],
        valid: &["10", "-0.5"],
        raw: &[
            "10",
            "9",
            " 4 ",
            "+10.0",
            "007",
            "-0",
            "1e1",
            ".5",
            "",
            "0.1",
            "0.30000000000000004",
            "9007199254740993",
            "\u{661}",
            "99999999999999999999999999999999999999999",
        ],
    },
    SchemaTag {
        name: "owner",
        kind: Kind::Email,
        keys: &["owner", "Owner", "OWNER", "owner.email", "contact"],
        valid: &["jane@company.com"],
        raw: &[
            "jane@company.com",
            " Jane@Company.COM ",
            "jane",
            "jane@company",
            "jane.doe",
            "JANE DOE",
            "n/a",
            "jane@company.com\n",
            "a'b@c.d",
            "é@c.de",
        ],
    },
    SchemaTag {
        name: "review-date",
        kind: Kind::Date,
        keys: &["review-date", "ReviewDate", "review_date", "reviewed"],
        valid: &["2026-09-01", "2024-02-29"],
        raw: &[
            "2026-09-01",
            "2026-06-03",
            "2026-11-30",
            " 2026-08-31 ",
            "2026-02-29",
            "2026-9-1",
            "0000-01-01",
            "0001-01-01",
            "9999-12-31",
            "2026-09-01T00:00:00Z",
            "20260901",
            "",
            "10000-01-01",
            "-2026-01-01",
        ],
    },
    SchemaTag {
        name: "team",
        kind: Kind::Text,
        keys: &["team", "Team", "TEAM", "t/e/a/m", "\u{feff}team", "squad", "e\u{301}quipe", "\u{e9}quipe"],
        valid: &["web", "core"],
        raw: &[
            "web",
            "core",
            "Web",
            " web",
            "web\u{200b}",
            "\u{a0}",
            "core\u{a0}team",
            "WebProdApi",
            "core team",
            "2026-09-01",
            "10",
            "",
        ],
    },
    SchemaTag {
        name: "ttl",
        kind: Kind::Duration,
        keys: &["ttl", "Ttl", "TTL", "lifetime"],
        valid: &["72h", "90 days"],
        raw: &[
            "72h",
            "90 days",
            " 1.5 Weeks ",
            "30M",
            "0s",
            "999999w",
            "0.000001 s",
            "5\u{17f}",
            "72 h",
            "h",
            "",
            "-1h",
            "1h30m",
            "1  h",
        ],
    },
    SchemaTag {
        name: "value",
        kind: Kind::OneOf,
        keys: &["value", "Value", "VALUE", "tier"],
        valid: &["high"],
        raw: &["high", "low", "High ", "'", "a\nb", "NULL", "", "h"],
    },
];

/// The tags in an order in which each may read those before it.
pub(super) const READING_ORDER: [TagId; 11] = [
    TagId(8),
    TagId(2),
    TagId(6),
    TagId(5),
    TagId(7),
    TagId(9),
    TagId(1),
    TagId(10),
    TagId(0),
    TagId(4),
    TagId(3),
];

/// How many relations every program has.
pub(super) const RELATIONS: u32 = 2;

/// A lookup table: names that are words of SQL, and a key that is not its first column.
pub(super) struct SchemaTable {
    pub(super) name: &'static str,
    pub(super) columns: &'static [&'static str],
    pub(super) key: usize,
}

/// The tables that every program has.
pub(super) const TABLES: [SchemaTable; 2] = [
    SchemaTable { name: "accounts", columns: &["account", "owner", "since", "rank"], key: 0 },
    SchemaTable { name: "order-by", columns: &["value", "select", "id"], key: 1 },
];

/// Native keys that no tag has.
pub(super) const OTHER_KEYS: &[&str] = &[
    "Name",
    "aws:created by",
    "AWS:x",
    "hidden-title",
    "goog-\u{e9}",
    "goog-e\u{301}",
    "",
    "-",
    "it's \"quoted\"",
    "a\nb",
    "日本",
    "select",
];

/// Returns the tag's type with random details.
pub(super) fn tag_type(kind: Kind) -> BoxedStrategy<TagType> {
    match kind {
        Kind::Text => Just(TagType::Text).boxed(),
        Kind::Email => Just(TagType::Email).boxed(),
        Kind::Date => Just(TagType::Date).boxed(),
        Kind::Number => Just(TagType::Number).boxed(),
        Kind::Bool => Just(TagType::Bool).boxed(),
        Kind::Url => Just(TagType::Url).boxed(),
        Kind::Duration => Just(TagType::Duration).boxed(),
        Kind::Matching => {
            let patterns = &["[A-Z]{3}-[0-9]{3}", ".*", r"\w+-\d+", "(?:|ABC-123)"];
            let pattern = pools::one_of(patterns);
            (pattern, any::<bool>())
                .prop_map(|(pattern, ignore_case)| TagType::Matching(Regex { pattern, ignore_case }))
                .boxed()
        }
        Kind::OneOf => {
            let members = ["production", "development", "high", "low", "a\nb", "'", "été", "NULL"];
            proptest::sample::subsequence(members.map(str::to_owned).to_vec(), 0..=5)
                .prop_map(|mut some| {
                    // The values that the schema calls valid always are.
                    for member in ["production", "development", "high"] {
                        if !some.iter().any(|m| m == member) {
                            some.push(member.to_owned());
                        }
                    }
                    TagType::OneOf(some)
                })
                .boxed()
        }
    }
}
