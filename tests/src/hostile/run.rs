//! One run of the program, and what is wrong with how it ended.

use std::fs::File;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::Result;
use super::case::{Case, POLICY};

/// The most memory that a run may need, in bytes.
const MEMORY: u64 = 1 << 30;

/// How often a run is looked at.
const PERIOD: Duration = Duration::from_millis(5);

/// How a run ended.
pub(super) struct Outcome {
    /// What must not be. Empty: nothing.
    pub(super) wrong: Vec<String>,
    /// Whether the policies were evaluated.
    pub(super) reached_engine: bool,
    /// The most memory that it had at a time, in bytes; 0 where the system does not say.
    pub(super) memory: u64,
}

/// Evaluates a case with the program.
pub(super) fn run(tagpol: &Path, case: &Case, longest: Duration) -> Result<Outcome> {
    let folder = tempfile::tempdir()?;
    let (inputs, temporary) = (folder.path().join("inputs"), folder.path().join("tmp"));
    std::fs::create_dir(&inputs)?;
    std::fs::create_dir(&temporary)?;
    case.write(&inputs)?;
    let (out, err) = (folder.path().join("out"), folder.path().join("err"));
    let mut command = Command::new(tagpol);
    command.args(["eval", POLICY, "-i", &case.inventory_name, "-o", "json"]);
    command.current_dir(&inputs).env("TMPDIR", &temporary).env("HOME", &temporary);
    command.stdin(Stdio::null()).stdout(File::create(&out)?).stderr(File::create(&err)?);
    let mut child = command.spawn()?;
    let (status, memory) = wait(&mut child, longest)?;
    let (out, err) = (std::fs::read(out)?, std::fs::read(err)?);
    let mut wrong = Vec::new();
    match status {
        None => wrong.push(format!("it took over {} s", longest.as_secs())),
        Some(status) => wrong.extend(bad_end(status)),
    }
    let message = String::from_utf8_lossy(&err);
    if let Some(panic) = message.lines().find(|line| line.contains("panicked at")) {
        wrong.push(format!("it panicked: {panic}"));
    }
    if memory > MEMORY {
        wrong.push(format!("it needed {} MB", memory >> 20));
    }
    wrong.extend(left_over(&inputs, &temporary, case)?);
    let code = status.and_then(|status| status.code());
    let has_report = serde_json::from_slice::<serde_json::Value>(&out).is_ok_and(|report| report.is_object());
    if matches!(code, Some(0 | 1)) && !has_report {
        wrong.push(format!("it ended with {} and without a report", code.unwrap_or_default()));
    }
    Ok(Outcome { wrong, reached_engine: has_report, memory })
}

/// Waits until a process ends, or has to be killed, and returns the most memory that it had.
fn wait(child: &mut Child, longest: Duration) -> Result<(Option<ExitStatus>, u64)> {
    let start = Instant::now();
    let mut memory = 0;
    loop {
        memory = peak(child.id()).max(memory);
        if let Some(status) = child.try_wait()? {
            return Ok((Some(status), memory));
        }
        if start.elapsed() > longest {
            child.kill()?;
            child.wait()?;
            return Ok((None, memory));
        }
        std::thread::sleep(PERIOD);
    }
}

/// The most memory that a process has had so far, in bytes. The kernel keeps it, so that no peak
/// between two looks is missed but that of the last moment.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

fn bad_end(status: ExitStatus) -> Option<String> {
    match (status.code(), status.signal()) {
        (Some(0..=3), _) => None,
        (Some(code), _) => Some(format!("it ended with {code}")),
        (None, signal) => Some(format!("it was ended by signal {}", signal.unwrap_or_default())),
    }
}

/// What a run has left next to its inputs and in the folder of temporary files.
fn left_over(inputs: &Path, temporary: &Path, case: &Case) -> Result<Vec<String>> {
    let mut left = Vec::new();
    for folder in [inputs, temporary] {
        for entry in std::fs::read_dir(folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if folder == temporary || !case.has(&name) {
                left.push(format!("it left `{name}` behind"));
            }
        }
    }
    Ok(left)
}
