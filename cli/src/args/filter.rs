//! Arguments of `tagpol filter`.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::ValueHint;

use super::{LimitArgs, SourceArgs, StateArgs, parse_time};

#[derive(Debug, clap::Args)]
pub(crate) struct FilterArgs {
    /// Names and values of tags, types, accounts and regions, in plain words
    #[arg(value_name = "WORDS", required = true)]
    pub(crate) words: Vec<String>,
    /// A project folder, a folder of .tagpol files, or one file [default: the project of the current folder]
    #[arg(long, short, value_name = "PROJECT", value_hint = ValueHint::AnyPath)]
    pub(crate) project: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Time of the evaluation: a day (2026-11-01) or a time (2026-11-01T12:00:00Z) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}
