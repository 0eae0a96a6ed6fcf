//! What differs, read back.

use tagpol_plan::sql::difference::{self, ChangeCode};
use tagpol_session::{Decimal, Store};

use super::{Change, CheckDiff, CheckPair, FindingDiff, Limits, Move, Pairs, TagDiff, TagPair};
use crate::compile::DIALECT;
use crate::error::RunError;
use crate::finding::{State, fingerprint};
use crate::rows::{Fields, read};

/// Reads the tables that were made.
pub(super) struct Reader<'a> {
    pub(super) store: &'a Store,
    pub(super) pairs: &'a Pairs,
    pub(super) limits: Limits,
}

impl Reader<'_> {
    /// Returns the number of resources that only the second, and only the first has.
    pub(super) fn resources(&self) -> Result<[u64; 2], RunError> {
        let mut counts = [0, 0];
        self.read(&difference::resource_counts(), |row| {
            counts = [row.count("entered")?, row.count("gone")?];
            Ok(())
        })?;
        Ok(counts)
    }

    /// Returns the checks with findings that differ.
    pub(super) fn checks(&self) -> Result<Vec<CheckDiff>, RunError> {
        let mut checks: Vec<CheckDiff> = self.pairs.checks.iter().map(nothing).collect();
        self.counts(&mut checks)?;
        self.findings(&mut checks)?;
        checks.retain(|check| check.entered + check.left + check.changed > 0);
        Ok(checks)
    }

    fn counts(&self, checks: &mut [CheckDiff]) -> Result<(), RunError> {
        self.read(&difference::finding_counts(), |row| {
            let Some(check) = checks.get_mut(row.index("check_index")?) else { return Ok(()) };
            let (change, found) = (change(row)?, row.count("findings")?);
            let [before, after] = states(row)?;
            let cost = row.money("cost");
            match change {
                Change::Entered => {
                    check.entered += found;
                    check.cost_entered = plus(check.cost_entered, cost);
                }
                Change::Left => {
                    check.left += found;
                    check.cost_left = plus(check.cost_left, cost);
                }
                Change::Changed => check.changed += found,
            }
            let is_raised = check.severity_after > check.severity_before;
            if after == Some(State::Open) && (before != Some(State::Open) || is_raised) {
                check.worsened += found;
            }
            Ok(())
        })
    }

    fn findings(&self, checks: &mut [CheckDiff]) -> Result<(), RunError> {
        self.read(&difference::findings(self.limits.findings, DIALECT), |row| {
            let Some(check) = checks.get_mut(row.index("check_index")?) else { return Ok(()) };
            let change = change(row)?;
            let [state_before, state_after] = states(row)?;
            let resource = row.text("id").unwrap_or_default();
            check.findings.push(FindingDiff {
                change,
                state_before,
                state_after,
                fingerprint: fingerprint(&check.policy, &check.check, &resource, check.tag.as_deref()),
                resource,
                name: row.text("name"),
                ty: row.text("type"),
                account: row.text("account"),
                cost: row.money("cost"),
                value_before: row.text("before_value"),
                value_after: row.text("after_value"),
                resource_moved: row.truth("resource_moved"),
            });
            Ok(())
        })
    }

    /// Returns the tags with values that differ, on resources that both have.
    pub(super) fn tags(&self) -> Result<Vec<TagDiff>, RunError> {
        let mut tags = Vec::new();
        for (at, TagPair { name, .. }) in self.pairs.tags.iter().enumerate() {
            let mut resources = 0;
            self.read(&difference::tag_count(at), |row| {
                resources = row.count("resources")?;
                Ok(())
            })?;
            if resources > 0 {
                tags.push(TagDiff { tag: name.clone(), resources, moves: self.moves(at)? });
            }
        }
        Ok(tags)
    }

    fn moves(&self, tag: usize) -> Result<Vec<Move>, RunError> {
        let mut moves = Vec::new();
        self.read(&difference::tag_moves(tag, self.limits.moves), |row| {
            let (from, to) = (row.text("before_value"), row.text("after_value"));
            let resources = row.count("resources")?;
            let examples = [row.text("first_id"), row.text("last_id")];
            let mut examples: Vec<String> = examples.into_iter().flatten().collect();
            examples.dedup();
            moves.push(Move { from, to, resources, examples });
            Ok(())
        })?;
        Ok(moves)
    }

    fn read(&self, sql: &str, f: impl FnMut(&Fields<'_>) -> Result<(), RunError>) -> Result<(), RunError> {
        read(self.store, "diff", sql, f)
    }
}

fn nothing(pair: &CheckPair) -> CheckDiff {
    CheckDiff {
        policy: pair.policy.clone(),
        check: pair.check.clone(),
        tag: pair.latest().and_then(|side| side.tag.clone()),
        severity_before: pair.before.as_ref().map(|side| side.severity),
        severity_after: pair.after.as_ref().map(|side| side.severity),
        entered: 0,
        left: 0,
        changed: 0,
        worsened: 0,
        cost_entered: None,
        cost_left: None,
        findings: Vec::new(),
    }
}

/// Adds amounts of the same scale.
fn plus(a: Option<Decimal>, b: Option<Decimal>) -> Option<Decimal> {
    match (a, b) {
        (Some(a), Some(b)) => {
            Some(Decimal { unscaled: a.unscaled.saturating_add(b.unscaled), scale: a.scale })
        }
        (one, other) => one.or(other),
    }
}

fn change(row: &Fields<'_>) -> Result<Change, RunError> {
    match ChangeCode::from_code(row.count("change")?) {
        Some(ChangeCode::Entered) => Ok(Change::Entered),
        Some(ChangeCode::Left) => Ok(Change::Left),
        Some(ChangeCode::Changed) => Ok(Change::Changed),
        None => Err(row.unexpected("an unknown change")),
    }
}

/// The states before and after; None if there is no finding.
fn states(row: &Fields<'_>) -> Result<[Option<State>; 2], RunError> {
    Ok([row.state_if_any("before_state")?, row.state_if_any("after_state")?])
}
