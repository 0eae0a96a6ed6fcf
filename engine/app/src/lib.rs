//! The use cases of tagpol, for every face: the command line, the editor's worker, a server.
//!
//! ```text
//! path or texts -- Project -->  checked policies, with the settings of the manifest
//! Project + InventorySource -- Workspace -->  an inventory that can be asked
//!     evaluate   findings, scores, goals, and what else reports show
//!     costs      spend by tags and attributes
//!     explain    why a resource has its tags and findings
//!     advice     facts and ordered steps
//!     compile    the plan and its SQL
//! two of both -- comparison::compare -->  what entered, left and changed
//! Project -- tests::run -->  results, coverage, mutants
//! Project + InventorySource -- models::TrainingContext -->  what models are trained on and asked (feature `suggest`)
//! Project + InventorySource -- remediation --> a plan of changes in clouds, applied and undone (feature `remediate`)
//! Project -- enforcement::enforce -->  guards of a cloud, and what is exact and what is not
//! Advice + Settings of models -- reworded::reword -->  advice that a model words (feature `advise-model`)
//! Workspace -- conversing::ProjectTools -->  what a conversation looks things up with, and words become conditions
//! documents of other tools -- migration::migrate -->  policies, and what is exact and what is not
//! ```
//!
//! In: paths or texts, plain settings, a [`RunContext`] (clock, limits, a [`CancelToken`], and an [`Observer`]
//! of progress and notices). Out: plain data and typed errors ([`AppError`]). Assumes nothing about its caller: it knows no
//! terminal, no command-line flags, no protocol and no exit codes, it prints nothing and never ends the
//! process. A face turns arguments or requests into these types, and results into text.

mod advice;
pub mod comparison;
mod context;
pub mod conversing;
pub mod decisions;
#[cfg(feature = "remediate")]
pub mod emission;
pub mod enforcement;
#[cfg(feature = "spark")]
mod engine;
mod error;
#[cfg(feature = "collect")]
pub mod fetch;
mod input_files;
pub mod inventory;
pub mod migration;
#[cfg(feature = "suggest")]
pub mod models;
pub mod new_folder;
mod patterns;
mod project;
#[cfg(feature = "remediate")]
pub mod remediation;
#[cfg(feature = "advise-model")]
pub mod reworded;
pub mod state;
pub mod tests;
mod workspace;

pub use context::{Notice, Observer, RunContext, Silent};
#[cfg(feature = "spark")]
pub use engine::EngineSettings;
pub use error::{AppError, ErrorKind};
pub use inventory::{ImportSettings, InventorySource, OpenedInventory};
pub use project::{Location, Project, locate, project_root};
pub use state::{StateAccess, StateStore};
pub use tagpol_plan::Dialect;
pub use workspace::{EvaluateRequest, EvaluatedInventory, VirtualTag, Workspace, compile_project};

// The nouns of the results, so that faces need no other crate of the engine.
pub use tagpol_advise as advising;
#[cfg(feature = "collect")]
pub use tagpol_collect as clouds;
pub use tagpol_eval as evaluation;
pub use tagpol_explain as explanation;
pub use tagpol_files as files;
#[cfg(feature = "advise-model")]
pub use tagpol_language_model as language_model;
pub use tagpol_plan::TextLimit;
pub use tagpol_project as settings;
pub use tagpol_report as report;
pub use tagpol_session::earlier_state::EarlierStateError;
pub use tagpol_session::{
    CancelOnDrop, CancelToken, Cancelled, DUCKDB_VERSION, Decimal, Limits, Pool, PoolLimits, StoreError,
};
#[cfg(feature = "suggest")]
pub use tagpol_suggest as learning;
pub use tagpol_testing as testing;

/// Loads the database library, and returns its version, such as `v1.5.6`: [`DUCKDB_VERSION`], since another one is
/// refused.
///
/// # Errors
/// [`StoreError::Start`] and [`StoreError::Version`].
pub fn loaded_duckdb() -> Result<&'static str, StoreError> {
    tagpol_session::Store::in_memory(&tagpol_session::StoreOptions::default())?;
    Ok(DUCKDB_VERSION)
}
