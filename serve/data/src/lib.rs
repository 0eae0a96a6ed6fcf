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
//! - `child`: tasks in processes of their own, with limits
//! - `folder`: generations on disk
//! - `contents`: what a generation says about itself
//! - `generation`, `sessions`: an open generation, and its connections
//! - `filter`, `conditions`: which resources a question is about
//! - `query`, `cursor`, `rows`: questions about lists, where they go on, and what they return
//! - `lists`: pages, totals, facets, exports
//! - `detail`: one resource, and what happened to it
//! - `overlay`: decisions that are newer than a generation
//! - `findings`, `alerts`, `costs`, `suggestions`, `graph`: the same inventory from other sides

mod alerts;
mod build;
pub mod child;
mod conditions;
mod contents;
mod costs;
mod cursor;
mod detail;
mod error;
mod filter;
mod findings;
mod folder;
mod generation;
mod graph;
mod lists;
mod overlay;
mod query;
mod reason;
mod rows;
mod sessions;
mod suggestions;

pub use alerts::AlertFinding;
pub use build::{BuildOptions, build};
pub use conditions::{Condition, Conditions};
pub use contents::{CheckContents, Contents, FirstSeenKind, GoalContents, PolicyContents, TagContents};
pub use costs::{CostPart, CostQuery, CostReport};
pub use detail::{Event, EventKind};
pub use error::{ConditionMistake, DataError};
pub use filter::Filter;
pub use findings::{CheckStatus, ComplianceStatus, Finding, FindingPage, FindingQuery};
pub use folder::Generations;
pub use generation::{Generation, OpenOptions};
pub use graph::{Edge, Graph, GraphQuery, MOST_DEPTH, Node};
pub use lists::{Export, Facet, FacetOf, FacetValue, Totals, all_facets};
pub use overlay::{CaughtUp, Overlay, Preview};
pub use query::{MOST_OFFSET, MOST_ROWS, Page, Query, Similar, Sort, SortBy};
pub use reason::reason;
pub use rows::{CheckRow, Compliance, Decided, Resource, ResourceDetail, Suggestion, TagValue};
pub use suggestions::{SuggestedTag, SuggestionPage, SuggestionQuery};
