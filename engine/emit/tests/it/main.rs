//! Tests of scripts, patches and policies of plans.
//!
//! - `scripts`: scripts are run with programs that record their arguments, for plans with any texts in them
//! - `terraform`: patches of configurations
//! - `judged`: patches of odd configurations, which python-hcl2 judges
//! - `configuration`: which attribute in which file is patched, and what would have no effect
//! - `custodian`: policies of Cloud Custodian
//! - `golden`: the output of one plan for each target

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy does not take for tests themselves"
)]

mod configuration;
mod custodian;
mod golden;
mod judged;
mod scripts;
mod support;
mod terraform;
