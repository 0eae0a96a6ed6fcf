//! A fetch that is killed at any of its requests leaves nothing, and the next one is whole.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use super::aws::{Aws, fetch_command, page};
use super::{JOBS, WEB, project};

/// Requests of a whole fetch: the caller, Resource Explorer, and two pages in each of two regions.
const REQUESTS: usize = 6;

#[test]
fn a_killed_fetch_leaves_nothing() {
    let folder = project();
    let (process, left) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicUsize::new(usize::MAX)));
    let (victim, countdown) = (Arc::clone(&process), Arc::clone(&left));
    let aws = Aws::start(move |asked| {
        if countdown.fetch_sub(1, Ordering::SeqCst) == 0 {
            while victim.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            let killed =
                Command::new("kill").args(["-9", &victim.load(Ordering::SeqCst).to_string()]).status();
            assert!(killed.unwrap().success());
        }
        let is_first = asked.json()["PaginationToken"].is_null();
        let (arn, next) = if is_first { (WEB, "more") } else { (JOBS, "") };
        (asked.action == "GetResources").then(|| page(&[&arn.replace("eu-west-1", &asked.region)], next))
    });
    let args = ["--region", "eu-west-1,us-east-1"];
    for request in 0..REQUESTS {
        process.store(0, Ordering::SeqCst);
        left.store(request, Ordering::SeqCst);
        let mut command = fetch_command(&folder, &aws.address, &args);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        process.store(child.id(), Ordering::SeqCst);
        assert!(!child.wait().unwrap().success(), "request {request} was not reached");
        assert!(!folder.path().join(".tagpol/fetched").exists());
        assert!(!folder.path().join(".tagpol/snapshots").exists());
    }
    left.store(usize::MAX, Ordering::SeqCst);
    let out = aws.fetch(&folder, &args).ends_with(0);
    assert!(out.contains("resources   4 (4 with tags)"), "{out}");
    assert_eq!(folder.left_behind(), Vec::<String>::new());
}
