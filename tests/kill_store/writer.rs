//! A process that writes until it is killed.

use std::io::Write as _;

use chrono::DateTime;
use tagpol_state::{Action, Change, StateError, StateStore};

use super::Result;

/// Changes of the batches, one after the other: single ones, and more than a page.
const BATCHES: [usize; 5] = [1, 300, 3, 40, 1];

/// Decides batch after batch, and says of each decision when it is told that it is done.
pub(super) fn write(store: &StateStore, name: &str) -> Result<()> {
    for (number, size) in BATCHES.into_iter().cycle().enumerate() {
        let changes: Vec<Change> = (0..size).map(|at| change(name, number, at, size)).collect();
        let decided = store.write(|state| -> std::result::Result<_, StateError> {
            state.decide(DateTime::UNIX_EPOCH, "writer", &changes)
        })?;
        let mut lines = String::new();
        for decision in decided {
            lines += &format!("{} {}\n", decision.seq, decision.resource);
        }
        let mut out = std::io::stdout().lock();
        out.write_all(lines.as_bytes())?;
        out.flush()?;
    }
    Ok(())
}

/// A change whose resource names its batch, and how many are in it.
fn change(name: &str, number: usize, at: usize, size: usize) -> Change {
    Change {
        action: Action::Set,
        resource: format!("{name}-{number}/{at}/{size}"),
        tag: "owner".to_owned(),
        value: Some("jane@example.com".to_owned()),
        note: None,
    }
}
