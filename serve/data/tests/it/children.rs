//! Building in a process of its own.

use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tagpol_serve_data::child::{BuildRequest, ChildLimits, build_in_child};
use tagpol_serve_data::{Contents, DataError};

use crate::shop::{NOW, Shop};

fn build(shop: &Shop, what: &str, limits: &ChildLimits) -> Result<Contents, DataError> {
    let request = BuildRequest {
        project: shop.path().to_owned(),
        snapshot: None,
        generations: shop.generations().folder().to_owned(),
        now: NOW.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp_micros(),
        memory: Some(256 << 20),
        threads: Some(1),
        keep_changes_days: 30,
        record: true,
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_build-generation"));
    command.arg(what);
    build_in_child(command, &request, limits)
}

fn limits() -> ChildLimits {
    ChildLimits { time: Duration::from_secs(120), memory: Some(4 << 30), stop: Default::default() }
}

#[test]
fn a_child_builds_a_generation_and_records_the_run() {
    let shop = Shop::new();
    let contents = build(&shop, "build", &limits()).unwrap();
    assert_eq!(shop.open(&contents.id).contents(), &contents);
    assert_eq!(contents.first_seen, tagpol_serve_data::FirstSeenKind::FirstRun);
    let again = build(&shop, "build", &limits()).unwrap();
    assert_eq!(again.first_seen, tagpol_serve_data::FirstSeenKind::Recorded);
}

#[test]
fn a_child_that_fails_says_why() {
    let shop = Shop::new();
    shop.add_policies("policy broken { require nothing }");
    let error = build(&shop, "build", &limits()).unwrap_err().to_string();
    assert_eq!(
        error,
        "the process that builds the generation failed: the policies have errors: more.tagpol:1:8: policy `broken` has no `severity` (and 1 more); help: add a line like `severity high`"
    );
    let error = build(&shop, "stop", &limits()).unwrap_err().to_string();
    assert_eq!(
        error,
        "the process that builds the generation failed: it ended without an answer (exit status: 1): memory exhausted"
    );
}

#[test]
fn a_child_is_killed_at_its_limits() {
    let shop = Shop::new();
    let short = ChildLimits { time: Duration::from_millis(100), ..limits() };
    let error = build(&shop, "hang", &short).unwrap_err().to_string();
    assert_eq!(error, "the process that builds the generation failed: it took longer than 0 seconds");
    if std::path::Path::new("/proc/self/status").exists() {
        let small = ChildLimits { memory: Some(64 << 20), ..limits() };
        let error = build(&shop, "grow", &small).unwrap_err().to_string();
        assert_eq!(
            error,
            "the process that builds the generation failed: it used more than 64 MiB of memory"
        );
    }
    let cancelled = limits();
    cancelled.stop.store(true, Ordering::Relaxed);
    assert!(matches!(build(&shop, "hang", &cancelled), Err(DataError::Cancelled)));
}
