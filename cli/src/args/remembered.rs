//! Arguments of the commands around what a project remembers.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum, ValueHint};

use super::WaitArgs;

#[derive(Debug, clap::Args)]
pub(crate) struct TagsArgs {
    #[command(subcommand)]
    pub(crate) command: TagsCommand,
    /// The project whose resources are meant [default: the project around here]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,
    /// Decide for the id as it is, even if the inventory does not have it
    #[arg(long, global = true)]
    pub(crate) any_id: bool,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}

/// Who decides, and why.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DeciderArgs {
    /// Who decides [default: TAGPOL_BY, git's user.email, or the user's name]
    #[arg(long, value_name = "WHO")]
    pub(crate) by: Option<String>,
    /// Why; kept with the decision
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
}

/// An answer to what is suggested for a resource.
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
    /// Give tags of a resource values that beat every rule and native tag
    Set {
        /// The resource: its id, its name, or the end of its id
        resource: String,
        /// The values
        #[arg(required = true, value_name = "TAG=VALUE")]
        tags: Vec<String>,
        #[command(flatten)]
        decider: DeciderArgs,
    },
    /// Take decisions back
    Unset {
        /// The resource: its id, its name, or the end of its id
        resource: String,
        /// The tags
        #[arg(required = true, value_name = "TAG")]
        tags: Vec<String>,
        #[command(flatten)]
        decider: DeciderArgs,
    },
    /// Agree to values; without a value, to the one that the model suggests
    Confirm(AnswerArgs),
    /// Refuse values that the model suggests; without a value, the one that it suggests now
    Reject(AnswerArgs),
    /// Decide many tags at once, all or none: resource, tag, value and optionally note
    Import {
        /// A file as `export` writes it; `-` is standard input
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Form of the file [default: json for .ndjson, .jsonl and .json, else csv]
        #[arg(long, value_enum)]
        format: Option<RowFormat>,
        #[command(flatten)]
        decider: DeciderArgs,
    },
    /// Write what is decided now
    Export {
        /// Form of the rows
        #[arg(long, value_enum, default_value_t = RowFormat::Csv)]
        format: RowFormat,
        /// Write to a file
        #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
        output: Option<PathBuf>,
    },
    /// Show every decision that was ever made, the oldest first
    History {
        /// Only those about one resource
        resource: Option<String>,
        /// Form of the rows [default: for people]
        #[arg(long, value_enum)]
        format: Option<RowFormat>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// Comma-separated values with a heading
    Csv,
    /// One JSON object a line
    Json,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunsArgs {
    /// The project whose runs are meant [default: the project around here]
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,
    /// Show only the newest of them
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) last: usize,
    /// Form of the rows [default: for people]
    #[arg(long, value_enum)]
    pub(crate) format: Option<RowFormat>,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}
