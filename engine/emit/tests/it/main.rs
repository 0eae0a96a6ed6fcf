//! Tests of scripts, patches and policies of plans.
//!
//! - `scripts`: scripts are run with programs that record their arguments, for plans with any texts in them
//! - `terraform`: patches of configurations
//! - `custodian`: policies of Cloud Custodian
//! - `golden`: the output of one plan for each target

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy does not take for tests themselves"
)]

mod custodian;
mod golden;
mod scripts;
mod support;
mod terraform;
