//! Why a generation could not be written or a question not be answered.

use std::ops::Range;
use std::path::PathBuf;

use tagpol_app::AppError;
use tagpol_eval::RunError;
use tagpol_session::{Cancelled, StoreError};
use tagpol_state::StateError;

/// Why a generation could not be written or a question not be answered.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// There is no resource with this id or key.
    #[error("there is no resource `{name}`")]
    UnknownResource {
        /// The id or the key.
        name: String,
    },
    /// A name in a request is none of those that could stand there.
    #[error("there is no {kind} `{name}`{}", did_you_mean(closest.as_deref()))]
    UnknownName {
        /// What the name was taken for: `tag`, `policy`, `field`.
        kind: &'static str,
        /// The name.
        name: String,
        /// The most similar name that exists.
        closest: Option<String>,
    },
    /// A condition has mistakes.
    #[error("the condition cannot be used: {}", first(mistakes))]
    Condition {
        /// The text.
        text: String,
        /// All mistakes, with their places in the text.
        mistakes: Vec<ConditionMistake>,
    },
    /// A condition was checked with other policies than those of the generation. A new generation has to be built.
    #[error("the policies have changed since the generation `{generation}` was built")]
    OtherPolicies {
        /// The generation.
        generation: String,
    },
    /// Bytes are not a cursor.
    #[error("this is not a cursor; begin with the first page")]
    NotACursor,
    /// A cursor belongs to another generation, most likely an older one.
    #[error(
        "the cursor belongs to the generation `{generation}`, which is no longer shown; begin with the first page"
    )]
    CursorOfOtherGeneration {
        /// The generation.
        generation: String,
    },
    /// A cursor belongs to another filter or order.
    #[error("the cursor belongs to another filter or order; begin with the first page")]
    CursorOfOtherQuestion,
    /// There is no state store, so that nothing can be decided.
    #[error("the project has no state store")]
    NoState,
    /// So many resources change at once that a new generation has to be built to show it.
    #[error("{resources} resources change at once; build a new generation")]
    TooManyChanges {
        /// How many there are.
        resources: usize,
    },
    /// A page has too many rows.
    #[error("a page has at most {most} rows, not {asked}")]
    TooManyRows {
        /// The requested number.
        asked: u64,
        /// The highest number.
        most: u64,
    },
    /// A page begins too far behind the first row.
    #[error("a page begins at most {most} rows behind the first one, not {asked}")]
    TooFar {
        /// The requested number.
        asked: u64,
        /// The highest number.
        most: u64,
    },
    /// An alert would be about too many findings.
    #[error("there are more than {most} findings; name fewer policies, or a higher severity")]
    TooManyFindings {
        /// The highest number.
        most: usize,
    },
    /// There are costs of resources, but no charges, which have days and amounts of several kinds.
    #[error("the inventory has no charges, only costs of resources")]
    NoCharges,
    /// A report has too many lines.
    #[error("costs have more than {most} lines; sum them up by less, or filter")]
    TooManyGroups {
        /// The highest number.
        most: u64,
    },
    /// A graph goes too deep.
    #[error("a graph is at most {most} deep, not {asked}")]
    TooDeep {
        /// The requested depth.
        asked: u32,
        /// The highest depth.
        most: u32,
    },
    /// There is no generation with this id: it was removed, or never written.
    #[error("there is no generation `{id}` in `{}`", folder.display())]
    UnknownGeneration {
        /// The id.
        id: String,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// A generation is not whole, or was written by another version of the program. Another one must be built.
    #[error("the generation in `{}` cannot be read: {reason}; build it again", folder.display())]
    Damaged {
        /// Its folder.
        folder: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The process of a task failed, or was ended.
    #[error("the process failed: {reason}")]
    Child {
        /// Why.
        reason: String,
    },
    /// A folder or file cannot be read or written.
    #[error("`{}`: {source}", path.display())]
    File {
        /// The folder or file.
        path: PathBuf,
        /// The failure of the system.
        source: std::io::Error,
    },
    /// All connections are in use. The same request may succeed later.
    #[error("too many questions are being answered at once; ask again")]
    Busy,
    /// A question took longer than it may. One with a narrower filter may not.
    #[error("the question took too long; filter more narrowly")]
    TooSlow,
    /// The caller gave up.
    #[error("cancelled")]
    Cancelled,
    /// The project cannot be used.
    #[error(transparent)]
    App(#[from] AppError),
    /// The engine failed.
    #[error(transparent)]
    Run(RunError),
    /// The state store failed.
    #[error(transparent)]
    State(#[from] StateError),
}

/// A mistake in a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionMistake {
    /// Code of the diagnostic, which has a page of documentation; None for what is wrong only in a request.
    pub code: Option<String>,
    /// What is wrong, in one line.
    pub message: String,
    /// Words for the place itself; may be empty.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The bytes of the text that it is about.
    pub range: Range<usize>,
}

fn first(mistakes: &[ConditionMistake]) -> &str {
    mistakes.first().map_or("", |mistake| &mistake.message)
}

impl From<StoreError> for DataError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Timeout { .. } | StoreError::Cancelled(Cancelled::Deadline) => Self::TooSlow,
            StoreError::Cancelled(Cancelled::Requested) => Self::Cancelled,
            other => Self::Run(RunError::Store(other)),
        }
    }
}

impl From<RunError> for DataError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Store(error) => error.into(),
            RunError::State(error) => Self::State(error),
            other => Self::Run(other),
        }
    }
}

fn did_you_mean(closest: Option<&str>) -> String {
    closest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}
