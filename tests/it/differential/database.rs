//! The evaluator that is tested: snapshot, plan, SQL, DuckDB.
//!
//! In: a case. Out: what the database makes of it, in the form of the reference evaluator. The way
//! is that of a real run: resources become a snapshot on disk, the program is compiled for it, and
//! all that is read back are the queries and columns of the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use tagpol_eval::{Compiled, Distinct, Options, RunError, compile_for_layout, layout_of, open_values};
use tagpol_interp::{FirstSeen, Row, RowResult, State, TagResult, Winner};
use tagpol_inventory::{Import, Resource, Snapshot, UnknownTags};
use tagpol_plan::ir::{ColumnId, Origin, Plan, StateCode};
use tagpol_plan::sql::requests::{GroupKey, covered_by_value};
use tagpol_plan::{Dialect, KnownValues, QueryKind, Rates, Script, StatementLimits};
use tagpol_sema::program::{Attr, ChargeAttr, Dimension, Program};
use tagpol_session::{Cell, Store, StoreOptions, quote_identifier};
use tempfile::TempDir;

use super::{Case, differences};

/// Databases and a folder for snapshots, for one case after the other.
pub(super) struct Database {
    /// Judges resource by resource.
    plain: Judge,
    /// Judges each distinct value once.
    distinct: Judge,
    folder: TempDir,
}

/// A database and its way of judging.
struct Judge {
    store: Store,
    way: Distinct,
}

impl Database {
    pub(super) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let judge = |way| Judge::new(way, folder.path());
        Self { plain: judge(Distinct::Large), distinct: judge(Distinct::Always), folder }
    }

    /// Evaluates a case in both ways, which must agree.
    ///
    /// # Errors
    /// What the importer, the compiler or the database says, as text.
    pub(super) fn evaluate(&self, case: &Case) -> Result<Vec<RowResult>, String> {
        let snapshot = self.snapshot(case)?;
        let plain = self.plain.evaluate(&snapshot, case);
        let distinct = self.distinct.evaluate(&snapshot, case);
        std::fs::remove_dir_all(snapshot.dir()).map_err(|e| e.to_string())?;
        let (plain, distinct) = (plain?, distinct.map_err(|e| format!("distinct values: {e}"))?);
        match differences(case, &plain, &distinct).as_slice() {
            [] => Ok(plain),
            lines => Err(format!("judged once a distinct value:\n{}", lines.join("\n"))),
        }
    }

    fn snapshot(&self, case: &Case) -> Result<Snapshot, String> {
        Self::snapshot_in(case, self.folder.path())
    }

    /// Makes a snapshot of the resources of a case.
    pub(super) fn snapshot_in(case: &Case, folder: &Path) -> Result<Snapshot, String> {
        let resources: Vec<Resource> = case.resources.iter().map(resource).collect();
        let (currency, now) = (case.options.currency.clone(), case.options.now);
        let import = Import::of_resources(&resources, currency, now);
        let written = import.write(folder, &mut |_| {});
        written.map_err(|e| e.to_string())
    }
}

impl Judge {
    fn new(way: Distinct, snapshots: &Path) -> Self {
        let options =
            StoreOptions { threads: Some(1), folders: vec![snapshots.to_owned()], ..StoreOptions::default() };
        Self { store: Store::in_memory(&options).unwrap(), way }
    }

    fn evaluate(&self, snapshot: &Snapshot, case: &Case) -> Result<Vec<RowResult>, String> {
        let overlays =
            super::overlays::load(&case.options.overlays, &self.store).map_err(|e| e.to_string())?;
        let mut layout = layout_of(snapshot, &options(case, self.way), overlays);
        let options = tagpol_plan::Request {
            text_limit: case.options.text_limit,
            limits: limits(case),
            ..tagpol_plan::Request::at(case.options.now)
        };
        layout.values.iter_mut().for_each(|values| forget_some(values, case.resources.len()));
        let Compiled { plan, script } =
            compile_for_layout(&case.program, &layout, &options).map_err(|e| e.to_string())?;
        let run = || {
            open_values(&self.store, snapshot, &plan)?;
            self.store.open_snapshot(&snapshot.resources_path(), &plan.relation)?;
            for id in plan.tables_read() {
                let (info, rows) = (&plan.lookups[id.0 as usize], &case.options.tables[id.0 as usize]);
                self.store.load_table(&info.relation, &info.columns, rows.values().map(Vec::as_slice))?;
            }
            for statement in script.statements() {
                self.store.execute(statement)?;
            }
            Ok(())
        };
        run().map_err(|e: RunError| e.to_string())?;
        let query = |sql: &str| -> Result<Vec<Vec<Cell>>, String> {
            Ok(self.store.query(sql).map_err(|e| e.to_string())?.rows)
        };
        let rows = Results { query: &query, dialect: Dialect::DuckDb }.read(&plan, &script, case);
        // The next case may make a table of what is a view here.
        self.store.execute(script.forget()).map_err(|e| e.to_string())?;
        rows
    }
}

/// What runs a query, and returns its rows.
type RunQuery<'a> = dyn Fn(&str) -> Result<Vec<Vec<Cell>>, String> + 'a;

/// The results of a run, wherever they are.
pub(super) struct Results<'a> {
    pub(super) query: &'a RunQuery<'a>,
    pub(super) dialect: Dialect,
}

impl Results<'_> {
    /// Reads the results of all resources of a case, in its order.
    pub(super) fn read(&self, plan: &Plan, script: &Script, case: &Case) -> Result<Vec<RowResult>, String> {
        let mut rows = self.results(plan, script, case)?;
        case.resources
            .iter()
            .map(|row| rows.remove(&row.id).ok_or_else(|| format!("no row of {:?}", row.id)))
            .collect()
    }

    /// Returns the name of a column as SQL.
    fn name(&self, plan: &Plan, id: ColumnId) -> String {
        let name = &plan.column(id).name;
        if self.dialect == Dialect::Spark { format!("`{name}`") } else { quote_identifier(name) }
    }

    /// Reads the results by the ids of resources, and compares all totals with sums over them.
    fn results(
        &self,
        plan: &Plan,
        script: &Script,
        case: &Case,
    ) -> Result<BTreeMap<String, RowResult>, String> {
        let mut rows = self.scopes_and_states(plan, &case.program)?;
        self.remedies_and_goals(plan, &case.program, &mut rows)?;
        self.totals_of_goals(script, &rows, &case.resources)?;
        self.totals_of_checks(plan, script, &rows, case)?;
        self.totals(script, &rows, &case.resources)?;
        self.tags(plan, script, &mut rows)?;
        self.goals_by_value(plan, &rows, case)?;
        Ok(rows)
    }

    /// Reads the columns of scopes and states; tags are left missing.
    fn scopes_and_states(
        &self,
        plan: &Plan,
        program: &Program,
    ) -> Result<BTreeMap<String, RowResult>, String> {
        let mut columns = vec!["id".to_owned()];
        for check in &plan.checks {
            for id in [check.scope, check.state] {
                columns.push(self.name(plan, id));
            }
        }
        let sql = format!("SELECT {} FROM evaluated", columns.join(", "));
        let mut rows = BTreeMap::new();
        for cells in (self.query)(&sql)? {
            let (id, cells) = cells.split_first().ok_or("no columns")?;
            let mut result = empty(program);
            for (check, pair) in plan.checks.iter().zip(cells.chunks(2)) {
                let state = pair[1].as_int().and_then(StateCode::from_code);
                result.in_scope[check.policy] = pair[0].as_bool().ok_or("a scope is no truth")?;
                result.checks[check.policy][check.check] = state_of(state.ok_or("a state is no code")?);
            }
            let id = id.as_text().ok_or("an id is no text")?;
            rows.insert(id.to_owned(), result);
        }
        Ok(rows)
    }

    /// Fills in what would fix the checks of a tag, and what goals say.
    fn remedies_and_goals(
        &self,
        plan: &Plan,
        program: &Program,
        rows: &mut BTreeMap<String, RowResult>,
    ) -> Result<(), String> {
        let name = |id| self.name(plan, id);
        let mended: Vec<_> = plan.checks.iter().filter_map(|check| Some((check, check.remedy?))).collect();
        let mut columns = vec!["id".to_owned()];
        columns.extend(mended.iter().map(|(_, remedy)| name(*remedy)));
        columns.extend(plan.goals.iter().flat_map(|goal| [name(goal.scope), name(goal.covered)]));
        let sql = format!("SELECT {} FROM evaluated", columns.join(", "));
        for cells in (self.query)(&sql)? {
            let (id, cells) = cells.split_first().ok_or("no columns")?;
            let row = id.as_text().and_then(|id| rows.get_mut(id)).ok_or("an unknown resource")?;
            let (remedies, goals) = cells.split_at(mended.len());
            for ((check, _), cell) in mended.iter().zip(remedies) {
                let remedies = &program.policies[check.policy].remedies;
                let at = remedies.iter().position(|remedy| Some(remedy.tag) == check.tag);
                let at = at.ok_or("a remedy of a tag without one")?;
                row.remedies[check.policy][at] = cell.as_text().map(str::to_owned);
            }
            for (goal, pair) in row.goals.iter_mut().zip(goals.chunks(2)) {
                let truth = |cell: &Cell| cell.as_bool().ok_or("a goal is no truth");
                *goal = (truth(&pair[0])?, truth(&pair[1])?);
            }
        }
        Ok(())
    }

    /// Compares the query of the goals with sums over the resources.
    fn totals_of_goals(
        &self,
        script: &Script,
        rows: &BTreeMap<String, RowResult>,
        resources: &[Row],
    ) -> Result<(), String> {
        let found = self.rows(script, QueryKind::Goals)?;
        for (goal, cells) in found.iter().enumerate() {
            let of = |which: fn(&(bool, bool)) -> bool| {
                let chosen: Vec<&Row> =
                    resources.iter().filter(|row| which(&rows[&row.id].goals[goal])).collect();
                (chosen.len().to_string(), spend(resources, chosen.into_iter()))
            };
            let ((in_scope, cost), (covered, covered_cost)) = (of(|goal| goal.0), of(|goal| goal.1));
            let expected = [goal.to_string(), in_scope, covered, cost, covered_cost];
            let found: Vec<String> = cells.iter().map(Cell::to_string).collect();
            if found != expected {
                return Err(format!("totals of goal {goal}: {expected:?}, not {found:?}"));
            }
        }
        Ok(())
    }

    /// Compares what goals measure of each value with sums over the resources.
    fn goals_by_value(
        &self,
        plan: &Plan,
        rows: &BTreeMap<String, RowResult>,
        case: &Case,
    ) -> Result<(), String> {
        for (at, goal) in plan.goals.iter().enumerate() {
            let Some((_, each)) = &goal.each else { continue };
            let mut values: BTreeMap<Option<String>, Vec<&Row>> = BTreeMap::new();
            for row in case.resources.iter().filter(|row| rows[&row.id].goals[at].0) {
                values.entry(value_of(*each, row, &rows[&row.id])).or_default().push(row);
            }
            let expected: BTreeSet<Vec<String>> = values
                .into_iter()
                .map(|(value, in_scope)| {
                    let covered: Vec<&Row> =
                        in_scope.iter().copied().filter(|row| rows[&row.id].goals[at].1).collect();
                    let all: Vec<Row> = in_scope.iter().copied().cloned().collect();
                    vec![
                        value.unwrap_or_else(|| "NULL".to_owned()),
                        in_scope.len().to_string(),
                        covered.len().to_string(),
                        spend(&all, in_scope.into_iter()),
                        spend(&all, covered.into_iter()),
                    ]
                })
                .collect();
            let sql = covered_by_value(plan, self.dialect, goal, GroupKey::of(*each));
            let found = (self.query)(&sql)?;
            let cells = |cells: Vec<Cell>| cells.iter().map(Cell::to_string).collect();
            let found: BTreeSet<Vec<String>> = found.into_iter().map(cells).collect();
            if found != expected {
                return Err(format!("goal {at} for each value: {expected:?}, not {found:?}"));
            }
        }
        Ok(())
    }

    /// Compares the query of the checks with counts over the resources.
    fn totals_of_checks(
        &self,
        plan: &Plan,
        script: &Script,
        rows: &BTreeMap<String, RowResult>,
        case: &Case,
    ) -> Result<(), String> {
        let found = self.rows(script, QueryKind::Checks)?;
        let is_first = case.options.overlays.first_seen == FirstSeen::FirstRun;
        for (index, (check, cells)) in plan.checks.iter().zip(&found).enumerate() {
            let state = |row: &Row| rows[&row.id].checks[check.policy][check.check];
            let count = |is: &dyn Fn(&Row) -> bool| case.resources.iter().filter(|row| is(row)).count();
            let is_new = |row: &Row| row.created.is_none_or(|created| created >= plan.now);
            let in_scope = count(&|row| rows[&row.id].in_scope[check.policy]);
            let [open, pending, exempt] =
                [State::Open, State::Pending, State::Exempt].map(|wanted| count(&|row| state(row) == wanted));
            let starting = count(&|row| is_first && state(row) == State::Pending && is_new(row));
            let chosen = case.resources.iter().filter(|row| state(row) == State::Open);
            let cost = spend(&case.resources, chosen);
            let mut expected = [index, in_scope, open, pending, exempt].map(|n| n.to_string()).to_vec();
            expected.extend([cost, starting.to_string()]);
            let found: Vec<String> = cells.iter().map(Cell::to_string).collect();
            if found != expected {
                let name = format!("{}/{}", check.policy_name, check.id);
                return Err(format!("counts of check {name}: {expected:?}, not {found:?}"));
            }
        }
        Ok(())
    }

    /// Compares the query of the totals, and that of the accounts, with counts over the resources.
    fn totals(
        &self,
        script: &Script,
        rows: &BTreeMap<String, RowResult>,
        resources: &[Row],
    ) -> Result<(), String> {
        let states = |row: &Row| rows[&row.id].checks.iter().flatten().copied().collect::<Vec<_>>();
        let has = |row: &Row, state: State| states(row).contains(&state);
        // A policy without checks is not there.
        let in_scope = |row: &Row| {
            let result = &rows[&row.id];
            result.in_scope.iter().zip(&result.checks).any(|(applies, checks)| *applies && !checks.is_empty())
        };
        let passes = |row: &Row| {
            in_scope(row)
                && ![State::Open, State::Pending, State::Undetermined].iter().any(|state| has(row, *state))
        };
        let count =
            |of: &[&Row], is: &dyn Fn(&Row) -> bool| of.iter().filter(|row| is(row)).count().to_string();
        let all: Vec<&Row> = resources.iter().collect();
        let violating = all.iter().copied().filter(|row| has(row, State::Open));
        let expected = [
            all.len().to_string(),
            count(&all, &|row| !has(row, State::Open)),
            spend(resources, violating),
            count(&all, &in_scope),
            count(&all, &passes),
            spend(resources, all.iter().copied()),
        ];
        let found = self.rows(script, QueryKind::Summary)?;
        let found: Vec<String> = found.iter().flatten().map(Cell::to_string).collect();
        let found = [0, 1, 3, 8, 9, 10].map(|at: usize| found[at].clone());
        if found != expected {
            return Err(format!("totals: {expected:?}, not {found:?}"));
        }
        for cells in self.rows(script, QueryKind::Accounts)? {
            let text = |at: usize| cells[at].as_text().map(str::to_owned);
            let of: Vec<&Row> = all
                .iter()
                .copied()
                .filter(|row| (row.account.clone(), row.provider.clone()) == (text(0), text(1)))
                .collect();
            let expected = [of.len().to_string(), count(&of, &in_scope), count(&of, &passes)];
            let found = [2, 6, 7].map(|at: usize| cells[at].to_string());
            if found != expected {
                let account = (text(0), text(1));
                return Err(format!("totals of account {account:?}: {expected:?}, not {found:?}"));
            }
        }
        Ok(())
    }

    /// Reads a query of the script, all its statements.
    fn rows(&self, script: &Script, kind: QueryKind) -> Result<Vec<Vec<Cell>>, String> {
        let mut rows = Vec::new();
        for sql in script.query(kind) {
            rows.extend((self.query)(sql)?);
        }
        Ok(rows)
    }

    /// Fills in the tags, with what gave them and whether an equal lost.
    fn tags(
        &self,
        plan: &Plan,
        script: &Script,
        rows: &mut BTreeMap<String, RowResult>,
    ) -> Result<(), String> {
        for cells in self.rows(script, QueryKind::Tags)? {
            let [id, tag, value, source, provenance] = cells.as_slice() else {
                return Err("a row of tags has other columns".to_owned());
            };
            let origin = &plan.provenance[index(provenance)?].origin;
            if Some(Origin::source_code(origin.source())) != source.as_int() {
                return Err(format!("source {source}, but it came from {origin:?}"));
            }
            *slot(rows, id, tag)? = TagResult {
                value: value.as_text().map(str::to_owned),
                source: Some(origin.source()),
                winner: Some(winner(origin)),
                conflict: false,
                unknown: false,
            };
        }
        let unknown = plan.tags.iter().enumerate().filter_map(|(at, tag)| Some((at, tag.unknown?)));
        for (at, column) in unknown {
            let column = self.name(plan, column);
            let sql = format!("SELECT id, {column} FROM evaluated");
            for cells in (self.query)(&sql)? {
                let id = cells[0].as_text().ok_or("an id is no text")?;
                let unknown = cells[1].as_bool().ok_or("a column of unknown values is no truth")?;
                rows.get_mut(id).ok_or("an unknown resource")?.tags[at].unknown = unknown;
            }
        }
        for cells in self.rows(script, QueryKind::Conflicts)? {
            let [tag, id, value, _, other, _] = cells.as_slice() else {
                return Err("a row of conflicts has other columns".to_owned());
            };
            if value == other {
                return Err(format!("{value} lost to itself"));
            }
            slot(rows, id, tag)?.conflict = true;
        }
        Ok(())
    }
}

/// The cost of some of the resources, where negative costs are left out; NULL if no cost at all is known.
fn spend<'r>(resources: &[Row], of: impl Iterator<Item = &'r Row>) -> String {
    let costs = of.filter_map(|row| row.monthly_cost).filter(rust_decimal::Decimal::is_sign_positive);
    let known = resources.iter().any(|row| row.monthly_cost.is_some());
    let cost = known.then(|| costs.sum::<rust_decimal::Decimal>().normalize().to_string());
    cost.unwrap_or_else(|| "NULL".to_owned())
}

/// Forgets the values of no, some or all columns: snapshots have columns with few values, with many, and
/// with so many that they are not even counted.
fn forget_some(values: &mut KnownValues, seed: usize) {
    let forget = |columns: &mut BTreeSet<String>, seed: usize| {
        let mut place = 0;
        columns.retain(|_| {
            place += 1;
            seed == 0 || (place + seed).is_multiple_of(3)
        });
    };
    forget(&mut values.listed, seed % 4);
    forget(&mut values.repetitive, seed / 4 % 4);
}

/// The limits of statements: the usual ones, or such that most programs need several of each kind.
fn limits(case: &Case) -> StatementLimits {
    match case.resources.len() / 5 % 8 {
        few @ 1..=3 => StatementLimits { columns: 30 * few, exemptions: 0, ..StatementLimits::all(few) },
        _ => StatementLimits::default(),
    }
}

/// What a case depends on in addition to its program and resources.
pub(super) fn options(case: &Case, distinct: Distinct) -> Options {
    let mut rates = Rates::default();
    for (currency, (worth, units)) in &case.options.rates {
        // The rates of two currencies are reported from opposite sides.
        let told = match *units == rust_decimal::Decimal::ONE {
            true => rates.add(currency, *worth, super::pools::CURRENCY),
            false => rates.add(super::pools::CURRENCY, *units, currency),
        };
        told.unwrap();
    }
    Options { rates, distinct, text_limit: case.options.text_limit, ..Options::at(case.options.now) }
}

pub(super) fn resource(row: &Row) -> Resource {
    let row = row.clone();
    Resource {
        id: row.id,
        name: row.name,
        type_: row.type_,
        provider: row.provider,
        account: row.account,
        region: row.region,
        created: row.created,
        monthly_cost: row.monthly_cost,
        source: row.source,
        meta: row.meta,
        tags: row.tags,
        unknown: UnknownTags { keys: row.unknown_keys, others: row.unknown_tags },
    }
}

/// Returns what a resource is grouped by.
pub(super) fn value_of(by: Dimension, row: &Row, result: &RowResult) -> Option<String> {
    match by {
        Dimension::Tag(tag) => result.tags[tag.0 as usize].value.clone(),
        Dimension::Attr(Attr::Account) => row.account.clone(),
        Dimension::Attr(Attr::Provider) => row.provider.clone(),
        Dimension::Attr(Attr::Region) => row.region.clone(),
        Dimension::Attr(Attr::Type) => row.type_.clone(),
        Dimension::Attr(Attr::Source) => row.source.clone(),
        Dimension::Attr(other) => panic!("nothing is grouped by {other:?}"),
        Dimension::Charge(attr) => {
            let charge = row.charge.as_ref()?;
            match attr {
                ChargeAttr::Service => charge.service.clone(),
                ChargeAttr::Category => charge.category.clone(),
                ChargeAttr::BillingAccount => charge.billing_account.clone(),
            }
        }
    }
}

fn empty(program: &Program) -> RowResult {
    let checks = program.policies.iter().map(|p| p.checks.len());
    RowResult {
        // The script does not tell of them by themselves.
        defines: Vec::new(),
        tags: vec![TagResult::default(); program.tags.len()],
        in_scope: vec![false; program.policies.len()],
        checks: checks.map(|count| vec![State::None; count]).collect(),
        remedies: program.policies.iter().map(|p| vec![None; p.remedies.len()]).collect(),
        goals: vec![(false, false); program.goals.len()],
    }
}

fn slot<'r>(
    rows: &'r mut BTreeMap<String, RowResult>,
    id: &Cell,
    tag: &Cell,
) -> Result<&'r mut TagResult, String> {
    let tag = index(tag)?;
    let row = id.as_text().and_then(|id| rows.get_mut(id));
    let slot = row.and_then(|row| row.tags.get_mut(tag));
    slot.ok_or_else(|| format!("no tag {tag} of resource {id}"))
}

fn index(cell: &Cell) -> Result<usize, String> {
    let index = cell.as_int().and_then(|index| usize::try_from(index).ok());
    index.ok_or_else(|| format!("{cell} is no index"))
}

fn winner(origin: &Origin) -> Winner {
    match origin {
        Origin::Set { rule, action } | Origin::Fill { rule, action } => {
            Winner::Rule { rule: *rule, action: *action }
        }
        Origin::Native { key } => Winner::Native { key: key.clone() },
        Origin::Decided => Winner::Decided,
        Origin::Inferred => Winner::Inferred,
        Origin::Default => Winner::Default,
    }
}

fn state_of(code: StateCode) -> State {
    match code {
        StateCode::None => State::None,
        StateCode::Open => State::Open,
        StateCode::Pending => State::Pending,
        StateCode::Exempt => State::Exempt,
        StateCode::Undetermined => State::Undetermined,
    }
}
