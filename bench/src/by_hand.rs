//! The twelve checks as plain SQL that a person would write, over one column a native key.

use std::fmt::Write as _;
use std::path::Path;

use tagpol_session::{Cell, Store, StoreOptions, quote_text};

use crate::Counts;

/// The native keys of P12; column `k0` holds the first.
pub(crate) const KEYS: [&str; 18] = [
    "environment",
    "Environment",
    "env",
    "Env",
    "ENV",
    "stage",
    "cost-center",
    "CostCenter",
    "costcenter",
    "cost_center",
    "owner",
    "Owner",
    "backup",
    "data-classification",
    "business-unit",
    "project-justification",
    "approval-id",
    "review-date",
];

/// Policy and check of each count, as the policies call them.
pub(crate) const CHECKS: [(&str, &str); 12] = [
    ("present", "environment"),
    ("present", "cost-center"),
    ("present", "owner"),
    ("known-environment", "environment"),
    ("production", "cost-center"),
    ("production", "owner"),
    ("production", "backup"),
    ("production", "data-classification"),
    ("expensive", "business-unit"),
    ("expensive", "project-justification"),
    ("expensive", "approval-id"),
    ("expensive", "review-date"),
];

/// What is wrong, over the columns of the normalized resources.
const WRONG: [&str; 12] = [
    "env IS NULL",
    "cc IS NULL",
    "ow IS NULL",
    "env NOT IN ('production', 'staging', 'development', 'test')",
    "env = 'production' AND (cc IS NULL OR NOT regexp_full_match(cc, '[A-Z]{3}-[0-9]{3}'))",
    "env = 'production' AND (ow IS NULL OR NOT regexp_full_match(ow, '[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}'))",
    "env = 'production' AND (bk IS NULL OR bk NOT IN ('daily', 'hourly', 'weekly'))",
    "env = 'production' AND (dc IS NULL OR dc NOT IN ('public', 'internal', 'confidential', 'restricted'))",
    "cost_monthly > 500 AND bu IS NULL",
    "cost_monthly > 500 AND pj IS NULL",
    "cost_monthly > 500 AND (ap IS NULL OR NOT regexp_full_match(ap, 'JIRA-[0-9]{4,}'))",
    "cost_monthly > 500 AND NOT coalesce(regexp_full_match(rd, '[0-9]{4}-[0-9]{2}-[0-9]{2}') \
     AND TRY_CAST(rd AS DATE) BETWEEN DATE '2026-08-03' AND DATE '2026-11-01', false)",
];

/// The inventory in memory, and the statements over it.
pub(crate) struct Tables {
    store: Store,
    normalised: String,
}

impl Tables {
    /// Reads the inventory into columns.
    pub(crate) fn load(inventory: &Path, policies: &Path) -> Self {
        let options = StoreOptions { files: vec![inventory.to_owned()], ..StoreOptions::default() };
        let store = Store::in_memory(&options).expect("DuckDB");
        let path = quote_text(&inventory.display().to_string());
        let keys: String = KEYS.iter().enumerate().fold(String::new(), |mut out, (at, key)| {
            let _ = write!(out, ", tags[{}] AS k{at}", quote_text(key));
            out
        });
        store
            .execute(&format!(
                "CREATE TABLE wide AS SELECT id, type, name, account, cost_monthly{keys} FROM read_json({path}, \
                 format = 'newline_delimited', columns = {{id: 'VARCHAR', type: 'VARCHAR', name: 'VARCHAR', \
                 account: 'VARCHAR', cost_monthly: 'DOUBLE', tags: 'MAP(VARCHAR, VARCHAR)'}})"
            ))
            .expect("the inventory");
        Self { store, normalised: normalised(policies) }
    }

    /// Returns the violations of each check.
    pub(crate) fn counts(&self) -> Counts {
        let counts: Vec<String> =
            WRONG.iter().map(|wrong| format!("count(*) FILTER (WHERE {wrong})")).collect();
        let sql = format!("WITH {} SELECT {} FROM n", self.normalised, counts.join(", "));
        let table = self.store.query(&sql).expect("counts");
        let cells = table.rows.first().map(Vec::as_slice).unwrap_or_default();
        let mut counts = Counts::default();
        for (count, cell) in counts.iter_mut().zip(cells) {
            *count = cell.as_int().and_then(|count| u64::try_from(count).ok()).expect("a count");
        }
        counts
    }

    /// Writes a row of id and check for each violation into a table, and returns their number.
    pub(crate) fn findings(&self) -> u64 {
        let checks: Vec<String> =
            WRONG.iter().enumerate().map(|(at, wrong)| format!("CASE WHEN {wrong} THEN {at} END")).collect();
        let list = checks.join(", ");
        self.store
            .execute(&format!(
                "CREATE OR REPLACE TEMP TABLE found AS WITH {}, v AS (SELECT id, \
                 CAST(unnest(list_filter([{list}], lambda x: x IS NOT NULL)) AS UTINYINT) AS policy FROM n) \
                 SELECT id, policy FROM v",
                self.normalised
            ))
            .expect("findings");
        rows(&self.store, "found")
    }
}

/// Returns the number of rows of a table.
fn rows(store: &Store, table: &str) -> u64 {
    let count = store.query(&format!("SELECT count(*) FROM {table}")).expect("a count");
    count.single().and_then(Cell::as_int).and_then(|count| u64::try_from(count).ok()).expect("a count")
}

/// Returns the lines of a table of two columns, without its headings.
pub(crate) fn pairs(policies: &Path, file: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(policies.join(file)).expect("a table of the policies");
    let pair = |line: &str| line.split_once(',').map(|(a, b)| (a.to_owned(), b.to_owned()));
    text.lines().skip(1).filter_map(pair).collect()
}

/// Returns the common table expression `n`.
fn normalised(policies: &Path) -> String {
    let first = |keys: std::ops::Range<usize>| {
        let keys: Vec<String> = keys.map(|key| format!("nullif(k{key}, '')")).collect();
        format!("coalesce({})", keys.join(", "))
    };
    let case = |of: &str, file: &str| {
        let whens = pairs(policies, file).into_iter().fold(String::new(), |mut out, (from, to)| {
            let _ = write!(out, " WHEN {} THEN {}", quote_text(&from), quote_text(&to));
            out
        });
        format!("CASE {of}{whens}")
    };
    format!(
        "r AS (SELECT id, type, name, account, cost_monthly, {} AS e, {} AS cc, {} AS ow, k12 AS bk, \
         nullif(k13, '') AS dc, nullif(k14, '') AS bu, nullif(k15, '') AS pj, k16 AS ap, k17 AS rd FROM wide), \
         n AS (SELECT id, cost_monthly, CASE WHEN e IS NOT NULL THEN {} ELSE e END \
         WHEN contains(name, '-prod-') THEN 'production' WHEN contains(name, '-stg-') THEN 'staging' \
         WHEN contains(name, '-dev-') THEN 'development' WHEN contains(name, '-test-') THEN 'test' END AS env, \
         cc, coalesce(ow, {} END) AS ow, bk, coalesce(dc, CASE WHEN type = 'rds' THEN 'sensitive' END) AS dc, \
         bu, pj, ap, rd FROM r)",
        first(0..6),
        first(6..10),
        first(10..12),
        case("e", "environments.csv"),
        case("account", "accounts.csv"),
    )
}
