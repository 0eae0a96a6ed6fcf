//! Generations of small projects: what is written, read back, and changed by decisions.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which clippy does not take for tests themselves")]

mod children;
mod costs;
mod generations;
mod lists;
mod overlay;
mod shop;
mod sides;
