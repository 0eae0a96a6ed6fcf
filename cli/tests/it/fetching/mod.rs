//! `tagpol snapshot fetch`, against servers that answer as the clouds do.

pub(crate) mod aws;
mod coverage;
mod dry_run;
mod killed;
mod mixes;
mod other_clouds;
pub(crate) mod peers;
mod watching;

use std::sync::atomic::{AtomicUsize, Ordering};

use aws::{Aws, fetch, page, refusal};
use serde_json::{Value, json};

use crate::support::{Folder, Run};

const WEB: &str = "arn:aws:ec2:eu-west-1:111122223333:instance/i-0a1b2c3d4e5f67890";
const JOBS: &str = "arn:aws:sqs:eu-west-1:111122223333:jobs";
const SITE: &str = "arn:aws:s3:::site";

fn project() -> Folder {
    Folder::with(&[("tagpol.toml", "")])
}

/// Asserts that a snapshot was made although not everything was listed, and that this is reported.
fn is_partial(run: &Run, said: &[&str]) {
    assert_eq!(run.code, 3, "{run:#?}");
    assert!(run.out.starts_with("snapshot "), "{run:#?}");
    for part in said {
        assert!(run.err.contains(part), "no {part:?} in {run:#?}");
    }
}

#[test]
fn pages_of_all_regions_become_a_snapshot() {
    let folder = project();
    let aws = Aws::start(|asked| {
        (asked.action == "GetResources").then(|| {
            match (asked.region.as_str(), &asked.json()["PaginationToken"]) {
                ("eu-west-1", Value::Null) => page(&[WEB], "more"),
                ("eu-west-1", _) => page(&[JOBS], ""),
                _ => page(&[SITE], ""),
            }
        })
    });
    let args = ["--region", "eu-west-1,us-east-1", "--region", "eu-west-1", "--source", "aws-tagging"];
    let out = aws.fetch(&folder, &[&args[..], &["--type", "ec2"]].concat()).ends_with(0);
    assert!(out.contains("resources   3 (3 with tags)"), "{out}");
    assert!(
        out.contains("fetched/aws/aws-tagging-111122223333-us-east-1.json (aws-tagging, 1 rows)"),
        "{out}"
    );
    assert!(out.contains("listed by   aws-tagging: 3 resources; whole in 2 places"), "{out}");
    let asked: Vec<_> = aws.asked().into_iter().filter(|asked| asked.action == "GetResources").collect();
    let mut tokens: Vec<(String, Value)> =
        asked.iter().map(|asked| (asked.region.clone(), asked.json()["PaginationToken"].clone())).collect();
    tokens.sort_by_key(|(region, token)| (region.clone(), token.is_string()));
    let of = |region: &str, token: Value| (region.to_owned(), token);
    let expected =
        [of("eu-west-1", Value::Null), of("eu-west-1", json!("more")), of("us-east-1", Value::Null)];
    assert_eq!(tokens, expected);
    assert!(asked.iter().all(|asked| asked.json()["ResourceTypeFilters"] == json!(["ec2"])));
    // What was fetched is there to be looked at, and can be imported again.
    assert!(folder.read(".tagpol/fetched/aws/aws-tagging-111122223333-eu-west-1.json").contains("jané"));
    let again = ["snapshot", "import", ".tagpol/fetched/aws/aws-tagging-111122223333-eu-west-1.json"];
    assert!(folder.run(&again).ends_with(0).contains("resources   2"));
    let again = folder.run(&["snapshot", "import", ".tagpol/fetched/aws"]).ends_with(0);
    assert!(again.contains("resources   3"), "{again}");
    assert!(again.contains("listed by   aws-tagging: 3 resources; whole in 2 places"), "{again}");
    assert_eq!(folder.left_behind(), Vec::<String>::new());
}

#[test]
fn a_bill_is_joined_with_what_is_fetched() {
    let folder =
        Folder::with(&[("tagpol.toml", ""), ("list.csv", "id,cost,currency\ni-0a1b2c3d4e5f67890,7,USD\n")]);
    let aws = Aws::start(|asked| (asked.action == "GetResources").then(|| page(&[WEB], "")));
    let out = aws.fetch(&folder, &["--region", "eu-west-1", "--with", "list.csv"]).ends_with(0);
    assert!(out.contains("resources   1 (1 with tags)"), "{out}");
}

#[test]
fn a_throttled_request_is_repeated() {
    for code in ["ThrottledException", "ThrottlingException", "InternalFailure"] {
        let (folder, count) = (project(), AtomicUsize::new(0));
        let aws = Aws::start(move |asked| {
            let (status, body) = refusal(code);
            let status = if code == "InternalFailure" { 500 } else { status };
            let is_first = || count.fetch_add(1, Ordering::SeqCst) == 0;
            // Both by the SDK and by requests that are signed here.
            (matches!(asked.action.as_str(), "GetResources" | "GetCallerIdentity") && is_first())
                .then_some((status, body))
        });
        let out = aws.fetch(&folder, &["--region", "eu-west-1", "--source", "aws-tagging"]).ends_with(0);
        assert!(out.contains("aws-tagging: 0 resources; whole in 1 place"), "{out}");
        assert_eq!(aws.asked().len(), 3);
    }
}

#[test]
fn what_cannot_be_fetched_is_reported_and_nothing_is_kept() {
    let folder = project();
    let denied =
        Aws::start(|asked| (asked.action != "GetCallerIdentity").then(|| refusal("AccessDeniedException")));
    let said = ["eu-west-1", "AccessDeniedException", "told by the cloud", "ListIndexes"];
    denied.fetch(&folder, &["--region", "eu-west-1"]).fails_with(3, &said);
    denied
        .fetch(&folder, &["--region", "eu-west-1", "--source", "aws-tagging", "--allow-partial"])
        .fails_with(3, &["nothing could be listed", "eu-west-1", "tag:GetResources"]);
    let expired = Aws::start(|_| Some(refusal("ExpiredTokenException")));
    expired
        .fetch(&folder, &["--region", "eu-west-1"])
        .fails_with(3, &["no credentials for AWS", "sign in again"]);
    let skewed = Aws::start(|_| Some(refusal("RequestTimeTooSkewed")));
    skewed
        .fetch(&folder, &["--region", "eu-west-1"])
        .fails_with(3, &["set the clock of this computer", "Mon, 30 Nov 2026 12:00:00 GMT"]);
    assert!(!folder.path().join(".tagpol/fetched").exists());
    assert_eq!(folder.left_behind(), Vec::<String>::new());
}

#[test]
fn no_credentials_and_no_network_are_distinguished() {
    let folder = project();
    fetch(&folder, "http://127.0.0.1:9", &["--region", "eu-west-1", "--attempts", "1"])
        .fails_with(3, &["AWS cannot be asked", "127.0.0.1:9 does not respond", "proxy"]);
    fetch(&folder, "http://127.0.0.1:9", &["--region", "eu-west-1", "--profile", "nobody"])
        .fails_with(3, &["no credentials for AWS: the profile `nobody` has none", "--profile"]);
}

#[test]
fn options_that_contradict_each_other_are_usage_errors() {
    let (folder, unused) = (project(), "http://127.0.0.1:9");
    for (args, message) in [
        (&["--source", "aws-taging"][..], "`aws-taging` is not a source"),
        (&["--source", "aws-config"], "--aggregator NAME"),
        (&["--account", "111122223333"], "--role"),
        (&["--role", "r", "--account", "12"], "`12` is not an account of AWS"),
        (&["--region", "eu west"], "`eu west` is not a region of AWS"),
        (&["--source", "aws-cloud-control"], "needs types like `AWS::SQS::Queue`"),
    ] {
        fetch(&folder, unused, args).fails_with(2, &[message]);
    }
}

#[test]
fn names_that_are_not_known_are_errors_with_suggestions() {
    let folder = project();
    folder.write("bill.csv", "id,cost,currency\n");
    folder.write("config", "[default]\nregion = eu-west-1\n[profile web]\n");
    let run = |args: &[&str]| {
        let mut command = folder.command(&[&["snapshot", "fetch"], args].concat());
        command.env("AWS_CONFIG_FILE", folder.path().join("config")).env("HOME", folder.path());
        Run::of(command.output().unwrap())
    };
    let cases: [(&[&str], &str, &str); 11] = [
        (&["aws", "--region", "eu-wst-1"], "`eu-wst-1` is not a region of AWS", "did you mean `eu-west-1`?"),
        (&["aws", "--region", "mars-north-1"], "`mars-north-1` is not a region", "without `--region`"),
        (
            &["aws", "--type", "ec2:instnce"],
            "`ec2:instnce` is not a type of AWS",
            "did you mean `ec2:instance`?",
        ),
        (&["aws", "--type", "AWS::SQS::Queu"], "is not a type of AWS", "did you mean `AWS::SQS::Queue`?"),
        (&["aws", "--type", "nosuchthing"], "is not a type of AWS", "types are like `ec2:instance`"),
        (&["aws", "--profile", "wbe"], "there is no profile `wbe`", "did you mean `web`?"),
        (
            &["aws", "--profile", "production"],
            "there is no profile `production`",
            "profiles are `default`, `web`",
        ),
        (&["aws", "--with", "bil.csv"], "there is no file `bil.csv`", "did you mean `bill.csv`?"),
        (&["azure", "--type", "microsoft.compute/disk"], "is not a type of Azure", "microsoft.compute/disks"),
        (
            &["gcp", "--scope", "projects/p", "--type", "Disk"],
            "is not a type of Google Cloud",
            "types are like",
        ),
        (&["gcp", "--scope", "project/p"], "`project/p` is not a scope", "projects/ID"),
    ];
    for (args, message, help) in cases {
        for dry_run in [&["--dry-run"][..], &[]] {
            run(&[args, dry_run].concat()).fails_with(2, &[message, help]);
        }
    }
    run(&["aws", "--profile", "web", "--with", "bill.csv", "--dry-run"]).ends_with(0);
    assert!(!folder.path().join(".tagpol").exists());
}
