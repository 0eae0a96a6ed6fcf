//! A program runs in a database, where its results stay to be read.

use std::path::PathBuf;

use tagpol_inventory::Snapshot;
use tagpol_plan::sql::{requests, resources};
use tagpol_plan::{Dialect, Layout, Plan, QueryKind, Request};
use tagpol_sema::program::Program;
use tagpol_session::{Batch, Store};

use crate::compile::{
    CHARGES, Compiled, DIALECT, RELATION, SUBJECTS, compile_for_engine, compile_for_layout, layout_of,
    layout_of_charges, open_values,
};
use crate::engine::{Engine, for_each_batch, read_remote, send_overlays, send_tables};
use crate::error::{RunError, TextTooLong};
use crate::history::ProjectHistory;
use crate::options::Options;
use crate::rows::{Fields, read};
use crate::tables::Tables;

/// A program that has run; its results are in the database.
pub struct Run {
    /// What was run.
    pub compiled: Compiled,
    pub(crate) store: Store,
    /// What has run it. None: the database.
    engine: Option<Box<dyn Engine>>,
    /// Whether some values of the snapshot are not known yet.
    pub(crate) has_unknown: bool,
    /// Names of the program's rules.
    pub(crate) rules: Vec<String>,
    /// What the project remembers of earlier runs.
    pub(crate) history: ProjectHistory,
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

    /// Runs a program over a snapshot in a database, for a request, which need not be that of the options.
    pub fn start_request_in(
        store: Store,
        program: &Program,
        snapshot: &Snapshot,
        tables: &mut Tables,
        (options, request): (&Options, &Request),
    ) -> Result<Self, RunError> {
        let history = ProjectHistory::for_options(options, &store)?;
        let layout = layout_of(snapshot, options, history.overlays.clone());
        store.open_snapshot(&snapshot.resources_path(), RELATION)?;
        let (layout, with) = ((&layout, history), (options, request));
        Self::start_layout(store, program, layout, tables, with, |store, plan| {
            open_values(store, snapshot, plan)
        })
    }

    /// Runs a program over what the charges of a snapshot are for. None: the snapshot has no charges.
    pub(crate) fn start_charges(
        program: &Program,
        snapshot: &Snapshot,
        options: &Options,
        request: &Request,
    ) -> Result<Option<Self>, RunError> {
        if snapshot.manifest().charges.is_none() {
            return Ok(None);
        }
        let store = options.open_store([snapshot])?;
        Self::start_charges_in(store, program, snapshot, options, request)
    }

    /// Runs a program over what the charges of a snapshot are for, in a database. None: the snapshot has no charges.
    pub fn start_charges_in(
        store: Store,
        program: &Program,
        snapshot: &Snapshot,
        options: &Options,
        request: &Request,
    ) -> Result<Option<Self>, RunError> {
        let (Some(charges), Some(paths)) = (&snapshot.manifest().charges, snapshot.charges_paths()) else {
            return Ok(None);
        };
        let history = ProjectHistory::for_options(options, &store)?;
        let layout = layout_of_charges(snapshot, charges, options, history.overlays.clone());
        store.open_snapshot(&snapshot.resources_path(), RELATION)?;
        store.open_charges(paths.each_ref().map(PathBuf::as_path), [SUBJECTS, CHARGES])?;
        let (layout, with) = ((&layout, history), (options, request));
        Self::start_layout(store, program, layout, &mut Tables::default(), with, |_, _| Ok(())).map(Some)
    }

    /// Runs a program over a relation of a database; `open` makes readable what else the plan reads.
    fn start_layout(
        store: Store,
        program: &Program,
        (layout, history): (&Layout, ProjectHistory),
        tables: &mut Tables,
        (options, request): (&Options, &Request),
        open: impl FnOnce(&Store, &Plan) -> Result<(), RunError>,
    ) -> Result<Self, RunError> {
        let compiled = compile_for_layout(program, layout, request)?;
        open(&store, &compiled.plan)?;
        tables.load(program, &compiled.plan, &store)?;
        for statement in compiled.script.statements() {
            store.execute(statement)?;
        }
        let rules = program.rules.iter().map(|rule| rule.name.clone()).collect();
        let run = Self { has_unknown: layout.unknown, compiled, store, engine: None, rules, history };
        run.check_computed_texts(options)?;
        Ok(run)
    }

    /// Runs a program over a snapshot on an engine elsewhere, which has the resources of the snapshot.
    ///
    /// # Errors
    /// [`RunError::Unsupported`], [`RunError::OtherResources`], [`RunError::Engine`], and those of a run here.
    pub fn start_on(
        engine: Box<dyn Engine>,
        program: &Program,
        snapshot: &Snapshot,
        options: &Options,
    ) -> Result<Self, RunError> {
        let store = options.open_store([])?;
        let history = ProjectHistory::for_options(options, &store)?;
        let compiled = compile_for_engine(
            program,
            Some(snapshot),
            (options, history.overlays.clone()),
            engine.dialect(),
        )?;
        engine.open_resources(RELATION)?;
        send_overlays(&*engine, &history.overlays, &ProjectHistory::all_overlays(options)?)?;
        let mut tables = Tables::default();
        tables.read(program, &compiled.plan)?;
        send_tables(&*engine, &compiled.plan, |id| tables.rows_of(id))?;
        for statement in compiled.script.statements() {
            engine.execute(statement)?;
        }
        let counts = &snapshot.manifest().counts;
        let rules = program.rules.iter().map(|rule| rule.name.clone()).collect();
        let has_unknown = counts.unknown > 0;
        let run = Self { has_unknown, compiled, store, engine: Some(engine), rules, history };
        run.check_resources(counts.resources)?;
        run.check_computed_texts(options)?;
        Ok(run)
    }

    /// Compares how many resources the engine finds with how many there are: some read a path that does not exist as
    /// no rows.
    fn check_resources(&self, expected: u64) -> Result<(), RunError> {
        let sql = resources::count(RELATION, self.dialect());
        self.for_each_of("resources", &sql, |row| match row.count("resources")? {
            found if found == expected => Ok(()),
            found => Err(RunError::OtherResources { found, expected }),
        })
    }

    /// Returns the dialect of what has run the program.
    pub(crate) fn dialect(&self) -> Dialect {
        self.engine.as_ref().map_or(DIALECT, |engine| engine.dialect())
    }

    /// Runs a statement that keeps something of the results, and gives the database back.
    pub fn keep(self, sql: &str) -> Result<Store, RunError> {
        self.store.execute(sql)?;
        // Another run may make a table of what is a view here, or the other way round.
        self.store.execute(self.compiled.script.forget())?;
        Ok(self.store)
    }

    /// Returns the database, which has the results.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Returns what the project remembered before the run.
    pub fn history(&self) -> &ProjectHistory {
        &self.history
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
        f: impl FnMut(&Fields<'_>) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        match &self.engine {
            None => read(&self.store, query, sql, f),
            Some(engine) => read_remote(&**engine, query, sql, f),
        }
    }

    /// Reads a query that is none of the script's, some thousand rows at a time and by column.
    pub(crate) fn for_each_batch(
        &self,
        sql: &str,
        mut f: impl FnMut(&Batch<'_>) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        match &self.engine {
            None => self.store.for_each_batch(sql, f),
            Some(engine) => for_each_batch(&**engine, sql, |_, batch| f(batch)),
        }
    }

    /// Reports a text that came out longer than allowed, of the first such resource by id.
    fn check_computed_texts(&self, options: &Options) -> Result<(), RunError> {
        let plan = &self.compiled.plan;
        let Some(sql) = requests::text_too_long(plan, self.dialect()) else { return Ok(()) };
        self.for_each_of("texts that are too long", &sql, |row| {
            let text = plan.computed.texts.get(row.index("text")?);
            let text = text.cloned().ok_or_else(|| row.unexpected("an unknown text"))?;
            let resource = row.text("id").unwrap_or_default();
            Err(RunError::TextTooLong(TextTooLong { text, resource, limit: options.text_limit }))
        })
    }
}
