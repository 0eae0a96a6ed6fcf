//! Models of small inventories that are made here, and of a real one.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may fail, and prints what it skips"
)]

mod inventory;
mod learning;
#[path = "../../examples/evaluate/list.rs"]
#[expect(dead_code, reason = "the evaluation needs more of it")]
mod list;
mod registry;
mod shared;
mod unchanged;
