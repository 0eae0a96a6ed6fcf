//! Conditions and values as the language writes them.

use tagpol_sema::pretty::{Words, type_text};

use crate::support::check_text;

const TAGS: &str = "
tag environment: one of [production, staging, \"pre prod\"]
tag owner: email
tag review-date: date
tag size: number
tag on: bool
tag `in`: text
table accounts from \"accounts.csv\" key account-id {
  account-id: text
  owner: email
}
define database = resource.type == \"rds:db\"
";

/// Conditions that are written in the one way in which they are printed.
const CONDITIONS: [&str; 31] = [
    "accounts[resource.account].owner == owner",
    "resource.meta[\"a.b\"] is set",
    "environment == production",
    "environment != \"pre prod\"",
    "environment in [production, staging]",
    "resource.provider not in [aws, gcp]",
    "owner.source == native",
    "not database",
    "database and (owner is set or owner is not email) and `in` is missing",
    "database or owner is valid and environment is not valid",
    "not (database and on == true)",
    "not (owner == \"x\")",
    "resource.monthly-cost > 500.50 USD",
    "resource.age <= 36 hours",
    "resource.age < 90 seconds",
    "review-date within last 90 days",
    "resource.created within next 1 hour",
    "review-date >= 2026-01-01",
    "size < -0.5",
    "resource.name has word [\"prod\", \"prd\"]",
    "resource.name contains \"a \\\"b\\\" \\{c\\} \\\\ \\n\"",
    "resource.name matches /a\\/b[0-9]{2}/i",
    "resource.name contains /x/",
    "owner == \"{resource.name}@{native.owner}\"",
    "replace(lower(owner), \"a\", native[\"B c\"]) == coalesce(owner, `in`)",
    "extract(owner, /(.+)@/) like \"web-*\"",
    "resource.name starts with \"{environment}-\"",
    "resource.name contains lower(owner) or owner ends with `in`",
    "resource.account in accounts",
    "not (owner in accounts) and database",
    "owner not in accounts or on == true",
];

#[test]
fn conditions_read_as_they_were_written() {
    let defines: String =
        CONDITIONS.iter().enumerate().map(|(i, text)| format!("define c{i:02} = {text}\n")).collect();
    let program = check_text(&format!("{TAGS}{defines}")).1.program;
    let words = Words::new(&program);
    let printed: Vec<String> =
        program.defines.iter().filter(|d| d.name.starts_with('c')).map(|d| words.pred(&d.pred)).collect();
    assert_eq!(printed, CONDITIONS);
}

#[test]
fn types_read_as_they_were_written() {
    let types = [
        "text",
        "text matching /a\\/b/i",
        "one of [production, \"pre prod\", \"in\"]",
        "email",
        "date",
        "number",
        "bool",
        "url",
    ];
    let tags: String = types.iter().enumerate().map(|(i, ty)| format!("tag t{i}: {ty}\n")).collect();
    let program = check_text(&tags).1.program;
    let printed: Vec<String> = program.tags.iter().map(|tag| type_text(&tag.ty)).collect();
    assert_eq!(printed, types);
}
