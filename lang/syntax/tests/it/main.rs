//! Tests of the parser through its public API.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "tests"
)]

mod corpus;
mod extremes;
mod lossless;
mod messages;
mod recovery;
mod suite;
mod trees;
