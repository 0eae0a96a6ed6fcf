//! Nouns that all stages of the engine share.
//!
//! Plain data without files, clocks or databases: what currencies are worth in each other, and what was listed of a
//! cloud.

mod coverage;
mod rates;

pub use coverage::{Coverage, CoverageStatus, ListedFile, SourceCoverage};
pub use rates::{BadRate, Rate, Rates};
