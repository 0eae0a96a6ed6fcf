//! Taking over the state store of earlier versions, a DuckDB file, into the one of this version.
//!
//! The rows are copied in one transaction, which also records that they were; then the file is renamed. A process that
//! is killed before the end of the transaction leaves the old file and nothing new, one that is killed after it leaves
//! a record by which the next process only renames the file.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use tagpol_session::earlier_state::{
    EarlierDecision, EarlierRow, EarlierRun, EarlierState, EarlierStateError,
};
use tagpol_state::{
    Action, Amount, Decision, FindingKey, GoalRecord, Import, ImportedRow, Prediction, RunRecord, StateError,
    StateStore,
};

use crate::error::RunError;

/// What became of the store of an earlier version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakenOver {
    /// Its rows are in the new store, and it was renamed.
    Done {
        /// Where it was.
        from: PathBuf,
        /// Its name now.
        kept_as: PathBuf,
        /// Number of decisions.
        decisions: u64,
        /// Number of runs.
        runs: u64,
    },
    /// The new store has rows of its own, so the old file was left alone.
    LeftAlone {
        /// The old file.
        from: PathBuf,
    },
}

/// Takes over the store that an earlier version left next to the one of a project. None if there is none.
///
/// # Errors
/// [`RunError::EarlierState`] if it cannot be read; [`RunError::State`]. Nothing is lost then.
pub fn take_over_earlier_state(
    state: &StateStore,
    now: DateTime<Utc>,
) -> Result<Option<TakenOver>, RunError> {
    let Some(from) = state.earlier_file().filter(|from| from.symlink_metadata().is_ok()) else {
        return Ok(None);
    };
    let earlier = EarlierState::open(&from)?;
    let kept_as = free_name(&from);
    let source = from.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let import = state.write(|state| {
        state.import(&source, now, &mut |f| {
            let copied = earlier.each(|row| f(row_of(row)?).map_err(Stop::State));
            copied.map_err(|stop| match stop {
                Stop::State(error) => error,
                Stop::Earlier(error) => StateError::Source(Box::new(error)),
            })
        })
    });
    let import = import.map_err(|error| match error {
        StateError::Source(source) => match source.downcast::<EarlierStateError>() {
            Ok(error) => RunError::EarlierState(*error),
            Err(source) => unreadable(&from, &source.to_string()),
        },
        error => RunError::from(error),
    })?;
    let (decisions, runs) = match import {
        Import::Done { decisions, runs, .. } => (decisions, runs),
        Import::Again => (0, 0),
        Import::NotEmpty => return Ok(Some(TakenOver::LeftAlone { from })),
    };
    drop(earlier);
    keep(&from, &kept_as)?;
    Ok(Some(TakenOver::Done { from, kept_as, decisions, runs }))
}

fn keep(from: &Path, kept_as: &Path) -> Result<(), RunError> {
    let rename = |from: &Path, to: &Path| {
        std::fs::rename(from, to).map_err(|source| {
            RunError::State(StateError::Io { doing: "rename", path: from.to_owned(), source })
        })
    };
    rename(from, kept_as)?;
    let log = with_suffix(from, ".wal");
    if log.symlink_metadata().is_ok() {
        rename(&log, &with_suffix(kept_as, ".wal"))?;
    }
    Ok(())
}

/// Returns the name that an imported file gets: one that nothing has, since an earlier one is kept.
fn free_name(from: &Path) -> PathBuf {
    let first = with_suffix(from, ".imported");
    let others = (2_u32..).map(|number| with_suffix(from, &format!(".imported-{number}")));
    let mut names = std::iter::once(first.clone()).chain(others);
    names.find(|name| name.symlink_metadata().is_err()).unwrap_or(first)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Why copying stopped.
enum Stop {
    State(StateError),
    Earlier(EarlierStateError),
}

impl From<EarlierStateError> for Stop {
    fn from(error: EarlierStateError) -> Self {
        Self::Earlier(error)
    }
}

fn unreadable(path: &Path, reason: &str) -> RunError {
    RunError::EarlierState(EarlierStateError::Damaged { path: path.to_owned(), reason: reason.to_owned() })
}

/// A cell that means nothing.
fn unknown(what: &str, value: &str) -> Stop {
    Stop::State(StateError::Source(format!("{what} is {value}").into()))
}

fn time(micros: i64) -> Result<DateTime<Utc>, Stop> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| unknown("a time", &micros.to_string()))
}

fn row_of(row: EarlierRow) -> Result<ImportedRow, Stop> {
    Ok(match row {
        EarlierRow::Check { id, policy, check, tag } => {
            ImportedRow::Check(id, FindingKey { policy, check, tag })
        }
        EarlierRow::Finding { check, resource, first_seen, last_seen, resolved_at } => ImportedRow::Finding {
            check,
            resource,
            first_seen: time(first_seen)?,
            last_seen: last_seen.map(time).transpose()?,
            resolved_at: resolved_at.map(time).transpose()?,
        },
        EarlierRow::Decision(decision) => ImportedRow::Decision(decision_of(decision)?),
        EarlierRow::Prediction { resource, tag, value, confidence } => {
            ImportedRow::Prediction(Prediction { resource, tag, value, confidence })
        }
        EarlierRow::Run(run) => ImportedRow::Run(run_of(run)?),
    })
}

fn decision_of(earlier: EarlierDecision) -> Result<Decision, Stop> {
    let EarlierDecision { seq, made_at, who, action, resource, tag, old_value, new_value, note } = earlier;
    let action =
        Action::parse(&action).ok_or_else(|| unknown(&format!("the action of decision {seq}"), &action))?;
    Ok(Decision { seq, at: time(made_at)?, actor: who, action, resource, tag, old_value, new_value, note })
}

fn run_of(earlier: EarlierRun) -> Result<RunRecord, Stop> {
    let id = earlier.id;
    let mut counts = [0_u64; 8];
    for (count, found) in counts.iter_mut().zip(earlier.counts) {
        *count =
            u64::try_from(found).map_err(|_| unknown(&format!("a count of run {id}"), &found.to_string()))?;
    }
    let [resources, compliant, critical, high, medium, low, pending, exempt] = counts;
    let amount =
        |cost: Option<tagpol_session::Decimal>| cost.and_then(|cost| Amount::parse(&cost.to_string()));
    let goal = |(goal, share, at_least)| GoalRecord { goal, share, at_least };
    Ok(RunRecord {
        id,
        at: time(earlier.run_at)?,
        actor: None,
        snapshot: earlier.snapshot,
        program: earlier.program,
        score: earlier.score,
        resources,
        compliant,
        open: [critical, high, medium, low],
        pending,
        exempt,
        currency: earlier.currency,
        cost: amount(earlier.cost),
        cost_in_violation: amount(earlier.cost_in_violation),
        goals: earlier.goals.into_iter().map(goal).collect(),
    })
}
