//! Arguments of `migrate`.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::ValueHint;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use tagpol_app::migration::Format;

use super::parse_time;

#[derive(Debug, clap::Args)]
pub(crate) struct MigrateArgs {
    /// What the files are written for
    #[arg(value_name = "FORMAT", value_parser = format_parser())]
    pub(crate) from: Format,
    /// The documents; tag policies of AWS in the order from the root to the account
    #[arg(required = true, value_name = "FILES", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
    /// Folder for the .tagpol files and migration.json; it must be empty or not exist yet
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) output: PathBuf,
    /// Value of a parameter of the documents, such as `tagName=environment`; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_parameter)]
    pub(crate) set: Vec<(String, String)>,
    /// Exit with 0 even if constructs are lost
    #[arg(long)]
    pub(crate) accept_loss: bool,
    /// Time from which waivers without an end last 90 days [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
}

fn format_parser() -> impl clap::builder::TypedValueParser<Value = Format> {
    let names = Format::ALL.iter().map(|format| format.as_str());
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Format>())
}

fn parse_parameter(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = pair.ok_or("expected `NAME=VALUE`")?;
    Ok((name.to_owned(), value.to_owned()))
}
