//! What differs, read back.

use tagpol_plan::ir::StateCode;
use tagpol_session::{Cell, Decimal, Row, Store};

use super::sql::{FINDINGS, MOVED};
use super::{Change, CheckDiff, CheckPair, FindingDiff, Limits, Move, Pairs, TagDiff, TagPair};
use crate::error::RunError;
use crate::finding::{State, fingerprint};

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
        let sql = format!("SELECT count(*) FILTER (NOT was), count(*) FILTER (NOT stays) FROM {MOVED}");
        self.read(&sql, |row| {
            counts = [count(row, 0)?, count(row, 1)?];
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
        let sql = format!(
            "SELECT check_index, change, b_state, a_state, count(*), sum(cost) FROM {FINDINGS} \
             GROUP BY ALL ORDER BY ALL"
        );
        self.read(&sql, |row| {
            let Some(check) = index(row, 0)?.and_then(|at| checks.get_mut(at)) else { return Ok(()) };
            let (change, found) = (change(row, 1)?, count(row, 4)?);
            let [before, after] = [state(row, 2), state(row, 3)];
            let cost = row.get(5).and_then(Cell::as_decimal);
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
        let limit = self.limits.findings.map_or(String::new(), |most| {
            let window = "PARTITION BY check_index, change ORDER BY cost DESC NULLS LAST, id";
            format!(" QUALIFY row_number() OVER ({window}) <= {most}")
        });
        let sql = format!(
            "SELECT check_index, change, b_state, a_state, id, name, type, account, cost, b_value, a_value, \
             resource_moved FROM {FINDINGS}{limit} ORDER BY check_index, change, cost DESC NULLS LAST, id"
        );
        self.read(&sql, |row| {
            let Some(check) = index(row, 0)?.and_then(|at| checks.get_mut(at)) else { return Ok(()) };
            let resource = text(row, 4).unwrap_or_default();
            check.findings.push(FindingDiff {
                change: change(row, 1)?,
                state_before: state(row, 2),
                state_after: state(row, 3),
                fingerprint: fingerprint(&check.policy, &check.check, &resource, check.tag.as_deref()),
                resource,
                name: text(row, 5),
                ty: text(row, 6),
                account: text(row, 7),
                cost: row.get(8).and_then(Cell::as_decimal),
                value_before: text(row, 9),
                value_after: text(row, 10),
                resource_moved: row.get(11).and_then(Cell::as_bool) == Some(true),
            });
            Ok(())
        })
    }

    /// Returns the tags with values that differ, on resources that both have.
    pub(super) fn tags(&self) -> Result<Vec<TagDiff>, RunError> {
        let mut tags = Vec::new();
        for (at, TagPair { name, .. }) in self.pairs.tags.iter().enumerate() {
            let differs =
                format!("FROM {MOVED} WHERE was AND stays AND b_tag_{at} IS DISTINCT FROM a_tag_{at}");
            let mut resources = 0;
            self.read(&format!("SELECT count(*) {differs}"), |row| {
                resources = count(row, 0)?;
                Ok(())
            })?;
            if resources > 0 {
                tags.push(TagDiff { tag: name.clone(), resources, moves: self.moves(at, &differs)? });
            }
        }
        Ok(tags)
    }

    fn moves(&self, at: usize, differs: &str) -> Result<Vec<Move>, RunError> {
        let limit = self.limits.moves.map_or(String::new(), |most| format!(" LIMIT {most}"));
        let sql = format!(
            "SELECT b_tag_{at} AS f, a_tag_{at} AS t, count(*) AS n, min(id), max(id) {differs} \
             GROUP BY f, t ORDER BY n DESC, f NULLS LAST, t NULLS LAST{limit}"
        );
        let mut moves = Vec::new();
        self.read(&sql, |row| {
            let mut examples: Vec<String> = [text(row, 3), text(row, 4)].into_iter().flatten().collect();
            examples.dedup();
            moves.push(Move { from: text(row, 0), to: text(row, 1), resources: count(row, 2)?, examples });
            Ok(())
        })?;
        Ok(moves)
    }

    fn read(&self, sql: &str, f: impl FnMut(&Row<'_>) -> Result<(), RunError>) -> Result<(), RunError> {
        self.store.for_each(sql, f)
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

fn text(row: &Row<'_>, at: usize) -> Option<String> {
    row.get(at).and_then(Cell::as_text).map(str::to_owned)
}

fn count(row: &Row<'_>, at: usize) -> Result<u64, RunError> {
    let count = row.get(at).and_then(Cell::as_int).and_then(|count| u64::try_from(count).ok());
    count.ok_or_else(|| unexpected("no count"))
}

fn index(row: &Row<'_>, at: usize) -> Result<Option<usize>, RunError> {
    Ok(usize::try_from(count(row, at)?).ok())
}

fn change(row: &Row<'_>, at: usize) -> Result<Change, RunError> {
    match count(row, at)? {
        1 => Ok(Change::Entered),
        2 => Ok(Change::Left),
        3 => Ok(Change::Changed),
        _ => Err(unexpected("an unknown change")),
    }
}

fn state(row: &Row<'_>, at: usize) -> Option<State> {
    match row.get(at).and_then(Cell::as_int).and_then(StateCode::from_code)? {
        StateCode::None => None,
        StateCode::Open => Some(State::Open),
        StateCode::Pending => Some(State::Pending),
        StateCode::Exempt => Some(State::Exempt),
    }
}

fn unexpected(reason: &str) -> RunError {
    RunError::Answer { query: "diff", reason: reason.to_owned() }
}
