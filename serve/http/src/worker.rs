//! Evaluations in a process of their own, which can be killed, and whose memory ends with it.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tagpol_app::inventory::{self, ImportSettings, InventorySource};
use tagpol_app::{AppError, EvaluateRequest, Project, RunContext, Silent, StateAccess, Workspace};
use tagpol_serve_data::child::{self, ChildLimits};
use tagpol_serve_data::{BuildOptions, DataError, Generations, reason};

use crate::settings::Settings;
use crate::timestamp::Timestamp;

/// How long an evaluation may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30 * 60);

/// What the process is to do.
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
    child::answer(input, output, |task: BuildTask| build(&task)).map(drop)
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
    if task.record {
        let request = EvaluateRequest { record: true, ..EvaluateRequest::default() };
        workspace.evaluate(&request)?;
    }
    let mut options = workspace.options().clone();
    options.state = options.state.map(|store| store.for_project(&task.state_tenant, &task.state_project));
    let generations = Generations::at(&task.generations);
    generations.sweep(SystemTime::now())?;
    let contents = tagpol_serve_data::build(
        workspace.program(),
        workspace.snapshot(),
        &options,
        &generations,
        &BuildOptions { id: task.id.clone(), ..BuildOptions::default() },
    )?;
    Ok(Built { generation: contents.id, snapshot })
}

/// Returns the folder of a snapshot of the project's inventory: of its files, which are imported, else the newest one.
fn snapshot(project: &Project, task: &BuildTask, context: &RunContext<'_>) -> Result<PathBuf, AppError> {
    let manifest = project.manifest();
    let files = manifest.inventory_in(project.root())?;
    if files.is_empty() {
        let newest = inventory::newest(&project.snapshots_folder()?)?;
        return Ok(newest.ok_or(AppError::NoInventory)?.dir().to_owned());
    }
    let settings = ImportSettings {
        rates: manifest.rates.clone(),
        columns: manifest.columns.clone(),
        keep: manifest.keep.clone(),
        ..ImportSettings::default()
    };
    let made = inventory::import_files(&files, &settings, task.now.0, &task.snapshots, context)?;
    Ok(made.dir().to_owned())
}

/// Evaluates in a process of its own. Blocks until it has ended.
///
/// # Errors
/// Why there is no evaluation.
pub(crate) fn build_in_process(settings: &Settings, task: &BuildTask) -> Result<Built, String> {
    let (program, arguments) = settings.worker.split_first().ok_or("no program evaluates")?;
    let mut command = Command::new(program);
    command.args(arguments);
    if let Some(state) = &settings.state.environment.state {
        command.env("TAGPOL_STATE", state);
    }
    if let Some(hosts) = &settings.state.environment.hosts {
        command.env("TAGPOL_STATE_HOSTS", hosts);
    }
    let limits = ChildLimits { time: DEADLINE, memory: None, stop: Arc::clone(&settings.stop) };
    child::ask(command, task, &limits).map_err(|error| match error {
        DataError::Child { reason } => reason,
        other => other.to_string(),
    })
}
