//! A project: its policies, and the evaluation of its inventory that requests read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use tagpol_app::explanation::resource::Explanation;
use tagpol_app::inventory::{Snapshot, by_id, newest};
use tagpol_app::state::{Action, Change, Decision, Location, StateError, StateStore};
use tagpol_app::{AppError, Project, RunContext, Silent};
use tagpol_sema::condition_places::Places;
use tagpol_sema::program::Program;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::jobs::Outcome;
use tagpol_serve_core::secrets::hex;
use tagpol_serve_data::{
    Conditions, DataError, Generation, Generations, OpenOptions, Overlay, Preview, reason,
};
use tagpol_serve_db::{Database, Evaluation, ProjectScope, Repository, Scope};
use tokio::sync::watch;

use crate::asking::EvaluationFacts;
use crate::configuration::ProjectEntry;
use crate::fetching::CloudSource;
use crate::heads::Heads;
use crate::inputs;
use crate::kept;
use crate::models::ModelFacts;
use crate::policies::PolicyFolder;
use crate::problem::{Failure, data_failure};
use crate::settings::{Settings, StartError};
use crate::timestamp::Timestamp;
use crate::worker::{
    self, BuildTask, Built, ChangesTask, FetchTask, ImpactTask, MadeSnapshot, SnapshotTask, Task, TrainTask,
};

/// The id of the project of a folder without a name.
const UNNAMED: &str = "default";

/// How long a replica waits before it tries again to open an evaluation that it could not open.
const OPEN_AGAIN: Duration = Duration::from_secs(5);

/// A project that is served.
pub(crate) struct ProjectHost {
    tenant: String,
    scope: ProjectScope,
    folder: PathBuf,
    generations: Generations,
    /// Where inventories of files are kept as snapshots while they are served.
    snapshots: PathBuf,
    /// Where files wait for the jobs that read them.
    inbox: PathBuf,
    /// The folder of what the server keeps of it.
    state: PathBuf,
    /// The folder that has its models.
    #[cfg(feature = "suggest")]
    models: PathBuf,
    /// The address of the database of the server, for processes of a further project. None: they find it as the server does.
    address: Option<String>,
    /// Clouds that its inventory is fetched from.
    clouds: Vec<CloudSource>,
    serving: RwLock<Option<Arc<Serving>>>,
    /// What was evaluated here, and is shown as soon as its job has ended.
    prepared: Mutex<Option<Arc<Serving>>>,
    /// Why the last evaluation failed, on whatever replica. None: it did not.
    failure: Mutex<Option<String>>,
    /// Held while an evaluation runs.
    building: Mutex<()>,
    /// Whether more was decided than can be shown on top of the evaluation.
    is_outdated: AtomicBool,
    /// Why decisions could not be shown on top of the evaluation. None: they are, or it was reported.
    trouble: Mutex<Option<String>>,
    /// The evaluation that could not be opened, or shown with its decisions, why, and when that was tried.
    unopened: Mutex<Option<(String, String, Instant)>>,
    /// What was evaluated last here, or is being evaluated. None: nothing yet, or it failed.
    evaluated: Mutex<Option<String>>,
    /// The lookup tables of the policies. None: they were not read yet.
    tables: Mutex<Option<Vec<PathBuf>>>,
    /// How far everything is, while anybody follows it.
    pub(crate) heads: watch::Sender<Heads>,
}

/// An evaluation that requests read, with what is newer than it on top.
pub(crate) struct Serving {
    /// The evaluation.
    pub(crate) generation: Generation,
    /// The policies that it was made of.
    pub(crate) program: Program,
    /// Reads conditions of requests as the policies mean them.
    pub(crate) conditions: Conditions,
    /// What the models of the project say, as the process that evaluated found it.
    pub(crate) models: ModelFacts,
    /// What answers to questions are made from. None: an earlier version made the evaluation.
    pub(crate) facts: Option<EvaluationFacts>,
    places: Places,
    overlay: Overlay,
}

impl Serving {
    /// Shows what was decided meanwhile. If the database is away, what was shown before is shown. Returns whether so much
    /// changed that a new evaluation is needed to show it.
    fn catch_up(&self) -> Result<bool, DataError> {
        match self.overlay.catch_up() {
            Ok(_) | Err(DataError::State(_)) => Ok(false),
            Err(DataError::TooManyChanges { .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Returns the version of what is shown: the evaluation, and the number of the last decision.
    pub(crate) fn version(&self) -> String {
        format!("{}.{}", self.generation.contents().id, self.overlay.decisions())
    }

    /// Explains a resource, by its id.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn explain(&self, id: &str) -> Result<Explanation, Failure> {
        self.overlay.explain(id, &self.places).map_err(data_failure)
    }

    /// Returns what changes would do, without making them.
    ///
    /// # Errors
    /// [`DataError`].
    pub(crate) fn preview(&self, changes: &[Change]) -> Result<Vec<Preview>, DataError> {
        self.overlay.preview(changes)
    }

    /// Returns the number of the last decision that is shown.
    pub(crate) fn decisions(&self) -> i64 {
        self.overlay.decisions()
    }
}

impl ProjectHost {
    /// Opens the project of a tenant; returns the store of its state as well.
    pub(crate) fn open(settings: &Settings, tenant: &str) -> Result<(Self, StateStore), StartError> {
        let location = tagpol_app::locate(Some(&settings.folder))?;
        let store = settings.state.locate(&location.root, &location.manifest)?;
        let name = location.manifest.name.clone().unwrap_or_else(|| UNNAMED.to_owned());
        let data = settings.data.as_deref().unwrap_or(store.folder()).to_owned();
        let clouds = settings.configuration.fetch.clone();
        let host = Self::new((tenant, name), &settings.folder, &store, (data, None, clouds))?;
        Ok((host, store))
    }

    /// Opens a further project of the configuration. Its state is in the database of the server, under its name, as if the
    /// command line were told of that database.
    pub(crate) fn open_further(
        settings: &Settings,
        entry: &ProjectEntry,
        database: &StateStore,
    ) -> Result<Self, StartError> {
        let location = tagpol_app::locate(Some(&entry.folder))?;
        let name = location.manifest.name.clone().ok_or_else(|| {
            let folder = entry.folder.display();
            StartError::Configuration(format!("the project in `{folder}` has no `name` in its `tagpol.toml`"))
        })?;
        let mut access = settings.state.clone();
        if access.environment.state.is_none() {
            access.environment.state = match database.location() {
                Location::Sqlite(path) => {
                    let path = std::path::absolute(path).map_err(StartError::Runtime)?;
                    Some(path.to_string_lossy().into_owned())
                }
                Location::Postgres(_) => {
                    let first = tagpol_app::locate(Some(&settings.folder))?;
                    first.manifest.state_address().map(str::to_owned)
                }
            };
        }
        let store = access.locate(&location.root, &location.manifest)?;
        let data = match &settings.data {
            Some(data) => {
                data.join("projects").join(hex(&Sha256::digest(&name)).get(..16).unwrap_or_default())
            }
            None => store.folder().to_owned(),
        };
        let place = (data, access.environment.state, entry.fetch.clone());
        Self::new((&entry.tenant, name), &entry.folder, &store, place)
    }

    fn new(
        (tenant, id): (&str, String),
        folder: &Path,
        store: &StateStore,
        (data, address, clouds): (PathBuf, Option<String>, Vec<CloudSource>),
    ) -> Result<Self, StartError> {
        let (state_tenant, state_project) = store.project();
        let scope = ProjectScope {
            id,
            state_tenant: state_tenant.to_owned(),
            state_project: state_project.to_owned(),
        };
        let host = Self {
            tenant: tenant.to_owned(),
            scope,
            folder: folder.to_owned(),
            generations: Generations::at(data.join("generations")),
            snapshots: data.join("served"),
            inbox: data.join("inbox"),
            state: data,
            #[cfg(feature = "suggest")]
            models: store.folder().to_owned(),
            address,
            clouds,
            serving: RwLock::new(None),
            prepared: Mutex::new(None),
            failure: Mutex::new(None),
            building: Mutex::new(()),
            is_outdated: AtomicBool::new(false),
            trouble: Mutex::new(None),
            unopened: Mutex::new(None),
            evaluated: Mutex::new(None),
            tables: Mutex::new(None),
            heads: watch::Sender::default(),
        };
        // A revision whose process was killed is written to its end.
        let recovered = host.policies().recover();
        recovered.map_err(|error| StartError::Policies(error.to_string()))?;
        if !host.clouds.is_empty() && matches!(host.snapshots_folder(), Ok(None)) {
            let reason = "the configuration has `fetch`, but `inventory` in `tagpol.toml` lists files, which are served instead";
            return Err(StartError::Configuration(reason.to_owned()));
        }
        Ok(host)
    }

    /// Returns the settings for a process that works for the project.
    pub(crate) fn settings(&self, settings: &Settings) -> Settings {
        let mut own = settings.clone();
        if let Some(address) = &self.address {
            own.state.environment.state = Some(address.clone());
        }
        own
    }

    /// Whether its inventory is fetched from clouds.
    pub(crate) fn has_clouds(&self) -> bool {
        !self.clouds.is_empty()
    }

    /// Returns the clouds that its inventory is fetched from.
    pub(crate) fn clouds(&self) -> &[CloudSource] {
        &self.clouds
    }

    /// Returns the tenant.
    pub(crate) fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Returns its id in the tenant.
    pub(crate) fn id(&self) -> &str {
        &self.scope.id
    }

    /// Checks what is evaluated: that the policies have no errors, and that there is an inventory. Nothing of it is read.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub(crate) fn check_inputs(&self, now: DateTime<Utc>) -> Result<(), String> {
        let project = self.project(now)?;
        let failed = |error: &AppError| reason(Some(&project), error);
        project.program_to_evaluate(&RunContext::at(now, &Silent)).map_err(|error| failed(&error))?;
        let inventory = project.manifest().inventory_in(project.root());
        let inventory = inventory.map_err(|error| failed(&error.into()))?;
        if inventory.is_empty() && self.has_clouds() {
            return Ok(());
        }
        if inventory.is_empty() {
            let snapshots = project.snapshots_folder().map_err(|error| failed(&error))?;
            let newest = newest(&snapshots).map_err(|error| failed(&error))?;
            return newest.map(drop).ok_or_else(|| failed(&AppError::NoInventory));
        }
        let is_plain = |path: &&PathBuf| !path.to_string_lossy().contains(['*', '?', '[']);
        for path in inventory.iter().filter(is_plain) {
            path.metadata()
                .map_err(|error| format!("cannot read the inventory `{}`: {error}", path.display()))?;
        }
        Ok(())
    }

    /// Returns its folder, without links.
    ///
    /// # Errors
    /// Why it cannot be found.
    pub(crate) fn root(&self) -> Result<PathBuf, String> {
        let location = tagpol_app::locate(Some(&self.folder)).map_err(|error| error.to_string())?;
        location.root.canonicalize().map_err(|error| error.to_string())
    }

    /// Returns what transactions about it are about.
    pub(crate) fn scope(&self) -> Scope {
        Scope::project(&self.tenant, self.scope.clone())
    }

    /// Returns the evaluation that requests read, with everything that was decided by now.
    ///
    /// # Errors
    /// [`Code::NotReady`] until the first one is whole.
    pub(crate) fn serving(&self) -> Result<Arc<Serving>, Failure> {
        let serving = self.current().ok_or_else(|| match self.failure() {
            None => ApiError::new(Code::NotReady, "the first evaluation of the inventory has not ended yet"),
            Some(reason) => {
                ApiError::new(Code::NotReady, format!("the inventory could not be evaluated: {reason}"))
                    .retry_after(30)
            }
        })?;
        match serving.catch_up() {
            Ok(false) => {}
            Ok(true) => self.is_outdated.store(true, Ordering::Relaxed),
            // What was shown before stays, and is opened again.
            Err(error) => *locked(&self.trouble) = Some(error.to_string()),
        }
        Ok(serving)
    }

    /// Returns the evaluation that requests read, without looking for newer decisions. None: there is none yet.
    pub(crate) fn current(&self) -> Option<Arc<Serving>> {
        self.serving.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a new evaluation is needed, because more was decided than can be shown on top of this one. Answered once.
    pub(crate) fn take_outdated(&self) -> bool {
        self.is_outdated.swap(false, Ordering::Relaxed)
    }

    /// Returns why the last evaluation failed, on whatever replica. None: it did not.
    pub(crate) fn failure(&self) -> Option<String> {
        locked(&self.failure).clone()
    }

    /// Returns a text that changes when something changes that the project is evaluated from.
    pub(crate) fn inputs(&self) -> String {
        let mut tables = locked(&self.tables);
        let tables = tables.get_or_insert_with(|| {
            Project::open(Some(&self.folder)).map(|project| project.table_files()).unwrap_or_default()
        });
        inputs::fingerprint(&self.folder, tables)
    }

    /// Whether these inputs were evaluated last here, or are being evaluated.
    pub(crate) fn has_evaluated(&self, inputs: &str) -> bool {
        locked(&self.evaluated).as_deref() == Some(inputs)
    }

    /// Shows the evaluation that all replicas show by now, whoever made it. Returns what went wrong since the last call, for the
    /// log.
    pub(crate) fn follow(&self, settings: &Settings, database: &Database) -> Option<String> {
        // Without the database, what is shown stays.
        let known = database.read::<_, StateError>(&self.scope(), |r| r.evaluation()).ok()?;
        locked(&self.failure).clone_from(&known.failure);
        let trouble = locked(&self.trouble).take();
        if trouble.is_some() {
            self.is_outdated.store(true, Ordering::Relaxed);
        }
        let newest = || self.generations.newest().ok().flatten();
        // A version before this one has not stored which one is shown.
        let Some(id) = known.generation.clone().or_else(newest) else { return trouble };
        let shown = self.current();
        if trouble.is_none() && shown.is_some_and(|shown| shown.generation.contents().id == id) {
            return None;
        }
        let before = locked(&self.unopened).clone().filter(|(other, ..)| *other == id);
        if before.as_ref().is_some_and(|(_, _, at)| at.elapsed() < OPEN_AGAIN) {
            return None;
        }
        let opened = self.open_shared(settings, database, &known, &id, before.is_some());
        let reason = match opened {
            Ok(serving) => {
                self.show(serving);
                trouble
            }
            Err(reason) => Some(format!("the evaluation `{id}` cannot be shown: {reason}")),
        };
        let is_new = before.is_none_or(|(_, before, _)| Some(before) != reason);
        *locked(&self.unopened) = reason.clone().map(|reason| (id, reason, Instant::now()));
        reason.filter(|_| is_new)
    }

    /// Opens an evaluation that any replica has made. If its files do not appear here, because the replicas share no folder, it
    /// is made once more, by the same name and the same clock.
    fn open_shared(
        &self,
        settings: &Settings,
        database: &Database,
        known: &Evaluation,
        id: &str,
        was_tried: bool,
    ) -> Result<Arc<Serving>, String> {
        match self.generations.contents(id) {
            Err(DataError::UnknownGeneration { .. }) if was_tried && known.generation.is_some() => {
                let clock = DateTime::from_timestamp_micros(known.clock).unwrap_or_default();
                let _one_at_a_time = locked(&self.building);
                self.evaluate(settings, database, clock, false, Some(id.to_owned()))
            }
            Err(error) => Err(error.to_string()),
            Ok(contents) => {
                let clock = DateTime::from_timestamp_micros(contents.now).unwrap_or_default();
                let project = self.project(clock)?;
                let own = self.snapshots.join(&contents.snapshot);
                let snapshot = if Snapshot::is_at(&own) {
                    Snapshot::open(&own).map_err(|error| error.to_string())?
                } else {
                    let folder = project.snapshots_folder().map_err(|error| reason(None, &error))?;
                    by_id(&folder, &contents.snapshot).map_err(|error| reason(None, &error))?
                };
                self.open_generation(database, id, project, snapshot, clock)
            }
        }
    }

    /// Evaluates the inventory in a process of its own; returns the id of the evaluation, which is shown when
    /// [`Self::conclude`] is called in the transaction that ends the job. Blocks.
    ///
    /// # Errors
    /// Why it failed; what was shown before stays.
    pub(crate) fn build(
        &self,
        settings: &Settings,
        database: &Database,
        record: bool,
    ) -> Result<String, String> {
        let _one_at_a_time = locked(&self.building);
        *locked(&self.prepared) = None;
        *locked(&self.evaluated) = Some(self.inputs());
        let evaluated = self.evaluate(settings, database, database.source().now(), record, None);
        if evaluated.is_err() {
            *locked(&self.evaluated) = None;
        }
        let serving = evaluated?;
        let id = serving.generation.contents().id.clone();
        *locked(&self.prepared) = Some(serving);
        Ok(id)
    }

    /// Takes note of how the job of an evaluation ended, in the transaction that ends it: all replicas show the result from then
    /// on.
    pub(crate) fn conclude(&self, r: &mut Repository<'_>, outcome: &Outcome) -> Result<(), StateError> {
        let prepared = locked(&self.prepared).take();
        match (outcome, prepared) {
            (Outcome::Done(_), Some(serving)) => {
                let contents = serving.generation.contents();
                *locked(&self.failure) = None;
                if r.set_generation(&contents.id, contents.now)? {
                    self.show(serving);
                }
                Ok(())
            }
            (Outcome::Done(_), None) => Ok(()),
            (Outcome::Retry(reason) | Outcome::RetryAfter(reason, _) | Outcome::Fail(reason), _) => {
                *locked(&self.failure) = Some(reason.clone());
                r.set_evaluation_failure(reason)
            }
        }
    }

    /// Removes evaluations and snapshots that no replica shows any more. What cannot be removed now is removed next time.
    pub(crate) fn remove_old(&self) {
        kept::remove_old(&self.generations, &self.snapshots);
    }

    fn show(&self, serving: Arc<Serving>) {
        *self.serving.write().unwrap_or_else(PoisonError::into_inner) = Some(serving);
    }

    fn evaluate(
        &self,
        settings: &Settings,
        database: &Database,
        clock: DateTime<Utc>,
        record: bool,
        id: Option<String>,
    ) -> Result<Arc<Serving>, String> {
        let task = BuildTask {
            folder: self.folder.clone(),
            generations: self.generations.folder().to_owned(),
            snapshots: self.snapshots.clone(),
            state_tenant: self.scope.state_tenant.clone(),
            state_project: self.scope.state_project.clone(),
            now: Timestamp(clock),
            record,
            id,
        };
        let Built { generation, snapshot } =
            worker::in_process(&self.settings(settings), &Task::Build(task))?;
        let snapshot = Snapshot::open(&snapshot).map_err(|error| error.to_string())?;
        self.open_generation(database, &generation, self.project(clock)?, snapshot, clock)
    }

    /// Makes a snapshot of files in a process of its own: of an inventory or a bill, or of events for the newest one. Blocks.
    ///
    /// # Errors
    /// Why it failed.
    pub(crate) fn make_snapshot(
        &self,
        settings: &Settings,
        (files, are_events): (Vec<PathBuf>, bool),
        now: DateTime<Utc>,
    ) -> Result<MadeSnapshot, String> {
        // The evaluation must not read a folder of snapshots that is about to change.
        let _one_at_a_time = self.building.lock().unwrap_or_else(PoisonError::into_inner);
        let task = SnapshotTask { folder: self.folder.clone(), files, are_events, now: Timestamp(now) };
        worker::in_process(&self.settings(settings), &Task::Snapshot(task))
    }

    /// Makes a snapshot of what clouds list, in a process of its own. Blocks.
    ///
    /// # Errors
    /// Why it failed.
    pub(crate) fn fetch(&self, settings: &Settings, now: DateTime<Utc>) -> Result<MadeSnapshot, String> {
        let (folder, clouds) = (self.folder.clone(), self.clouds.clone());
        let task = FetchTask { folder, clouds, now: Timestamp(now) };
        worker::in_process(&self.settings(settings), &Task::Fetch(task))
    }

    /// Trains a model on what is served, in a process of its own. Blocks. Returns what became of it.
    ///
    /// # Errors
    /// Why it failed.
    pub(crate) fn train(&self, settings: &Settings, now: DateTime<Utc>) -> Result<serde_json::Value, String> {
        let snapshot = self.served_snapshot().ok_or("there is no evaluation yet")?;
        let task = TrainTask {
            folder: self.folder.clone(),
            snapshot,
            state_tenant: self.scope.state_tenant.clone(),
            state_project: self.scope.state_project.clone(),
            now: Timestamp(now),
        };
        worker::in_process_for(&self.settings(settings), &Task::Train(task), worker::TRAINING)
    }

    /// Returns the folder that has its models.
    #[cfg(feature = "suggest")]
    pub(crate) fn models_folder(&self) -> &Path {
        &self.models
    }

    /// Returns the folder of the snapshot that is served. None: there is no evaluation yet.
    fn served_snapshot(&self) -> Option<PathBuf> {
        let snapshot = self.current()?.generation.contents().snapshot.clone();
        let own = self.snapshots.join(&snapshot);
        if Snapshot::is_at(&own) {
            return Some(own);
        }
        Some(self.snapshots_folder().ok()??.join(snapshot))
    }

    /// Returns the folder in which files of a kind wait for the job that reads them.
    pub(crate) fn inbox(&self, kind: &str) -> PathBuf {
        self.inbox.join(kind)
    }

    /// Whether the inventory consists of snapshots, and there is none yet.
    pub(crate) fn has_no_snapshot(&self) -> bool {
        match self.snapshots_folder() {
            Ok(Some(folder)) => !matches!(newest(&folder), Ok(Some(_))),
            _ => false,
        }
    }

    /// Returns the folder of what was deleted from the database after its time.
    pub(crate) fn archive(&self) -> PathBuf {
        self.state.join("archive")
    }

    /// Returns where its policies are kept.
    pub(crate) fn policies(&self) -> PolicyFolder {
        PolicyFolder { project: self.folder.clone(), state: self.state.clone() }
    }

    /// Returns the task of finding out what edited policies would do.
    pub(crate) fn impact_task(&self, files: BTreeMap<String, Option<String>>, now: Timestamp) -> ImpactTask {
        ImpactTask {
            folder: self.folder.clone(),
            files,
            snapshot: self.served_snapshot(),
            state_tenant: self.scope.state_tenant.clone(),
            state_project: self.scope.state_project.clone(),
            now,
        }
    }

    /// Returns the task of finding out what changed since the snapshot before.
    pub(crate) fn changes_task(&self, now: Timestamp) -> ChangesTask {
        ChangesTask {
            folder: self.folder.clone(),
            snapshot: self.served_snapshot(),
            state_tenant: self.scope.state_tenant.clone(),
            state_project: self.scope.state_project.clone(),
            now,
        }
    }

    /// Returns the folder of snapshots. None: the manifest lists files, which are the inventory instead.
    ///
    /// # Errors
    /// What is wrong with the manifest.
    pub(crate) fn snapshots_folder(&self) -> Result<Option<PathBuf>, Failure> {
        let internal = |error: AppError| Failure::Internal(error.to_string());
        let location = tagpol_app::locate(Some(&self.folder)).map_err(internal)?;
        let lists_files = !location.manifest.inventory.is_empty();
        let project = Project::open_without_packages(&self.folder).map_err(internal)?;
        let folder = project.snapshots_folder().map_err(internal)?;
        Ok(Some(folder).filter(|_| !lists_files))
    }

    /// Opens an evaluation of the policies of a project.
    fn open_generation(
        &self,
        database: &Database,
        id: &str,
        project: Project,
        snapshot: Snapshot,
        clock: DateTime<Utc>,
    ) -> Result<Arc<Serving>, String> {
        let text = |error: DataError| error.to_string();
        let generation = Generation::open(&self.generations, id, &OpenOptions::default()).map_err(text)?;
        let context = RunContext::at(clock, &Silent);
        let program =
            project.program_to_evaluate(&context).map_err(|error| reason(Some(&project), &error))?;
        let mut options = context.options();
        options.rates = project.manifest().rates.clone();
        options.state = Some(database.state(&self.scope));
        let overlay = Overlay::open(generation.clone(), program.clone(), snapshot, &options).map_err(text)?;
        let places = project.places_to_evaluate();
        *locked(&self.tables) = Some(project.table_files());
        let conditions = Conditions::of(project).map_err(text)?;
        let models = ModelFacts::read(self.generations.folder(), id);
        let facts = EvaluationFacts::read(self.generations.folder(), id);
        Ok(Arc::new(Serving { generation, program, conditions, models, facts, places, overlay }))
    }

    fn project(&self, now: DateTime<Utc>) -> Result<Project, String> {
        let mut project = Project::open(Some(&self.folder)).map_err(|error| reason(None, &error))?;
        project.set_now(now);
        Ok(project)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What was decided about the tags of one resource: the last decision of each tag, from its trail.
pub(crate) fn last_decisions(trail: &[Decision]) -> impl Iterator<Item = &Decision> {
    trail.iter().enumerate().filter_map(|(at, decision)| {
        let is_last = !trail
            .iter()
            .skip(at + 1)
            .any(|later| later.tag == decision.tag && later.action != Action::Reject);
        (is_last && !matches!(decision.action, Action::Reject)).then_some(decision)
    })
}
