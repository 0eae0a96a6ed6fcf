//! Arguments of the commands about the state of a project.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Subcommand, ValueEnum, ValueHint};
use tagpol_app::report::virtual_tags::TagFormat;

use super::{SourceArgs, WaitArgs, parse_time};
use crate::targets::{Target, no_format};

#[derive(Debug, clap::Args)]
pub(crate) struct TagsArgs {
    #[command(subcommand)]
    pub(crate) command: TagsCommand,
    /// Project of the resources [default: the project of the current folder]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,
    /// Accept an id that is not in the inventory
    #[arg(long, global = true)]
    pub(crate) any_id: bool,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}

/// Author and reason of decisions.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DeciderArgs {
    /// Author of the decision [default: TAGPOL_BY, git's user.email, or the user's name]
    #[arg(long, value_name = "WHO")]
    pub(crate) by: Option<String>,
    /// Reason; stored with the decision
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
}

/// An answer to a suggestion.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct AnswerArgs {
    /// The resource: its id, its name, or the end of its id
    pub(crate) resource: String,
    /// The tags; without a value, the one that the model suggests
    #[arg(required = true, value_name = "TAG[=VALUE]")]
    pub(crate) tags: Vec<String>,
    #[command(flatten)]
    pub(crate) decider: DeciderArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TagsCommand {
    /// Set tags of a resource; these values override all rules and native tags
    Set {
        /// The resource: its id, its name, or the end of its id
        resource: String,
        /// The values
        #[arg(required = true, value_name = "TAG=VALUE")]
        tags: Vec<String>,
        #[command(flatten)]
        decider: DeciderArgs,
    },
    /// Remove decisions
    Unset {
        /// The resource: its id, its name, or the end of its id
        resource: String,
        /// The tags
        #[arg(required = true, value_name = "TAG")]
        tags: Vec<String>,
        #[command(flatten)]
        decider: DeciderArgs,
    },
    /// Confirm values; without a value, the one that the model suggests
    Confirm(AnswerArgs),
    /// Reject suggested values; without a value, the one that the model suggests now
    Reject(AnswerArgs),
    /// Set many tags at once, all or none: resource, tag, value and optionally note
    Import {
        /// A file in the format of `export`; `-` is standard input
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Format of the file [default: json for .ndjson, .jsonl and .json, else csv]
        #[arg(long, value_enum)]
        format: Option<RowFormat>,
        #[command(flatten)]
        decider: DeciderArgs,
    },
    /// Write the current decisions
    Export {
        /// Format of the rows [default: the usual one of the extension of the file, else csv]
        #[arg(long, value_enum)]
        format: Option<RowFormat>,
        /// Write to a file
        #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
        output: Option<PathBuf>,
    },
    /// Write the virtual tags of all resources with their sources, missing ones too
    List {
        #[command(flatten)]
        source: Box<SourceArgs>,
        /// Format of the rows on standard output [default: csv, unless `--output` names something else]
        #[arg(long, value_name = "FORMAT", value_parser = parse_tag_format)]
        format: Option<TagFormat>,
        /// Write the rows to a file; repeat it for several
        ///
        /// FORMAT is one of csv, jsonl and parquet. FORMAT without a file is written to standard output; FILE
        /// without a format has the usual one of its extension.
        #[arg(
            long, short, value_name = "[FORMAT=]FILE", value_parser = Target::<TagFormat>::parse,
            value_hint = ValueHint::FilePath
        )]
        output: Vec<Target<TagFormat>>,
        /// Time of the evaluation: a day (2026-11-01) or a time (2026-11-01T12:00:00Z) [default: now]
        #[arg(long, value_name = "TIME", value_parser = parse_time)]
        now: Option<DateTime<Utc>>,
    },
    /// Show all decisions ever made, oldest first
    History {
        /// Only those of one resource
        resource: Option<String>,
        /// Format of the rows [default: for people]
        #[arg(long, value_enum)]
        format: Option<RowFormat>,
    },
}

fn parse_tag_format(name: &str) -> Result<TagFormat, String> {
    let found = TagFormat::ALL.into_iter().find(|format| format.as_str() == name);
    found.ok_or_else(|| no_format::<TagFormat>(name))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// Comma-separated values with a heading
    Csv,
    /// One JSON object per line
    Json,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunsArgs {
    /// Project of the runs [default: the project of the current folder]
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,
    /// Show only the newest N runs
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) last: usize,
    /// Format of the rows [default: for people]
    #[arg(long, value_enum)]
    pub(crate) format: Option<RowFormat>,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}
