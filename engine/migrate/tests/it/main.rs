//! Documents of other tools and what becomes of them.
//!
//! `golden` compares the policies and reports of small documents, `real_data` migrates published ones, `hostile` changes
//! documents at random, `unread` puts unknown members into them, `outcomes` has constructs whose outcome is easily taken
//! for a better one, `invalid` asserts the place of each error, and `costformation` compares values with those of the vendor's
//! library.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy does not take for tests themselves"
)]

mod costformation;
mod golden;
mod hostile;
mod invalid;
mod outcomes;
mod real_data;
mod support;
mod unread;
