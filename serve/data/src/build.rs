//! A program and a snapshot become a generation.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use tagpol_eval::{CHARGES, DIALECT, Options, Run, Tables, program_hash};
use tagpol_inventory::Snapshot;
use tagpol_plan::sql::serving;
use tagpol_plan::{FirstSeen, Predicate, Request};
use tagpol_sema::program::{Allocation, Pred, Program};
use tagpol_session::{Access, Attached, ColumnType, LoadValue, Store, StoreOptions};
use tagpol_state::{StateError, StateStore};

use crate::contents::{self, Contents, FirstSeenKind, VERSION};
use crate::error::DataError;
use crate::folder::{DATABASE_FILE, Generations, after};

/// Name under which the generation before is attached.
const BEFORE: &str = "before";

/// How a generation is built.
#[derive(Debug, Clone)]
pub struct BuildOptions {
    /// For how long changes of tags are kept.
    pub keep_changes: TimeDelta,
    /// The id, for a generation that another replica has built, with the same clock. None: a new one.
    pub id: Option<String>,
    /// Further files in the folder of the generation, which appear with it: their names and contents.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Default for BuildOptions {
    /// One year.
    fn default() -> Self {
        Self { keep_changes: TimeDelta::days(365), id: None, files: Vec::new() }
    }
}

/// Evaluates a program over a snapshot, with what the project remembers, and writes the result as a new generation.
/// Changes of tags are those against the newest generation so far, if it can be read.
///
/// Nothing is visible until all of it is written. A process that is killed in between leaves a folder that
/// [`Generations::sweep`] removes.
///
/// # Errors
/// [`DataError::Run`] as for [`tagpol_eval::evaluate`], [`DataError::State`], [`DataError::File`],
/// [`DataError::Cancelled`] if the token of the options is cancelled.
pub fn build(
    program: &Program,
    snapshot: &Snapshot,
    options: &Options,
    generations: &Generations,
    build: &BuildOptions,
) -> Result<Contents, DataError> {
    // What is decided from here on may be in the generation; the overlay then has it once more.
    let decisions = last_decision(options.state.as_ref())?;
    // Before tables are read: one that changes while they are makes this generation one of other policies.
    let program_hash = program_hash(program);
    let before = before(generations)?;
    let id = match &build.id {
        Some(id) => id.clone(),
        None => new_id(generations, options.now)?,
    };
    let draft = generations.begin(&id)?;
    let written = draft.folder.as_path();
    let folder = before.as_ref().map(|(folder, _)| folder.as_path());
    let (store, before) = match open(snapshot, options, written, folder) {
        // A file that is damaged is as good as none.
        Err(_) if folder.is_some() => (open(snapshot, options, written, None)?, None),
        opened => (opened?, before),
    };
    let request = Request { predicates: shared_sources(program), ..options.request() };
    let run = Run::start_request_in(store, program, snapshot, &mut Tables::default(), (options, &request))?;
    let mut contents = Contents {
        version: VERSION,
        id,
        now: options.now.timestamp_micros(),
        program: program_hash,
        snapshot: snapshot.id().to_owned(),
        decisions,
        resources: snapshot.manifest().counts.resources,
        has_unknown: snapshot.manifest().counts.unknown > 0,
        currency: snapshot.manifest().currency.clone(),
        month: snapshot.manifest().month.as_ref().map(|month| month.month.to_string()),
        tags: contents::tags(program),
        policies: contents::policies(program),
        checks: contents::checks(&run.compiled.plan),
        goals: contents::goals(&run.compiled.plan),
        rules: program.rules.iter().map(|rule| rule.name.clone()).collect(),
        allocations: program.allocations.iter().map(|allocation| allocation.name.clone()).collect(),
        has_charges: snapshot.manifest().charges.is_some(),
        unattributed: snapshot.manifest().counts.unattributed.as_ref().map(|part| part.cost.to_string()),
        first_seen: match run.history().overlays.first_seen {
            FirstSeen::NotKept => FirstSeenKind::NotKept,
            FirstSeen::FirstRun => FirstSeenKind::FirstRun,
            FirstSeen::Relation { .. } => FirstSeenKind::Recorded,
        },
        before: None,
        compared_since: options.now.timestamp_micros(),
    };
    if let Some((_, before)) = &before {
        contents.before = Some(before.id.clone());
        contents.compared_since = before.compared_since;
    }
    let store = write(run, &contents, before.as_ref().map(|(_, before)| before), options, build)?;
    write_charges(store, program, snapshot, options)?.detach(serving::DATABASE)?;
    for (name, bytes) in &build.files {
        let path = draft.folder.join(name);
        std::fs::write(&path, bytes).map_err(|source| DataError::File { path, source })?;
    }
    generations.finish(draft, &mut contents, build.id.is_some())?;
    Ok(contents)
}

/// The conditions of the sources of shared costs.
fn shared_sources(program: &Program) -> Vec<Predicate> {
    let source = |allocation: &Allocation| {
        let pred = allocation.from.clone().unwrap_or(Pred::Const(true));
        Predicate { pred, loc: allocation.loc.clone() }
    };
    program.allocations.iter().map(source).collect()
}

/// Writes what is charged by whom, if the snapshot has charges.
fn write_charges(
    store: Store,
    program: &Program,
    snapshot: &Snapshot,
    options: &Options,
) -> Result<Store, DataError> {
    if snapshot.manifest().charges.is_none() {
        return Ok(store);
    }
    let keep = ["subject"].into_iter().chain(serving::Subject::ALL.map(serving::Subject::as_str));
    let request = Request {
        keep: keep.map(str::to_owned).collect(),
        ..options.request().for_predicates(shared_sources(program))
    };
    let session = store.another_session()?;
    let Some(run) = Run::start_charges_in(session, program, snapshot, options, &request)? else {
        return Ok(store);
    };
    run.store().execute(&serving::write_subjects(&run.compiled.plan, DIALECT))?;
    run.store().execute(&serving::write_charges(CHARGES, DIALECT))?;
    drop(run);
    Ok(store)
}

/// Writes the tables about resources. Returns the database.
fn write(
    run: Run,
    contents: &Contents,
    before: Option<&Contents>,
    options: &Options,
    build: &BuildOptions,
) -> Result<Store, DataError> {
    let store = run.store();
    let plan = &run.compiled.plan;
    let overlays = &run.history().overlays;
    store.execute(&serving::resources(plan, contents.shape(), overlays.predictions.as_ref(), DIALECT))?;
    store.execute(&serving::keys(DIALECT))?;
    load_decided(store, options.state.as_ref())?;
    store.execute(&serving::decisions(DIALECT))?;
    store.execute(&serving::write_suggestions(overlays.predictions.as_ref(), DIALECT))?;
    store.execute(&serving::first_seen(&overlays.first_seen, DIALECT))?;
    if let Some(statement) = serving::related(plan, DIALECT) {
        store.execute(&statement)?;
    }
    let same_tags: Vec<(usize, usize, &str)> = (contents.tags.iter().enumerate())
        .filter_map(|(at, tag)| Some((before?.tag(&tag.name)?, at, tag.name.as_str())))
        .collect();
    let since = options.now - build.keep_changes;
    let times = (options.now.timestamp_micros(), since.timestamp_micros());
    let changes = serving::changes(before.map(|_| BEFORE), &same_tags, times, DIALECT);
    Ok(run.keep(&changes)?)
}

/// Opens a database that reads the snapshot and the generation before, and writes the new one.
fn open(
    snapshot: &Snapshot,
    options: &Options,
    written: &Path,
    before: Option<&Path>,
) -> Result<Store, DataError> {
    let attached = |folder: &Path, name: &str, access| Attached {
        file: folder.join(DATABASE_FILE),
        name: name.to_owned(),
        access,
    };
    let new = attached(written, serving::DATABASE, Access::Write);
    let before = before.map(|folder| attached(folder, BEFORE, Access::Read));
    Ok(options.sessions.open(&StoreOptions {
        threads: options.threads,
        temp_dir: options.temp_dir.clone(),
        files: snapshot.database_files().into(),
        cancel: options.cancel.clone(),
        attached: [new].into_iter().chain(before).collect(),
        ..StoreOptions::default()
    })?)
}

/// The newest generation, to compare with. One that cannot be read is as good as none.
fn before(generations: &Generations) -> Result<Option<(std::path::PathBuf, Contents)>, DataError> {
    let Some(id) = generations.newest()? else { return Ok(None) };
    Ok(generations
        .contents(&id)
        .ok()
        .zip(generations.existing(&id).ok())
        .map(|(contents, folder)| (folder, contents)))
}

/// Returns an id that is greater than all others: the clock, and a number where that is not enough.
fn new_id(generations: &Generations, now: DateTime<Utc>) -> Result<String, DataError> {
    let taken: BTreeSet<String> = generations.list()?.into_iter().collect();
    let by_clock = now.format("%Y%m%dT%H%M%SZ").to_string();
    let Some(last) = taken.last().filter(|last| **last >= by_clock) else { return Ok(by_clock) };
    // The clock went back, or several generations have the same time.
    Ok(after(last))
}

fn last_decision(state: Option<&StateStore>) -> Result<i64, DataError> {
    let Some(state) = state else { return Ok(0) };
    Ok(state.read::<_, StateError>(|state| state.decision_count())?.unwrap_or_default())
}

/// Makes the relation of who decided what.
fn load_decided(store: &Store, state: Option<&StateStore>) -> Result<(), DataError> {
    let columns = [
        ("resource", ColumnType::Text),
        ("tag", ColumnType::Text),
        ("value", ColumnType::Text),
        ("made_at", ColumnType::Int),
        ("actor", ColumnType::Text),
        ("note", ColumnType::Text),
    ];
    store.load(serving::DECIDED, &columns, |loader| {
        let Some(state) = state else { return Ok(()) };
        let read = state.read::<_, StateError>(|state| {
            state.each_current_decision(&mut |decision| {
                let row = [
                    LoadValue::Text(&decision.resource),
                    LoadValue::Text(&decision.tag),
                    LoadValue::Text(&decision.value),
                    LoadValue::Int(decision.at.timestamp_micros()),
                    LoadValue::Text(&decision.actor),
                    decision.note.as_deref().map_or(LoadValue::Null, LoadValue::Text),
                ];
                loader.push(&row).map_err(|error| StateError::Source(Box::new(error)))
            })
        });
        read.map(|_| ()).map_err(|error| DataError::from(tagpol_eval::RunError::from(error)))
    })
}
