//! `tagpol remediate`

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueHint};

use super::{LimitArgs, SourceArgs, StateArgs, parse_time};

#[derive(Debug, Args)]
pub(crate) struct RemediateArgs {
    #[command(subcommand)]
    pub(crate) command: RemediateCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RemediateCommand {
    /// Plan the changes of tags that the policies want, as a file to review; nothing is changed in a cloud
    Plan(RemediatePlanArgs),
    /// Show a plan, and the hash that confirms it
    Show(RemediateShowArgs),
    /// Change tags in clouds, exactly as a reviewed plan lists it
    Apply(RemediateApplyArgs),
    /// Write a plan as commands, a patch or policies for a person to run; nothing is changed in a cloud
    Emit(RemediateEmitArgs),
    /// Make a plan that undoes what was applied of another
    Rollback(RemediateRollbackArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RemediatePlanArgs {
    /// A project folder, a folder of .tagpol files, or one file [default: the project of the current folder]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) path: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// The file of the plan [default: standard output]
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Only changes that close a finding of this policy; repeat it for several
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: Vec<String>,
    /// Only resources for which a condition of the language is true, like 'resource.account == "123456789012"'
    #[arg(long = "where", value_name = "CONDITION")]
    pub(crate) condition: Option<String>,
    /// Also write values that the model predicts and `infer` applies
    #[arg(long)]
    pub(crate) include_inferred: bool,
    /// Also rewrite values and keys that are valid but spelled differently
    #[arg(long)]
    pub(crate) canonical: bool,
    /// Time of the evaluation, from which the plan is valid for 24 hours [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RemediateShowArgs {
    /// The plan
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) plan: PathBuf,
    /// Show everything that is not planned too, not only how much it is
    #[arg(long)]
    pub(crate) all: bool,
    /// The project folder that the command to apply it is to name [default: the project of the current folder]
    #[arg(long, short, value_name = "PATH", value_hint = ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RemediateApplyArgs {
    /// The plan
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) plan: PathBuf,
    /// The hash of the plan, or at least its first 12 digits, as `tagpol remediate show` prints it
    #[arg(long, value_name = "HASH")]
    pub(crate) confirm: String,
    /// A project folder [default: the project of the current folder]
    #[arg(long, short, value_name = "PATH", value_hint = ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,
    /// A profile in the configuration of the AWS command line
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// A role to assume in other accounts of AWS
    #[arg(long, value_name = "NAME")]
    pub(crate) role: Option<String>,
    /// The address of the API of Azure, for sovereign clouds [default: `https://management.azure.com`]
    #[arg(long, value_name = "URL")]
    pub(crate) azure_endpoint: Option<String>,
    /// An address for all APIs of Google Cloud, for private networks [default: those of the services]
    #[arg(long, value_name = "URL")]
    pub(crate) gcp_endpoint: Option<String>,
    /// Attempts for a request that is throttled or collides with another one
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) attempts: u32,
}

#[derive(Debug, Args)]
pub(crate) struct RemediateEmitArgs {
    /// What the plan is written as: a script for a command line, a patch, or policies of Cloud Custodian
    #[arg(value_name = "TARGET", value_parser = ["aws", "az", "gcloud", "terraform", "c7n"])]
    pub(crate) target: String,
    /// The plan
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) plan: PathBuf,
    /// The file to write [default: standard output]
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Folder of the root module of Terraform, for terraform
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) configuration: PathBuf,
    /// Exit with 0 even if changes are left out
    #[arg(long)]
    pub(crate) accept_loss: bool,
    /// Time at which the plan must not have expired [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
}

#[derive(Debug, Args)]
pub(crate) struct RemediateRollbackArgs {
    /// The plan that was applied
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) plan: PathBuf,
    /// The file of the plan that undoes it [default: standard output]
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// A project folder [default: the project of the current folder]
    #[arg(long, short, value_name = "PATH", value_hint = ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,
}
