//! `enforcement.json`.

use serde::Serialize;

use crate::{Construct, Enforcement, Outcome};

/// The name of the report next to the documents.
pub const REPORT_FILE: &str = "enforcement.json";

/// Raised when a member changes its meaning.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    schema_version: u32,
    target: &'static str,
    mode: &'static str,
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
pub(crate) fn json(enforcement: &Enforcement) -> String {
    let report = Report {
        schema_version: VERSION,
        target: enforcement.target.as_str(),
        mode: enforcement.mode.as_str(),
        summary: Summary {
            exact: enforcement.count(Outcome::Exact),
            narrower: enforcement.count(Outcome::Narrower),
            broader: enforcement.count(Outcome::Broader),
            lost: enforcement.count(Outcome::Lost),
        },
        files: enforcement.files.iter().map(|file| file.name.as_str()).collect(),
        constructs: &enforcement.constructs,
    };
    // Texts and numbers only: there is nothing that could fail.
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text.push('\n');
    text
}
