//! Channels against receivers that judge what they get: `tests/peers/receiver.mjs`, in Node.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy does not take for tests themselves"
)]

mod channels;
mod peers;
