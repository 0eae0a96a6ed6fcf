//! Advice over random results of evaluations with hostile texts, worded by this program, by an honest model and by
//! liars.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy does not take for tests themselves"
)]

mod conversations;
mod formats;
mod injected;
mod inputs;
mod liars;
mod oracle;
mod templates;
