//! `tagpol snapshot fetch`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::ImportArgs;

/// Selection of resources to fetch from a live cloud; nothing is changed there.
#[derive(Debug, Clone, Args)]
pub(crate) struct FetchArgs {
    #[command(subcommand)]
    pub(crate) cloud: Cloud,
}

/// A cloud whose resources can be fetched.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Cloud {
    /// Resources of AWS, from Resource Explorer where it is turned on, the tagging API, and others
    Aws(AwsArgs),
    /// Resources of Azure, from Resource Graph
    Azure(AzureArgs),
    /// Resources of Google Cloud, from Cloud Asset Inventory
    Gcp(GcpArgs),
}

impl FetchArgs {
    /// What all clouds have.
    pub(crate) fn common(&self) -> &CommonFetchArgs {
        match &self.cloud {
            Cloud::Aws(args) => &args.common,
            Cloud::Azure(args) => &args.common,
            Cloud::Gcp(args) => &args.common,
        }
    }
}

#[derive(Debug, Clone, Args)]
pub(crate) struct AwsArgs {
    /// Regions, separated by commas or repeated [default: those that are enabled in each account]
    #[arg(long, visible_alias = "regions", value_name = "REGION", value_delimiter = ',')]
    pub(crate) region: Vec<String>,
    /// A profile in the configuration of the AWS command line
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Only these types, like `ec2:instance` or `s3`, separated by commas or repeated; instances, volumes, functions,
    /// buckets and databases are then listed by their own services too, with their state
    #[arg(long = "type", visible_alias = "types", value_name = "TYPE", value_delimiter = ',')]
    pub(crate) types: Vec<String>,
    /// Only these sources, like `aws-tagging`, separated by commas or repeated [default: Resource Explorer where it is
    /// turned on, the tagging API, and the services of the types]
    #[arg(long, value_name = "SOURCE", value_delimiter = ',')]
    pub(crate) source: Vec<String>,
    /// A role to assume in each account of the organization
    #[arg(long, value_name = "NAME")]
    pub(crate) role: Option<String>,
    /// Accounts to assume the role in, separated by commas or repeated [default: all of the organization]
    #[arg(long, visible_alias = "accounts", value_name = "ID", value_delimiter = ',', requires = "role")]
    pub(crate) account: Vec<String>,
    /// An aggregator of AWS Config whose resources are listed too
    #[arg(long, value_name = "NAME")]
    pub(crate) aggregator: Option<String>,
    #[command(flatten)]
    pub(crate) common: CommonFetchArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct AzureArgs {
    /// Ids of subscriptions, separated by commas or repeated [default: all that the caller may see]
    #[arg(long, visible_alias = "subscriptions", value_name = "ID", value_delimiter = ',')]
    pub(crate) subscription: Vec<String>,
    /// Only these types, like `microsoft.compute/virtualmachines`, separated by commas or repeated
    #[arg(long = "type", visible_alias = "types", value_name = "TYPE", value_delimiter = ',')]
    pub(crate) types: Vec<String>,
    /// The address of the API, for sovereign clouds [default: `https://management.azure.com`]
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    #[command(flatten)]
    pub(crate) common: CommonFetchArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct GcpArgs {
    /// Where to search: `projects/ID`, `folders/NUMBER` or `organizations/NUMBER`
    #[arg(long, value_name = "SCOPE")]
    pub(crate) scope: String,
    /// Only these types, like `compute.googleapis.com/Instance`, separated by commas or repeated
    #[arg(long = "type", visible_alias = "types", value_name = "TYPE", value_delimiter = ',')]
    pub(crate) types: Vec<String>,
    /// The address of the API, for private networks [default: `https://cloudasset.googleapis.com`]
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    #[command(flatten)]
    pub(crate) common: CommonFetchArgs,
}

/// What fetching from any cloud has.
#[derive(Debug, Clone, Args)]
pub(crate) struct CommonFetchArgs {
    /// Show the requests and the least permissions that they need, without sending any
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Exit with 0 although something could not be listed
    #[arg(long)]
    pub(crate) allow_partial: bool,
    /// Attempts for a request that is throttled or fails on the way
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) attempts: u32,
    /// A bill or an export to join with the fetched resources; repeat it for several
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) with: Vec<PathBuf>,
    /// Read only what changed since the last fetch, where the cloud reports it, and show what changed since a snapshot
    /// [default: the newest]
    #[arg(long, value_name = "ID", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) since: Option<String>,
    #[command(flatten)]
    pub(crate) import: ImportArgs,
}
