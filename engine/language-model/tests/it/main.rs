//! Services that answer, fail, hang and send garbage, as small servers on this machine.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy does not take for tests themselves"
)]

mod asking;
mod server;
mod streams;
