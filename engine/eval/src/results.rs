//! The results of a run are read: checks, findings, goals, totals.

use chrono::{DateTime, TimeDelta, Utc};
use tagpol_inventory::Snapshot;
use tagpol_plan::QueryKind;
use tagpol_plan::ir::{CheckInfo, Origin, Provenance, StateCode};
use tagpol_plan::sql::requests::{self, GroupKey};
use tagpol_plan::sql::{Found, FoundCheck, TopByCost};
use tagpol_sema::program::Escalation;
use tagpol_session::{Batch, Cell};

use crate::error::RunError;
use crate::finding::{
    AccountLine, CheckResult, Conflict, Evaluation, SnapshotInfo, State, Summary, ValueSource, score,
};
use crate::findings::{FindingSubject, Findings, FindingsBuilder, FoundResource, FoundState};
use crate::goal::{GoalGroup, GoalResult, Measured};
use crate::message::Requirement;
use crate::options::FindingSelection;
use crate::rows::Fields;
use crate::run::Run;

impl Run {
    /// Reads the results.
    pub(crate) fn evaluation(
        &self,
        snapshot: &Snapshot,
        wanted: FindingSelection,
    ) -> Result<Evaluation, RunError> {
        let mut checks = self.checks()?;
        // Whether an escalation is due is reported finding by finding.
        let escalates = self.compiled.plan.checks.iter().any(|check| check.escalate.is_some());
        let findings = match (wanted, self.compiled.script.top_by_cost()) {
            (FindingSelection::TopByCost, [_, ..]) if !escalates => self.top_findings()?,
            _ => self.findings()?,
        };
        for finding in findings.iter().filter(|finding| finding.escalation_due()) {
            if let Some(check) = checks.get_mut(finding.check()) {
                check.escalation_due += 1;
            }
        }
        let summary = self.summary(&checks)?;
        Ok(Evaluation {
            now: self.compiled.plan.now,
            snapshot: SnapshotInfo::from(snapshot),
            summary,
            goals: self.goals()?,
            accounts: self.accounts()?,
            conflicts: self.conflicts()?,
            checks,
            findings,
        })
    }

    pub(crate) fn summary(&self, checks: &[CheckResult]) -> Result<Summary, RunError> {
        let mut summary = None;
        self.for_each(QueryKind::Summary, |row| {
            summary = Some(Summary {
                resources: row.count("resources")?,
                compliant: row.count("compliant")?,
                in_scope: row.count("in_scope")?,
                passing: row.count("passing")?,
                score: score(checks, |check| check.open).unwrap_or(100.0),
                score_with_pending: score(checks, |check| check.open + check.pending),
                open: [
                    row.count("open_critical")?,
                    row.count("open_high")?,
                    row.count("open_medium")?,
                    row.count("open_low")?,
                ],
                pending: checks.iter().map(|check| check.pending).sum(),
                exempt: checks.iter().map(|check| check.exempt).sum(),
                undetermined: checks.iter().map(|check| check.undetermined).sum(),
                cost: row.money("total_cost"),
                spend: row.money("spend"),
                cost_in_violation: row.money("cost_in_violation"),
            });
            Ok(())
        })?;
        summary.ok_or(RunError::Answer { query: "summary", reason: "no row".to_owned() })
    }

    pub(crate) fn checks(&self) -> Result<Vec<CheckResult>, RunError> {
        let mut checks = Vec::new();
        self.for_each(QueryKind::Checks, |row| {
            let index = row.index("check_index")?;
            let info =
                self.compiled.plan.checks.get(index).ok_or_else(|| row.unexpected("an unknown check"))?;
            checks.push(CheckResult {
                policy: info.policy_name.clone(),
                check: info.id.clone(),
                severity: info.severity,
                asks: Requirement::from(info).asks(),
                in_scope: row.count("in_scope")?,
                open: row.count("open")?,
                pending: row.count("pending")?,
                exempt: row.count("exempt")?,
                undetermined: 0,
                cost_in_violation: row.money("cost_in_violation"),
                starting: row.count("starting")?,
                escalate: info.escalate.clone(),
                escalation_due: 0,
                controls: info.controls.clone(),
                loc: info.loc.clone(),
            });
            Ok(())
        })?;
        if self.has_unknown {
            self.count_undetermined(&mut checks)?;
        }
        Ok(checks)
    }

    /// Reads all findings.
    pub fn findings(&self) -> Result<Findings, RunError> {
        let mut findings = self.no_findings();
        self.compiled.script.found().iter().try_for_each(|found| self.read_found(found, &mut findings))?;
        Ok(findings.finish())
    }

    fn top_findings(&self) -> Result<Findings, RunError> {
        let mut findings = self.no_findings();
        for query in self.compiled.script.top_by_cost() {
            self.keep_top_by_cost(query)?;
            self.read_found(&query.found, &mut findings)?;
        }
        Ok(findings.finish())
    }

    fn no_findings(&self) -> FindingsBuilder {
        let plan = &self.compiled.plan;
        let tag = |check: &CheckInfo| Some(plan.tag(check.tag?)?.name.as_str());
        FindingsBuilder::new(plan.checks.iter().map(|check| FindingSubject::new(check, tag(check))).collect())
    }

    fn keep_top_by_cost(&self, query: &TopByCost) -> Result<(), RunError> {
        self.store.execute(&query.guess)?;
        let is_unclear = self.store.query(&query.is_unclear)?.single().and_then(Cell::as_bool);
        if is_unclear == Some(false) {
            self.store.execute(&query.keep)?;
        } else {
            self.store.execute(&query.settle)?;
            self.store.execute(&query.keep_settled)?;
        }
        Ok(())
    }

    /// Reads the findings of some checks.
    fn read_found(&self, found: &Found, findings: &mut FindingsBuilder) -> Result<(), RunError> {
        let mut numbers = Vec::new();
        self.for_each_batch(&found.sql, |batch| {
            numbers.clear();
            numbers.extend((0..batch.rows()).map(|row| findings.resource(&found_resource(batch, row))));
            for check in &found.checks {
                let info = self.compiled.plan.checks.get(check.check);
                let info = info.ok_or_else(|| unexpected("an unknown check"))?;
                for (row, number) in numbers.iter().enumerate() {
                    if let Some(found) = self.found_state(info, check, (batch, row))? {
                        findings.push(check.check, *number, &found);
                    }
                }
            }
            Ok(())
        })
    }

    /// Returns the finding of a check about the resource of a row. None: the resource passes the check.
    fn found_state<'b>(
        &self,
        info: &CheckInfo,
        check: &FoundCheck,
        (batch, row): (&Batch<'b>, usize),
    ) -> Result<Option<FoundState<'b>>, RunError> {
        let code = batch.cell(check.state, row).as_ref().and_then(Cell::as_int);
        let code = code.and_then(StateCode::from_code).ok_or_else(|| unexpected("no state"))?;
        let Some(state) = State::of_code(code) else { return Ok(None) };
        let now = self.compiled.plan.now;
        let since = match check.since.map(|column| batch.cell(column, row)) {
            None => Some(now.timestamp_micros()),
            Some(Some(Cell::Timestamp(micros))) => Some(micros),
            Some(_) => None,
        };
        let is_due =
            |escalate: &Escalation| is_due(escalate, since.and_then(DateTime::from_timestamp_micros), now);
        Ok(Some(FoundState {
            state,
            since,
            escalation_due: state == State::Open && info.escalate.as_ref().is_some_and(is_due),
            value: check.value.and_then(|column| batch.text(column, row)),
            remedy: check.remedy.and_then(|column| batch.text(column, row)),
        }))
    }

    pub(crate) fn goals(&self) -> Result<Vec<GoalResult>, RunError> {
        let mut goals = Vec::new();
        self.for_each(QueryKind::Goals, |row| {
            let info = self.compiled.plan.goals.get(row.index("goal_index")?);
            let info = info.ok_or_else(|| row.unexpected("an unknown goal"))?;
            goals.push(GoalResult::new(info, measured(row)?));
            Ok(())
        })?;
        for (info, goal) in self.compiled.plan.goals.iter().zip(&mut goals) {
            let (Some((_, each)), None) = (&info.each, goal.limit()) else { continue };
            let sql =
                requests::covered_by_value(&self.compiled.plan, self.dialect(), info, GroupKey::of(*each));
            let mut groups = Vec::new();
            self.for_each_of("goals by value", &sql, |row| {
                groups.push(GoalGroup { value: row.text("value"), measured: measured(row)? });
                Ok(())
            })?;
            goal.set_groups(groups);
        }
        Ok(goals)
    }

    fn accounts(&self) -> Result<Vec<AccountLine>, RunError> {
        let mut accounts = Vec::new();
        self.for_each(QueryKind::Accounts, |row| {
            accounts.push(AccountLine {
                account: row.text("account"),
                provider: row.text("provider"),
                resources: row.count("resources")?,
                compliant: row.count("compliant")?,
                open: row.count("open_findings")?,
                cost_in_violation: row.money("cost_in_violation"),
                in_scope: row.count("in_scope")?,
                passing: row.count("passing")?,
            });
            Ok(())
        })?;
        Ok(accounts)
    }

    fn conflicts(&self) -> Result<Vec<Conflict>, RunError> {
        let plan = &self.compiled.plan;
        let mut conflicts = Vec::new();
        self.for_each(QueryKind::Conflicts, |row| {
            let unknown = || row.unexpected("an unknown tag or origin");
            let tag = plan.tags.get(row.index("tag_index")?).ok_or_else(unknown)?;
            let won = plan.provenance.get(row.index("provenance")?).ok_or_else(unknown)?;
            let lost = plan.provenance.get(row.index("other_provenance")?).ok_or_else(unknown)?;
            conflicts.push(Conflict {
                tag: tag.name.clone(),
                resource: row.text("resource_id").unwrap_or_default(),
                value: row.text("value").unwrap_or_default(),
                from: self.value_source(won),
                other_value: row.text("other_value").unwrap_or_default(),
                other_from: self.value_source(lost),
            });
            Ok(())
        })?;
        Ok(conflicts)
    }

    fn value_source(&self, provenance: &Provenance) -> ValueSource {
        let (key, rule) = match &provenance.origin {
            Origin::Native { key } => (Some(key.clone()), None),
            Origin::Set { rule, .. } | Origin::Fill { rule, .. } => (None, self.rules.get(*rule).cloned()),
            Origin::Decided | Origin::Inferred | Origin::Default => (None, None),
        };
        ValueSource { source: provenance.origin.source(), key, rule, loc: provenance.loc.clone() }
    }
}

/// Returns the resource of a row of a query for findings, whose first columns are the
/// [`FOUND_ATTRIBUTES`](tagpol_plan::sql::FOUND_ATTRIBUTES).
fn found_resource<'b>(batch: &Batch<'b>, row: usize) -> FoundResource<'b> {
    let text = |column| batch.text(column, row);
    FoundResource {
        id: text(0).unwrap_or_default(),
        name: text(1),
        ty: text(2),
        provider: text(3),
        account: text(4),
        region: text(5),
        cost: batch.cell(6, row).as_ref().and_then(Cell::as_decimal),
    }
}

/// Returns the error for rows that a query for findings cannot have returned.
fn unexpected(reason: &str) -> RunError {
    RunError::Answer { query: QueryKind::Findings.as_str(), reason: reason.to_owned() }
}

/// Reads what a goal measures.
fn measured(row: &Fields<'_>) -> Result<Measured, RunError> {
    Ok(Measured {
        in_scope: row.count("in_scope")?,
        covered: row.count("covered")?,
        cost: row.money("cost"),
        covered_cost: row.money("covered_cost"),
    })
}

/// Whether somebody must be notified of an open finding: it is as old as the policy allows.
pub fn is_due(escalation: &Escalation, since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    since.is_some_and(|since| now - since >= TimeDelta::seconds(escalation.after.seconds))
}
