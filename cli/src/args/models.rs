//! Arguments of the model commands.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Subcommand, ValueHint};

use super::{AnswerArgs, DeciderArgs, RowFormat, SourceArgs, WaitArgs, parse_time};

/// The project and the inventory of a model command.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ModelInputArgs {
    /// A project folder, a folder of .tagpol files, or one file [default: the project that contains the current folder]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) path: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// The time of the run: a day (2026-11-01) or a time (2026-11-01T12:00:00Z) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TrainArgs {
    /// Seed of the random numbers; the same seed and inventory give the same model
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Keep the model in use; the new one is stored only
    #[arg(long)]
    pub(crate) no_promote: bool,
    #[command(flatten)]
    pub(crate) input: ModelInputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SuggestArgs {
    /// Only this tag
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Option<String>,
    /// Only resources that match a condition, such as `resource.type == "s3:bucket"`
    #[arg(long = "where", value_name = "CONDITION")]
    pub(crate) scope: Option<String>,
    /// Minimum confidence of a suggestion, from 0 to 1 [default: the `suggest at` of the tag, else 0.5]
    #[arg(long, value_name = "CONFIDENCE", value_parser = parse_confidence)]
    pub(crate) at_least: Option<f64>,
    /// Show existing values that contradict the model or are misspelled, instead of missing ones
    #[arg(long, conflicts_with = "at_least")]
    pub(crate) anomalies: bool,
    /// List all instead of the first 20
    #[arg(long)]
    pub(crate) all: bool,
    /// Format of the output [default: text for people]
    #[arg(long, value_enum)]
    pub(crate) format: Option<RowFormat>,
    #[command(flatten)]
    pub(crate) input: ModelInputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReviewArgs {
    /// Only this tag
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Option<String>,
    /// Minimum confidence of a suggestion, from 0 to 1 [default: the `suggest at` of the tag, else 0.5]
    #[arg(long, value_name = "CONFIDENCE", value_parser = parse_confidence)]
    pub(crate) at_least: Option<f64>,
    #[command(flatten)]
    pub(crate) decider: DeciderArgs,
    #[command(flatten)]
    pub(crate) input: ModelInputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct FeedbackArgs {
    #[command(subcommand)]
    pub(crate) command: FeedbackCommand,
    /// The project of the resources [default: the project that contains the current folder]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FeedbackCommand {
    /// Accept suggestions, like `tagpol tags confirm`
    Accept(AnswerArgs),
    /// Reject suggestions, like `tagpol tags reject`
    Reject(AnswerArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ModelArgs {
    #[command(subcommand)]
    pub(crate) command: ModelCommand,
    /// The project of the models [default: the project that contains the current folder]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// List the models, the newest first; the model in use has a star
    List,
    /// Show the figures of a model
    Show {
        /// The id or its start [default: the model in use]
        id: Option<String>,
    },
    /// Use a model from now on
    Promote {
        /// The id or its start
        id: String,
    },
    /// Go back to the model that was in use before
    Rollback,
    /// Write the model card: figures, a comparison with simple methods, and reliability plots
    Card {
        /// The id or its start [default: the model in use]
        id: Option<String>,
        /// Write the card to a file (.md), and the plots next to it (.svg)
        #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
        output: Option<PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct LearnArgs {
    /// Only this tag
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Option<String>,
    /// Minimum number of resources that match a rule and have the tag
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) support: usize,
    /// Minimum share of them that have its value, by the low end of the 95% interval
    #[arg(long, value_name = "SHARE", default_value_t = 0.9, value_parser = parse_confidence)]
    pub(crate) precision: f64,
    /// Write the policies to a file instead of standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) write: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) input: ModelInputArgs,
}

fn parse_confidence(text: &str) -> Result<f64, String> {
    let number = text.trim().parse().ok().filter(|share| (0.0..=1.0).contains(share));
    number.ok_or_else(|| "write a number from 0 to 1, like 0.9".to_owned())
}
