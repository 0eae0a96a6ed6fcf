//! Snapshots: immutable folders of Parquet with a manifest.
//!
//! In: an [`Import`](crate::Import). Out: `<snapshots>/<id>/` with `manifest.json`,
//! `resources.parquet`, `values.parquet`, `rejects.ndjson` and, where bills and inventories were imported
//! together, `orphans.ndjson`, for bills `subjects.parquet` and `charges.parquet`, and for events `events.ndjson`; and such folders opened again. A folder appears whole
//! or not at all, and what is in it is never changed.

mod charges;
mod check;
mod manifest;
mod open;
mod orphans;
mod parquet;
mod resources;
mod values;
mod write;

pub use manifest::{
    ChargeInfo, Completeness, EventFile, EventInfo, FileHash, Files, KeyCount, Manifest, ManifestCounts,
    MonthTotal, SCHEMA_VERSION, SourceFile, SourceNote, UnattributedCost, ValueCount,
};
pub use open::{Damaged, Listing, Snapshot};
pub use orphans::{Orphan, Side};
pub use resources::Resources;

/// File with the resources.
pub(crate) const RESOURCES: &str = "resources.parquet";
/// File with the distinct values of columns that have few.
pub(crate) const VALUES: &str = "values.parquet";
/// File with what charges are for.
pub(crate) const SUBJECTS: &str = "subjects.parquet";
/// File with the charges.
pub(crate) const CHARGES: &str = "charges.parquet";
/// File with the rejects, one JSON object a line.
pub(crate) const REJECTS: &str = "rejects.ndjson";
/// File with the resources that only one side has, one JSON object a line.
pub(crate) const ORPHANS: &str = "orphans.ndjson";
/// File with the events that were applied, one JSON object a line.
pub(crate) const EVENTS: &str = "events.ndjson";
/// File that says what the snapshot is.
pub(crate) const MANIFEST: &str = "manifest.json";
