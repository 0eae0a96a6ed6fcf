//! Readers: one a format, all into one [`Sink`](crate::sink::Sink).
//!
//! In: an open file. Out: drafts of resources and rejects in the sink. A reader assumes nothing
//! about the content, holds one record at a time (at most [`RECORD_LIMIT`] bytes of it), and
//! either hands a row over, rejects it with its place, or fails with an [`ImportError`].

pub(crate) mod aws_config;
pub(crate) mod aws_cur;
pub(crate) mod aws_describe;
pub(crate) mod aws_explorer;
pub(crate) mod azure_cost;
pub(crate) mod azure_resources;
pub(crate) mod bill;
pub(crate) mod bills;
mod blocks;
pub(crate) mod csv;
pub(crate) mod csv_records;
mod fields;
pub(crate) mod focus;
pub(crate) mod gcp_assets;
pub(crate) mod gcp_billing;
mod gcp_lists;
pub(crate) mod json;
pub(crate) mod json_values;
pub(crate) mod kept_columns;
mod members;
pub(crate) mod ndjson;
pub(crate) mod oci_cost;
pub(crate) mod paging;
pub(crate) mod parquet_cells;
pub(crate) mod plain_bill;
pub(crate) mod probe;
mod record;
pub(crate) mod terraform;

/// Bytes that one row may have; a longer one is skipped and rejected without being held.
pub(crate) const RECORD_LIMIT: usize = 16 * 1024 * 1024;

/// Columns that a file may have, and members that an object may have: each takes many times the memory of its
/// text.
pub(crate) const MEMBER_LIMIT: usize = 250_000;

/// Returns the region of an AWS availability zone or local zone: `us-west-2` of `us-west-2-lax-1a`.
fn aws_region(zone: &str) -> Option<&str> {
    let digits = zone.find(|c: char| c.is_ascii_digit())?;
    let rest = zone.get(digits..)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    zone.get(..digits + end)
}
