//! Why there is no evaluation.

use std::fmt;

use rust_decimal::Decimal;
use tagpol_inventory::{ImportError, LookupError};
use tagpol_plan::ir::ComputedText;
use tagpol_plan::sql::Unsupported;
use tagpol_plan::{CurrencyMismatch, TextLimit};
use tagpol_session::earlier_state::EarlierStateError;
use tagpol_session::{Cancelled, StoreError};
use tagpol_state::StateError;

use crate::message::shown;

/// Why a program could not be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The program refers to money in another currency than the snapshot's: a mistake in the
    /// program, found only when the two meet.
    #[error("{}", list(.0))]
    Currency(Vec<CurrencyMismatch>),
    /// Charges are in currencies that no rate leads from to that of the report.
    #[error("{0}")]
    NoRate(NoRate),
    /// A text that the program computes for a resource is longer than allowed.
    #[error("{0}")]
    TextTooLong(TextTooLong),
    /// The file of a table cannot be read.
    #[error(transparent)]
    Lookup(Box<LookupError>),
    /// The file of a table can be read, and is not the table that the program declares.
    #[error(transparent)]
    Table(#[from] TableMistakes),
    /// The snapshot cannot be read or written.
    #[error(transparent)]
    Inventory(#[from] ImportError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the project remembers cannot be read.
    #[error(transparent)]
    State(StateError),
    /// The state store of an earlier version cannot be read.
    #[error(transparent)]
    EarlierState(#[from] EarlierStateError),
    /// An engine elsewhere cannot evaluate parts of the program.
    #[error("{}", lines(.0))]
    Unsupported(Vec<Unsupported>),
    /// The address of an engine elsewhere is not one.
    #[error(transparent)]
    EngineAddress(Box<dyn std::error::Error + Send + Sync>),
    /// An engine elsewhere failed.
    #[error(transparent)]
    Engine(Box<dyn std::error::Error + Send + Sync>),
    /// An engine elsewhere reads other resources than the snapshot has.
    #[error("the engine finds {found} resources, and the snapshot has {expected}")]
    OtherResources {
        /// How many the engine finds.
        found: u64,
        /// How many there are.
        expected: u64,
    },
    /// The database gave an answer of another shape than the plan says.
    #[error("unexpected database result for `{query}`: {reason}")]
    Answer {
        /// Name of the query.
        query: &'static str,
        /// What is wrong with the answer.
        reason: String,
    },
    /// A temporary folder could not be made.
    #[error("cannot create a temporary folder: {0}")]
    TemporaryFolder(#[source] std::io::Error),
}

impl RunError {
    /// Returns why the evaluation was stopped; None if it failed for another reason.
    pub fn cancelled(&self) -> Option<Cancelled> {
        match self {
            Self::Store(StoreError::Cancelled(why)) => Some(*why),
            _ => None,
        }
    }
}

impl From<StateError> for RunError {
    fn from(error: StateError) -> Self {
        // What stopped a transaction is the reason, and has its own help.
        match error {
            StateError::Source(source) => match source.downcast::<StoreError>() {
                Ok(error) => Self::Store(*error),
                Err(source) => match source.downcast::<Self>() {
                    Ok(error) => *error,
                    Err(source) => Self::State(StateError::Source(source)),
                },
            },
            error => Self::State(error),
        }
    }
}

/// Charges in currencies that cannot be added up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoRate {
    /// The currency of the report.
    pub target: String,
    /// Rates that are missing: a currency, and the one that it should be worth something of.
    pub missing: Vec<(String, String)>,
    /// What was charged in each currency.
    pub totals: Vec<(String, Decimal)>,
}

impl fmt::Display for NoRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = |(code, amount): &(String, Decimal)| format!("{} {}", amount.round_dp(2), shown(code));
        let totals: Vec<String> = self.totals.iter().map(total).collect();
        write!(
            f,
            "the charges are in {} that cannot be added up in {}: {}",
            if self.totals.len() == 1 { "a currency" } else { "several currencies" },
            self.target,
            totals.join(", ")
        )
    }
}

/// A file that is not the table that a program declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableMistakes {
    /// Name of the table.
    pub table: String,
    /// Path of its file.
    pub path: String,
    /// The first mistakes, in the order of the file: line (of Parquet the row) and what is wrong.
    pub first: Vec<(u64, String)>,
    /// How many there are.
    pub all: usize,
}

impl fmt::Display for TableMistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mistakes = if self.all == 1 { "an error" } else { "errors" };
        write!(f, "the table `{}` has {mistakes}", self.table)?;
        for (line, reason) in &self.first {
            write!(f, "\n  {}:{line}: {reason}", self.path)?;
        }
        match self.all - self.first.len() {
            0 => Ok(()),
            more => write!(f, "\n  … and {more} more"),
        }
    }
}

impl std::error::Error for TableMistakes {}

/// A text that came out longer than allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextTooLong {
    /// The text.
    pub text: ComputedText,
    /// Id of a resource for which it is too long.
    pub resource: String,
    /// The limit.
    pub limit: TextLimit,
}

impl fmt::Display for TextTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (written, resource, limit) = (shown(&self.text.text), shown(&self.resource), self.limit.0);
        match &self.text.tag {
            Some(tag) => write!(f, "the value of tag `{tag}`, `{written}`,")?,
            None => write!(f, "the text `{written}`")?,
        }
        write!(f, " is longer than {limit} bytes for resource `{resource}`")
    }
}

fn lines(unsupported: &[Unsupported]) -> String {
    unsupported.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn list(mismatches: &[CurrencyMismatch]) -> String {
    mismatches.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
