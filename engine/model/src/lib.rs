//! Nouns that all stages of the engine share.
//!
//! Plain data without files, clocks or databases: what currencies are worth in each other, what was listed of a
//! cloud, and how numbers are written.

mod coverage;
pub mod numbers;
mod rates;

pub use coverage::{Coverage, CoverageStatus, ListedFile, SourceCoverage};
pub use rates::{BadRate, Rate, Rates};
