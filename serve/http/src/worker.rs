//! Evaluations in a process of their own, which can be killed, and whose memory ends with it.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tagpol_app::inventory::{self, ImportSettings, InventorySource};
use tagpol_app::{AppError, EvaluateRequest, Project, RunContext, Silent, StateAccess, Workspace};
use tagpol_serve_data::{BuildOptions, Generations};

use crate::settings::Settings;
use crate::timestamp::Timestamp;

/// How long an evaluation may take.
const DEADLINE: Duration = Duration::from_secs(30 * 60);

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
}

/// What the process made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Built {
    /// The id of the evaluation.
    pub(crate) generation: String,
    /// The folder of the snapshot that it was made of.
    pub(crate) snapshot: PathBuf,
}

/// What the process answers, or the reason why there is no evaluation.
type Answer = Result<Built, String>;

/// Reads a task, does it, and writes the answer: the whole of the process that evaluates.
///
/// # Errors
/// If nobody reads the answer.
pub fn work(mut input: impl Read, mut output: impl Write) -> std::io::Result<()> {
    let mut text = String::new();
    input.read_to_string(&mut text)?;
    let answer: Answer = serde_json::from_str(&text)
        .map_err(|error| format!("the task cannot be read: {error}"))
        .and_then(|task: BuildTask| build(&task));
    serde_json::to_writer(&mut output, &answer)?;
    output.flush()
}

fn build(task: &BuildTask) -> Answer {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let context = RunContext::at(task.now.0, &Silent);
    let project = Project::open(Some(&task.folder)).map_err(|error| text(&error))?;
    let snapshot = snapshot(&project, task, &context).map_err(|error| text(&error))?;
    let source = InventorySource { files: vec![snapshot.clone()], ..InventorySource::default() };
    let opened = Workspace::open(&project, &source, &StateAccess::default(), &context);
    let workspace = opened.map_err(|error| text(&error))?;
    if task.record {
        let request = EvaluateRequest { record: true, ..EvaluateRequest::default() };
        workspace.evaluate(&request).map_err(|error| text(&error))?;
    }
    let mut options = workspace.options().clone();
    options.state = options.state.map(|store| store.for_project(&task.state_tenant, &task.state_project));
    let generations = Generations::at(&task.generations);
    generations.sweep().map_err(|error| text(&error))?;
    let contents = tagpol_serve_data::build(
        workspace.program(),
        workspace.snapshot(),
        &options,
        &generations,
        &BuildOptions::default(),
    );
    let generation = contents.map_err(|error| text(&error))?.id;
    Ok(Built { generation, snapshot })
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
pub(crate) fn build_in_process(settings: &Settings, task: &BuildTask) -> Answer {
    let (program, arguments) = settings.worker.split_first().ok_or("no program evaluates")?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    if let Some(state) = &settings.state.environment.state {
        command.env("TAGPOL_STATE", state);
    }
    if let Some(hosts) = &settings.state.environment.hosts {
        command.env("TAGPOL_STATE_HOSTS", hosts);
    }
    let mut child = command.spawn().map_err(|error| format!("the evaluation cannot be started: {error}"))?;
    let answer = ask(&mut child, task, &settings.stop);
    // Whatever happened, it is over.
    let _ = child.kill();
    let _ = child.wait();
    answer
}

fn ask(child: &mut Child, task: &BuildTask, stop: &AtomicBool) -> Answer {
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (Some(mut stdin), Some(mut stdout)) = (stdin, stdout) else {
        return Err("the evaluation has no pipes".to_owned());
    };
    serde_json::to_writer(&mut stdin, task).map_err(|error| format!("the evaluation has ended: {error}"))?;
    drop(stdin);
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text)
    });
    let began = Instant::now();
    while !reader.is_finished() {
        if stop.load(Ordering::Relaxed) {
            return Err("the server ends".to_owned());
        }
        if began.elapsed() > DEADLINE {
            return Err(format!("the evaluation took longer than {} minutes", DEADLINE.as_secs() / 60));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let text = reader.join().ok().and_then(Result::ok).unwrap_or_default();
    if text.is_empty() {
        let status = child.wait().map(|status| status.to_string()).unwrap_or_default();
        return Err(format!("the evaluation ended early ({status})"));
    }
    serde_json::from_str(&text).map_err(|error| format!("the evaluation's answer cannot be read: {error}"))?
}
