//! The evaluation: plan, database, rows, result.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use tagpol_inventory::{Snapshot, ValueCount};
pub use tagpol_plan::StatementLimits;
use tagpol_plan::ir::{Origin, Provenance, StateCode};
pub use tagpol_plan::sql::TOP_FINDINGS;
use tagpol_plan::sql::{EVALUATED, TopByCost};
use tagpol_plan::{
    Dialect, KeyColumn, KnownValues, Layout, Overlays, Plan, QueryKind, Rates, Request, Script, TextLimit,
    lower,
};
use tagpol_sema::program::{Attr, Escalation, Program, Source};
use tagpol_session::{Cell, Decimal, Row, Store, StoreError, StoreOptions, quote_identifier};
use tagpol_state::{Recorded, StateStore};

use crate::breakdown::{Breakdown, Group, Roles};
use crate::error::{RunError, TextTooLong};
use crate::finding::{
    AccountLine, CheckResult, Conflict, Evaluation, Finding, SnapshotInfo, State, Summary, ValueSource,
    fingerprint, score,
};
use crate::goal::GoalResult;
use crate::history::TrendPoint;
use crate::history::{self, ProjectHistory};
use crate::message::{Requirement, shows_value};
use crate::tables::Tables;
use crate::waivers::Waivers;

/// Name of the view on the snapshot.
pub const RELATION: &str = "resources";

/// Resources from which on distinct values are judged once: fewer are evaluated sooner than planned.
const LARGE: u64 = 20_000;

/// How often a value occurs at least, on the average, in a column that Parquet keeps as a dictionary.
const REPEATED: u64 = 16;

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
    /// What the project remembers: decisions, predictions, when findings were first seen. None: as
    /// if it remembered nothing.
    pub state: Option<StateStore>,
    /// Whether the run is remembered there, by what reads it in detail.
    pub record: bool,
    /// Which findings are read.
    pub findings: FindingSelection,
    /// Whether each distinct value is judged once. Results do not depend on it.
    pub distinct: Distinct,
    /// The longest text that an expression may compute; a longer one is an error.
    pub text_limit: TextLimit,
    /// How much goes into one statement of the database. Results do not depend on it.
    pub limits: StatementLimits,
}

/// When each distinct value is judged once, not once a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Distinct {
    /// Where there are so many resources that it pays off.
    #[default]
    Large,
    /// Wherever the snapshot lists values.
    Always,
}

/// Which findings of an evaluation are read; all are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FindingSelection {
    /// All.
    #[default]
    All,
    /// Of each check at least the open ones of its [`TOP_FINDINGS`] most expensive resources, ties in the order of
    /// ids: much less than all where a snapshot is large.
    TopByCost,
}

impl Options {
    /// Opens a database that can read snapshots and what the project remembers, and no other file.
    pub fn open_store<'s>(
        &self,
        snapshots: impl IntoIterator<Item = &'s Snapshot>,
    ) -> Result<Store, StoreError> {
        let of_snapshots = snapshots.into_iter().flat_map(Snapshot::database_files);
        Store::in_memory(&StoreOptions {
            threads: self.threads,
            temp_dir: self.temp_dir.clone(),
            files: of_snapshots.collect(),
            ..StoreOptions::default()
        })
    }

    /// Returns the usual options at a time.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self {
            now,
            threads: None,
            temp_dir: None,
            rates: Rates::default(),
            state: None,
            record: false,
            findings: FindingSelection::All,
            distinct: Distinct::Large,
            text_limit: TextLimit::default(),
            limits: StatementLimits::default(),
        }
    }

    /// Returns the request for an evaluation with these options.
    pub fn request(&self) -> Request {
        Request { text_limit: self.text_limit, limits: self.limits, ..Request::at(self.now) }
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
    let layout = Layout { relation: RELATION.to_owned(), ..Layout::generic() };
    compile_for_layout(program, &layout, &Request::at(now))
}

/// Compiles a program for a snapshot.
///
/// # Errors
/// [`RunError::Currency`].
pub fn compile_for(program: &Program, snapshot: &Snapshot, options: &Options) -> Result<Compiled, RunError> {
    compile_for_snapshot(program, snapshot, options, Overlays::default())
}

/// Compiles a program for a snapshot and its overlays.
///
/// # Errors
/// [`RunError::Currency`].
pub fn compile_for_snapshot(
    program: &Program,
    snapshot: &Snapshot,
    options: &Options,
    overlays: Overlays,
) -> Result<Compiled, RunError> {
    compile_for_layout(program, &layout_of(snapshot, options, overlays), &options.request())
}

/// Returns what a plan has to know of a snapshot.
pub fn layout_of(snapshot: &Snapshot, options: &Options, overlays: Overlays) -> Layout {
    let manifest = snapshot.manifest();
    let keys = manifest.keys.iter().map(|key| KeyColumn { key: key.key.clone(), column: key.column.clone() });
    Layout {
        relation: RELATION.to_owned(),
        keys: Some(keys.collect()),
        values: known_values(snapshot, options.distinct),
        currency: manifest.currency.clone(),
        rates: options.rates.clone(),
        overlays,
    }
}

/// Compiles a program for what is known of a snapshot.
///
/// # Errors
/// [`RunError::Currency`].
pub fn compile_for_layout(
    program: &Program,
    layout: &Layout,
    request: &Request,
) -> Result<Compiled, RunError> {
    let plan = lower(program, layout, request).map_err(RunError::Currency)?;
    let script = Script::new(&plan, Dialect::DuckDb);
    Ok(Compiled { plan, script })
}

/// Returns what is worth knowing of the values of a snapshot's columns.
fn known_values(snapshot: &Snapshot, distinct: Distinct) -> Option<KnownValues> {
    let manifest = snapshot.manifest();
    let (resources, always) = (manifest.counts.resources, distinct == Distinct::Always);
    if manifest.files.values.is_none() || !always && resources < LARGE {
        return None;
    }
    let columns = |wanted: &dyn Fn(&ValueCount) -> bool| {
        manifest.values.iter().filter(|values| wanted(values)).map(|values| values.column.clone()).collect()
    };
    Some(KnownValues {
        listed: columns(&|values| values.listed),
        repetitive: columns(&|values| always || values.count <= resources / REPEATED),
    })
}

/// Evaluates a program over a snapshot. Nothing is remembered of it.
///
/// # Errors
/// [`RunError::Currency`] for a mistake in the program; all else is the snapshot's, the state
/// store's or the database's.
pub fn evaluate(program: &Program, snapshot: &Snapshot, options: &Options) -> Result<Evaluation, RunError> {
    Run::start(program, snapshot, &mut Tables::default(), options)?.evaluation(snapshot, options.findings)
}

/// What reports tell besides an evaluation, as far as it was asked for.
#[derive(Debug)]
pub struct Details {
    /// What waives findings.
    pub waivers: Waivers,
    /// The inventory by tags.
    pub breakdown: Option<Breakdown>,
    /// Earlier runs that are remembered, the oldest first.
    pub trend: Vec<TrendPoint>,
    /// What became of the record of this run. None: it was not to be remembered.
    pub record: Option<Result<Recorded, RunError>>,
    /// Whether the project has a state store in which no earlier run is recorded.
    pub is_first_run: bool,
}

/// Evaluates a program over a snapshot, and reads what reports tell in addition to the evaluation: what
/// waives findings, earlier runs, and, where tags for it are named, the inventory by tags. Where the
/// options say so, the run and its findings are remembered in the state store; a failure to do so
/// leaves the evaluation as it is.
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
    let evaluation = run.evaluation(snapshot, options.findings)?;
    let summary = &evaluation.summary;
    let all = Group {
        values: Vec::new(),
        resources: summary.resources,
        in_scope: summary.in_scope,
        passing: summary.passing,
        cost: summary.cost,
    };
    let details = Details {
        waivers: Waivers::read(&run, program, &evaluation)?,
        breakdown: breakdown.map(|roles| Breakdown::read(&run, program, roles, &all)).transpose()?,
        trend: run.history.trend(),
        is_first_run: run.history.is_first_run(),
        record: options
            .state
            .as_ref()
            .filter(|_| options.record)
            .map(|state| history::record(&run, program, &evaluation, state)),
    };
    Ok((evaluation, details))
}

/// Reports a text that came out longer than allowed, of the first such resource by id.
fn check_computed_texts(plan: &Plan, store: &Store, options: &Options) -> Result<(), RunError> {
    let Some(column) = plan.computed.too_long else { return Ok(()) };
    let column = quote_identifier(&plan.column(column).name);
    let sql = format!("SELECT {column}, id FROM {EVALUATED} WHERE {column} IS NOT NULL ORDER BY id LIMIT 1");
    let query = "texts that are too long";
    store.for_each(&sql, |row| {
        let fields = Fields { row, query };
        let text = plan.computed.texts.get(fields.index(0)?);
        let text = text.cloned().ok_or_else(|| fields.unexpected("an unknown text"))?;
        let resource = fields.text(1).unwrap_or_default();
        Err(RunError::TextTooLong(TextTooLong { text, resource, limit: options.text_limit }))
    })
}

/// Makes the distinct values of a snapshot readable, where the plan reads them.
///
/// # Errors
/// Those of the snapshot's file and of the database.
pub fn open_values(store: &Store, snapshot: &Snapshot, plan: &Plan) -> Result<(), RunError> {
    if plan.dictionaries.is_empty() {
        return Ok(());
    }
    if let Some(path) = snapshot.values_path()? {
        store.open_values(&path, &Layout::values_relation(&plan.relation))?;
    }
    Ok(())
}

/// A program that has run; its results are in the database.
pub struct Run {
    /// What was run.
    pub compiled: Compiled,
    pub(crate) store: Store,
    /// Names of the program's rules.
    rules: Vec<String>,
    /// What the project remembers of earlier runs.
    history: ProjectHistory,
}

impl Run {
    /// Runs a program over a snapshot.
    pub fn start(
        program: &Program,
        snapshot: &Snapshot,
        tables: &mut Tables,
        options: &Options,
    ) -> Result<Self, RunError> {
        Self::start_request(program, snapshot, tables, options, &options.request())
    }

    /// Runs a program over a snapshot for a request, which need not be that of the options.
    pub fn start_request(
        program: &Program,
        snapshot: &Snapshot,
        tables: &mut Tables,
        options: &Options,
        request: &Request,
    ) -> Result<Self, RunError> {
        let store = options.open_store([snapshot])?;
        Self::start_request_in(store, program, snapshot, tables, (options, request))
    }

    /// Runs a program over a snapshot in a database, in which other programs may have run.
    pub fn start_in(
        store: Store,
        program: &Program,
        snapshot: &Snapshot,
        tables: &mut Tables,
        options: &Options,
    ) -> Result<Self, RunError> {
        Self::start_request_in(store, program, snapshot, tables, (options, &options.request()))
    }

    fn start_request_in(
        store: Store,
        program: &Program,
        snapshot: &Snapshot,
        tables: &mut Tables,
        (options, request): (&Options, &Request),
    ) -> Result<Self, RunError> {
        let history = ProjectHistory::for_options(options, &store)?;
        let layout = layout_of(snapshot, options, history.overlays.clone());
        let compiled = compile_for_layout(program, &layout, request)?;
        store.open_snapshot(&snapshot.resources_path(), RELATION)?;
        open_values(&store, snapshot, &compiled.plan)?;
        tables.load(program, &compiled.plan, &store)?;
        for statement in compiled.script.statements() {
            store.execute(statement)?;
        }
        check_computed_texts(&compiled.plan, &store, options)?;
        let rules = program.rules.iter().map(|rule| rule.name.clone()).collect();
        Ok(Self { compiled, store, rules, history })
    }

    /// Runs a statement that keeps something of the results, and gives the database back.
    pub fn keep(self, sql: &str) -> Result<Store, RunError> {
        self.store.execute(sql)?;
        // Another run may make a table of what is a view here, or the other way round.
        self.store.execute(self.compiled.script.forget())?;
        Ok(self.store)
    }

    /// Reads a query row by row.
    pub fn for_each(
        &self,
        kind: QueryKind,
        mut f: impl FnMut(&Fields<'_>) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let statements = self.compiled.script.query(kind);
        statements.iter().try_for_each(|sql| self.for_each_of(kind.as_str(), sql, &mut f))
    }

    /// Reads a query that is none of the script's, row by row.
    pub fn for_each_of(
        &self,
        query: &'static str,
        sql: &str,
        mut f: impl FnMut(&Fields<'_>) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        self.store.for_each(sql, |row| f(&Fields { row, query }))
    }

    /// Reads the results.
    fn evaluation(&self, snapshot: &Snapshot, wanted: FindingSelection) -> Result<Evaluation, RunError> {
        let mut checks = self.checks()?;
        // Whether an escalation is due is reported finding by finding.
        let escalates = self.compiled.plan.checks.iter().any(|check| check.escalate.is_some());
        let findings = match (wanted, self.compiled.script.top_by_cost()) {
            (FindingSelection::TopByCost, [_, ..]) if !escalates => self.top_findings()?,
            _ => self.findings()?,
        };
        for finding in findings.iter().filter(|finding| finding.escalation_due) {
            if let Some(check) = checks.get_mut(finding.check) {
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
                resources: row.count(0)?,
                compliant: row.count(1)?,
                in_scope: row.count(8)?,
                passing: row.count(9)?,
                score: score(checks, |check| check.open).unwrap_or(100.0),
                score_with_pending: score(checks, |check| check.open + check.pending),
                open: [row.count(4)?, row.count(5)?, row.count(6)?, row.count(7)?],
                pending: checks.iter().map(|check| check.pending).sum(),
                exempt: checks.iter().map(|check| check.exempt).sum(),
                cost: row.money(2),
                spend: row.money(10),
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
                asks: Requirement::from(info).asks(),
                in_scope: row.count(1)?,
                open: row.count(2)?,
                pending: row.count(3)?,
                exempt: row.count(4)?,
                cost_in_violation: row.money(5),
                starting: row.count(6)?,
                escalate: info.escalate.clone(),
                escalation_due: 0,
                controls: info.controls.clone(),
                loc: info.loc.clone(),
            });
            Ok(())
        })?;
        Ok(checks)
    }

    /// Reads all findings.
    pub fn findings(&self) -> Result<Vec<Finding>, RunError> {
        let mut findings = Vec::new();
        for sql in self.compiled.script.query(QueryKind::Findings) {
            self.findings_of(sql, &mut findings)?;
        }
        Ok(findings)
    }

    fn top_findings(&self) -> Result<Vec<Finding>, RunError> {
        let mut findings = Vec::new();
        for query in self.compiled.script.top_by_cost() {
            self.keep_top_by_cost(query)?;
            self.findings_of(&query.findings, &mut findings)?;
        }
        Ok(findings)
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

    fn findings_of(&self, sql: &str, findings: &mut Vec<Finding>) -> Result<(), RunError> {
        let plan = &self.compiled.plan;
        self.for_each_of(QueryKind::Findings.as_str(), sql, |row| {
            let check = row.index(0)?;
            let info = plan.checks.get(check).ok_or_else(|| row.unexpected("an unknown check"))?;
            let tag = info.tag.and_then(|tag| plan.tag(tag)).map(|tag| tag.name.as_str());
            let resource = row.text(2).unwrap_or_default();
            let value = row.text(8);
            let (state, first_seen) = (row.state(1)?, row.time(12));
            findings.push(Finding {
                check,
                state,
                first_seen,
                escalation_due: state == State::Open
                    && info.escalate.as_ref().is_some_and(|escalate| is_due(escalate, first_seen, plan.now)),
                message: Requirement::from(info).message(value.as_deref()),
                fingerprint: fingerprint(&info.policy_name, &info.id, &resource, tag),
                tag: tag.map(str::to_owned),
                attribute: info.attr.map(Attr::as_str),
                shows_value: shows_value(info.tag, info.attr),
                // What the tag has already fixes nothing.
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
        })
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
                in_scope: row.count(6)?,
                passing: row.count(7)?,
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
            let tag = plan.tags.get(row.index(0)?).ok_or_else(unknown)?;
            let won = plan.provenance.get(row.index(3)?).ok_or_else(unknown)?;
            let lost = plan.provenance.get(row.index(5)?).ok_or_else(unknown)?;
            conflicts.push(Conflict {
                tag: tag.name.clone(),
                resource: row.text(1).unwrap_or_default(),
                value: row.text(2).unwrap_or_default(),
                from: self.value_source(won),
                other_value: row.text(4).unwrap_or_default(),
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

/// Whether somebody must be notified of an open finding: it is there as long as the policy says.
pub fn is_due(escalation: &Escalation, since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    since.is_some_and(|since| now - since >= TimeDelta::seconds(escalation.after.seconds))
}

/// The fields of a row, with errors that name the query.
pub struct Fields<'a> {
    pub(crate) row: &'a Row<'a>,
    pub(crate) query: &'static str,
}

impl Fields<'_> {
    /// Returns a text; None if the cell is NULL.
    pub fn text(&self, at: usize) -> Option<String> {
        self.row.get(at).and_then(Cell::as_text).map(str::to_owned)
    }

    /// Returns a count, which is never NULL.
    ///
    /// # Errors
    /// [`RunError::Answer`] for another kind of cell, or a negative number.
    pub fn count(&self, at: usize) -> Result<u64, RunError> {
        let cell = self.row.get(at).and_then(Cell::as_int).and_then(|count| u64::try_from(count).ok());
        cell.ok_or_else(|| self.unexpected(&format!("column {at} is not a count")))
    }

    /// Returns an index, which is never NULL.
    ///
    /// # Errors
    /// As [`Self::count`].
    pub fn index(&self, at: usize) -> Result<usize, RunError> {
        let count = self.count(at)?;
        usize::try_from(count).map_err(|_| self.unexpected("an index out of range"))
    }

    /// Returns a truth value; NULL is false.
    pub fn truth(&self, at: usize) -> bool {
        self.row.get(at).and_then(Cell::as_bool).unwrap_or_default()
    }

    pub(crate) fn time(&self, at: usize) -> Option<DateTime<Utc>> {
        match self.row.get(at) {
            Some(Cell::Timestamp(micros)) => DateTime::from_timestamp_micros(*micros),
            _ => None,
        }
    }

    /// Returns an amount; None if the cell is NULL.
    pub fn money(&self, at: usize) -> Option<Decimal> {
        self.row.get(at).and_then(Cell::as_decimal)
    }

    /// Returns a floating-point number; None if the cell is NULL.
    pub fn number(&self, at: usize) -> Option<f64> {
        match self.row.get(at) {
            Some(Cell::Double(number)) => Some(*number),
            _ => None,
        }
    }

    /// Returns the state of a finding.
    ///
    /// # Errors
    /// [`RunError::Answer`] for a code that is not the code of a state.
    pub fn state(&self, at: usize) -> Result<State, RunError> {
        let code = self.row.get(at).and_then(Cell::as_int).and_then(StateCode::from_code);
        match code {
            Some(StateCode::Open) => Ok(State::Open),
            Some(StateCode::Pending) => Ok(State::Pending),
            Some(StateCode::Exempt) => Ok(State::Exempt),
            Some(StateCode::None) | None => Err(self.unexpected("a finding without a state")),
        }
    }

    /// The source of a tag's value; None if the cell is NULL.
    pub fn source(&self, at: usize) -> Result<Option<Source>, RunError> {
        let Some(code) = self.row.get(at).and_then(Cell::as_int) else { return Ok(None) };
        let source = Source::ALL.into_iter().find(|source| Origin::source_code(*source) == code);
        source.map(Some).ok_or_else(|| self.unexpected("an unknown source"))
    }

    /// Returns the error for a row that the query cannot have returned.
    pub fn unexpected(&self, reason: &str) -> RunError {
        RunError::Answer { query: self.query, reason: reason.to_owned() }
    }
}
