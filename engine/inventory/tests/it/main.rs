//! Inventory files, good and bad, to snapshots and back.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests, which clippy does not take for tests themselves"
)]

mod apis;
mod bad_input;
mod bad_parquet;
mod bills;
mod bounds;
mod events;
mod exports;
mod fetched;
mod focus;
mod incomplete;
mod joining;
mod lists;
mod lookups;
mod real_data;
mod round_trip;
mod snapshots;
mod support;
mod values;
