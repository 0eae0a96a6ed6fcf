//! What a server shows of an inventory: evaluations as read-only databases, and newer decisions on top of them.
//!
//! ```text
//! Program + Snapshot + state -- build --> generations/<id>/{serving.duckdb, generation.json}
//!                                               |
//! Generation::open -----------------------------+--> pages, one resource, counts
//! ```
//!
//! In: a checked program, a snapshot, and what the project remembers. Out: rows and totals as plain data. Knows no HTTP, no
//! users and no clock of its own. Promises:
//!
//! - a generation has no native key, no native value and no `meta`, so that no question can reveal one;
//! - a folder without a dot is whole: it was renamed when everything was written, and is only read from then on;
//! - all calls may be made from several threads at once ([`Generation`] is `Sync`); they block, so that an asynchronous
//!   caller uses a thread that may;
//! - a question ends after its time, with [`DataError::TooSlow`].
//!
//! The parts:
//!
//! - `build`: a program and a snapshot become a generation
//! - `folder`: generations on disk
//! - `contents`: what a generation says about itself
//! - `sessions`: connections of one database, for several threads
//! - `generation`: an open generation
//! - `rows`: resources as they are read

mod build;
mod contents;
mod error;
mod folder;
mod generation;
mod query;
mod rows;
mod sessions;

pub use build::{BuildOptions, build};
pub use contents::{CheckContents, Contents, GoalContents, PolicyContents, TagContents};
pub use error::DataError;
pub use folder::Generations;
pub use generation::{Generation, OpenOptions};
pub use query::{MOST_ROWS, Page, Query, Sort, SortBy};
pub use rows::{CheckRow, Compliance, Decided, Resource, ResourceDetail, Suggestion, TagValue};
