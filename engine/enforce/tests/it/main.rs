//! Tests of guards.
//!
//! - `golden`: the documents and the report of one project, for each target
//! - `verdicts`: random policies: what a guard refuses, by an evaluator of its documents, against what the policies find
//! - `written`: random rules and remedies: what definitions write, by the same evaluator, against what the policies give
//! - `round_trip`: migrating the documents back gives the same findings
//! - `limits`: sizes, numbers, names and hostile texts

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy does not take for tests themselves"
)]

mod clouds;
mod golden;
mod limits;
mod random;
mod round_trip;
mod support;
mod verdicts;
mod written;
