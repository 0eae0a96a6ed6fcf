//! Arguments of the commands around models.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Subcommand, ValueHint};

use super::{AnswerArgs, DeciderArgs, RowFormat, SourceArgs, WaitArgs, parse_time};

/// A project with its resources, and what it remembers.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct GroundArgs {
    /// A project folder, a folder of .tagpol files, or one file [default: the project around here]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) path: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// The clock [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TrainArgs {
    /// Where the random numbers start; the same seed and inventory give the same model
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Keep the model, and go on using the present one
    #[arg(long)]
    pub(crate) no_promote: bool,
    #[command(flatten)]
    pub(crate) ground: GroundArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SuggestArgs {
    /// Only this tag
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Option<String>,
    /// Only resources for which this holds, as in `resource.type == "s3:bucket"`
    #[arg(long = "where", value_name = "CONDITION")]
    pub(crate) scope: Option<String>,
    /// Only what is at least as sure [default: the `suggest at` of the tag, else 0.5]
    #[arg(long, value_name = "CONFIDENCE", value_parser = parse_confidence)]
    pub(crate) at_least: Option<f64>,
    /// Show values that contradict what else is known of their resources, instead of missing ones
    #[arg(long, conflicts_with = "at_least")]
    pub(crate) anomalies: bool,
    /// Show all of them
    #[arg(long)]
    pub(crate) all: bool,
    /// Form of the rows [default: for people]
    #[arg(long, value_enum)]
    pub(crate) format: Option<RowFormat>,
    #[command(flatten)]
    pub(crate) ground: GroundArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReviewArgs {
    /// Only this tag
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Option<String>,
    /// Only what is at least as sure [default: the `suggest at` of the tag, else 0.5]
    #[arg(long, value_name = "CONFIDENCE", value_parser = parse_confidence)]
    pub(crate) at_least: Option<f64>,
    #[command(flatten)]
    pub(crate) decider: DeciderArgs,
    #[command(flatten)]
    pub(crate) ground: GroundArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct FeedbackArgs {
    #[command(subcommand)]
    pub(crate) command: FeedbackCommand,
    /// The project whose resources are meant [default: the project around here]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FeedbackCommand {
    /// Agree to what is suggested, as `tagpol tags confirm` does
    Accept(AnswerArgs),
    /// Refuse what is suggested, as `tagpol tags reject` does
    Reject(AnswerArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ModelArgs {
    #[command(subcommand)]
    pub(crate) command: ModelCommand,
    /// The project whose models are meant [default: the project around here]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// List the models, the newest first; the one that is used has a star
    List,
    /// Show what was measured of a model
    Show {
        /// The start of its id [default: the one that is used]
        id: Option<String>,
    },
    /// Use a model from now on
    Promote {
        /// The start of its id
        id: String,
    },
    /// Use the model again that was used before
    Rollback,
    /// Write the model card: what was measured, against simple methods, with a picture
    Card {
        /// The start of its id [default: the one that is used]
        id: Option<String>,
        /// Write it to a file (.md), and the picture beside it (.svg)
        #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
        output: Option<PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct LearnArgs {
    /// Only this tag
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Option<String>,
    /// Resources that must speak for a rule
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) support: usize,
    /// Share of them that must have its value, by the low end of the interval
    #[arg(long, value_name = "SHARE", default_value_t = 0.9, value_parser = parse_confidence)]
    pub(crate) precision: f64,
    /// Write the policies to a file instead of standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) write: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) ground: GroundArgs,
}

fn parse_confidence(text: &str) -> Result<f64, String> {
    let number = text.trim().parse().ok().filter(|share| (0.0..=1.0).contains(share));
    number.ok_or_else(|| "write a number from 0 to 1, like 0.9".to_owned())
}
