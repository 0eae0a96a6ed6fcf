//! Inventories fetched from live clouds.
//!
//! In: the credentials that the environment names, and which accounts, regions and types are wanted. Out: files with the
//! raw answers of the cloud's APIs, which `tagpol-inventory` reads like any others, and `coverage.json`, which records
//! what each source listed of each place and what it did not.
//!
//! A source is an API that lists resources: one file, with its name, its permissions and its pages. Promises that
//!
//! - nothing is ever changed in a cloud: all requests get, list, describe, search or select,
//! - an answer that is not whole (denied, throttled for good, cut off, a token that repeats) is recorded as such,
//! - resources that a source lists without their tags are in files of their own, so that they never count as untagged.
//!
//! This is the only home of a cloud's SDK.

mod accounts;
mod aws;
mod azure;
pub mod client;
mod dry_run;
mod error;
mod gcp;
mod http;
mod jobs;
mod known;
mod oauth;
mod output;
mod pager;
mod source;

pub use aws::{AwsOptions, dry_run as dry_run_aws, fetch_aws};
pub use azure::{AzureOptions, dry_run_azure, fetch_azure};
pub use dry_run::{DryRun, Grant};
pub use error::CollectError;
pub use gcp::{GcpOptions, dry_run_gcp, fetch_gcp};
pub use known::nearest;
pub use output::{Fetched, Progress, Since};
pub use source::Call;
