//! Tasks in processes of their own.

use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tagpol_app::Limits;
use tagpol_serve_data::DataError;
use tagpol_serve_data::child::{ChildLimits, ask};

fn asked(what: &str, limits: &ChildLimits) -> Result<String, DataError> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tagpol-test-child"));
    command.arg(what);
    ask(command, &"bread", limits)
}

fn limits() -> ChildLimits {
    let databases = Limits { memory: Some(256 << 20), timeout: Some(Duration::from_secs(7)) };
    ChildLimits { databases, ..ChildLimits::usual(Duration::from_secs(120), Default::default()) }
}

#[test]
fn a_child_does_its_task_within_the_limits_of_databases() {
    assert_eq!(asked("work", &limits()).unwrap(), "bread with Some(268435456) bytes in Some(7s)");
}

#[test]
fn a_child_that_fails_says_why() {
    let error = asked("fail", &limits()).unwrap_err().to_string();
    assert_eq!(error, "the process failed: no bread");
    let error = asked("stop", &limits()).unwrap_err().to_string();
    assert_eq!(error, "the process failed: it ended without an answer (exit status: 1): memory exhausted");
}

#[test]
fn a_child_is_killed_at_its_limits() {
    let short = ChildLimits { time: Duration::from_millis(100), ..limits() };
    let error = asked("hang", &short).unwrap_err().to_string();
    assert_eq!(error, "the process failed: it took longer than 0 seconds");
    if std::path::Path::new("/proc/self/status").exists() {
        let small = ChildLimits { memory: Some(64 << 20), ..limits() };
        let error = asked("grow", &small).unwrap_err().to_string();
        assert_eq!(error, "the process failed: it used more than 64 MiB of memory");
    }
    let cancelled = limits();
    cancelled.stop.store(true, Ordering::Relaxed);
    assert!(matches!(asked("hang", &cancelled), Err(DataError::Cancelled)));
}

/// What the databases may use is not all that a process uses.
#[test]
fn a_child_may_use_more_than_its_databases() {
    let usual = ChildLimits::usual(Duration::from_secs(1), Default::default());
    let of_databases = usual.databases.memory_bytes();
    assert!(
        usual.memory.unwrap() >= of_databases + (1 << 30) && usual.memory.unwrap() >= of_databases / 8 * 9
    );
}
