//! What must be in a store after its writers have been killed.

use std::collections::{BTreeMap, BTreeSet};

use tagpol_state::{Decision, StateStore};

use super::Result;

/// Compares a store with what was said to be done, lines of a number and a resource.
pub(super) fn verify(store: &StateStore, said: &[String]) -> Result<()> {
    let trail = store.read(|state| state.whole_trail(None))?.unwrap_or_default();
    has_no_gap(&trail)?;
    has_whole_batches(&trail)?;
    let kept: BTreeSet<String> = trail.iter().map(|d| format!("{} {}", d.seq, d.resource)).collect();
    match said.iter().find(|line| !kept.contains(*line)) {
        Some(lost) => Err(format!("`{lost}` was said to be done, and is lost").into()),
        None => Ok(()),
    }
}

fn has_no_gap(trail: &[Decision]) -> Result<()> {
    match (1..).zip(trail).find(|(number, decision)| *number != decision.seq) {
        Some((number, decision)) => Err(format!("number {} stands at place {number}", decision.seq).into()),
        None => Ok(()),
    }
}

/// A resource is `batch/at/size`.
fn has_whole_batches(trail: &[Decision]) -> Result<()> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for decision in trail {
        let mut parts = decision.resource.splitn(3, '/');
        let (Some(batch), Some(_), Some(size)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(format!("`{}` is of no batch", decision.resource).into());
        };
        *counts.entry((batch, size)).or_default() += 1;
    }
    match counts.into_iter().find(|((_, size), count)| *size != count.to_string()) {
        Some(((batch, size), count)) => Err(format!("{count} of {size} are left of batch {batch}").into()),
        None => Ok(()),
    }
}
