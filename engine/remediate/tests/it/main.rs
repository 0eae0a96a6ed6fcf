//! Plans over random policies and inventories, judged by a module that shares nothing with the planner.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy does not take for tests themselves"
)]

mod applying;
mod oracle;
mod planning;
mod random;
mod support;
