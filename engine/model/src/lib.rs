//! Nouns that all stages of the engine share.
//!
//! Plain data without files, clocks or databases: what currencies are worth in each other.

mod rates;

pub use rates::{BadRate, Rate, Rates};
