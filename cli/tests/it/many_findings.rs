//! Reports of many findings are written while they are made: memory does not grow with their texts.

use std::fmt::Write as _;
use std::io::Read as _;
use std::process::{Child, Stdio};

use crate::support::{Folder, NOW};

const RESOURCES: usize = 2_000;

/// Each resource breaks all of them.
const CHECKS: usize = 20;

/// What the process may use while it writes, in MiB, without the program itself. It takes 17, and 80 if all findings
/// are in memory with their texts.
const LIMIT: u64 = 45;

#[test]
fn many_findings_are_written_in_little_memory() {
    let mut policies = String::new();
    for check in 0..CHECKS {
        let _ =
            write!(policies, "tag t{check}: text\npolicy p{check} {{ severity low  require t{check} }}\n");
    }
    let mut inventory = String::new();
    for resource in 0..RESOURCES {
        let _ = writeln!(
            inventory,
            r#"{{"id": "arn:aws:ec2:eu-west-1:111122223333:instance/i-{resource:017}", "name": "checkout-service-prod-{resource}", "type": "ec2/instance", "provider": "aws", "account": "111122223333", "region": "eu-west-1", "monthly_cost": {resource}, "tags": {{}}}}"#
        );
    }
    let folder = Folder::with(&[("p.tagpol", &policies), ("i.ndjson", &inventory)]);
    let files = ["json=a.json", "csv=a.csv", "sarif=a.sarif", "parquet=a.parquet"];
    let mut args = vec!["eval", "-i", "i.ndjson", "--now", NOW, "--no-state", "--format", "jsonl"];
    args.extend(files.iter().flat_map(|file| ["-o", file]));
    let mut run = folder.command(&args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // The lines come last, and the process cannot end before they are read.
    let (mut out, mut lines, mut peak, mut chunk) = (run.stdout.take().unwrap(), 0, 0, vec![0; 1 << 16]);
    loop {
        let read = out.read(&mut chunk).unwrap();
        if read == 0 {
            break;
        }
        lines += chunk[..read].iter().filter(|byte| **byte == b'\n').count();
        peak = peak.max(memory_of(&run));
    }
    assert_eq!(run.wait().unwrap().code(), Some(1));
    assert_eq!(lines, RESOURCES * CHECKS);
    assert_eq!(folder.read("a.csv").lines().count(), 1 + lines);
    assert_eq!(folder.read("a.json").matches("\"fingerprint\"").count(), lines);
    assert_eq!(folder.read("a.sarif").matches("\"ruleId\"").count(), lines);
    if cfg!(target_os = "linux") {
        assert!((1..LIMIT).contains(&peak), "{peak} MiB for {lines} findings");
    }
}

/// Returns what a process uses now without its files, in MiB; 0 if that is unknown.
fn memory_of(process: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}
