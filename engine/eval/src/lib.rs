//! A program over a snapshot becomes findings, and findings become reports.
//!
//! ```text
//! Program + Snapshot + now -- evaluate --> Evaluation -- report::{json, table} --> text
//! Program + Places         -- testing::run --> what each `test` block found, covers and notices
//!                                                        -- report::test_run --> text
//! Program + Snapshot       -- cost --> what is spent by the values of tags
//! two of both              -- diff --> what entered, left and changed
//! Program + one resource   -- explain --> why it is judged as it is
//! many programs + Snapshot -- live --> what each policy finds, while they are being written
//! ```
//!
//! In: a checked [`Program`](tagpol_sema::program::Program), an opened
//! [`Snapshot`](tagpol_inventory::Snapshot), the clock. Out: an [`Evaluation`], plain data in a
//! stable order. Assumes a program without errors. Promises the same evaluation for the same
//! input, whatever the number of threads, and that nothing but temporary files is written.

mod breakdown;
mod compile;
pub mod cost;
pub mod diff;
mod earlier_state;
mod engine;
mod error;
mod evaluate;
mod finding;
mod findings;
mod goal;
mod history;
pub mod live;
pub mod message;
mod observed;
mod options;
mod program_hash;
mod related;
mod results;
mod rows;
mod run;
mod tables;
mod undetermined;
mod waivers;

pub use breakdown::{Breakdown, ByTag, Coverage, CoveragePart, Group, Matrix, Roles};
pub use compile::{
    CHARGES, Compiled, DIALECT, RELATION, SUBJECTS, compile, compile_for, compile_for_engine,
    compile_for_layout, compile_for_snapshot, compile_layout_for_engine, layout_of, open_values,
};
pub use earlier_state::{TakenOver, take_over_earlier_state};
pub use engine::{Engine, for_each_batch, send_overlays, send_tables};
pub use error::{RunError, TableMistakes, TextTooLong};
pub use evaluate::{Details, evaluate, evaluate_in_detail, evaluate_on};
pub use finding::{
    AccountLine, CheckResult, Conflict, Evaluation, Gate, GateFailures, SnapshotInfo, State, Summary,
    ValueSource, fingerprint, score, score_of,
};
pub use findings::{
    Finding, FindingSubject, Findings, FindingsBuilder, FoundResource, FoundState, ResourceNumber,
};
pub use goal::{GoalGroup, GoalResult, GoalTarget, Measured};
pub use history::{ProjectHistory, TrendPoint};
pub use observed::{Observed, Which, observe, observe_with_predictions};
pub use options::{Distinct, FindingSelection, Options};
pub use program_hash::program_hash;
pub use related::{Ambiguous, read_related, related_of};
pub use results::is_due;
pub use rows::{Fields, read};
pub use run::Run;
pub use tables::{Tables, check_tables};
pub use tagpol_plan::StatementLimits;
pub use tagpol_plan::sql::TOP_FINDINGS;
pub use waivers::{Waiver, Waivers};
