//! The proof of all changes together: the inventory with the planned tags, evaluated by the database, and compared with
//! what the reference evaluator expects.

use std::collections::{BTreeMap, BTreeSet};

use tagpol_eval::diff::{Change, Limits, Subject, diff};
use tagpol_eval::{Options, RunError, fingerprint};
use tagpol_interp::{Resource, Row};
use tagpol_inventory::Snapshot;
use tagpol_sema::program::TagId;

use super::PlanningError;
use super::proof::states;
use super::views::Views;

/// What differs between two evaluations of an inventory.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Differences {
    /// Fingerprints of findings that are gone, and of those that are new, waived ones too.
    left: BTreeSet<String>,
    entered: BTreeSet<String>,
    /// By tag, value before and value after: how many resources.
    moves: BTreeMap<(String, Option<String>, Option<String>), u64>,
}

/// What the reference evaluator expects, without the state of the project and with it.
#[derive(Debug, Default)]
pub(super) struct Expected {
    alone: Differences,
    with_state: Differences,
}

impl Expected {
    /// Adds a resource whose evaluation may differ.
    ///
    /// # Errors
    /// [`RunError`] if it cannot be evaluated.
    pub(super) fn add(
        &mut self,
        (before_views, before): (&Views<'_>, &Row),
        (after_views, after): (&Views<'_>, &Row),
    ) -> Result<(), RunError> {
        let (old, new) = (before_views.evaluate(before)?, after_views.evaluate(after)?);
        self.alone.add(&old.alone, &new.alone);
        self.with_state.add(&old.with_state, &new.with_state);
        Ok(())
    }
}

impl Differences {
    fn add(&mut self, old: &Resource<'_>, new: &Resource<'_>) {
        let program = old.program();
        let (before, after) = (states(old), states(new));
        let print = |(policy, check): &(usize, usize)| {
            let policy = program.policies.get(*policy)?;
            let check = policy.checks.get(*check)?;
            let tag = check.tag.map(|tag| program.tag(tag).name.as_str());
            Some(fingerprint(&policy.name, &check.id, old.id(), tag))
        };
        self.left.extend(before.keys().filter(|check| !after.contains_key(check)).filter_map(print));
        self.entered.extend(after.keys().filter(|check| !before.contains_key(check)).filter_map(print));
        let value = |resource: &Resource<'_>, tag| resource.tag(tag).and_then(|result| result.value.clone());
        for (tag, declared) in (0u32..).map(TagId).zip(&program.tags) {
            let (from, to) = (value(old, tag), value(new, tag));
            if from != to {
                *self.moves.entry((declared.name.clone(), from, to)).or_default() += 1;
            }
        }
    }

    /// Returns the first difference to another, in words.
    fn contradiction(&self, other: &Self) -> Option<String> {
        let finding = |what: &str, one: &BTreeSet<String>, other: &BTreeSet<String>| {
            let print = one.symmetric_difference(other).next()?;
            Some(format!("only one of them has the finding {print} {what}"))
        };
        finding("closed", &self.left, &other.left)
            .or_else(|| finding("opened", &self.entered, &other.entered))
            .or_else(|| {
                let differs = |(of, count): &(&(String, Option<String>, Option<String>), &u64)| {
                    other.moves.get(*of) != Some(*count)
                };
                let (tag, ..) = self
                    .moves
                    .iter()
                    .find(differs)
                    .map(|(of, _)| of)
                    .or_else(|| other.moves.keys().find(|of| !self.moves.contains_key(*of)))?;
                Some(format!("they give `{tag}` different values"))
            })
    }
}

/// Evaluates both inventories by the database, and compares what differs with what is expected.
///
/// # Errors
/// [`PlanningError::Disagreement`] if it is not the same; [`PlanningError::Run`] if an inventory cannot be evaluated.
pub(super) fn verify(
    views: &Views<'_>,
    (before, after): (&Snapshot, &Snapshot),
    options: &Options,
    expected: &Expected,
) -> Result<(), PlanningError> {
    let alone = Options { state: None, record: false, ..options.clone() };
    let mut checks = vec![(&alone, &expected.alone)];
    if options.state.is_some() {
        checks.push((options, &expected.with_state));
    }
    for (options, expected) in checks {
        let found = differences(views, (before, after), options)?;
        if let Some(contradiction) = expected.contradiction(&found) {
            return Err(PlanningError::Disagreement(contradiction));
        }
    }
    Ok(())
}

fn differences(
    views: &Views<'_>,
    (before, after): (&Snapshot, &Snapshot),
    options: &Options,
) -> Result<Differences, RunError> {
    let program = views.program;
    let before = Subject { label: "before", program, snapshot: before, options };
    let after = Subject { label: "after", program, snapshot: after, options };
    let found = diff(before, after, Limits::default())?;
    let mut differences = Differences::default();
    for finding in found.checks.into_iter().flat_map(|check| check.findings) {
        match finding.change {
            Change::Left => differences.left.insert(finding.fingerprint),
            Change::Entered => differences.entered.insert(finding.fingerprint),
            Change::Changed => false,
        };
    }
    for tag in found.tags {
        for one in tag.moves {
            differences.moves.insert((tag.tag.clone(), one.from, one.to), one.resources);
        }
    }
    Ok(differences)
}
