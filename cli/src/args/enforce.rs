//! Arguments of `enforce`.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::ValueHint;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use tagpol_app::enforcement::{Mode, Target};

use super::parse_time;

#[derive(Debug, clap::Args)]
pub(crate) struct EnforceArgs {
    /// What the guards are written for
    #[arg(value_name = "TARGET", value_parser = target_parser())]
    pub(crate) target: Target,
    /// A project folder, a folder of .tagpol files, or one file [default: the project of the current folder]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) path: Option<PathBuf>,
    /// Folder for the documents, ROLLOUT.md and enforcement.json; it must be empty or not exist yet
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) output: PathBuf,
    /// What guards do with a resource that has a finding: report it (audit) or refuse it (deny); those of Azure can also write
    /// tags (modify, append)
    #[arg(long, value_name = "MODE", default_value = Mode::Audit.as_str(), value_parser = mode_parser())]
    pub(crate) mode: Mode,
    /// Number of the Google Cloud organization, for gcp-org-policy
    #[arg(long, value_name = "NUMBER")]
    pub(crate) organization: Option<String>,
    /// Exit with 0 even if constructs are lost
    #[arg(long)]
    pub(crate) accept_loss: bool,
    /// Time by which waivers end [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
}

fn target_parser() -> impl clap::builder::TypedValueParser<Value = Target> {
    let names = Target::ALL.iter().map(|target| target.as_str());
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Target>())
}

fn mode_parser() -> impl clap::builder::TypedValueParser<Value = Mode> {
    let names = Mode::ALL.iter().map(|mode| mode.as_str());
    PossibleValuesParser::new(names).map(|name| {
        let found = Mode::ALL.into_iter().find(|mode| mode.as_str() == name);
        found.unwrap_or_default()
    })
}
