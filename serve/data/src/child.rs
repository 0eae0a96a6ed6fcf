//! A generation is built in a process of its own: what grows or hangs there is ended, and takes nothing with it.
//!
//! The parent writes one JSON object to the child's standard input ([`ask`]), and the child answers with one line on its
//! standard output: what it made, or why it did not ([`answer`]). [`BuildRequest`] is such an object.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tagpol_app::inventory::InventorySource;
use tagpol_app::{AppError, Limits, Project, RunContext, Silent, StateAccess, Workspace};

use crate::build::{BuildOptions, build};
use crate::contents::Contents;
use crate::error::DataError;
use crate::folder::Generations;

/// How often the parent looks at the child.
const PAUSE: Duration = Duration::from_millis(50);

/// The longest answer of a child that is read, in bytes.
const LONGEST_ANSWER: u64 = 16 << 20;

/// What a child builds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildRequest {
    /// Folder of the project.
    pub project: PathBuf,
    /// Id of the snapshot, or the beginning of it. None: what the manifest lists, else the newest one.
    pub snapshot: Option<String>,
    /// Folder of the generations.
    pub generations: PathBuf,
    /// The clock, in microseconds since 1970.
    pub now: i64,
    /// Bytes of memory of the database. None: 80% of the machine's.
    pub memory: Option<u64>,
    /// Threads. None: one for each core.
    pub threads: Option<usize>,
    /// For how many days changes of tags are kept.
    pub keep_changes_days: i64,
    /// Whether the run and its findings are remembered in the state store.
    pub record: bool,
}

/// When a child is ended.
#[derive(Debug, Clone)]
pub struct ChildLimits {
    /// After this time.
    pub time: Duration,
    /// Beyond so many bytes of memory. None: there is no limit, or the system does not tell.
    pub memory: Option<u64>,
    /// When this becomes true.
    pub stop: Arc<AtomicBool>,
}

/// Builds what standard input asks for, and answers on standard output: what the child's process does.
pub fn work() -> ExitCode {
    let build = |request: BuildRequest| run(&request).map_err(|error| reason(&error));
    match answer(std::io::stdin(), std::io::stdout(), build) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}

/// Reads a task, does it, and writes what came of it: the child's side of [`ask`]. Returns whether it was done.
///
/// # Errors
/// If nobody reads the answer.
pub fn answer<T: DeserializeOwned, A: Serialize>(
    mut input: impl Read,
    mut output: impl Write,
    work: impl FnOnce(T) -> Result<A, String>,
) -> std::io::Result<bool> {
    let mut text = String::new();
    let read = input.read_to_string(&mut text).map_err(|error| error.to_string());
    let task = read
        .and_then(|_| serde_json::from_str(&text).map_err(|error| format!("this is not a request: {error}")));
    let answer = task.and_then(work);
    serde_json::to_writer(&mut output, &answer)?;
    writeln!(output)?;
    output.flush()?;
    Ok(answer.is_ok())
}

/// Why nothing was built; of mistakes in policies the first.
fn reason(error: &DataError) -> String {
    match error {
        DataError::App(AppError::Policies(mistakes)) => match mistakes.as_slice() {
            [first, rest @ ..] => format!("{error}: {} (and {} more)", first.message, rest.len()),
            [] => error.to_string(),
        },
        other => other.to_string(),
    }
}

/// Builds a generation of a project in this process.
///
/// # Errors
/// As [`build`]; what is wrong with the project or its inventory.
pub fn run(request: &BuildRequest) -> Result<Contents, DataError> {
    Limits { memory: request.memory, timeout: None }.set_usual();
    let now: DateTime<Utc> = DateTime::from_timestamp_micros(request.now).unwrap_or_default();
    let project = Project::open(Some(&request.project))?;
    let context = RunContext { threads: request.threads, ..RunContext::at(now, &Silent) };
    let source = InventorySource { snapshot: request.snapshot.clone(), ..InventorySource::default() };
    let workspace = Workspace::open(&project, &source, &StateAccess::default(), &context)?;
    let generations = Generations::at(&request.generations);
    let options = BuildOptions { keep_changes: TimeDelta::days(request.keep_changes_days) };
    let contents =
        build(workspace.program(), workspace.snapshot(), workspace.options(), &generations, &options)?;
    if request.record {
        // The generation was built with what was remembered before, as reports are.
        let record = tagpol_app::EvaluateRequest {
            findings: tagpol_eval::FindingSelection::TopByCost,
            breakdown: false,
            record: true,
        };
        workspace.evaluate(&record)?;
    }
    Ok(contents)
}

/// Starts a process that calls [`work`], and waits for its generation. A half generation that it leaves is removed by
/// [`Generations::sweep`].
///
/// # Errors
/// As [`ask`].
pub fn build_in_child(
    command: Command,
    request: &BuildRequest,
    limits: &ChildLimits,
) -> Result<Contents, DataError> {
    ask(command, request, limits)
}

/// Starts a process that calls [`answer`], gives it a task, and waits for what comes of it. It is killed at the limits.
///
/// # Errors
/// [`DataError::Child`] if it fails or is killed, [`DataError::Cancelled`].
pub fn ask<T: Serialize, A: DeserializeOwned>(
    mut command: Command,
    task: &T,
    limits: &ChildLimits,
) -> Result<A, DataError> {
    let failed = |reason: String| DataError::Child { reason };
    let text = serde_json::to_string(task).map_err(|e| failed(e.to_string()))?;
    let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = started.map_err(|e| failed(format!("it does not start: {e}")))?;
    let answer = child.stdout.take();
    // A child that ends early reports why by its answer.
    if let Some(mut input) = child.stdin.take() {
        let _ = input.write_all(text.as_bytes());
    }
    let reader = thread::spawn(move || {
        let mut text = String::new();
        let read = answer.map(|answer| answer.take(LONGEST_ANSWER).read_to_string(&mut text));
        read.transpose().map(|_| text)
    });
    let ended = watch(&mut child, limits);
    if ended.is_err() {
        // It may have ended by itself meanwhile.
        let _ = child.kill();
        let _ = child.wait();
    }
    let text = reader.join().map_err(|_| failed("its answer cannot be read".to_owned()));
    ended?;
    let text = text?.map_err(|e| failed(e.to_string()))?;
    match serde_json::from_str::<Result<A, String>>(&text) {
        Ok(made) => made.map_err(failed),
        Err(_) => Err(failed("it ended without an answer".to_owned())),
    }
}

/// Waits for the end of a child.
fn watch(child: &mut Child, limits: &ChildLimits) -> Result<(), DataError> {
    let failed = |reason: String| DataError::Child { reason };
    let started = Instant::now();
    loop {
        if child.try_wait().map_err(|e| failed(e.to_string()))?.is_some() {
            return Ok(());
        }
        if limits.stop.load(Ordering::Relaxed) {
            return Err(DataError::Cancelled);
        }
        if started.elapsed() > limits.time {
            return Err(failed(format!("it took longer than {} seconds", limits.time.as_secs())));
        }
        let used = limits.memory.zip(memory_of(child.id())).filter(|(most, used)| used > most);
        if let Some((most, _)) = used {
            return Err(failed(format!("it used more than {} MiB of memory", most >> 20)));
        }
        thread::sleep(PAUSE);
    }
}

/// Bytes of memory of a process. None: the system does not tell.
fn memory_of(process: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}
