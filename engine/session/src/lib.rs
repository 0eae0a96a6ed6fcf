//! DuckDB sessions: the one place that runs SQL over snapshots.
//!
//! In: SQL text and the Parquet file of a snapshot. Out: rows of plain values, which know nothing
//! of DuckDB or Arrow. May assume: the SQL is a whole statement whose literals are escaped
//! ([`quote_text`] and [`quote_identifier`] do that for what is made here). Promises:
//!
//! - an error for everything that goes wrong outside, never a panic, and never a shortened result;
//! - no statement opens other files than [`StoreOptions::files`]; nothing is installed, loaded or fetched, and nothing
//!   is written but to [`StoreOptions::temp_dir`];
//! - settings that results could depend on are fixed, whatever the machine and its locale, for each session of a
//!   database;
//! - a session has limits of memory, threads and time ([`Limits`], [`Pool`]), and every statement ends soon after the
//!   [`CancelToken`] of its session is cancelled.
//!
//! Only what DuckDB has with nothing but `json` and `parquet` built in may be used, because that
//! is what the self-contained build has: no `icu`, no `httpfs`.
//!
//! ```
//! use tagpol_session::{Cell, Store, StoreError, StoreOptions};
//!
//! let store = Store::in_memory(&StoreOptions::default())?;
//! let table = store.query("SELECT 'prod' AS environment, 0.1 + 0.2 AS cost")?;
//! assert_eq!(table.columns, ["environment", "cost"]);
//! let [row] = table.rows.as_slice() else { return Ok(()) };
//! assert_eq!(row[0], Cell::Text("prod".to_owned()));
//! assert_eq!(row[1].to_string(), "0.3");
//! # Ok::<(), StoreError>(())
//! ```

mod cancel;
mod decode;
pub mod earlier_state;
mod error;
mod limits;
mod load;
mod pool;
mod quote;
mod rows;
mod snapshot;
mod store;
mod watch;

pub use cancel::{CancelOnDrop, CancelToken, Cancelled};
pub use decode::Batch;
pub use error::StoreError;
pub use limits::Limits;
pub use load::{ColumnType, LoadValue, Loader};
pub use pool::{Pool, PoolLimits};
pub use quote::{quote_identifier, quote_text};
pub use rows::{Cell, Decimal, Row, Table};
pub use snapshot::SNAPSHOT_COLUMNS;
pub use store::{Access, Attached, DUCKDB_VERSION, Store, StoreOptions};
