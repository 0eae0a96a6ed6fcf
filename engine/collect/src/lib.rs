//! Inventories fetched from live clouds.
//!
//! In: the credentials and regions that the environment names. Out: answers of the cloud's API, written
//! as its command line writes them, for `tagpol-inventory` to read. Nothing is ever changed in a cloud:
//! the only request is `tag:GetResources`. This is the only home of a cloud's SDK.

mod aws;
mod error;

pub use aws::{AwsOptions, Fetched, fetch_aws};
pub use error::CollectError;
