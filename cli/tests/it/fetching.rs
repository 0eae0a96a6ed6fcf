//! `tagpol snapshot fetch`, against a server that answers as AWS does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use serde_json::{Value, json};

use crate::support::{Folder, Run};

/// What came in a request: its headers in lower case, and its body.
type Request = (String, Value);

/// Serves these answers (status and body) one after the other; returns where, and what was asked.
fn aws(answers: Vec<(u16, Value)>) -> (String, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (asked, requests) = channel();
    std::thread::spawn(move || {
        for (status, body) in answers {
            let (mut stream, _) = listener.accept().unwrap();
            asked.send(read(&mut stream)).unwrap();
            let body = body.to_string();
            let length = body.len();
            let head = format!("HTTP/1.1 {status} x\r\ncontent-type: application/x-amz-json-1.1");
            write!(stream, "{head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").unwrap();
        }
    });
    (address, requests)
}

fn read(stream: &mut TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "the request ends in its head");
    }
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    (head, serde_json::from_slice(&body).unwrap())
}

fn page(arns: &[&str], next: &str) -> (u16, Value) {
    let mapping = |arn: &&str| json!({"ResourceARN": arn, "Tags": [{"Key": "Owner", "Value": "jané"}]});
    let mappings: Vec<Value> = arns.iter().map(mapping).collect();
    (200, json!({"PaginationToken": next, "ResourceTagMappingList": mappings}))
}

fn refusal(code: &str) -> (u16, Value) {
    (400, json!({"__type": code, "message": "told by the cloud"}))
}

/// Runs it with credentials, and nothing of the machine's own configuration.
fn fetch(folder: &Folder, address: &str, args: &[&str]) -> Run {
    let mut command = folder.command(&[&["snapshot", "fetch", "aws"], args].concat());
    command.env("AWS_ENDPOINT_URL", address).env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "secret");
    command.env("AWS_CONFIG_FILE", "none").env("AWS_SHARED_CREDENTIALS_FILE", "none");
    command.env("NO_PROXY", "127.0.0.1");
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN"] {
        command.env_remove(name);
    }
    Run::of(command.output().unwrap())
}

const WEB: &str = "arn:aws:ec2:eu-west-1:111122223333:instance/i-0a1b2c3d4e5f67890";
const JOBS: &str = "arn:aws:sqs:eu-west-1:111122223333:jobs";
const SITE: &str = "arn:aws:s3:::site";

#[test]
fn pages_of_all_regions_become_a_snapshot() {
    let folder = Folder::with(&[("tagpol.toml", "")]);
    let answers = vec![page(&[WEB], "more"), page(&[JOBS], ""), page(&[SITE], "")];
    let (address, requests) = aws(answers);
    let args = ["--region", "eu-west-1", "--region", "us-east-1", "--region", "eu-west-1", "--type", "ec2"];
    let out = fetch(&folder, &address, &args).ends_with(0);
    assert!(out.contains("resources   3 (3 with tags)"), "{out}");
    assert!(out.contains("fetched/aws-us-east-1.json (aws-tagging, 1 rows)"), "{out}");
    let asked: Vec<Request> = requests.iter().collect();
    let tokens: Vec<&Value> = asked.iter().map(|(_, body)| &body["PaginationToken"]).collect();
    assert_eq!(tokens, [&Value::Null, &json!("more"), &Value::Null]);
    for ((head, body), region) in asked.iter().zip(["eu-west-1", "eu-west-1", "us-east-1"]) {
        assert!(head.contains("resourcegroupstaggingapi_20170126.getresources"), "{head}");
        assert!(head.contains(&format!("/{region}/tagging/aws4_request")), "{head}");
        assert_eq!(body["ResourceTypeFilters"], json!(["ec2"]));
    }
    // What was fetched is there to be looked at, and can be imported again.
    assert!(folder.read(".tagpol/fetched/aws-eu-west-1.json").contains("jané"));
    let again = ["snapshot", "import", ".tagpol/fetched/aws-eu-west-1.json"];
    assert!(folder.run(&again).ends_with(0).contains("resources   2"));
    assert_eq!(folder.left_behind(), Vec::<String>::new());
}

#[test]
fn a_bill_is_joined_with_what_is_fetched() {
    let folder =
        Folder::with(&[("tagpol.toml", ""), ("list.csv", "id,cost,currency\ni-0a1b2c3d4e5f67890,7,USD\n")]);
    let (address, _requests) = aws(vec![page(&[WEB], "")]);
    let out = fetch(&folder, &address, &["--region", "eu-west-1", "--with", "list.csv"]).ends_with(0);
    assert!(out.contains("resources   1 (1 with tags)"), "{out}");
}

#[test]
fn a_throttled_request_is_repeated() {
    let folder = Folder::with(&[("tagpol.toml", "")]);
    let (address, requests) = aws(vec![refusal("ThrottledException"), page(&[WEB], "")]);
    fetch(&folder, &address, &["--region", "eu-west-1"]).ends_with(0);
    assert_eq!(requests.iter().count(), 2);
}

#[test]
fn what_cannot_be_fetched_is_told_and_nothing_is_kept() {
    let folder = Folder::with(&[("tagpol.toml", "")]);
    let (address, _requests) = aws(vec![page(&[WEB], "more"), refusal("AccessDeniedException")]);
    fetch(&folder, &address, &["--region", "eu-west-1"])
        .fails_with(3, &["eu-west-1", "AccessDeniedException", "told by the cloud", "tag:GetResources"]);
    let (address, _requests) = aws(vec![refusal("ExpiredTokenException")]);
    fetch(&folder, &address, &["--region", "eu-west-1"]).fails_with(3, &["sign in again"]);
    fetch(&folder, "http://127.0.0.1:9", &[])
        .fails_with(3, &["no region is given", "--region", "AWS_REGION"]);
    assert!(!folder.path().join(".tagpol/fetched").exists());
    assert_eq!(folder.left_behind(), Vec::<String>::new());
}

#[test]
fn no_credentials_and_no_network_are_told_apart() {
    let folder = Folder::with(&[("tagpol.toml", "")]);
    fetch(&folder, "http://127.0.0.1:9", &["--region", "eu-west-1"])
        .fails_with(3, &["AWS does not respond in eu-west-1", "proxy"]);
    fetch(&folder, "http://127.0.0.1:9", &["--region", "eu-west-1", "--profile", "nobody"])
        .fails_with(3, &["no credentials for AWS: the profile `nobody` has none", "--profile"]);
}
