//! Why a use case ended without its result.

use std::path::PathBuf;

use tagpol_eval::RunError;
use tagpol_files::FileError;
use tagpol_inventory::{ImportError, LookupError, YearMonth};
use tagpol_project::ProjectError;
use tagpol_sema::Diagnostic;
use tagpol_session::{Cancelled, StoreError};
use tagpol_state::{LocationError, StateError};
#[cfg(feature = "suggest")]
use tagpol_suggest::RegistryError;

#[cfg(feature = "remediate")]
use crate::remediation::RemediationError;

/// Whose matter an error is; faces make exit codes or status codes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request, the policies or the settings are wrong: asking again fails again.
    Request,
    /// The inventory, the state store or the engine: the same request may succeed later.
    Engine,
    /// The use case was ended early; nothing of it remains.
    Cancelled,
}

/// Why a use case ended without its result. No text of it mentions a flag of the command line.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The project cannot be read.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The policies have errors, which are all of these.
    #[error("the policies have errors")]
    Policies(Vec<Diagnostic>),
    /// There is no policy and no goal to evaluate.
    #[error("there is no policy to evaluate")]
    NoPolicies,
    /// A text is not a condition of the language.
    #[error("`{text}` is not a condition{}", reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    NotACondition {
        /// The text.
        text: String,
        /// The first mistake; None: it is a whole item of another kind.
        reason: Option<String>,
    },
    /// The manifest names a tag for reports that is not declared.
    #[error("there is no tag `{name}` to report by")]
    UnknownReportTag {
        /// The name.
        name: String,
        /// The manifest.
        manifest: PathBuf,
        /// The most similar tag.
        closest: Option<String>,
    },
    /// Nothing names an inventory, and the project has no snapshot.
    #[error("there is no inventory to evaluate")]
    NoInventory,
    /// The inventory has no resource.
    #[error("the inventory has no resources")]
    EmptyInventory,
    /// No snapshot has an id that begins so.
    #[error("there is no snapshot `{id}` in `{}`", folder.display())]
    UnknownSnapshot {
        /// The beginning of an id.
        id: String,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// Several snapshots have ids that begin so.
    #[error("{count} snapshots begin with `{id}`")]
    AmbiguousSnapshot {
        /// The beginning of an id.
        id: String,
        /// How many there are.
        count: usize,
    },
    /// A name is neither a tag nor an attribute.
    #[error("there is no tag or attribute `{name}`")]
    UnknownDimension {
        /// The name.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// The inventory has no cost data.
    #[error("the inventory has no cost data")]
    NoCostData,
    /// The bill that was specified has a header, and no charges.
    #[error("the bill `{path}` has no rows")]
    EmptyBill {
        /// Path of the file.
        path: String,
    },
    /// The inventory has costs of resources, but no charges, which have days and amounts of several kinds.
    #[error("the inventory has no charges, only costs of resources")]
    NoCharges,
    /// The snapshot has the costs of another month.
    #[error("the snapshot has the costs of {has}, not of {asked}")]
    OtherMonth {
        /// The month of the snapshot.
        has: YearMonth,
        /// The requested month.
        asked: YearMonth,
    },
    /// The snapshot has its costs in another currency.
    #[error("the snapshot has the costs of resources in {has}, not in {asked}")]
    OtherCurrency {
        /// The currency of the snapshot.
        has: String,
        /// The currency that was asked for.
        asked: String,
    },
    /// A language model cannot be asked at all.
    #[error("the language model cannot be asked: {0}")]
    LanguageModel(String),
    /// Files cannot be imported.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A lookup table cannot be read.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// A file is not one that may be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The temporary folder cannot be made.
    #[error("cannot make a temporary folder: {0}")]
    TemporaryFolder(#[source] std::io::Error),
    /// The token of the context is cancelled. Never inside of another error.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The evaluation.
    #[error(transparent)]
    Run(RunError),
    /// The state store.
    #[error(transparent)]
    State(StateError),
    /// The state store may not be where the manifest or the environment places it.
    #[error("`state`: {0}")]
    StateLocation(#[from] LocationError),
    /// The database.
    #[error(transparent)]
    Store(StoreError),
    /// A cloud cannot be fetched from.
    #[cfg(feature = "collect")]
    #[error(transparent)]
    Collect(#[from] tagpol_collect::CollectError),
    /// There is no policy of a name.
    #[error("there is no policy `{name}`")]
    UnknownPolicy {
        /// The name.
        name: String,
        /// The most similar policy.
        closest: Option<String>,
    },
    /// A plan cannot be made, applied or undone.
    #[cfg(feature = "remediate")]
    #[error(transparent)]
    Remediation(Box<RemediationError>),
    /// A name is not that of a tag that models suggest.
    #[cfg(feature = "suggest")]
    #[error("`{name}` is not a tag that a model can suggest")]
    NotLearnable {
        /// The name.
        name: String,
        /// The most similar tag.
        closest: Option<String>,
    },
    /// The models of the project.
    #[cfg(feature = "suggest")]
    #[error(transparent)]
    Models(#[from] RegistryError),
}

#[cfg(feature = "remediate")]
impl From<RemediationError> for AppError {
    fn from(error: RemediationError) -> Self {
        Self::Remediation(Box::new(error))
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Cancelled(why) => Self::Cancelled(why),
            error => Self::Store(error),
        }
    }
}

impl From<RunError> for AppError {
    fn from(error: RunError) -> Self {
        error.cancelled().map_or(Self::Run(error), Self::Cancelled)
    }
}

impl From<StateError> for AppError {
    fn from(error: StateError) -> Self {
        // A failure of the database may have stopped a transaction of the store.
        match RunError::from(error) {
            RunError::State(error) => Self::State(error),
            error => error.into(),
        }
    }
}

impl AppError {
    /// Returns whose matter it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Project(_)
            | Self::Policies(_)
            | Self::NoPolicies
            | Self::NotACondition { .. }
            | Self::UnknownReportTag { .. }
            | Self::UnknownSnapshot { .. }
            | Self::AmbiguousSnapshot { .. }
            | Self::UnknownDimension { .. }
            | Self::UnknownPolicy { .. }
            | Self::OtherMonth { .. }
            | Self::OtherCurrency { .. }
            | Self::NoCharges
            | Self::File(_)
            | Self::StateLocation(_)
            | Self::Run(
                RunError::Currency(_)
                | RunError::NoRate(_)
                | RunError::TextTooLong(_)
                | RunError::EngineAddress(_)
                | RunError::Unsupported(_),
            ) => ErrorKind::Request,
            Self::NoInventory
            | Self::EmptyInventory
            | Self::NoCostData
            | Self::EmptyBill { .. }
            | Self::Import(_)
            | Self::Lookup(_)
            | Self::TemporaryFolder(_)
            | Self::LanguageModel(_)
            | Self::Run(_)
            | Self::State(_)
            | Self::Store(_) => ErrorKind::Engine,
            Self::Cancelled(_) => ErrorKind::Cancelled,
            #[cfg(feature = "collect")]
            Self::Collect(
                tagpol_collect::CollectError::Options(_) | tagpol_collect::CollectError::Unknown { .. },
            ) => ErrorKind::Request,
            #[cfg(feature = "collect")]
            Self::Collect(_) => ErrorKind::Engine,
            #[cfg(feature = "remediate")]
            Self::Remediation(error) => error.kind(),
            #[cfg(feature = "suggest")]
            Self::NotLearnable { .. } => ErrorKind::Request,
            #[cfg(feature = "suggest")]
            Self::Models(error) => match error {
                RegistryError::Unknown(_) | RegistryError::Ambiguous(_) | RegistryError::NothingBefore => {
                    ErrorKind::Request
                }
                RegistryError::Damaged { .. }
                | RegistryError::Version { .. }
                | RegistryError::Io { .. }
                | RegistryError::File(_) => ErrorKind::Engine,
            },
        }
    }
}
