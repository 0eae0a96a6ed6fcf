//! `tagpol self`: what this program is.

use std::fmt::Write as _;

use serde::Serialize;
use tagpol_app::inventory::SNAPSHOT_SCHEMA_VERSION;

use crate::args::{SelfArgs, SelfCommand};
use crate::failure::{Exit, Failure};
use crate::output::Output;

/// The optional parts of a build, with whether this one has them.
const FEATURES: [(&str, bool); 5] = [
    ("advise-model", cfg!(feature = "advise-model")),
    ("collect", cfg!(feature = "collect")),
    ("remediate", cfg!(feature = "remediate")),
    ("serve", cfg!(feature = "serve")),
    ("suggest", cfg!(feature = "suggest")),
];

#[derive(Serialize)]
struct Version<'a> {
    schema_version: u32,
    tagpol: &'a str,
    /// What was loaded, which is what the build was made for: the start fails with another one.
    duckdb: &'a str,
    /// The newest version of snapshots, which this program writes.
    snapshots: u64,
    os: &'a str,
    architecture: &'a str,
    features: Vec<&'a str>,
}

pub(crate) fn run(args: &SelfArgs, output: &mut Output) -> Result<Exit, Failure> {
    let SelfCommand::Version(args) = &args.command;
    let version = Version {
        schema_version: 1,
        tagpol: env!("CARGO_PKG_VERSION"),
        duckdb: tagpol_app::loaded_duckdb()?.trim_start_matches('v'),
        snapshots: SNAPSHOT_SCHEMA_VERSION,
        os: std::env::consts::OS,
        architecture: std::env::consts::ARCH,
        features: FEATURES.into_iter().filter_map(|(name, is_built)| is_built.then_some(name)).collect(),
    };
    if args.json {
        let json =
            serde_json::to_string_pretty(&version).map_err(|error| Failure::engine(error.to_string()))?;
        output.print(&format!("{json}\n"))?;
    } else {
        output.print(&text(&version))?;
    }
    Ok(Exit::Success)
}

fn text(version: &Version<'_>) -> String {
    let Version { tagpol, duckdb, snapshots, os, architecture, features, .. } = version;
    let mut text = format!("tagpol {tagpol} ({os} {architecture})\n");
    let features = if features.is_empty() { "none".to_owned() } else { features.join(", ") };
    for (what, value) in [
        ("DuckDB", (*duckdb).to_owned()),
        ("snapshots", format!("version {snapshots}")),
        ("features", features),
    ] {
        let _ = writeln!(text, "  {what:<10}{value}");
    }
    text
}
