//! `tagpol watch`, and `snapshot fetch --since` of AWS.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::aws::{Answer, Aws, fetch_command, refusal};
use super::{JOBS, SITE, WEB};
use crate::support::{Folder, Run};

const POLICY: &str = "tag owner: text\npolicy owned { severity high  require owner }\n";

const FETCH: &str = "aws --region eu-west-1 --source aws-tagging --attempts 1";

fn with_policy() -> Folder {
    Folder::with(&[("tagpol.toml", ""), ("p.tagpol", POLICY)])
}

/// A page of the tagging API with these owners; no owner is no tag.
fn owners(resources: &[(&str, &str)]) -> Answer {
    let mapping = |(arn, owner): &(&str, &str)| {
        let tags = if owner.is_empty() { json!([]) } else { json!([{"Key": "owner", "Value": owner}]) };
        json!({"ResourceARN": arn, "Tags": tags})
    };
    let mappings: Vec<_> = resources.iter().map(mapping).collect();
    (200, json!({"PaginationToken": "", "ResourceTagMappingList": mappings}).to_string())
}

/// AWS whose answers change with each fetch, and the number of the fetch.
fn changing(answers: fn(usize) -> Answer) -> (Aws, Arc<AtomicUsize>) {
    let number = Arc::new(AtomicUsize::new(0));
    let fetches = Arc::clone(&number);
    let aws = Aws::start(move |asked| {
        (asked.action == "GetResources").then(|| answers(fetches.fetch_add(1, Ordering::SeqCst)))
    });
    (aws, number)
}

fn watch(folder: &Folder, aws: &Aws, args: &[&str]) -> Command {
    let mut command = fetch_command(folder, &aws.address, &[]);
    let mut watching = folder.command(&[&["watch", "--fetch", FETCH], args].concat());
    for (name, value) in command.get_envs() {
        watching.env(name, value.unwrap_or_default());
    }
    command.env_clear();
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN"] {
        watching.env_remove(name);
    }
    watching
}

#[test]
fn each_fetch_shows_what_is_new_and_what_is_closed() {
    let folder = with_policy();
    let (aws, _) = changing(|number| match number {
        0 => owners(&[(WEB, "ana"), (JOBS, "")]),
        1 => owners(&[(WEB, ""), (JOBS, "bo"), (SITE, "")]),
        2 => refusal("ThrottlingException"),
        _ => owners(&[(WEB, ""), (JOBS, "bo"), (SITE, "")]),
    });
    // Snapshots are ordered by the second in which they were fetched.
    let once = || {
        std::thread::sleep(std::time::Duration::from_millis(1001));
        Run::of(watch(&folder, &aws, &["--once"]).output().unwrap())
    };
    let first = once().ends_with(0);
    assert!(first.contains("2 resources, 1 open finding  (snapshot "), "{first}");
    assert_eq!(first.lines().count(), 1, "{first}");
    // Other imports are nothing that changed in a cloud.
    let second = once().ends_with(1);
    assert!(second.contains("3 resources, 2 open findings"), "{second}");
    assert!(second.contains("  2 new, 1 closed\n"), "{second}");
    for line in [
        format!("  + high  owned/owner  {WEB}"),
        format!("  + high  owned/owner  {SITE}"),
        format!("  - high  owned/owner  {JOBS}"),
    ] {
        assert!(second.contains(&line), "no {line} in {second}");
    }
    // What could not be listed is not closed.
    let failed = once();
    assert!(failed.err.contains("nothing could be listed"), "{failed:#?}");
    assert_eq!((failed.code, failed.out.as_str()), (3, ""));
    let last = once().ends_with(0);
    assert!(last.contains("no finding is new, and none is closed"), "{last}");
    assert_eq!(folder.left_behind(), Vec::<String>::new());
}

#[test]
fn a_cut_off_listing_closes_nothing() {
    let folder = with_policy();
    let (aws, number) = changing(|number| match number {
        0 => owners(&[(WEB, ""), (JOBS, "")]),
        1 => (200, json!({"PaginationToken": "2", "ResourceTagMappingList": []}).to_string()),
        _ => refusal("AccessDeniedException"),
    });
    let once = || Run::of(watch(&folder, &aws, &["--once"]).output().unwrap());
    once().ends_with(0);
    let run = once();
    assert!(
        run.err.contains("aws-tagging is denied") && run.err.contains("findings cannot be compared"),
        "{run:#?}"
    );
    run.fails_with(3, &["--allow-partial"]);
    assert_eq!(number.load(Ordering::SeqCst), 3);
    assert_eq!(folder.run(&["snapshot", "list"]).ends_with(0).lines().count(), 1);
}

#[test]
fn watching_survives_failures_and_ends_with_an_interrupt() {
    let folder = with_policy();
    let (aws, _) = changing(|number| match number {
        0 => owners(&[(WEB, "")]),
        1 => refusal("ThrottlingException"),
        _ => owners(&[(WEB, "ana")]),
    });
    let mut command = watch(&folder, &aws, &["--every", "1s", "--keep", "2"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut shown = String::new();
    while !shown.contains("1 closed") {
        assert!(out.read_line(&mut shown).unwrap() > 0, "{shown}");
    }
    // Until a snapshot more than are kept was made.
    while shown.matches("(snapshot ").count() < 4 {
        assert!(out.read_line(&mut shown).unwrap() > 0, "{shown}");
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let status = child.wait().unwrap();
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(status.code(), Some(0), "{err}");
    assert!(shown.contains(&format!("  - high  owned/owner  {WEB}")), "{shown}");
    assert!(err.contains("error: nothing could be listed") && err.contains("next fetch at "), "{err}");
    let snapshots = folder.run(&["snapshot", "list"]).ends_with(0).lines().count();
    assert!((2..=3).contains(&snapshots), "{snapshots} snapshots");
    assert_eq!(folder.left_behind(), Vec::<String>::new());
}

#[test]
fn mistakes_end_it_before_anything_is_requested() {
    let folder = with_policy();
    let run = |args: &[&str]| folder.run(&[&["watch"], args].concat());
    run(&[]).fails_with(2, &["--fetch <CLOUD>"]);
    run(&["--fetch", "ibm"]).fails_with(2, &["ibm"]);
    run(&["--fetch", "aws --region eu-wst-1"]).fails_with(2, &["did you mean `eu-west-1`?"]);
    run(&["--fetch", "aws --dry-run"]).fails_with(2, &["requests nothing"]);
    run(&["--fetch", "aws", "--every", "soon"]).fails_with(2, &["`soon` is not a time like 15m"]);
    run(&["none", "--fetch", "aws"]).fails_with(2, &["`none` is not a folder"]);
}

#[test]
fn aws_lists_everything_again_and_shows_what_changed() {
    let folder = with_policy();
    let (aws, _) = changing(|number| match number {
        0 => owners(&[(WEB, "ana")]),
        _ => owners(&[(WEB, "bo")]),
    });
    let args = ["--region", "eu-west-1", "--source", "aws-tagging"];
    aws.fetch(&folder, &args).ends_with(0);
    let run = aws.fetch(&folder, &[&args[..], &["--since"]].concat());
    assert!(run.err.contains("listed everything again: AWS does not report what was deleted"), "{run:#?}");
    assert!(run.out.contains("tag owner: \"ana\" -> \"bo\""), "{run:#?}");
    run.ends_with(0);
}
