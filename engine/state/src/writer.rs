//! What can be added to a project's state.

use chrono::{DateTime, Utc};

use crate::decisions::{Change, Decision};
use crate::error::StateError;
use crate::findings::FindingKey;
use crate::import::{Import, ImportedRows};
use crate::predictions::Prediction;
use crate::reader::StateReader;
use crate::record::{RecordSource, Recorded};
use crate::runs::RunRecord;

/// Writes what one project remembers. No other process writes for the same project meanwhile. All calls of a
/// transaction take effect together, when [`StateStore::write`](crate::StateStore::write) returns.
pub trait StateWriter: StateReader {
    /// Adds decisions to the trail. Left out is what would change nothing: a value that is decided already, taking
    /// back what is not decided, and a rejection without a value. Returns what was added.
    ///
    /// # Errors
    /// [`StateError`].
    fn decide(
        &mut self,
        at: DateTime<Utc>,
        actor: &str,
        changes: &[Change],
    ) -> Result<Vec<Decision>, StateError>;

    /// Replaces all predictions: at most one for each tag of a resource; the last one counts.
    ///
    /// # Errors
    /// [`StateError`].
    fn set_predictions(&mut self, predictions: &[Prediction]) -> Result<(), StateError>;

    /// Remembers a run and its findings. `checks` are those that the run evaluated; the findings of `source` name
    /// them by index. The number of the run is given here.
    ///
    /// # Errors
    /// [`StateError`].
    fn record(
        &mut self,
        run: &RunRecord,
        checks: &[FindingKey],
        source: &mut dyn RecordSource,
    ) -> Result<Recorded, StateError>;

    /// Takes over what an earlier version of this program remembered, unless the project remembers something already.
    /// `rows` hands out the rows: decisions and runs in the order of their numbers, checks before their findings.
    ///
    /// # Errors
    /// [`StateError`].
    fn import(
        &mut self,
        source: &str,
        at: DateTime<Utc>,
        rows: &mut ImportedRows<'_>,
    ) -> Result<Import, StateError>;
}
