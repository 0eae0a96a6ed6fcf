//! Tests of programs: what they find, and why.
//!
//! - `testing`: `test` blocks over small programs, in Markdown

#![expect(
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy does not take for tests themselves"
)]

#[path = "../../../../lang/syntax/tests/it/suite.rs"]
mod suite;
mod support;
mod testing;
