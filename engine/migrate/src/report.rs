//! `migration.json`.

use serde::Serialize;

use crate::construct::{Construct, Outcome};
use crate::{Format, Migration};

/// The name of the report next to the policies.
pub const REPORT_FILE: &str = "migration.json";

/// Raised when a member changes its meaning.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    schema_version: u32,
    from: Format,
    summary: Summary,
    files: Vec<&'a str>,
    constructs: &'a [Construct],
}

#[derive(Serialize)]
struct Summary {
    exact: usize,
    narrower: usize,
    broader: usize,
    lost: usize,
}

/// Writes the report.
pub(crate) fn json(migration: &Migration) -> String {
    let report = Report {
        schema_version: VERSION,
        from: migration.format,
        summary: Summary {
            exact: migration.count(Outcome::Exact),
            narrower: migration.count(Outcome::Narrower),
            broader: migration.count(Outcome::Broader),
            lost: migration.count(Outcome::Lost),
        },
        files: migration.files.iter().map(|file| file.name.as_str()).collect(),
        constructs: &migration.constructs,
    };
    // Texts and numbers only: there is nothing that could fail.
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text.push('\n');
    text
}
