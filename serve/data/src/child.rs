//! Tasks in processes of their own: what grows or hangs there is ended, and takes nothing with it.
//!
//! The parent writes one JSON object to the child's standard input ([`ask`]), and the child answers with one line on its
//! standard output: what it made, or why it did not ([`answer`]).

use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tagpol_app::Limits;

use crate::error::DataError;

/// How often the parent looks at the child.
const PAUSE: Duration = Duration::from_millis(50);

/// The longest answer of a child that is read, in bytes.
const LONGEST_ANSWER: u64 = 16 << 20;

/// The last bytes of what a child writes to its standard error that are kept, for the reason of its end.
const LAST_WORDS: usize = 2 << 10;

/// What a child may use, and when it is ended.
#[derive(Debug, Clone)]
pub struct ChildLimits {
    /// It is ended after this time.
    pub time: Duration,
    /// It is ended when it uses more bytes of memory. None: it may use any number. Without effect where the system does not know
    /// how much a process uses.
    pub memory: Option<u64>,
    /// What its databases may use before their statements fail.
    pub databases: Limits,
    /// It is ended when this becomes true.
    pub stop: Arc<AtomicBool>,
}

impl ChildLimits {
    /// Returns limits for a child whose databases may use what those of this process may. The rest of the child may use an eighth
    /// of that memory in addition, and a GiB at least.
    pub fn usual(time: Duration, stop: Arc<AtomicBool>) -> Self {
        let databases = Limits::default();
        let of_databases = databases.memory_bytes();
        let memory = of_databases.saturating_add((of_databases / 8).max(1 << 30));
        Self { time, memory: Some(memory), databases, stop }
    }
}

/// What a child reads.
#[derive(Debug, Serialize, Deserialize)]
struct Request<T> {
    /// Bytes of memory that its databases may use.
    memory: u64,
    /// How long one of their statements may take. None: there is no limit.
    timeout: Option<Duration>,
    task: T,
}

/// Reads a task, does it within the limits of the databases, and writes what came of it: the child's side of [`ask`]. Returns
/// whether it was done.
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
    let request = read.and_then(|_| {
        serde_json::from_str::<Request<T>>(&text).map_err(|error| format!("this is not a request: {error}"))
    });
    let answer = request.and_then(|request| {
        Limits { memory: Some(request.memory), timeout: request.timeout }.set_usual();
        work(request.task)
    });
    serde_json::to_writer(&mut output, &answer)?;
    writeln!(output)?;
    output.flush()?;
    Ok(answer.is_ok())
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
    let databases = &limits.databases;
    let request = Request { memory: databases.memory_bytes(), timeout: databases.timeout, task };
    let text = serde_json::to_string(&request).map_err(|e| failed(e.to_string()))?;
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
