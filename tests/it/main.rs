//! The whole pipeline through its library, from text and files to findings.
//!
//! - `differential`: random programs, evaluated by the database and by the reference
//! - `distinct`: each distinct value judged once, or each resource
//! - `real`: real bills and inventories, evaluated by a program and by hand-written SQL
//! - `large`: programs of thousands of items
//! - `kill`: processes that are killed while they write to a state store
//! - `hostile`: what holds for any bytes, over mutated fixtures
//! - `supply_chain`: the checks on dependencies and on the library of DuckDB

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy does not take for tests themselves"
)]

mod differential;
mod distinct;
mod hostile;
mod kill;
mod large;
mod real;
mod supply_chain;
