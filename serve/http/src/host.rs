//! A project: its policies, and the evaluation of its inventory that requests read.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use tagpol_app::inventory::{Snapshot, by_id};
use tagpol_app::state::{Action, Decision, StateStore};
use tagpol_app::{AppError, Project, RunContext, Silent};
use tagpol_sema::program::Program;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_data::{Conditions, DataError, Generation, Generations, OpenOptions, Overlay};
use tagpol_serve_db::{Database, ProjectScope, Scope};

use crate::problem::Failure;
use crate::settings::{Settings, StartError};
use crate::timestamp::Timestamp;
use crate::worker::{self, BuildTask, Built};

/// The id of the project of a folder without a name.
const UNNAMED: &str = "default";

/// A project that is served.
pub(crate) struct ProjectHost {
    tenant: String,
    scope: ProjectScope,
    folder: PathBuf,
    generations: Generations,
    /// Where inventories of files are kept as snapshots while they are served.
    snapshots: PathBuf,
    serving: RwLock<Option<Arc<Serving>>>,
    /// Why the last evaluation failed. None: it did not.
    failure: Mutex<Option<String>>,
    /// Held while an evaluation runs.
    building: Mutex<()>,
    /// Whether more was decided than can be shown on top of the evaluation.
    is_outdated: AtomicBool,
}

/// An evaluation that requests read, with what is newer than it on top.
pub(crate) struct Serving {
    /// The evaluation.
    pub(crate) generation: Generation,
    /// The policies that it was made of.
    pub(crate) program: Program,
    /// Reads conditions of requests as the policies mean them.
    pub(crate) conditions: Conditions,
    overlay: Overlay,
}

impl Serving {
    /// Shows what was decided meanwhile. If the database is away, what was shown before is shown. Returns whether so much
    /// changed that a new evaluation is needed to show it.
    ///
    /// # Errors
    /// [`Failure`].
    fn catch_up(&self) -> Result<bool, Failure> {
        match self.overlay.catch_up() {
            Ok(_) | Err(DataError::State(_)) => Ok(false),
            Err(DataError::TooManyChanges { .. }) => Ok(true),
            Err(error) => Err(data_failure(error)),
        }
    }

    /// Returns the version of what is shown: the evaluation, and the number of the last decision.
    pub(crate) fn version(&self) -> String {
        format!("{}.{}", self.generation.contents().id, self.overlay.decisions())
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
        let (state_tenant, state_project) = store.project();
        let scope = ProjectScope {
            id: location.manifest.name.clone().unwrap_or_else(|| UNNAMED.to_owned()),
            state_tenant: state_tenant.to_owned(),
            state_project: state_project.to_owned(),
        };
        let host = Self {
            tenant: tenant.to_owned(),
            scope,
            folder: settings.folder.clone(),
            generations: Generations::at(store.folder().join("generations")),
            snapshots: store.folder().join("served"),
            serving: RwLock::new(None),
            failure: Mutex::new(None),
            building: Mutex::new(()),
            is_outdated: AtomicBool::new(false),
        };
        Ok((host, store))
    }

    /// Returns the tenant.
    pub(crate) fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Returns its id in the tenant.
    pub(crate) fn id(&self) -> &str {
        &self.scope.id
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
        if serving.catch_up()? {
            self.is_outdated.store(true, Ordering::Relaxed);
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

    /// Returns why the last evaluation failed. None: it did not.
    pub(crate) fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Serves the newest evaluation that an earlier process left, if it is of these policies.
    ///
    /// # Errors
    /// Why it cannot be served.
    pub(crate) fn open_newest(&self, database: &Database, now: DateTime<Utc>) -> Result<(), String> {
        let newest = self.generations.newest().map_err(|error| error.to_string())?;
        let id = newest.ok_or("there is none")?;
        let contents = self.generations.contents(&id).map_err(|error| error.to_string())?;
        let project = self.project(now)?;
        let own = self.snapshots.join(&contents.snapshot);
        let snapshot = if Snapshot::is_at(&own) {
            Snapshot::open(&own).map_err(|error| error.to_string())?
        } else {
            let folder = project.snapshots_folder().map_err(|error| error.to_string())?;
            by_id(&folder, &contents.snapshot).map_err(|error| error.to_string())?
        };
        self.serve(database, &id, snapshot, now)
    }

    /// Evaluates the inventory in a process of its own, and serves the result. Blocks.
    ///
    /// # Errors
    /// Why it failed; what was served before stays.
    pub(crate) fn build(
        &self,
        settings: &Settings,
        database: &Database,
        record: bool,
    ) -> Result<String, String> {
        let _one_at_a_time = self.building.lock().unwrap_or_else(PoisonError::into_inner);
        let built = self.build_and_serve(settings, database, record);
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = built.as_ref().err().cloned();
        built
    }

    fn build_and_serve(
        &self,
        settings: &Settings,
        database: &Database,
        record: bool,
    ) -> Result<String, String> {
        let now = database.source().now();
        let task = BuildTask {
            folder: self.folder.clone(),
            generations: self.generations.folder().to_owned(),
            snapshots: self.snapshots.clone(),
            state_tenant: self.scope.state_tenant.clone(),
            state_project: self.scope.state_project.clone(),
            now: Timestamp(now),
            record,
        };
        let Built { generation, snapshot } = worker::build_in_process(settings, &task)?;
        let snapshot = Snapshot::open(&snapshot).map_err(|error| error.to_string())?;
        self.serve(database, &generation, snapshot, now)?;
        remove_old_snapshots(&self.snapshots);
        remove_old_generations(&self.generations);
        Ok(generation)
    }

    /// Serves an evaluation.
    fn serve(
        &self,
        database: &Database,
        id: &str,
        snapshot: Snapshot,
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        let text = |error: DataError| error.to_string();
        let generation = Generation::open(&self.generations, id, &OpenOptions::default()).map_err(text)?;
        let context = RunContext::at(now, &Silent);
        let project = self.project(now)?;
        let program = project.program_to_evaluate(&context).map_err(|error| error.to_string())?;
        let mut options = context.options();
        options.rates = project.manifest().rates.clone();
        options.state = Some(database.state(&self.scope));
        let overlay = Overlay::open(generation.clone(), program.clone(), snapshot, &options).map_err(text)?;
        let conditions = Conditions::of(project).map_err(text)?;
        let serving = Serving { generation, program, conditions, overlay };
        *self.serving.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(serving));
        Ok(())
    }

    fn project(&self, now: DateTime<Utc>) -> Result<Project, String> {
        let project = Project::open(Some(&self.folder));
        let mut project = project.map_err(|error: AppError| error.to_string())?;
        project.set_now(now);
        Ok(project)
    }
}

/// Evaluations and snapshots that are kept, the newest ones: requests that have begun, and other replicas, may still read them.
const KEPT: usize = 3;

/// Removes old snapshots. Their names begin with their times. What cannot be removed now is removed next time.
fn remove_old_snapshots(folder: &Path) {
    // Behind a link would be folders of somebody else.
    if !folder.symlink_metadata().is_ok_and(|found| found.is_dir()) {
        return;
    }
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let is_snapshot = |name: &String| !name.starts_with('.') && Snapshot::is_at(&folder.join(name));
    let mut names: Vec<String> = names.filter(is_snapshot).collect();
    names.sort_unstable();
    for name in names.iter().rev().skip(KEPT) {
        let _ = std::fs::remove_dir_all(folder.join(name));
    }
}

/// Removes old evaluations.
fn remove_old_generations(generations: &Generations) {
    let mut ids = generations.list().unwrap_or_default();
    ids.sort_unstable();
    for id in ids.iter().rev().skip(KEPT) {
        let _ = generations.remove(id);
    }
}

/// Turns an error of the data into one of the interface.
pub(crate) fn data_failure(error: DataError) -> Failure {
    let text = error.to_string();
    let invalid = |code| ApiError::new(code, text.clone());
    match error {
        DataError::UnknownResource { name } => ApiError::not_found("resource", &name).into(),
        DataError::UnknownName { closest, .. } => {
            invalid(Code::InvalidRequest).meant(closest.as_deref()).into()
        }
        DataError::Condition { mistakes, .. } => {
            let help = mistakes.first().and_then(|mistake| mistake.help.clone());
            let error = invalid(Code::InvalidCondition).in_parameter("where");
            match help {
                Some(help) => error.help(help).into(),
                None => error.into(),
            }
        }
        DataError::TooManyRows { .. } => invalid(Code::InvalidRequest).in_parameter("limit").into(),
        DataError::TooFar { .. } => invalid(Code::InvalidRequest).in_parameter("offset").into(),
        DataError::NoCharges | DataError::TooManyGroups { .. } => invalid(Code::InvalidRequest).into(),
        DataError::TooDeep { .. } => invalid(Code::InvalidRequest).in_parameter("depth").into(),
        DataError::NotACursor
        | DataError::CursorOfOtherGeneration { .. }
        | DataError::CursorOfOtherQuestion => invalid(Code::InvalidCursor).in_parameter("cursor").into(),
        DataError::OtherPolicies { .. } | DataError::TooManyChanges { .. } => invalid(Code::NotReady).into(),
        DataError::Busy => invalid(Code::Busy).into(),
        DataError::TooSlow => invalid(Code::TimedOut).into(),
        DataError::State(error) => Failure::State(error),
        _ => Failure::Internal(text),
    }
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
