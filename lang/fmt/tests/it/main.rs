//! Tests of the formatter through its public API.
//!
//! - `suite`: texts before and after, in `suite.md`
//! - `promises`: what holds for every text
//! - `edits`: ends of lines, and how little changes
//! - `ranges`: formatting of a part
//! - `corpus`: the texts of the repository

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy does not take for tests themselves"
)]

mod corpus;
mod edits;
mod promises;
mod ranges;
mod suite;
