//! What the compiler knows of the snapshot that a program will run over.

use chrono::{DateTime, Utc};

use crate::rates::Rates;

/// What a snapshot looks like from a query: enough to read it, none of its rows.
///
/// The relation has the columns `id`, `name`, `type`, `provider`, `account`, `region`, `source`,
/// `created`, `monthly_cost`, `tags`, `meta` and the promoted ones. Its costs must not add up to 10^26 or
/// more, which the sums could not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Name of the table or view that holds `resources.parquet`; not [`crate::sql::EVALUATED`].
    pub relation: String,
    /// Every exact native key of the snapshot, so that the spellings of a key are found once, when
    /// compiling. None: the snapshot is not known; keys are then read as the program writes them.
    pub keys: Option<Vec<KeyColumn>>,
    /// Currency of `monthly_cost`, ISO 4217. None: the snapshot does not say; amounts are then
    /// compared as they are.
    pub currency: Option<String>,
    /// What other currencies are worth. Amounts in one that they do not lead from to `currency` are
    /// an error.
    pub rates: Rates,
}

/// A native key that occurs in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyColumn {
    /// The key, exactly as found.
    pub key: String,
    /// The promoted column that holds its values. None: they are only in the `tags` map.
    pub column: Option<String>,
}

impl Layout {
    /// Returns the layout to compile for where no snapshot is at hand: a relation `resources`.
    pub fn generic() -> Self {
        Self { relation: "resources".to_owned(), keys: None, currency: None, rates: Rates::default() }
    }
}

/// What an evaluation depends on besides the program and the snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The clock. What is finer than a microsecond is cut off, as snapshots hold no finer times.
    pub now: DateTime<Utc>,
}
