//! A generation is built in a process of its own: what grows or hangs there is ended, and takes nothing with it.
//!
//! The parent writes one JSON object to the child's standard input ([`ask`]), and the child answers with one line on its
//! standard output: what it made, or why it did not ([`answer`]). [`BuildRequest`] is such an object.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tagpol_app::inventory::InventorySource;
use tagpol_app::{Limits, Project, RunContext, Silent, StateAccess, Workspace};

use crate::build::{BuildOptions, build};
use crate::contents::Contents;
use crate::error::DataError;
use crate::folder::Generations;
use crate::reason::reason;

/// How often the parent looks at the child.
const PAUSE: Duration = Duration::from_millis(50);

/// The longest answer of a child that is read, in bytes.
const LONGEST_ANSWER: u64 = 16 << 20;

/// The last bytes of what a child writes to its standard error that are kept, for the reason of its end.
const LAST_WORDS: usize = 2 << 10;

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
    match answer(std::io::stdin(), std::io::stdout(), |request: BuildRequest| run(&request)) {
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

/// Builds a generation of a project in this process; returns why it cannot be built.
fn run(request: &BuildRequest) -> Result<Contents, String> {
    Limits { memory: request.memory, timeout: None }.set_usual();
    let project = Project::open(Some(&request.project)).map_err(|error| reason(None, &error))?;
    build_project(&project, request).map_err(|error| match &error {
        DataError::App(error) => reason(Some(&project), error),
        other => other.to_string(),
    })
}

fn build_project(project: &Project, request: &BuildRequest) -> Result<Contents, DataError> {
    let now: DateTime<Utc> = DateTime::from_timestamp_micros(request.now).unwrap_or_default();
    let context = RunContext { threads: request.threads, ..RunContext::at(now, &Silent) };
    let source = InventorySource { snapshot: request.snapshot.clone(), ..InventorySource::default() };
    let workspace = Workspace::open(project, &source, &StateAccess::default(), &context)?;
    let generations = Generations::at(&request.generations);
    let keep_changes = TimeDelta::days(request.keep_changes_days);
    let options = BuildOptions { keep_changes, ..BuildOptions::default() };
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
    let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = started.map_err(|e| failed(format!("it does not start: {e}")))?;
    let answer = child.stdout.take();
    let errors = child.stderr.take();
    let last_words = thread::spawn(move || errors.map(last_words).unwrap_or_default());
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
    let last_words = last_words.join().unwrap_or_default();
    let status = ended?;
    let text = text?.map_err(|e| failed(e.to_string()))?;
    match serde_json::from_str::<Result<A, String>>(&text) {
        Ok(made) => made.map_err(failed),
        Err(_) if last_words.is_empty() => Err(failed(format!("it ended without an answer ({status})"))),
        Err(_) => Err(failed(format!("it ended without an answer ({status}): {last_words}"))),
    }
}

/// Reads what a child writes to its standard error, and returns the end of it on one line.
fn last_words(mut errors: impl Read) -> String {
    let (mut kept, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(count) = errors.read(&mut buffer) {
        if count == 0 {
            break;
        }
        kept.extend_from_slice(buffer.get(..count).unwrap_or_default());
        kept.drain(..kept.len().saturating_sub(LAST_WORDS));
    }
    let text = String::from_utf8_lossy(&kept);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Waits for the end of a child.
fn watch(child: &mut Child, limits: &ChildLimits) -> Result<ExitStatus, DataError> {
    let failed = |reason: String| DataError::Child { reason };
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|e| failed(e.to_string()))? {
            return Ok(status);
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
