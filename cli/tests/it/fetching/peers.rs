//! `tagpol snapshot fetch` against moto and replay peers: programs in Python that answer as the clouds do.
//!
//! They need the packages that `.ci/run` installs, in the Python that `TAGPOL_TEST_PYTHON` names. Tests without them
//! print that they are skipped.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::aws::fetch_command;
use super::coverage::{findings, manifest};
use crate::support::{Folder, Run, repository};

/// Volumes in each of three regions of three accounts. A run with 1112 has over 10,000.
fn volumes() -> usize {
    std::env::var("TAGPOL_TEST_VOLUMES").map_or(20, |count| count.parse().unwrap())
}

pub(crate) fn python() -> String {
    std::env::var("TAGPOL_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

fn script(name: &str) -> PathBuf {
    repository().join("cli/tests/peers").join(name)
}

/// A program that answers as a cloud does; it ends with the test.
pub(crate) struct Peer {
    child: Child,
    pub(crate) address: String,
}

impl Peer {
    /// Starts it; None if a package is missing that it needs.
    pub(crate) fn start(name: &str, packages: &str) -> Option<Self> {
        let mut check = Command::new(python());
        check.args(["-c", &format!("import {packages}")]).stderr(Stdio::null());
        if !check.status().is_ok_and(|status| status.success()) {
            return None;
        }
        let mut command = Command::new(python());
        let (name, cloud) = name.split_once(' ').map_or((name, None), |(name, cloud)| (name, Some(cloud)));
        command
            .arg(script(name))
            .args(cloud)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Some(Self { child, address: address.trim().to_owned() })
    }

    /// Gives the peer a command, and returns its answer.
    pub(crate) fn command(&self, name: &str, input: &Value) -> Value {
        let host = self.address.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let body = input.to_string();
        let length = body.len();
        let head = format!("POST /_peer/{name} HTTP/1.0\r\nhost: {host}\r\ncontent-length: {length}");
        write!(stream, "{head}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    /// What the peer was asked since its faults were set: `ec2:DescribeVolumes`.
    pub(crate) fn log(&self) -> Vec<String> {
        let log = self.command("log", &Value::Null)["log"].as_array().unwrap().clone();
        log.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    /// What the client of the vendor reads from it: for each list, the tags of each resource.
    pub(super) fn vendor(&self, cloud: &str) -> BTreeMap<String, Rows> {
        let output =
            Command::new(python()).arg(script("vendors.py")).args([cloud, &self.address]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The tags of resources, by id.
pub(super) type Rows = BTreeMap<String, BTreeMap<String, String>>;

/// What a test prints that cannot run.
pub(crate) const SKIPPED: &str =
    "skipped: the packages of cli/tests/peers/requirements.txt are not installed";

const REGIONS: &str = "us-east-1,eu-west-1,ap-southeast-2";

fn fetch(peer: &Peer, folder: &Folder, args: &[&str]) -> Run {
    Run::of(fetch_command(folder, &peer.address, &[&["--region", REGIONS], args].concat()).output().unwrap())
}

/// How many schedules of throttling are tried. A run by hand has 100.
pub(super) fn schedules() -> u64 {
    std::env::var("TAGPOL_TEST_SCHEDULES").map_or(2, |count| count.parse().unwrap())
}

/// Returns the files that a fetch has written, with their content, and the hash of the resources of the snapshot. The file
/// with the time of the request is left out.
pub(super) fn written(folder: &Folder, cloud: &str) -> (BTreeMap<String, String>, Value) {
    let fetched = folder.path().join(".tagpol/fetched").join(cloud);
    let paths = std::fs::read_dir(fetched).unwrap().map(|entry| entry.unwrap().path());
    let files = paths.filter(|path| !path.ends_with("request.json")).map(|path| {
        (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap())
    });
    (files.collect(), manifest(folder)["files"]["resources"]["sha256"].clone())
}

/// Starts AWS with an organization of three accounts; returns their ids too.
fn organization() -> Option<(Peer, Vec<String>)> {
    let peer = Peer::start("aws.py", "moto, flask, flask_cors, boto3")?;
    let regions: Vec<&str> = REGIONS.split(',').collect();
    let seed = json!({"accounts": 3, "regions": regions, "each": volumes(), "role": "audit"});
    let accounts = peer.command("seed", &seed)["accounts"].as_array().unwrap().clone();
    Some((peer, accounts.iter().map(|id| id.as_str().unwrap().to_owned()).collect()))
}

/// Returns the ids in the fetched files of a source, with their tags.
fn rows(folder: &Folder, source: &str) -> Rows {
    let mut rows = Rows::new();
    let fetched = folder.path().join(".tagpol/fetched/aws");
    for entry in std::fs::read_dir(fetched).unwrap().map(Result::unwrap) {
        if !entry.file_name().to_string_lossy().starts_with(source) {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).unwrap();
        for page in serde_json::Deserializer::from_str(&text).into_iter::<Value>().map(Result::unwrap) {
            let list = ["Resources", "Results", "ResourceTagMappingList"]
                .iter()
                .find_map(|name| page[name].as_array());
            for row in list.unwrap_or(&vec![page.clone()]) {
                // Config returns texts.
                let row =
                    row.as_str().map_or_else(|| row.clone(), |text| serde_json::from_str(text).unwrap());
                let id =
                    ["Arn", "arn", "ResourceARN", "id"].iter().find_map(|name| row[name].as_str()).unwrap();
                let tags = [&row["tags"], &row["Tags"], &row["Properties"][0]["Data"]];
                let tags = tags.into_iter().find_map(Value::as_array).cloned().unwrap_or_default();
                let text = |tag: &Value, names: [&str; 2]| {
                    names.iter().find_map(|name| tag[name].as_str()).unwrap().to_owned()
                };
                let tags = tags.iter().map(|tag| (text(tag, ["Key", "key"]), text(tag, ["Value", "value"])));
                assert!(rows.insert(id.to_owned(), tags.collect()).is_none(), "{id} arrives twice");
            }
        }
    }
    rows
}

fn count(folder: &Folder, name: &str) -> u64 {
    manifest(folder)["counts"][name].as_u64().unwrap()
}

#[test]
fn every_resource_of_an_organization_arrives_once() {
    let Some((peer, accounts)) = organization() else { return println!("{SKIPPED}") };
    let folder = Folder::with(&[("tagpol.toml", "")]);
    let each = volumes();
    let (all, tagged) = (9 * each, 9 * (each - each.div_ceil(3)));
    fetch(&peer, &folder, &["--role", "audit"]).ends_with(0);
    assert_eq!((count(&folder, "resources"), count(&folder, "tagged")), (all as u64, tagged as u64));
    let (explored, tagging) = (rows(&folder, "aws-explorer"), rows(&folder, "aws-tagging"));
    assert_eq!((explored.len(), tagging.len()), (all, tagged));
    assert!(tagging.iter().all(|(id, tags)| explored[id] == *tags));
    let table = folder.read(".tagpol/fetched/aws/accounts.csv");
    for account in &accounts {
        assert!(table.contains(&format!("\n{account},")), "{table}");
    }
    assert!(table.contains(",Workloads,web\n"), "{table}");
    // Only what reads, and roles.
    let reads = ["Get", "List", "Describe", "Search", "Select", "AssumeRole"];
    for name in peer.log() {
        assert!(reads.iter().any(|read| name.split(':').nth(1).unwrap().starts_with(read)), "{name}");
    }
    // The peers count because the vendor's client reads the same from them.
    let vendor = peer.vendor("aws");
    let own: Rows = explored.into_iter().filter(|(id, _)| id.contains("123456789012")).collect();
    assert_eq!(vendor["explorer"], own);
    fetch(&peer, &folder, &["--source", "aws-tagging", "--aggregator", "all"]).ends_with(0);
    assert_eq!(vendor["config"], rows(&folder, "aws-config"));
    assert_eq!(count(&folder, "resources"), all as u64);
    fetch(&peer, &folder, &["--types", "AWS::EC2::Volume", "--region", "us-east-1"]).ends_with(0);
    assert_eq!(vendor["control"], rows(&folder, "aws-cloud-control-123456789012-us-east-1"));
}

#[test]
fn no_mix_of_faults_makes_a_tagged_resource_untagged() {
    let Some((peer, accounts)) = organization() else { return println!("{SKIPPED}") };
    let policy = "tag owner: text\npolicy owned { severity high  require owner }\n";
    let folder = Folder::with(&[("tagpol.toml", ""), ("p.tagpol", policy)]);
    let each = volumes();
    let untagged = each.div_ceil(3) as u64;
    let denied = r#"{"__type": "AccessDeniedException", "message": "no"}"#;
    let denied_xml = "<r><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></r>";
    let throttled = r#"{"__type": "ThrottlingException", "message": "slow"}"#;
    let throttled_xml = "<r><Error><Code>RequestLimitExceeded</Code><Message>slow</Message></Error></r>";
    let fault = |operation: &str, account: usize, times: u32, status: u16, body: &str| {
        json!({"operation": operation, "account": accounts[account], "region": "eu-west-1", "times": times,
            "status": status, "body": body})
    };
    let explorer_fault = |after: u32, times: u32, body: &str| {
        json!({"operation": "ListResources", "account": accounts[1], "after": after, "times": times, "status": 400,
            "body": body})
    };
    // Faults, sources, listings that are not whole, places whose volumes are listed with tags or without.
    let cases = [
        (vec![fault("DescribeVolumes", 0, 99, 403, denied_xml)], "aws-ec2-volumes", true, 1, 8, 0),
        (vec![fault("DescribeVolumes", 0, 2, 503, throttled_xml)], "aws-ec2-volumes", true, 0, 9, 0),
        (vec![fault("DescribeVolumes", 0, 99, 503, throttled_xml)], "aws-ec2-volumes", true, 1, 8, 0),
        (vec![explorer_fault(0, 99, denied)], "aws-explorer", true, 1, 6, 0),
        (vec![explorer_fault(0, 1, throttled)], "aws-explorer", true, 0, 9, 0),
        // Without tags in the view: everything is listed, and nothing is known of the tags.
        (vec![], "aws-explorer", false, 3, 0, 9),
        // The services list what the view has no tags of, except where that is denied.
        (
            vec![fault("DescribeVolumes", 2, 99, 403, denied_xml)],
            "aws-explorer,aws-ec2-volumes",
            false,
            4,
            8,
            1,
        ),
        (
            vec![fault("DescribeVolumes", 0, 99, 403, denied_xml), explorer_fault(0, 99, throttled)],
            "aws-explorer,aws-ec2-volumes",
            true,
            2,
            9,
            0,
        ),
    ];
    for (faults, sources, has_tags, deficient, with_tags, without_tags) in cases {
        let shown = format!("{sources} {faults:?}");
        peer.command("faults", &json!({"faults": faults, "has_tags": has_tags}));
        let run = fetch(&peer, &folder, &["--role", "audit", "--source", sources, "--attempts", "3"]);
        assert_eq!(run.code, if deficient == 0 { 0 } else { 3 }, "{shown}: {run:#?}");
        let coverage = manifest(&folder)["coverage"].as_array().unwrap().clone();
        let not_whole = coverage.iter().filter(|part| part["status"] != "whole").count();
        assert_eq!(not_whole, deficient, "{shown}: {coverage:#?}");
        assert_eq!(count(&folder, "resources"), (with_tags + without_tags) * each as u64, "{shown}");
        assert_eq!(findings(&folder), (with_tags * untagged, without_tags * each as u64), "{shown}");
        let reads = ["Get", "List", "Describe", "Search", "Select", "AssumeRole"];
        for name in peer.log() {
            assert!(reads.iter().any(|read| name.split(':').nth(1).unwrap().starts_with(read)), "{name}");
        }
    }
}

#[test]
fn whatever_a_schedule_throttles_the_bytes_are_the_same() {
    let Some((peer, _)) = organization() else { return println!("{SKIPPED}") };
    let folder = Folder::with(&[("tagpol.toml", "")]);
    let args = ["--role", "audit", "--source", "aws-explorer,aws-ec2-volumes", "--attempts", "40"];
    peer.command("faults", &json!({"faults": []}));
    fetch(&peer, &folder, &args).ends_with(0);
    let undisturbed = written(&folder, "aws");
    let requests = peer.log().len();
    for seed in 1..=schedules() {
        peer.command("faults", &json!({"faults": [], "throttle": {"seed": seed, "share": 0.2}}));
        fetch(&peer, &folder, &args).ends_with(0);
        assert!(written(&folder, "aws") == undisturbed, "schedule {seed} has other files");
        assert!(peer.log().len() > requests, "schedule {seed} throttles nothing");
    }
}
