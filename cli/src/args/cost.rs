//! Arguments of `tagpol cost`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{ValueEnum, ValueHint};
use tagpol_app::evaluation::cost::{Amount, Period};
use tagpol_app::inventory::YearMonth;
use tagpol_app::report::cost::CostFormat;

use super::{LimitArgs, SourceArgs, StateArgs, parse_time};
use crate::targets::{Target, no_format};

#[derive(Debug, clap::Args)]
pub(crate) struct CostArgs {
    /// A project folder, a folder of .tagpol files, or one file [default: the project of the current folder]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) path: Option<PathBuf>,
    /// A tag, an attribute like resource.account, or charge.service, charge.category or charge.billing-account;
    /// repeat it, or separate several with commas
    #[arg(long, required = true, value_name = "TAG", value_delimiter = ',')]
    pub(crate) by: Vec<String>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Form of the report on standard output [default: table, unless `--output` names something else]
    #[arg(long, value_name = "FORMAT", value_parser = parse_cost_format)]
    pub(crate) format: Option<CostFormat>,
    /// Write a report to a file; repeat it for several
    ///
    /// FORMAT is one of table, csv, json, parquet and html. csv, json and parquet have exact amounts, table and
    /// html cents that add up. FORMAT without a file is written to standard output; FILE without a format has
    /// the one of `--format`, else the usual one of its extension.
    #[arg(
        long, short, value_name = "[FORMAT=]FILE", value_parser = Target::<CostFormat>::parse,
        value_hint = ValueHint::FilePath
    )]
    pub(crate) output: Vec<Target<CostFormat>>,
    /// Show only the N most expensive lines, and the others as one
    #[arg(long, value_name = "N", value_parser = parse_count, conflicts_with = "granularity")]
    pub(crate) top: Option<NonZeroUsize>,
    /// Show lines for each month or day, of all months unless `--month` or `--from` and `--to` name some
    #[arg(long, value_name = "PERIOD")]
    pub(crate) granularity: Option<Granularity>,
    /// The first month; needs a bill
    #[arg(long, value_name = "YYYY-MM", requires = "to", conflicts_with = "month")]
    pub(crate) from: Option<YearMonth>,
    /// The last month
    #[arg(long, value_name = "YYYY-MM", requires = "from")]
    pub(crate) to: Option<YearMonth>,
    /// Count charges in the month in which they start, and not in the month of their invoice
    #[arg(long)]
    pub(crate) by_usage_date: bool,
    /// The amount of charges that is summed up; only `effective` spreads upfront payments over what they cover
    #[arg(long, value_name = "AMOUNT", default_value = "effective")]
    pub(crate) amount: AmountArg,
    /// Time of the evaluation: a day (2026-11-01) or a time (2026-11-01T12:00:00Z) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Granularity {
    Month,
    Day,
}

impl From<Granularity> for Period {
    fn from(granularity: Granularity) -> Self {
        match granularity {
            Granularity::Month => Self::Month,
            Granularity::Day => Self::Day,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AmountArg {
    Effective,
    Billed,
    Contracted,
    List,
}

impl From<AmountArg> for Amount {
    fn from(amount: AmountArg) -> Self {
        match amount {
            AmountArg::Effective => Self::Effective,
            AmountArg::Billed => Self::Billed,
            AmountArg::Contracted => Self::Contracted,
            AmountArg::List => Self::List,
        }
    }
}

fn parse_count(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "write a whole number, 1 or more".to_owned())
}

fn parse_cost_format(name: &str) -> Result<CostFormat, String> {
    let found = CostFormat::ALL.into_iter().find(|format| format.as_str() == name);
    found.ok_or_else(|| no_format::<CostFormat>(name))
}
