//! Changes of tags in clouds: planned, reviewed, applied and undone.
//!
//! In: a program and a snapshot. Out: a [`Plan`], a file that a person reviews.

mod plan_file;

pub use plan_file::{
    ClosedFinding, Effect, Operation, PLAN_VERSION, Plan, PlanError, PlanKind, PlanSettings, PlannedResource,
    PlannedSnapshot, Provenance, ProvenanceSource, Skip, SkipReason, TagChange, TerraformOwner,
};
