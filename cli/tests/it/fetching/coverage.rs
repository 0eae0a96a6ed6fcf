//! What was listed, what was not, and that nothing counts as untagged whose tags are not known.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::aws::{Answer, Asked, Aws, explored, explorer, identity, page, refusal, xml_refusal};
use super::{JOBS, SITE, WEB, is_partial, project};
use crate::support::Folder;

const POLICY: &str = "tag owner: text\npolicy owned { severity high  require owner }\n";

/// A project with a policy that every resource has an owner.
pub(super) fn with_policy() -> Folder {
    Folder::with(&[("tagpol.toml", ""), ("p.tagpol", POLICY)])
}

/// Returns the manifest of the newest snapshot.
pub(super) fn manifest(folder: &Folder) -> Value {
    let snapshots = folder.path().join(".tagpol/snapshots");
    let paths = std::fs::read_dir(snapshots).unwrap().map(|entry| entry.unwrap().path());
    // Several may be of one second, so that their names do not order them.
    let newest = paths.max_by_key(|path| path.metadata().unwrap().modified().unwrap()).unwrap();
    let text = std::fs::read_to_string(newest.join("manifest.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Returns source, region and status of each listing.
fn statuses(folder: &Folder) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let coverage = manifest(folder)["coverage"].as_array().unwrap().clone();
    coverage
        .iter()
        .map(|part| (text(&part["source"]), text(&part["region"]), text(&part["status"])))
        .collect()
}

fn status(source: &str, region: &str, status: &str) -> (String, String, String) {
    (source.to_owned(), region.to_owned(), status.to_owned())
}

/// Returns how many resources fail the policy, and for how many it is undetermined.
pub(super) fn findings(folder: &Folder) -> (u64, u64) {
    let out = folder.run(&["eval", "--format", "json", "--fail-on", "none"]).ends_with(0);
    let report: Value = serde_json::from_str(&out).unwrap();
    let count = |path: &str| report.pointer(path).and_then(Value::as_u64);
    (count("/summary/findings/high").unwrap(), count("/summary/undetermined").unwrap_or(0))
}

#[test]
fn resource_explorer_lists_what_was_never_tagged() {
    let folder = with_policy();
    let aws = Aws::start(|asked| match asked.action.as_str() {
        "GetResources" => Some(page(if asked.region == "eu-west-1" { &[WEB] } else { &[] }, "")),
        _ => explorer(
            asked,
            true,
            &[explored(WEB, "ec2:instance", &[("Owner", "old")]), explored(JOBS, "sqs:queue", &[])],
        ),
    });
    let run = aws.fetch(&folder, &[]);
    assert!(run.err.contains("different values") || !run.err.contains("warning"), "{}", run.err);
    let out = run.ends_with(0);
    assert!(out.contains("resources   2 (1 with tags)"), "{out}");
    assert!(out.contains("listed by   aws-explorer: 2 resources; whole in 1 place"), "{out}");
    assert_eq!(findings(&folder), (1, 0));
    // The tagging API is asked last, since it has the latest tags.
    let explained = folder.run(&["explain", WEB]).ends_with(0);
    assert!(explained.contains("jané") && !explained.contains("old"), "{explained}");
}

#[test]
fn tags_that_no_source_lists_are_unknown() {
    let folder = with_policy();
    let aws = Aws::start(|asked| match asked.action.as_str() {
        "GetResources" => Some(page(if asked.region == "eu-west-1" { &[WEB] } else { &[] }, "")),
        _ => explorer(asked, false, &[explored(WEB, "ec2:instance", &[]), explored(JOBS, "sqs:queue", &[])]),
    });
    let run = aws.fetch(&folder, &[]);
    assert!(run.err.contains("does not include tags"), "{}", run.err);
    run.ends_with(0);
    // The queue may have an owner; the instance has one in the tagging API.
    assert_eq!(findings(&folder), (0, 1));
    // The source was named, so that it is an error that it is not whole.
    is_partial(&aws.fetch(&folder, &["--source", "aws-explorer"]), &["not whole", "--allow-partial"]);
    assert_eq!(findings(&folder), (0, 2));
}

#[test]
fn each_kind_of_failure_is_covered() {
    let denied = |asked: &Asked| match asked.json()["PaginationToken"].is_null() {
        true => page(&[WEB], "more"),
        false => refusal("AccessDeniedException"),
    };
    let endless = |_: &Asked| page(&[WEB], "same");
    let half = |asked: &Asked| match asked.json()["PaginationToken"].is_null() {
        true => page(&[WEB], "more"),
        false => (0, page(&[JOBS], "").1),
    };
    let unknown_region = |asked: &Asked| match asked.region.as_str() {
        "eu-west-1" => refusal("UnrecognizedClientException"),
        _ => page(&[SITE], ""),
    };
    type Case = (fn(&Asked) -> Answer, &'static str, &'static str);
    let cases: [Case; 4] = [
        (denied, "denied", "the permission `tag:GetResources`"),
        (endless, "cut-off", "the token of an earlier page"),
        (half, "cut-off", "AWS does not respond"),
        (unknown_region, "not-enabled", "enable eu-west-1 in the account"),
    ];
    for (answer, expected, message) in cases {
        let folder = with_policy();
        let aws = Aws::start(move |asked| {
            let answer = |asked: &Asked| match asked.region.as_str() {
                "eu-west-1" => answer(asked),
                _ => page(&[SITE], ""),
            };
            (asked.action == "GetResources").then(|| answer(asked))
        });
        let args = ["--source", "aws-tagging", "--attempts", "2"];
        let run = aws.fetch(&folder, &args);
        assert!(run.err.contains(message), "{expected}: {}", run.err);
        is_partial(&run, &["1 listing is not whole", "--allow-partial"]);
        let expected =
            [status("aws-tagging", "eu-west-1", expected), status("aws-tagging", "us-east-1", "whole")];
        assert_eq!(statuses(&folder), expected);
        assert!(!manifest(&folder)["completeness"]["complete"].as_bool().unwrap());
        assert_eq!(findings(&folder), (0, 0));
        let shown = folder.run(&["snapshot", "show"]).ends_with(0);
        assert!(shown.contains("not listed\n  aws-tagging is"), "{shown}");
        assert!(shown.contains("in 111122223333, eu-west-1: "), "{shown}");
        let run = aws.fetch(&folder, &[&args[..], &["--allow-partial"]].concat());
        assert!(run.err.contains(message), "{}", run.err);
        run.ends_with(0);
        assert_eq!(folder.left_behind(), Vec::<String>::new());
    }
}

#[test]
fn throttling_that_does_not_end_cuts_a_source_off() {
    let folder = project();
    let aws = Aws::start(|asked| match asked.json()["NextToken"].as_str() {
        Some("2") => Some(refusal("ThrottlingException")),
        _ if asked.action != "ListResources" => explorer(asked, true, &[]),
        _ => {
            let resources = [explored(JOBS, "sqs:queue", &[("owner", "ana")])];
            Some((200, json!({"Resources": resources, "NextToken": "2"}).to_string()))
        }
    });
    let run = aws.fetch(&folder, &["--region", "eu-west-1", "--source", "aws-explorer", "--attempts", "3"]);
    is_partial(&run, &["AWS throttles these requests", "after 3 attempts"]);
    assert_eq!(statuses(&folder), [status("aws-explorer", "", "cut-off")]);
    let asked = aws.asked();
    assert_eq!(asked.iter().filter(|asked| asked.action == "ListResources").count(), 4);
}

#[test]
fn state_type_and_runtime_come_with_types() {
    let folder = Folder::with(&[
        ("tagpol.toml", ""),
        (
            "p.tagpol",
            "tag owner: text\npolicy running {\n  severity high\n  \
        for resource where resource.meta[\"State.Name\"] == \"running\" or resource.meta[\"Runtime\"] == \"python3.8\"\n  \
        require owner\n}\n",
        ),
    ]);
    let aws = Aws::start(|asked| {
        let text = match asked.name().as_str() {
            "ec2:DescribeInstances" if asked.body.contains("NextToken=t") => {
                "<r><reservationSet><item>\
                <instancesSet><item><instanceId>i-0a1b2c3d4e5f67891</instanceId><instanceState><name>stopped</name></instanceState>\
                <placement><availabilityZone>eu-west-1b</availabilityZone></placement></item></instancesSet></item></reservationSet></r>"
            }
            "ec2:DescribeInstances" => {
                "<r><reservationSet><item><ownerId>111122223333</ownerId><instancesSet><item>\
                <instanceId>i-0a1b2c3d4e5f67890</instanceId><instanceState><name>running</name></instanceState>\
                <placement><availabilityZone>eu-west-1a</availabilityZone></placement><instanceType>m5.large</instanceType>\
                </item></instancesSet></item></reservationSet><nextToken>t</nextToken></r>"
            }
            "ec2:DescribeVolumes" => {
                "<r><volumeSet><item><volumeId>vol-0a1b2c3d4e5f67890</volumeId><status>available</status>\
                <availabilityZone>eu-west-1a</availabilityZone><tagSet><item><key>owner</key><value>ana</value></item></tagSet>\
                </item></volumeSet></r>"
            }
            "lambda:ListFunctions" => {
                "{\"Functions\":[{\"FunctionName\":\"f\",\"Runtime\":\"python3.8\",\"Version\":\"$LATEST\",\
                \"Environment\":{\"Variables\":{\"PASSWORD\":\"hunter2\"}},\
                \"FunctionArn\":\"arn:aws:lambda:eu-west-1:111122223333:function:f\"}]}"
            }
            "lambda:ListTags" => "{\"Tags\":{\"team\":\"web\"}}",
            "s3:ListBuckets" => {
                "<r><Buckets><Bucket><Name>site</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate>\
                </Bucket><Bucket><Name>bare</Name></Bucket><Bucket><Name>shut</Name></Bucket></Buckets></r>"
            }
            "s3:GetBucketTagging" => match asked.path.as_str() {
                "/site?tagging=" => "<r><TagSet><Tag><Key>owner</Key><Value>ana</Value></Tag></TagSet></r>",
                "/bare?tagging=" => return Some(xml_refusal(404, "NoSuchTagSet")),
                _ => return Some(xml_refusal(403, "AccessDenied")),
            },
            "rds:DescribeDBInstances" => {
                "<r><x><DBInstances><DBInstance><DBInstanceIdentifier>orders</DBInstanceIdentifier>\
                <DBInstanceArn>arn:aws:rds:eu-west-1:111122223333:db:orders</DBInstanceArn><Engine>postgres</Engine>\
                <TagList><Tag><Key>owner</Key><Value>ana</Value></Tag></TagList></DBInstance></DBInstances></x></r>"
            }
            _ => return None,
        };
        Some((200, text.to_owned()))
    });
    let types = "ec2:instance,ec2:volume,lambda,s3:bucket,rds";
    let run = aws.fetch(&folder, &["--region", "eu-west-1", "--types", types]);
    assert!(run.err.contains("the permission `s3:GetBucketTagging`"), "{}", run.err);
    assert!(run.out.contains("resources   8 (4 with tags)"), "{}", run.out);
    is_partial(&run, &["1 listing is not whole"]);
    // The stopped instance and what has an owner pass; the locked bucket is not in scope.
    assert_eq!(findings(&folder), (2, 0));
    let kept = folder.read(".tagpol/fetched/aws/aws-lambda-111122223333-eu-west-1.json");
    assert!(kept.contains("python3.8") && !kept.contains("hunter2"), "{kept}");
    let untagged = folder.read(".tagpol/fetched/aws/aws-s3-111122223333-eu-west-1-without-tags.json");
    assert!(untagged.contains("arn:aws:s3:::shut") && !untagged.contains("bare"), "{untagged}");
    assert_eq!(manifest(&folder)["counts"]["unknown"], json!(1));
}

#[test]
fn roles_are_assumed_in_the_accounts_of_the_organization() {
    let folder = with_policy();
    let aws = Aws::start(|asked| {
        let account = |id: &str, name: &str, status: &str| json!({"Id": id, "Name": name, "Status": status});
        let parent = |id: &str| json!({"Parents": [{"Id": id, "Type": "x"}]});
        let answer = match asked.name().as_str() {
            "organizations:ListAccounts" if asked.json()["NextToken"].is_null() => {
                json!({"NextToken": "2", "Accounts": [
                account("333333333333", "web, prod", "ACTIVE"), account("111122223333", "root", "ACTIVE")]})
            }
            "organizations:ListAccounts" => json!({"Accounts": [
                account("222222222222", "locked", "ACTIVE"), account("444444444444", "old", "SUSPENDED")]}),
            "organizations:ListParents" => {
                parent(if asked.body.contains("333333333333") { "ou-abcd-12345678" } else { "r-abcd" })
            }
            "organizations:DescribeOrganizationalUnit" => {
                json!({"OrganizationalUnit": {"Name": "Workloads"}})
            }
            "organizations:ListTagsForResource" => match asked.body.contains("333333333333") {
                true => json!({"Tags": [{"Key": "owner", "Value": "ana"}]}),
                false => json!({"Tags": []}),
            },
            "sts:AssumeRole" if asked.body.contains("222222222222") => {
                return Some(xml_refusal(403, "AccessDenied"));
            }
            "sts:AssumeRole" => {
                assert!(
                    asked.body.contains("arn%3Aaws%3Aiam%3A%3A333333333333%3Arole%2Faudit"),
                    "{}",
                    asked.body
                );
                let keys = "<AccessKeyId>ASSUMED</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
                            <SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration>";
                return Some((200, format!("<r><Credentials>{keys}</Credentials></r>")));
            }
            "tag:GetResources" => {
                let account = if asked.key == "ASSUMED" { "333333333333" } else { "111122223333" };
                return Some(page(&[&format!("arn:aws:sqs:{}:{account}:jobs", asked.region)], ""));
            }
            _ => return None,
        };
        Some((200, answer.to_string()))
    });
    let run = aws.fetch(&folder, &["--role", "audit"]);
    assert!(run.out.contains("resources   4 (4 with tags)"), "{}", run.out);
    assert!(run.err.contains("the account is suspended"), "{}", run.err);
    let help = "aws-accounts is denied in 222222222222";
    assert!(run.err.contains(help) && run.err.contains("trust policy"), "{}", run.err);
    is_partial(&run, &["1 listing is not whole"]);
    assert_eq!(
        folder.read(".tagpol/fetched/aws/accounts.csv"),
        "id,name,state,parent,parent_name,tag:owner\n\
         111122223333,root,ACTIVE,r-abcd,,\n\
         222222222222,locked,ACTIVE,r-abcd,,\n\
         333333333333,\"web, prod\",ACTIVE,ou-abcd-12345678,Workloads,ana\n\
         444444444444,old,SUSPENDED,r-abcd,,\n"
    );
    // One account, and no questions about the organization.
    let before = aws.asked().len();
    let run = aws.fetch(&folder, &["--role", "audit", "--account", "333333333333", "--region", "eu-west-1"]);
    assert!(run.ends_with(0).contains("resources   1 (1 with tags)"));
    assert!(aws.asked()[before..].iter().all(|asked| asked.service != "organizations"));
}

#[test]
fn without_its_regions_an_account_is_asked_in_one() {
    let folder = project();
    let aws = Aws::start(|asked| {
        (asked.action == "DescribeRegions").then(|| xml_refusal(403, "UnauthorizedOperation"))
    });
    is_partial(&aws.fetch(&folder, &["--source", "aws-tagging"]), &["ec2:DescribeRegions", "--region"]);
    let expected = [status("aws-regions", "", "denied"), status("aws-tagging", "us-east-1", "whole")];
    assert_eq!(statuses(&folder), expected);
}

#[test]
fn an_aggregator_of_config_adds_what_it_recorded() {
    let folder = with_policy();
    let aws = Aws::start(|asked| {
        let item = |arn: &str, tags: Value| {
            json!({"arn": arn, "resourceType": "AWS::SQS::Queue", "accountId": "222222222222", "awsRegion": "eu-west-1",
                "tags": tags}).to_string()
        };
        let input = (asked.action == "SelectAggregateResourceConfig").then(|| asked.json())?;
        assert_eq!(input["ConfigurationAggregatorName"], "all");
        Some((200, match input["NextToken"].is_null() {
            true => json!({"Results": [item("arn:aws:sqs:eu-west-1:222222222222:a", json!([]))], "NextToken": "2"}),
            false => json!({"Results": [item("arn:aws:sqs:eu-west-1:222222222222:b", json!([{"key": "owner", "value": "x"}]))]}),
        }.to_string()))
    });
    let run = aws.fetch(&folder, &["--region", "eu-west-1", "--aggregator", "all"]);
    assert!(run.ends_with(0).contains("resources   2 (1 with tags)"));
    assert_eq!(findings(&folder), (1, 0));
}

#[test]
fn credentials_that_end_during_a_fetch_leave_what_was_read() {
    let (folder, count) = (with_policy(), AtomicUsize::new(0));
    let aws = Aws::start(move |asked| match asked.name().as_str() {
        "sts:GetCallerIdentity" => Some(identity("111122223333")),
        "tag:GetResources" => Some(match count.fetch_add(1, Ordering::SeqCst) {
            0 => page(&[WEB], "more"),
            _ => refusal("ExpiredTokenException"),
        }),
        _ => None,
    });
    let run = aws.fetch(&folder, &["--region", "eu-west-1", "--source", "aws-tagging"]);
    is_partial(&run, &["sign in again", "1 listing is not whole"]);
    assert_eq!(statuses(&folder), [status("aws-tagging", "eu-west-1", "denied")]);
}

#[test]
fn whatever_is_throttled_the_files_are_the_same() {
    let fetched = |schedule: usize| {
        let (folder, count) = (project(), AtomicUsize::new(0));
        let aws = Aws::start(move |asked| {
            // Another third of the requests of each schedule is throttled, but none that follows such a one.
            let number = count.fetch_add(1, Ordering::SeqCst);
            if schedule > 0 && number > 1 && (number + schedule).is_multiple_of(2 + schedule) {
                return Some(refusal("ThrottlingException"));
            }
            let start: usize = asked.json()["NextToken"].as_str().map_or(0, |token| token.parse().unwrap());
            let arn = |number: usize| format!("arn:aws:sqs:eu-west-1:111122223333:q{number}");
            let rows: Vec<Value> = (start..start + 5)
                .map(|number| explored(&arn(number), "sqs:queue", &[("owner", "ana")]))
                .collect();
            let mut answer = explorer(asked, true, &rows)?;
            if asked.action == "ListResources" && start < 25 {
                answer.1 = json!({"Resources": rows, "NextToken": (start + 5).to_string()}).to_string();
            }
            Some(answer)
        });
        aws.fetch(&folder, &["--region", "eu-west-1", "--source", "aws-explorer"]).ends_with(0);
        let name = ".tagpol/fetched/aws/aws-explorer-111122223333.json";
        (folder.read(name), folder.read(".tagpol/fetched/aws/coverage.json"))
    };
    let undisturbed = fetched(0);
    assert_eq!(undisturbed.0.matches("\"Arn\"").count(), 30);
    for schedule in 1..6 {
        assert_eq!(fetched(schedule), undisturbed, "schedule {schedule}");
    }
}

#[test]
fn each_type_has_its_own_coverage() {
    let folder = with_policy();
    let aws = Aws::start(|asked| {
        let is = |type_: &str| asked.body.contains(type_);
        let text = match asked.name().as_str() {
            "rds:DescribeDBInstances" => {
                "<r><x><DBInstances><DBInstance><DBInstanceArn>arn:aws:rds:eu-west-1:111122223333:db:orders</DBInstanceArn>\
                </DBInstance></DBInstances></x></r>"
            }
            "rds:DescribeDBClusters" => return Some(xml_refusal(403, "AccessDenied")),
            "cloudcontrolapi:ListResources" if is("AWS::SNS::Topic") => {
                return Some(refusal("ThrottlingException"));
            }
            "cloudcontrolapi:ListResources" if is("AWS::IAM::Group") => {
                return Some(refusal("UnsupportedActionException"));
            }
            "cloudcontrolapi:ListResources" => {
                "{\"ResourceDescriptions\":[{\"Identifier\":\"https://jobs\"},{\"Identifier\":\"https://mail\"}]}"
            }
            "cloudcontrolapi:GetResource" if is("jobs") => {
                "{\"ResourceDescription\":{\"Properties\":\"{\\\"Arn\\\":\\\"arn:aws:sqs:eu-west-1:111122223333:jobs\\\"}\"}}"
            }
            "cloudcontrolapi:GetResource" => {
                "{\"ResourceDescription\":{\"Properties\":\"{\\\"Tags\\\":[{\\\"Key\\\":\\\"owner\\\",\\\"Value\\\":\\\"ana\\\"}]}\"}}"
            }
            _ => return None,
        };
        Some((200, text.to_owned()))
    });
    let types = "rds,AWS::SQS::Queue,AWS::SNS::Topic,AWS::IAM::Group";
    let args = ["--region", "eu-west-1", "--source", "aws-rds,aws-cloud-control", "--types", types];
    let run = aws.fetch(&folder, &[&args[..], &["--attempts", "1"]].concat());
    is_partial(&run, &["aws-rds (rds:cluster) is denied", "AWS::SNS::Topic", "3 listings are not whole"]);
    assert!(run.out.contains("aws-rds: 1 resource; whole in 1 place, denied in 1 place"), "{}", run.out);
    let coverage = manifest(&folder)["coverage"].as_array().unwrap().clone();
    let parts: Vec<String> = coverage
        .iter()
        .map(|part| {
            format!(
                "{} {} {}",
                part["types"][0].as_str().unwrap(),
                part["status"].as_str().unwrap(),
                part["resources"]
            )
        })
        .collect();
    assert_eq!(
        parts,
        [
            "AWS::IAM::Group not-enabled 0",
            "AWS::SNS::Topic cut-off 0",
            "AWS::SQS::Queue whole 2",
            "rds:cluster denied 0",
            "rds:db whole 1",
        ]
    );
    // The database and a queue have no owner.
    assert_eq!(findings(&folder), (2, 0));
}

#[test]
fn what_only_a_bill_has_is_untagged_where_its_type_was_listed_whole() {
    let bill = "ResourceId,ProviderName,ChargePeriodStart,BillingCurrency,EffectiveCost,Tags,RegionId,SubAccountId\n\
                arn:aws:sqs:eu-west-1:111122223333:gone,AWS,2026-09-30,USD,2,{},eu-west-1,111122223333\n\
                arn:aws:sns:eu-west-1:111122223333:news,AWS,2026-09-30,USD,2,{},eu-west-1,111122223333\n\
                arn:aws:sqs:us-east-1:999999999999:far,AWS,2026-09-30,USD,2,{},us-east-1,999999999999\n";
    let folder = with_policy();
    folder.write("bill.csv", bill);
    let explored = [explored(JOBS, "sqs:queue", &[("owner", "ana")])];
    let whole = Aws::start(move |asked| explorer(asked, true, &explored));
    let args = ["--with", "bill.csv", "--region", "eu-west-1,us-east-1"];
    // Queues of this account were listed whole. Whether topics are listed is not known, and the other account was not asked.
    whole.fetch(&folder, &args).ends_with(0);
    assert_eq!(findings(&folder), (1, 2));
    // The tagging API does not list what never had a tag.
    let tagging = Aws::start(|_| None);
    tagging.fetch(&folder, &args).ends_with(0);
    assert_eq!(findings(&folder), (0, 3));
    // Without a fetch, a bill is all there is.
    folder.run(&["snapshot", "import", "bill.csv"]).ends_with(0);
    assert_eq!(findings(&folder), (3, 0));
}
