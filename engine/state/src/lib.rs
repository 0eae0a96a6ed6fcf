//! What a project remembers between runs: decisions, predictions, when findings were first seen, past runs.
//!
//! In: a location (a SQLite file, or a PostgreSQL database), and rows to remember. Out: rows remembered earlier.
//! SQL does not leave this crate. May assume: nothing of a file, which may be absent, old, new, damaged, in use, or
//! made by a stranger. Promises, on both databases:
//!
//! - a transaction is short; a second writer of the same project waits for it;
//! - when a call to [`StateStore::write`] returns, its rows are on disk: a process that is killed at any moment
//!   loses nothing that was acknowledged, and leaves no part of what was not;
//! - the trail of decisions is append-only, and its numbers have no gaps;
//! - a row that cannot be read is an error, and is never skipped;
//! - a store of a newer version is left alone; one with a schema that this program did not write is not read.
//!
//! The parts:
//!
//! - `store`: where the store is, how long to wait for it, and its transactions
//! - `project`: what a manifest and the environment name
//! - `location`: paths and addresses of databases, as users write them
//! - `reader`, `writer`: the traits that others program against; `decisions`, `predictions`, `findings`, `record`,
//!   `runs` and `import` implement them once, for both databases
//! - `session`: a transaction, which implements both traits; `transaction`: the same with the tables of a companion, a
//!   crate that stores rows of its own in the same database and the same transactions
//! - `copy`: all rows, for backups
//! - `kept`: connections that a server keeps open between transactions
//! - `connection`: statements and rows, and the differences between the two databases
//! - `schema`: the tables, and the check that a database has them and nothing more
//!
//! Calls block. A caller on an asynchronous runtime uses a thread that may block.

mod amount;
mod connection;
mod copy;
mod decisions;
mod decode;
mod error;
mod findings;
mod import;
mod kept;
mod location;
mod patience;
mod predictions;
mod project;
mod reader;
mod record;
mod runs;
mod schema;
mod session;
mod store;
mod transaction;
mod writer;

pub use amount::Amount;
pub use connection::{Cell, Row, Value};
pub use copy::Table;
pub use decisions::{Action, AnswerCount, Change, CurrentDecision, Decision, Rejection, TagOf};
pub use error::StateError;
pub use findings::{FindingKey, FindingPosition, OpenFinding, SeenFinding};
pub use import::{Import, ImportedRow, ImportedRows, TakeRow};
pub use location::{Location, LocationError};
pub use predictions::Prediction;
pub use project::{Environment, ProjectState};
pub use reader::{Page, StateReader};
pub use record::{ObservedFinding, RecordSource, Recorded};
pub use runs::{GoalRecord, RunRecord};
pub use schema::companion::{Companion, CompanionSchema};
pub use store::{PATIENCE, StateStore, Waiting};
pub use transaction::Transaction;
pub use writer::StateWriter;
