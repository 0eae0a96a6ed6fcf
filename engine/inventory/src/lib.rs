//! Resources, inventory formats and immutable snapshots.
//!
//! In: bills, exports of cloud APIs and lists of resources, as files of a known [`Format`]. Out: an
//! [`Import`], and from it a [`Snapshot`]: a folder with `resources.parquet`, `rejects.ndjson`,
//! `manifest.json`, and for joined sources `orphans.ndjson`, that never changes again and that any
//! tool can read.
//!
//! Assumes nothing about the files. Promises that
//!
//! - no row disappears: each is in the snapshot, merged into one of the same id, a charge of a
//!   resource or of none, counted as left out, or counted as rejected, the first 100,000 rejects listed
//!   with their files and lines,
//! - a file that shows that it is not all of what there is (a token of a next page) makes the import
//!   incomplete, and so does a `coverage.json` next to it that records the same,
//! - a resource that is only in files without tags, as `coverage.json` records it, has unknown tags, not none, and so has one
//!   that only a bill has, if its type was not listed whole,
//! - tags are kept exactly as found, keys and values, every spelling of a key by itself; only a tag
//!   of a bill gives way to the same key of an inventory in any spelling,
//! - costs are exact decimals,
//! - the same files, options and time give the same bytes,
//! - a snapshot appears whole or not at all, and an error leaves nothing behind.
//!
//! [`apply_events`] makes a snapshot of another one, and of events that clouds delivered since then.
//!
//! ```no_run
//! use tagpol_inventory::{ImportOptions, import};
//!
//! # fn main() -> Result<(), tagpol_inventory::ImportError> {
//! let options = ImportOptions::at(chrono::Utc::now());
//! let import = import(&["bill.csv.gz".into()], &options, &mut |_| {})?;
//! let snapshot = import.write("snapshots".as_ref(), &mut |_| {})?;
//! assert_eq!(snapshot.manifest().schema_version, 2);
//! # Ok(())
//! # }
//! ```
//!
//! # Formats
//!
//! `docs/inventories.md` says of each what is read and how to get it; [`Format::about`] in one line.
//!
//! - **Bills** (FOCUS, exports of AWS, Azure, Google and Oracle, CSV of any vendor): one resource per id. Its cost
//!   is the sum of the charges whose period starts in the month of the snapshot; a resource without
//!   charges in it costs 0. Charges without an id are summed as unattributed.
//! - **Answers of APIs** (AWS tagging, Config, Resource Explorer and describe commands, Azure
//!   resources, Google assets) and **Terraform** plans and states.
//! - **Lists** (`ndjson`, `json`, `csv`): fields `id` (or `resource_id`, `arn`), `name`, `type`,
//!   `provider`, `account`, `region`, `created`, `monthly_cost` (or `cost`), `currency`, `source`,
//!   `tags`; all else goes to `meta`. In CSV, `tags` is a JSON object, `tag:KEY` and `tags.KEY`
//!   are columns of one tag; an empty cell and the text `NULL` are no value, and an empty tag is
//!   written as `{"KEY": ""}` in the `tags` column.
//!
//! Bills and inventories that are imported together are joined by id: what an inventory says of a
//! resource beats what a bill says, but costs are the bill's, so that they add up to it.
//!
//! All text is UTF-8, with or without a byte order mark; bytes that are not are replaced by
//! `\u{fffd}` and listed, but a row whose id has such bytes is rejected, and so is a row of Parquet with such
//! bytes anywhere, since its texts are UTF-8 by definition. Any file may be packed by gzip or zstd.

mod changes;
mod charges;
mod detect;
mod error;
mod events;
mod fetched;
mod format;
mod gap;
mod guard;
mod identity;
mod import;
mod imported;
mod inventory;
mod listed;
mod lookup;
mod month;
mod parallel;
mod parts;
mod pool;
mod progress;
mod read;
mod reject;
mod resource;
mod sink;
mod small_map;
mod snapshot;
mod source;
mod tags;
mod value;

pub use changes::{Change, Difference, Of, UNKNOWN_VALUE, changes};
pub use charges::{AMOUNT_SCALE, amount_units};
pub use detect::detect;
pub use error::ImportError;
pub use events::{AppliedEvents, EventOptions, EventReport, apply_events, check_events};
pub use format::{Format, NotAFormat};
pub use gap::Gap;
pub use import::{ImportOptions, STANDARD_INPUT, import};
pub use imported::{Counts, Import};
pub use inventory::Matches;
pub use lookup::{LookupColumns, LookupError, LookupRow, lookup_headings, read_lookup};
pub use month::{NotAMonth, YearMonth};
pub use pool::{Pool, Symbol};
pub use progress::Progress;
pub use read::bill::BillMonth;
pub use reject::{Reject, RejectKind};
pub use resource::{Resource, UnknownTags};
pub use snapshot::{
    ChargeInfo, Completeness, Damaged, EventFile, EventInfo, FileHash, Files, KeyCount, Listing, Manifest,
    ManifestCounts, MonthTotal, Orphan, Resources, SCHEMA_VERSION, Side, Snapshot, SourceFile, SourceNote,
    UnattributedCost, ValueCount,
};
pub use tagpol_model::{Coverage, CoverageStatus, ListedFile, SourceCoverage};
