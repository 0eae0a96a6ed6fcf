//! The evaluation: plan, database, rows, result.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use tagpol_inventory::Snapshot;
use tagpol_plan::ir::{Origin, StateCode};
use tagpol_plan::{Dialect, KeyColumn, Layout, Plan, QueryKind, Rates, Script, lower};
use tagpol_sema::program::{Attr, Program, Source};
use tagpol_store::{Cell, Decimal, Row, Store, StoreOptions};

use crate::breakdown::{Breakdown, Group, Roles};
use crate::error::RunError;
use crate::finding::{
    AccountLine, CheckResult, Evaluation, Finding, SnapshotInfo, State, Summary, fingerprint, score,
};
use crate::goal::GoalResult;
use crate::message::{asks, is_text, message};
use crate::tables::Tables;
use crate::waivers::Waivers;

/// Name of the view on the snapshot.
pub(crate) const RELATION: &str = "resources";

/// What an evaluation depends on besides program and snapshot.
#[derive(Debug, Clone)]
pub struct Options {
    /// The clock.
    pub now: DateTime<Utc>,
    /// Threads to run on. None: one a core. Results do not depend on it.
    pub threads: Option<usize>,
    /// Folder for what does not fit in memory. None: it must fit.
    pub temp_dir: Option<PathBuf>,
    /// What amounts in other currencies than the snapshot's are worth.
    pub rates: Rates,
}

impl Options {
    /// Returns the usual options at a time.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self { now, threads: None, temp_dir: None, rates: Rates::default() }
    }
}

/// A program compiled for one snapshot, or for none.
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    /// The relational plan.
    pub plan: Plan,
    /// Its SQL.
    pub script: Script,
}

/// Compiles a program without a snapshot: native keys are read as the program spells them.
///
/// # Errors
/// None in fact, since there is no currency to contradict; the type is that of [`compile_for`].
pub fn compile(program: &Program, now: DateTime<Utc>) -> Result<Compiled, RunError> {
    with_layout(program, &Layout { relation: RELATION.to_owned(), ..Layout::generic() }, now)
}

/// Compiles a program for a snapshot.
///
/// # Errors
/// [`RunError::Currency`].
pub fn compile_for(program: &Program, snapshot: &Snapshot, options: &Options) -> Result<Compiled, RunError> {
    let manifest = snapshot.manifest();
    let keys = manifest.keys.iter().map(|key| KeyColumn { key: key.key.clone(), column: key.column.clone() });
    let layout = Layout {
        relation: RELATION.to_owned(),
        keys: Some(keys.collect()),
        currency: manifest.currency.clone(),
        rates: options.rates.clone(),
    };
    with_layout(program, &layout, options.now)
}

fn with_layout(program: &Program, layout: &Layout, now: DateTime<Utc>) -> Result<Compiled, RunError> {
    let plan = lower(program, layout, &tagpol_plan::Options { now }).map_err(RunError::Currency)?;
    let script = Script::new(&plan, Dialect::DuckDb);
    Ok(Compiled { plan, script })
}

/// Evaluates a program over a snapshot.
///
/// # Errors
/// [`RunError::Currency`] for a mistake in the program; all else is the snapshot's or the
/// database's.
pub fn evaluate(program: &Program, snapshot: &Snapshot, options: &Options) -> Result<Evaluation, RunError> {
    Run::start(program, snapshot, &mut Tables::default(), options)?.evaluation(snapshot)
}

/// What reports tell besides an evaluation, as far as it was asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Details {
    /// What waives findings.
    pub waivers: Waivers,
    /// The inventory by tags.
    pub breakdown: Option<Breakdown>,
}

/// Evaluates a program over a snapshot, and reads what reports tell besides the evaluation: what
/// waives findings, and, where tags for it are named, the inventory by tags.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_in_detail(
    program: &Program,
    snapshot: &Snapshot,
    options: &Options,
    breakdown: Option<&Roles>,
) -> Result<(Evaluation, Details), RunError> {
    let run = Run::start(program, snapshot, &mut Tables::default(), options)?;
    let evaluation = run.evaluation(snapshot)?;
    let summary = &evaluation.summary;
    let all = Group {
        values: Vec::new(),
        resources: summary.resources,
        compliant: summary.compliant,
        cost: summary.cost,
    };
    let details = Details {
        waivers: Waivers::read(&run, program, &evaluation.findings)?,
        breakdown: breakdown.map(|roles| Breakdown::read(&run, program, roles, &all)).transpose()?,
    };
    Ok((evaluation, details))
}

/// A program that has run; its results are in the database.
pub(crate) struct Run {
    pub(crate) compiled: Compiled,
    store: Store,
}

impl Run {
    /// Runs a program over a snapshot.
    pub(crate) fn start(
        program: &Program,
        snapshot: &Snapshot,
        tables: &mut Tables,
        options: &Options,
    ) -> Result<Self, RunError> {
        let store = Store::in_memory(&StoreOptions {
            threads: options.threads,
            memory_limit: None,
            temp_dir: options.temp_dir.clone(),
        })?;
        Self::start_in(store, program, snapshot, tables, options)
    }

    /// Runs a program over a snapshot in a database, in which other programs may have run.
    pub(crate) fn start_in(
        store: Store,
        program: &Program,
        snapshot: &Snapshot,
        tables: &mut Tables,
        options: &Options,
    ) -> Result<Self, RunError> {
        let compiled = compile_for(program, snapshot, options)?;
        store.open_snapshot(&snapshot.resources_path(), RELATION)?;
        tables.load(program, &compiled.plan, &store)?;
        for statement in compiled.script.statements() {
            store.execute(statement)?;
        }
        Ok(Self { compiled, store })
    }

    /// Reads the results.
    fn evaluation(&self, snapshot: &Snapshot) -> Result<Evaluation, RunError> {
        let checks = self.checks()?;
        let findings = self.findings()?;
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

    /// Runs a statement that keeps something of the results, and gives the database back.
    pub(crate) fn keep(self, sql: &str) -> Result<Store, RunError> {
        self.store.execute(sql)?;
        Ok(self.store)
    }

    /// Reads a query row by row.
    pub(crate) fn for_each(
        &self,
        kind: QueryKind,
        f: impl FnMut(&Fields<'_>) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        self.for_each_of(kind.as_str(), self.compiled.script.query(kind), f)
    }

    /// Reads a query that is none of the script's, row by row.
    pub(crate) fn for_each_of(
        &self,
        query: &'static str,
        sql: &str,
        mut f: impl FnMut(&Fields<'_>) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        self.store.for_each(sql, |row| f(&Fields { row, query }))
    }

    pub(crate) fn summary(&self, checks: &[CheckResult]) -> Result<Summary, RunError> {
        let mut summary = None;
        self.for_each(QueryKind::Summary, |row| {
            summary = Some(Summary {
                resources: row.count(0)?,
                compliant: row.count(1)?,
                score: score(checks),
                open: [row.count(4)?, row.count(5)?, row.count(6)?, row.count(7)?],
                pending: checks.iter().map(|check| check.pending).sum(),
                exempt: checks.iter().map(|check| check.exempt).sum(),
                cost: row.money(2),
                cost_in_violation: row.money(3),
            });
            Ok(())
        })?;
        summary.ok_or(RunError::Answer { query: "summary", reason: "no row".to_owned() })
    }

    pub(crate) fn checks(&self) -> Result<Vec<CheckResult>, RunError> {
        let mut checks = Vec::new();
        self.for_each(QueryKind::Checks, |row| {
            let index = row.index(0)?;
            let info =
                self.compiled.plan.checks.get(index).ok_or_else(|| row.unexpected("an unknown check"))?;
            checks.push(CheckResult {
                policy: info.policy_name.clone(),
                check: info.id.clone(),
                severity: info.severity,
                asks: asks(
                    info,
                    info.tag.and_then(|tag| self.compiled.plan.tag(tag)).map(|tag| tag.name.as_str()),
                ),
                in_scope: row.count(1)?,
                open: row.count(2)?,
                pending: row.count(3)?,
                exempt: row.count(4)?,
                cost_in_violation: row.money(5),
                escalate: info.escalate.clone(),
                controls: info.controls.clone(),
                loc: info.loc.clone(),
            });
            Ok(())
        })?;
        Ok(checks)
    }

    /// Reads all findings.
    pub(crate) fn findings(&self) -> Result<Vec<Finding>, RunError> {
        let plan = &self.compiled.plan;
        let mut findings = Vec::new();
        self.for_each(QueryKind::Findings, |row| {
            let check = row.index(0)?;
            let info = plan.checks.get(check).ok_or_else(|| row.unexpected("an unknown check"))?;
            let tag = info.tag.and_then(|tag| plan.tag(tag)).map(|tag| tag.name.as_str());
            let resource = row.text(2).unwrap_or_default();
            let value = row.text(8);
            findings.push(Finding {
                check,
                state: row.state(1)?,
                message: message(info, tag, value.as_deref()),
                fingerprint: fingerprint(&info.policy_name, &info.id, &resource, tag),
                tag: tag.map(str::to_owned),
                attribute: info.attr.map(Attr::as_str),
                tells_value: tag.is_some() || info.attr.is_some_and(is_text),
                // What the tag has already mends nothing.
                remedy: row.text(11).filter(|remedy| value.as_ref() != Some(remedy)),
                value,
                resource,
                name: row.text(3),
                ty: row.text(4),
                provider: row.text(5),
                account: row.text(6),
                region: row.text(7),
                cost: row.money(10),
            });
            Ok(())
        })?;
        Ok(findings)
    }

    pub(crate) fn goals(&self) -> Result<Vec<GoalResult>, RunError> {
        let mut goals = Vec::new();
        self.for_each(QueryKind::Goals, |row| {
            let info = self.compiled.plan.goals.get(row.index(0)?);
            let info = info.ok_or_else(|| row.unexpected("an unknown goal"))?;
            let counts = [row.count(1)?, row.count(2)?];
            goals.push(GoalResult::new(info, counts, [row.money(3), row.money(4)]));
            Ok(())
        })?;
        Ok(goals)
    }

    fn accounts(&self) -> Result<Vec<AccountLine>, RunError> {
        let mut accounts = Vec::new();
        self.for_each(QueryKind::Accounts, |row| {
            accounts.push(AccountLine {
                account: row.text(0),
                provider: row.text(1),
                resources: row.count(2)?,
                compliant: row.count(3)?,
                open: row.count(4)?,
                cost_in_violation: row.money(5),
            });
            Ok(())
        })?;
        Ok(accounts)
    }

    fn conflicts(&self) -> Result<u64, RunError> {
        let mut conflicts = 0;
        self.for_each(QueryKind::Conflicts, |_| {
            conflicts += 1;
            Ok(())
        })?;
        Ok(conflicts)
    }
}

/// The fields of a row, with errors that name the query.
pub(crate) struct Fields<'a> {
    row: &'a Row<'a>,
    query: &'static str,
}

impl Fields<'_> {
    pub(crate) fn text(&self, at: usize) -> Option<String> {
        self.row.get(at).and_then(Cell::as_text).map(str::to_owned)
    }

    pub(crate) fn count(&self, at: usize) -> Result<u64, RunError> {
        let cell = self.row.get(at).and_then(Cell::as_int).and_then(|count| u64::try_from(count).ok());
        cell.ok_or_else(|| self.unexpected(&format!("column {at} is no count")))
    }

    pub(crate) fn index(&self, at: usize) -> Result<usize, RunError> {
        let count = self.count(at)?;
        usize::try_from(count).map_err(|_| self.unexpected("an index out of range"))
    }

    pub(crate) fn money(&self, at: usize) -> Option<Decimal> {
        self.row.get(at).and_then(Cell::as_decimal)
    }

    pub(crate) fn state(&self, at: usize) -> Result<State, RunError> {
        let code = self.row.get(at).and_then(Cell::as_int).and_then(StateCode::from_code);
        match code {
            Some(StateCode::Open) => Ok(State::Open),
            Some(StateCode::Pending) => Ok(State::Pending),
            Some(StateCode::Exempt) => Ok(State::Exempt),
            Some(StateCode::None) | None => Err(self.unexpected("a finding without a state")),
        }
    }

    /// The source of a tag's value; None where the cell is NULL.
    pub(crate) fn source(&self, at: usize) -> Result<Option<Source>, RunError> {
        let Some(code) = self.row.get(at).and_then(Cell::as_int) else { return Ok(None) };
        let source = Source::ALL.into_iter().find(|source| Origin::source_code(*source) == code);
        source.map(Some).ok_or_else(|| self.unexpected("an unknown source"))
    }

    pub(crate) fn unexpected(&self, reason: &str) -> RunError {
        RunError::Answer { query: self.query, reason: reason.to_owned() }
    }
}
