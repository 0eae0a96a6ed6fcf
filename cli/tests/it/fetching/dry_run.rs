//! `--dry-run` shows what a fetch requests, and the least that allows it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::aws::{Aws, explored, explorer, fetch, page};
use super::project;

/// Requests whose permissions have other names.
const OTHER_NAMES: [(&str, &str); 3] = [
    ("s3:ListBuckets", "s3:ListAllMyBuckets"),
    ("cloudcontrolapi:ListResources", "cloudformation:ListResources"),
    ("cloudcontrolapi:GetResource", "cloudformation:GetResource"),
];

/// Returns the actions of the first policy that is printed.
fn actions(policy: &str) -> BTreeSet<String> {
    let mut policies = serde_json::Deserializer::from_str(policy).into_iter::<Value>();
    let policy = policies.next().unwrap().unwrap();
    let actions = policy["Statement"][0]["Action"].as_array().unwrap().clone();
    actions.iter().map(|action| action.as_str().unwrap().to_owned()).collect()
}

#[test]
fn it_allows_exactly_what_a_fetch_requests() {
    let aws = Aws::start(|asked| match asked.name().as_str() {
        "tag:GetResources" => Some(page(&[], "")),
        "lambda:ListFunctions" => {
            Some((200, json!({"Functions": [{"FunctionArn": "arn:x", "FunctionName": "f"}]}).to_string()))
        }
        "lambda:ListTags" => Some((200, json!({"Tags": {}}).to_string())),
        "s3:ListBuckets" => {
            Some((200, "<r><Buckets><Bucket><Name>b</Name></Bucket></Buckets></r>".to_owned()))
        }
        "s3:GetBucketTagging" => Some((200, "<r><TagSet/></r>".to_owned())),
        "cloudcontrolapi:ListResources" => {
            Some((200, json!({"ResourceDescriptions": [{"Identifier": "a"}]}).to_string()))
        }
        "cloudcontrolapi:GetResource" => {
            Some((200, json!({"ResourceDescription": {"Properties": "{}"}}).to_string()))
        }
        "cloudformation:DescribeType" => None,
        _ => explorer(asked, true, &[explored("arn:aws:sqs:eu-west-1:111122223333:a", "sqs:queue", &[])]),
    });
    let all = ["--types", "ec2,lambda,s3,rds", "--aggregator", "all"];
    let cases: [&[&str]; 7] = [
        &[],
        &["--region", "eu-west-1"],
        &["--types", "s3"],
        &["--source", "aws-tagging"],
        &["--types", "AWS::SQS::Queue"],
        &["--types", "AWS::SQS::Queue,s3:bucket"],
        &all,
    ];
    for args in cases {
        let folder = project();
        let before = aws.asked().len();
        let dry = aws.fetch(&folder, &[args, &["--dry-run"]].concat());
        assert_eq!(aws.asked().len(), before, "nothing is requested");
        assert_eq!(folder.entries().len(), 1, "nothing is written");
        let (shown, granted) = (dry.err.clone(), actions(&dry.ends_with(0)));
        aws.fetch(&folder, args).ends_with(0);
        let asked: BTreeSet<String> = aws.asked()[before..].iter().map(super::aws::Asked::name).collect();
        let listed: BTreeSet<String> =
            shown.lines().map(str::trim).filter(|line| line.contains(':')).map(str::to_owned).collect();
        assert_eq!(listed, asked, "{args:?}");
        let needed = |name: &String| {
            let other = OTHER_NAMES.iter().find(|(request, _)| request == name);
            other.map_or_else(|| name.clone(), |(_, permission)| (*permission).to_owned())
        };
        let needed: BTreeSet<String> =
            asked.iter().filter(|name| *name != "sts:GetCallerIdentity").map(needed).collect();
        assert_eq!(granted, needed, "{args:?}");
    }
    // Nothing but reading, whatever is fetched.
    let reads = ["Get", "List", "Describe", "Search", "Select"];
    for name in aws.names() {
        let action = name.split(':').nth(1).unwrap().to_owned();
        assert!(reads.iter().any(|read| action.starts_with(read)), "{name}");
    }
}

#[test]
fn a_role_needs_two_policies() {
    let out = fetch(&project(), "http://127.0.0.1:9", &["--role", "audit", "--dry-run"]).ends_with(0);
    let policies: Vec<Value> =
        serde_json::Deserializer::from_str(&out).into_iter::<Value>().map(Result::unwrap).collect();
    let [caller, role] = policies.as_slice() else { panic!("{out}") };
    let assume =
        json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": ["arn:aws:iam::*:role/audit"]});
    assert_eq!(caller["Statement"][1], assume);
    assert!(actions(&out).contains("organizations:ListAccounts"));
    assert_eq!(role["Statement"].as_array().unwrap().len(), 1);
    assert!(!role.to_string().contains("organizations:") && role.to_string().contains("tag:GetResources"));
}
