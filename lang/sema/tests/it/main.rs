//! Tests of the checker through its public API.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "tests"
)]

mod codes;
mod condition_places;
mod diagnostics;
mod incremental;
mod lints;
mod maps;
mod mistakes;
mod modules;
mod pretty;
mod programs;
mod random;
mod reference;
mod stdlib;
#[path = "../../../syntax/tests/it/suite.rs"]
mod suite;
mod support;
mod wide_lists;
