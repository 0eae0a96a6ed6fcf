//! Changes of tags in clouds: planned, reviewed, applied and undone.
//!
//! ```text
//! program + snapshot -- plan --> Plan, a file that a person reviews
//! Plan -- apply --> changed tags, a journal, and what became of each resource
//! Plan + journal -- rollback --> Plan that undoes it
//! ```
//!
//! In: a checked program, a snapshot, and what the project remembers. Out: a [`Plan`], whose changes are legal in their cloud,
//! are read back as the wanted values, open no finding, and are proved by the reference evaluator and by the database.
//! Promises that nothing is written to a cloud but by [`apply`], and there only to resources that have exactly the tags that
//! the plan was made from.
//!
//! - `plan_file`: the file, its hash, and what is wrong with a file
//! - `planning`: what is wanted, under which key it is written, and the proofs
//! - `apply`: the clouds, and the journal
//! - `rollback`: a plan that undoes another

mod apply;
mod plan_file;
mod planning;
mod rollback;

pub use apply::{
    ApplyError, ApplyOptions, ApplyReport, JournalError, Outcome, Recorded, apply, check_open, give_up,
    journal_path, read_journal,
};
pub use plan_file::{
    ClosedElsewhere, ClosedFinding, Effect, Operation, PLAN_VERSION, Plan, PlanError, PlanKind, PlanSettings,
    PlannedResource, PlannedSnapshot, Provenance, ProvenanceSource, Skip, SkipReason, TagChange,
    TerraformOwner,
};
pub use planning::{PlanRequest, PlanningError, plan};
pub use rollback::{RollbackError, rollback};
