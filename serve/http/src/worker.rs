//! Evaluations in a process of their own, which can be killed, and whose memory ends with it.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
#[cfg(feature = "suggest")]
use tagpol_app::evaluation::Options;
use tagpol_app::inventory::{self, ImportSettings, InventorySource, Snapshot};
#[cfg(feature = "suggest")]
use tagpol_app::models::TrainingData;
use tagpol_app::{AppError, EvaluateRequest, Project, RunContext, Silent, StateAccess, Workspace};
use tagpol_serve_data::child::{self, ChildLimits};
use tagpol_serve_data::{BuildOptions, DataError, Generations, reason};
use utoipa::ToSchema;

use crate::asking::EvaluationFacts;
use crate::fetching::{self, CloudSource};
use crate::impact;
use crate::routes::changes::PolicyImpact;
use crate::settings::Settings;
use crate::timestamp::Timestamp;
use crate::training;

/// How long an evaluation may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30 * 60);

/// How long a training may take.
pub(crate) const TRAINING: Duration = Duration::from_secs(2 * 60 * 60);

/// What the process is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub(crate) enum Task {
    /// Evaluate.
    Build(BuildTask),
    /// Make a snapshot of a file, or of events.
    Snapshot(SnapshotTask),
    /// Find out what edited policies would do.
    Impact(ImpactTask),
    /// Find out what changed since the snapshot before.
    Changes(ChangesTask),
    /// Make a snapshot of what clouds list.
    Fetch(FetchTask),
    /// Train a model.
    Train(TrainTask),
}

/// Clouds to fetch from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FetchTask {
    /// The folder of the project.
    pub(crate) folder: PathBuf,
    /// The clouds.
    pub(crate) clouds: Vec<CloudSource>,
    /// The time of the snapshot: nothing that is listed is older.
    pub(crate) now: Timestamp,
}

/// What a model is trained on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TrainTask {
    /// The folder of the project.
    pub(crate) folder: PathBuf,
    /// The folder of the snapshot that is served.
    pub(crate) snapshot: PathBuf,
    /// The tenant of its state.
    pub(crate) state_tenant: String,
    /// The project of its state.
    pub(crate) state_project: String,
    /// The clock.
    pub(crate) now: Timestamp,
}

/// Edited policies.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ImpactTask {
    /// The folder of the project.
    pub(crate) folder: PathBuf,
    /// The new texts by path. None: the file is removed.
    pub(crate) files: BTreeMap<String, Option<String>>,
    /// The folder of the snapshot that is served. None: none is yet.
    pub(crate) snapshot: Option<PathBuf>,
    /// The tenant of its state.
    pub(crate) state_tenant: String,
    /// The project of its state.
    pub(crate) state_project: String,
    /// The clock.
    pub(crate) now: Timestamp,
}

/// The snapshot that is compared with the one before.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ChangesTask {
    /// The folder of the project.
    pub(crate) folder: PathBuf,
    /// The folder of the snapshot that is served. None: none is yet.
    pub(crate) snapshot: Option<PathBuf>,
    /// The tenant of its state.
    pub(crate) state_tenant: String,
    /// The project of its state.
    pub(crate) state_project: String,
    /// The clock.
    pub(crate) now: Timestamp,
}

/// What edited policies would do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ChangeImpact {
    /// Mistakes and warnings, in their order.
    pub(crate) diagnostics: Vec<PolicyDiagnostic>,
    /// Whether there are mistakes.
    pub(crate) has_errors: bool,
    /// What they would do. None: there are mistakes, or there is no snapshot.
    pub(crate) impact: Option<PolicyImpact>,
}

/// A mistake or a warning about policies.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct PolicyDiagnostic {
    /// The file.
    pub(crate) file: String,
    /// The code, such as `E0001`.
    pub(crate) code: String,
    /// `error` or `warning`.
    pub(crate) level: String,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it. Null: nothing is known.
    pub(crate) help: Option<String>,
    /// The line where it begins, from 1.
    pub(crate) line: u32,
    /// The column where it begins, from 1, in characters.
    pub(crate) column: u32,
    /// The line where it ends.
    pub(crate) end_line: u32,
    /// The column where it ends.
    pub(crate) end_column: u32,
}

/// A snapshot to be made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SnapshotTask {
    /// The folder of the project.
    pub(crate) folder: PathBuf,
    /// The files: an inventory or a bill, or events.
    pub(crate) files: Vec<PathBuf>,
    /// Whether they are events, which are applied to the newest snapshot.
    pub(crate) are_events: bool,
    /// The time of the snapshot.
    pub(crate) now: Timestamp,
}

/// A snapshot that was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MadeSnapshot {
    /// The id of the snapshot; of events that change nothing, that of the one before.
    pub(crate) snapshot: String,
    /// Resources in it.
    pub(crate) resources: u64,
    /// Rows or events that could not be read or applied.
    pub(crate) rejected: u64,
    /// Changes that were applied, of events.
    pub(crate) applied: Option<u64>,
}

impl MadeSnapshot {
    /// Returns what was imported.
    pub(crate) fn of(made: &Snapshot) -> Self {
        Self {
            snapshot: made.id().to_owned(),
            resources: made.manifest().counts.resources,
            rejected: made.manifest().completeness.rejected_rows,
            applied: None,
        }
    }
}

/// An evaluation to be made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct BuildTask {
    /// The folder of the project.
    pub(crate) folder: PathBuf,
    /// Where evaluations are.
    pub(crate) generations: PathBuf,
    /// Where an inventory of files is kept as a snapshot.
    pub(crate) snapshots: PathBuf,
    /// The tenant of its state.
    pub(crate) state_tenant: String,
    /// The project of its state.
    pub(crate) state_project: String,
    /// The clock of the evaluation.
    pub(crate) now: Timestamp,
    /// Whether the run and its findings are remembered in the state.
    pub(crate) record: bool,
    /// The id of the evaluation, if another replica has made it in a folder that this one does not see. None: a new one.
    #[serde(default)]
    pub(crate) id: Option<String>,
}

/// What the process made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Built {
    /// The id of the evaluation.
    pub(crate) generation: String,
    /// The folder of the snapshot that it was made of.
    pub(crate) snapshot: PathBuf,
}

/// Reads a task, does it, and writes the answer: the whole of the process that evaluates.
///
/// # Errors
/// If nobody reads the answer.
pub fn work(input: impl Read, output: impl Write) -> std::io::Result<()> {
    let work = |task: Task| match task {
        Task::Build(task) => build(&task).and_then(|built| to_json(&built)),
        Task::Snapshot(task) => make_snapshot(&task).and_then(|made| to_json(&made)),
        Task::Impact(task) => {
            impact::of(&task).map_err(|error| error.to_string()).and_then(|found| to_json(&found))
        }
        Task::Changes(task) => {
            impact::since_before(&task).map_err(|error| error.to_string()).and_then(|found| to_json(&found))
        }
        Task::Fetch(task) => {
            let context = RunContext::at(task.now.0, &Silent);
            fetching::fetch(&task, &context).and_then(|made| to_json(&made))
        }
        Task::Train(task) => training::train(&task, &RunContext::at(task.now.0, &Silent)),
    };
    child::answer(input, output, work).map(drop)
}

fn to_json(value: &impl Serialize) -> Result<serde_json::Value, String> {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

/// Makes a snapshot in the project's folder of snapshots.
fn make_snapshot(task: &SnapshotTask) -> Result<MadeSnapshot, String> {
    let context = RunContext::at(task.now.0, &Silent);
    made_snapshot(task, &context).map_err(|error| error.to_string())
}

fn made_snapshot(task: &SnapshotTask, context: &RunContext<'_>) -> Result<MadeSnapshot, AppError> {
    let project = Project::open(Some(&task.folder))?;
    let folder = project.snapshots_folder()?;
    if task.are_events {
        let newest = inventory::newest(&folder)?.ok_or(AppError::NoInventory)?;
        let applied = inventory::apply_event_files(&task.files, (None, false), &newest, &folder, context)?;
        return Ok(MadeSnapshot {
            snapshot: applied.snapshot.id().to_owned(),
            resources: applied.snapshot.manifest().counts.resources,
            rejected: applied.rejects.len() as u64,
            applied: Some(applied.report.applied),
        });
    }
    let made =
        inventory::import_files(&task.files, &import_settings(&project), task.now.0, &folder, context)?;
    Ok(MadeSnapshot::of(&made))
}

/// How the manifest of a project lets files be read.
pub(crate) fn import_settings(project: &Project) -> ImportSettings {
    let manifest = project.manifest();
    ImportSettings {
        rates: manifest.rates.clone(),
        columns: manifest.columns.clone(),
        keep: manifest.keep.clone(),
        ..ImportSettings::default()
    }
}

fn build(task: &BuildTask) -> Result<Built, String> {
    let project = Project::open(Some(&task.folder)).map_err(|error| reason(None, &error))?;
    build_project(&project, task).map_err(|error| match &error {
        DataError::App(error) => reason(Some(&project), error),
        other => other.to_string(),
    })
}

fn build_project(project: &Project, task: &BuildTask) -> Result<Built, DataError> {
    let context = RunContext::at(task.now.0, &Silent);
    // Mistakes in policies are found before an inventory is read for nothing.
    project.program_to_evaluate(&context)?;
    let snapshot = snapshot(project, task, &context)?;
    let source = InventorySource { files: vec![snapshot.clone()], ..InventorySource::default() };
    let workspace = Workspace::open(project, &source, &StateAccess::default(), &context)?;
    let request = EvaluateRequest { breakdown: true, record: task.record, ..EvaluateRequest::default() };
    let evaluated = workspace.evaluate(&request)?;
    let mut options = workspace.options().clone();
    options.state = options.state.map(|store| store.for_project(&task.state_tenant, &task.state_project));
    let facts = EvaluationFacts::of(&workspace, &evaluated)?.to_file();
    #[cfg(feature = "suggest")]
    let files = [models(&workspace, &options, &context)?, vec![facts]].concat();
    #[cfg(not(feature = "suggest"))]
    let files = vec![facts];
    let generations = Generations::at(&task.generations);
    generations.sweep(SystemTime::now())?;
    let contents = tagpol_serve_data::build(
        workspace.program(),
        workspace.snapshot(),
        &options,
        &generations,
        &BuildOptions { id: task.id.clone(), files, ..BuildOptions::default() },
    )?;
    Ok(Built { generation: contents.id, snapshot })
}

/// Brings the predictions up to date with the model in use; returns what the models say, as files of the evaluation.
#[cfg(feature = "suggest")]
fn models(
    workspace: &Workspace<'_>,
    options: &Options,
    context: &RunContext<'_>,
) -> Result<Vec<(String, Vec<u8>)>, AppError> {
    let Some(store) = options.state.clone() else { return Ok(Vec::new()) };
    let data = TrainingData::new(workspace.program(), workspace.snapshot(), options.clone(), store);
    tagpol_app::models::refresh(&data, context)?;
    Ok(vec![crate::models::find_out(&data, context)?.to_file()])
}

/// Returns the folder of a snapshot of the project's inventory: of its files, which are imported, else the newest one.
fn snapshot(project: &Project, task: &BuildTask, context: &RunContext<'_>) -> Result<PathBuf, AppError> {
    let manifest = project.manifest();
    let files = manifest.inventory_in(project.root())?;
    if files.is_empty() {
        let newest = inventory::newest(&project.snapshots_folder()?)?;
        return Ok(newest.ok_or(AppError::NoInventory)?.dir().to_owned());
    }
    let made =
        inventory::import_files(&files, &import_settings(project), task.now.0, &task.snapshots, context)?;
    Ok(made.dir().to_owned())
}

/// Does a task in a process of its own. Blocks until it has ended.
///
/// # Errors
/// Why it was not done.
pub(crate) fn in_process<A: DeserializeOwned>(settings: &Settings, task: &Task) -> Result<A, String> {
    in_process_for(settings, task, DEADLINE)
}

/// As [`in_process`], for some time at most.
///
/// # Errors
/// Why it was not done.
pub(crate) fn in_process_for<A: DeserializeOwned>(
    settings: &Settings,
    task: &Task,
    time: Duration,
) -> Result<A, String> {
    let (program, arguments) = settings.worker.split_first().ok_or("no program evaluates")?;
    let mut command = Command::new(program);
    command.args(arguments);
    if let Some(state) = &settings.state.environment.state {
        command.env("TAGPOL_STATE", state);
    }
    if let Some(hosts) = &settings.state.environment.hosts {
        command.env("TAGPOL_STATE_HOSTS", hosts);
    }
    let limits = ChildLimits::usual(time, Arc::clone(&settings.stop));
    child::ask(command, task, &limits).map_err(|error| match error {
        DataError::Child { reason } => reason,
        other => other.to_string(),
    })
}
