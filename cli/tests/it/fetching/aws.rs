//! A server that answers as AWS does, one request at a time, in the words of its protocols.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::{Folder, Run};

/// A request, as far as answers depend on it.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// Its service as in a signature: `tagging`, `ec2`, …
    pub(super) service: String,
    pub(super) region: String,
    /// Access key that signed it.
    pub(super) key: String,
    /// The operation, or the path of those that are named by it.
    pub(super) action: String,
    pub(super) path: String,
    pub(super) body: String,
}

impl Asked {
    /// Its body as JSON; null if it is none.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// As permissions name it: `ec2:DescribeRegions`.
    pub(super) fn name(&self) -> String {
        let service = if self.service == "tagging" { "tag" } else { &self.service };
        format!("{service}:{}", self.action)
    }
}

/// A status and a body; a status of 0 closes the connection in the middle of the body.
pub(super) type Answer = (u16, String);

/// AWS as a test sees it.
pub(super) struct Aws {
    pub(super) address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Aws {
    /// Starts it; what `answer` does not answer is answered by [`usual`].
    pub(super) fn start(answer: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (asked, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let Some(asked) = read(&mut stream) else { return };
                    log.lock().unwrap().push(asked.clone());
                    let (status, body) = answer(&asked).unwrap_or_else(|| usual(&asked));
                    let (shown, sent) = match status {
                        0 => (200, &body.as_bytes()[..body.len() / 2]),
                        status => (status, body.as_bytes()),
                    };
                    // Another time than that of this computer, which the SDK takes for a reason to try again.
                    let is_skewed = body.contains("RequestTimeTooSkewed");
                    let date = if is_skewed { "\r\ndate: Mon, 30 Nov 2026 12:00:00 GMT" } else { "" };
                    let head = format!("HTTP/1.1 {shown} x{date}");
                    let length = body.len();
                    let head = format!("{head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
                    let _ = stream.write_all(&[head.as_bytes(), sent].concat());
                });
            }
        });
        Self { address, asked }
    }

    /// What was requested so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The names of what was requested, each once.
    pub(super) fn names(&self) -> std::collections::BTreeSet<String> {
        self.asked().iter().map(Asked::name).collect()
    }

    /// Runs `tagpol snapshot fetch aws` with credentials, and nothing of the machine's own configuration.
    pub(super) fn fetch(&self, folder: &Folder, args: &[&str]) -> Run {
        fetch(folder, &self.address, args)
    }
}

pub(super) fn fetch(folder: &Folder, address: &str, args: &[&str]) -> Run {
    Run::of(fetch_command(folder, address, args).output().unwrap())
}

/// The command, with credentials and nothing of the machine's own configuration.
pub(crate) fn fetch_command(folder: &Folder, address: &str, args: &[&str]) -> Command {
    let mut command = folder.command(&[&["snapshot", "fetch", "aws"], args].concat());
    credentials(&mut command, address);
    command
}

/// Gives a command credentials for an address, and nothing of the machine's own configuration.
pub(crate) fn credentials(command: &mut Command, address: &str) {
    command.env("AWS_ENDPOINT_URL", address).env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "secret");
    command.env("AWS_CONFIG_FILE", "none").env("AWS_SHARED_CREDENTIALS_FILE", "none");
    command.env("NO_PROXY", "127.0.0.1");
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN"] {
        command.env_remove(name);
    }
}

fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let header = |name: &str| {
        let line = head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}: ")));
        line.map(|line| line.split_once(": ").unwrap().1.to_owned())
    };
    let mut body = vec![0; header("content-length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    // `AWS4-HMAC-SHA256 Credential=KEY/20261130/eu-west-1/ec2/aws4_request, …`
    let scope = header("authorization").expect("requests are signed");
    let parts: Vec<&str> = scope.split("Credential=").nth(1).unwrap().split('/').collect();
    let form = |name: &str| {
        let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
        pairs.clone().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    };
    let target = header("x-amz-target").map(|target| target.rsplit('.').next().unwrap().to_owned());
    let action = target.or_else(|| form("Action")).unwrap_or_else(|| match path.as_str() {
        path if path.starts_with("/2015-03-31/functions") => "ListFunctions".to_owned(),
        path if path.starts_with("/2017-03-31/tags") => "ListTags".to_owned(),
        path if path.contains("bucket-region") => "ListBuckets".to_owned(),
        path if path.ends_with("?tagging=") => "GetBucketTagging".to_owned(),
        path => path.trim_start_matches('/').to_owned(),
    });
    let (key, region, service) = (parts[0].to_owned(), parts[2].to_owned(), parts[3].to_owned());
    Some(Asked { service, region, key, action, path, body })
}

/// An account with two regions and nothing in it.
fn usual(asked: &Asked) -> Answer {
    let ok = |text: &str| (200, text.to_owned());
    match asked.name().as_str() {
        "sts:GetCallerIdentity" => identity("111122223333"),
        "ec2:DescribeRegions" => ok("<r><regionInfo>\
            <item><regionName>us-east-1</regionName><optInStatus>opt-in-not-required</optInStatus></item>\
            <item><regionName>me-south-1</regionName><optInStatus>not-opted-in</optInStatus></item>\
            <item><regionName>eu-west-1</regionName><optInStatus>opted-in</optInStatus></item></regionInfo></r>"),
        "resource-explorer-2:ListIndexes" => ok("{\"Indexes\":[]}"),
        "tag:GetResources" => page(&[], ""),
        "ec2:DescribeInstances" => ok("<r><reservationSet/></r>"),
        "ec2:DescribeVolumes" => ok("<r><volumeSet/></r>"),
        "lambda:ListFunctions" => ok("{\"Functions\":[]}"),
        "s3:ListBuckets" => ok("<r><Buckets/></r>"),
        "rds:DescribeDBInstances" => ok("<r><x><DBInstances/></x></r>"),
        "rds:DescribeDBClusters" => ok("<r><x><DBClusters/></x></r>"),
        "cloudformation:DescribeType" => ok(
            "<r><Schema>{\"tagging\":{\"taggable\":true,\"tagProperty\":\"/properties/Tags\"}}</Schema></r>",
        ),
        "cloudcontrolapi:ListResources" => ok("{\"ResourceDescriptions\":[]}"),
        "config:SelectAggregateResourceConfig" => ok("{\"Results\":[]}"),
        name => panic!("unexpected request: {name}"),
    }
}

pub(super) fn identity(account: &str) -> Answer {
    let arn = format!("arn:aws:iam::{account}:user/ana");
    let result = format!("<Account>{account}</Account><Arn>{arn}</Arn>");
    (200, format!("<r><GetCallerIdentityResult>{result}</GetCallerIdentityResult></r>"))
}

/// A page of the tagging API, whose resources have one tag.
pub(super) fn page(arns: &[&str], next: &str) -> Answer {
    let mapping = |arn: &&str| json!({"ResourceARN": arn, "Tags": [{"Key": "Owner", "Value": "jané"}]});
    let mappings: Vec<Value> = arns.iter().map(mapping).collect();
    (200, json!({"PaginationToken": next, "ResourceTagMappingList": mappings}).to_string())
}

/// An error of the protocols that speak JSON.
pub(super) fn refusal(code: &str) -> Answer {
    (400, json!({"__type": code, "message": "told by the cloud"}).to_string())
}

/// An error of the protocols that speak XML.
pub(super) fn xml_refusal(status: u16, code: &str) -> Answer {
    let error = format!("<Error><Code>{code}</Code><Message>told by the cloud</Message></Error>");
    (status, format!("<ErrorResponse>{error}</ErrorResponse>"))
}

/// Resource Explorer with an aggregator index: what `ListResources` answers, and whether the view includes tags.
pub(super) fn explorer(asked: &Asked, has_tags: bool, resources: &[Value]) -> Option<Answer> {
    let included = if has_tags { json!([{"Name": "tags"}]) } else { json!([]) };
    let answer = match asked.action.as_str() {
        "ListIndexes" => json!({"Indexes": [
            {"Region": "eu-west-1", "Type": "AGGREGATOR"}, {"Region": "us-east-1", "Type": "LOCAL"}]}),
        "GetDefaultView" => {
            json!({"ViewArn": "arn:aws:resource-explorer-2:eu-west-1:111122223333:view/all/1"})
        }
        "GetView" => json!({"View": {"IncludedProperties": included, "Filters": {"FilterString": ""}}}),
        "ListResources" => json!({"Resources": resources}),
        _ => return None,
    };
    Some((200, answer.to_string()))
}

/// A resource as Resource Explorer lists it.
pub(super) fn explored(arn: &str, type_: &str, tags: &[(&str, &str)]) -> Value {
    let region = arn.split(':').nth(3).unwrap();
    let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    let properties = if tags.is_empty() { json!([]) } else { json!([{"Name": "tags", "Data": tags}]) };
    json!({"Arn": arn, "OwningAccountId": "111122223333", "Region": region, "ResourceType": type_,
        "Service": type_.split(':').next(), "LastReportedAt": "2026-11-29T00:00:00Z", "Properties": properties})
}
