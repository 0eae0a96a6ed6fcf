//! Output of APIs that is not all of what there is: it is read, and the import is incomplete.

use tagpol_inventory::{Import, ImportError, ImportOptions, SCHEMA_VERSION, import};

use crate::support::*;

/// An answer of an API: the file, the member that announces more, its value, and its value on a last page.
struct Answer {
    format: &'static str,
    field: &'static str,
    /// `MEMBER` stands for the member with its value, `#` for the number of the resource.
    text: &'static str,
    more: &'static str,
    last: &'static str,
}

const fn answer(
    format: &'static str,
    field: &'static str,
    text: &'static str,
    more: &'static str,
    last: &'static str,
) -> Answer {
    Answer { format, field, text, more, last }
}

const TAGGING: &str = r##"{MEMBER, "ResourceTagMappingList": [{"ResourceARN": "arn:aws:sqs:eu-west-1:111122223333:q#", "Tags": []}]}"##;
const GRAPH: &str = r##"{"data": [{"id": "/subscriptions/a/resourceGroups/b/providers/c/d/#", "location": "westeurope", "tags": {}}], MEMBER}"##;
const LIST: &str = r##"{"value": [{"id": "/subscriptions/a/resourceGroups/b/providers/c/d/#", "location": "westeurope", "tags": {}}], MEMBER}"##;
const CONFIG: &str = r#"{"Results": ["{\"resourceId\": \"i#\", \"resourceType\": \"AWS::S3::Bucket\"}"], "QueryInfo": {}, MEMBER}"#;
const EXPLORER: &str = r##"{"Resources": [{"Arn": "arn:aws:sqs:eu-west-1:111122223333:q#", "OwningAccountId": "111122223333", "Properties": []}], "ViewArn": "v", MEMBER}"##;
const VOLUMES: &str = r##"{"Volumes": [{"VolumeId": "vol-#", "Tags": []}], MEMBER}"##;
const INSTANCES: &str =
    r##"{MEMBER, "Reservations": [{"OwnerId": "1", "Instances": [{"InstanceId": "i-#", "Tags": []}]}]}"##;
const DATABASES: &str =
    r##"{"DBInstances": [{"DBInstanceArn": "arn:aws:rds:eu-west-1:1:db:#", "TagList": []}], MEMBER}"##;
const FILES: &str = r##"{"FileSystems": [{"FileSystemArn": "arn:aws:elasticfilesystem:eu-west-1:1:file-system/#", "Tags": []}], MEMBER}"##;
const ASSETS: &str = r##"{"assets": [{"name": "//a/#", "assetType": "a/B"}], MEMBER}"##;
const RESULTS: &str = r##"{MEMBER, "results": [{"name": "//a/#", "assetType": "a/B"}]}"##;

const ANSWERS: [Answer; 19] = [
    answer("aws-tagging", "PaginationToken", TAGGING, r#""abc""#, r#""""#),
    answer("aws-tagging", "NextToken", TAGGING, r#""abc""#, "null"),
    answer("azure-resources", "skip_token", GRAPH, r#""abc""#, "null"),
    answer("azure-resources", "$skipToken", GRAPH, r#""abc""#, r#""""#),
    answer("azure-resources", "total_records", GRAPH, "5000", "2"),
    answer("azure-resources", "resultTruncated", GRAPH, r#""true""#, r#""false""#),
    answer("azure-resources", "nextLink", LIST, r#""https://x""#, "null"),
    answer("azure-resources", "@odata.nextLink", LIST, r#""https://x""#, r#""""#),
    answer("aws-config", "NextToken", CONFIG, r#""abc""#, "null"),
    answer("aws-config", "nextToken", CONFIG, r#""abc""#, r#""""#),
    answer("aws-explorer", "NextToken", EXPLORER, r#""abc""#, "null"),
    answer("aws-describe", "NextToken", VOLUMES, r#""abc""#, "null"),
    answer("aws-describe", "NextToken", INSTANCES, r#""abc""#, "null"),
    answer("aws-describe", "Marker", DATABASES, r#""abc""#, r#""""#),
    answer("aws-describe", "IsTruncated", DATABASES, "true", "false"),
    answer("aws-describe", "NextMarker", FILES, r#""abc""#, "null"),
    answer("gcp-assets", "nextPageToken", ASSETS, r#""abc""#, r#""""#),
    answer("gcp-assets", "nextPageToken", RESULTS, r#""abc""#, "null"),
    answer("gcp-assets", "totalSize", RESULTS, "3", "2"),
];

impl Answer {
    fn page(&self, number: u32, value: &str) -> String {
        let member = format!("\"{}\": {value}", self.field);
        self.text.replace("MEMBER", &member).replace('#', &number.to_string())
    }
}

fn read_all(contents: &[&str]) -> Import {
    let files = Files::new();
    let paths: Vec<_> =
        contents.iter().enumerate().map(|(at, content)| files.add(&format!("{at}.json"), content)).collect();
    import(&paths, &options(), &mut |_| {}).unwrap()
}

/// Returns the members that announce more, with the number of resources read.
fn gaps(import: &Import) -> Vec<String> {
    assert_eq!(import.counts().gaps, import.gaps().len() as u64);
    import.gaps().iter().map(|gap| format!("{} {} {}", gap.format, gap.field, gap.read)).collect()
}

#[test]
fn a_first_page_is_incomplete_in_every_format() {
    for answer in &ANSWERS {
        let (format, field) = (answer.format, answer.field);
        let page = answer.page(1, answer.more);
        let import = read("page.json", &page).unwrap();
        assert_eq!(gaps(&import), [format!("{format} {field} 1")], "{page}");
        assert_eq!((import.counts().resources, import.counts().rejected_rows), (1, 0), "{page}");
        let (shown, advice) = (import.gaps()[0].to_string(), import.gaps()[0].advice());
        assert!(shown.contains(&format!("its `{field}` shows that there are more")), "{shown}");
        assert!(!advice.is_empty() && import.gaps()[0].file.ends_with("page.json"));

        let strict = ImportOptions { strict: true, ..options() };
        let error = read_with("page.json", &page, &strict).unwrap_err();
        assert!(matches!(&error, ImportError::Incomplete { gap } if gap.field == field), "{error}");
        assert_eq!((error.line(), error.help().as_deref()), (Some(1), Some(advice)), "{error}");

        let written = tempfile::tempdir().unwrap();
        let snapshot = import.write(written.path(), &mut |_| {}).unwrap();
        let manifest = snapshot.manifest();
        assert_eq!(manifest.schema_version, SCHEMA_VERSION);
        assert!(!manifest.completeness.complete, "{page}");
        assert_eq!((manifest.completeness.gap_count, manifest.completeness.gaps.len()), (1, 1));
    }
}

#[test]
fn all_pages_together_are_whole_in_every_format() {
    for answer in &ANSWERS {
        let (first, last) = (answer.page(1, answer.more), answer.page(2, answer.last));
        let first = if answer.more.parse::<u32>().is_ok() { answer.page(1, answer.last) } else { first };
        let together = [format!("{first}\n{last}"), format!("[{first}, {last}]")];
        for text in &together {
            let import = read("page.json", text).unwrap();
            assert_eq!(gaps(&import), [""; 0], "{text}");
            assert_eq!(import.counts().resources, 2, "{text}");
        }
        assert_eq!(gaps(&read_all(&[&first, &last])), [""; 0], "{first} {last}");
        if answer.more.parse::<u32>().is_ok() {
            continue;
        }
        // In the wrong order nothing shows what the first page is the start of.
        assert_eq!(gaps(&read_all(&[&last, &first])).len(), 1, "{last} {first}");
    }
}

#[test]
fn an_answer_to_another_question_continues_nothing() {
    let more = VOLUMES.replace("MEMBER", r#""NextToken": "abc""#);
    let instances = INSTANCES.replace("MEMBER", r#""NextToken": null"#);
    assert_eq!(gaps(&read_all(&[&more, &instances])), ["aws-describe NextToken 1"]);
    let ireland = TAGGING.replace("MEMBER", r#""PaginationToken": "abc""#);
    for other in ["us-east-1:111122223333", "eu-west-1:444455556666"] {
        let other =
            TAGGING.replace("MEMBER", r#""PaginationToken": """#).replace("eu-west-1:111122223333", other);
        assert_eq!(gaps(&read_all(&[&ireland, &other])), ["aws-tagging PaginationToken 1"]);
        assert_eq!(
            gaps(&read("a.json", format!("{ireland}{other}")).unwrap()),
            ["aws-tagging PaginationToken 1"]
        );
    }
    // An empty answer may be that of another region, unless it stands behind the first page.
    let empty = r#"{"PaginationToken": "", "ResourceTagMappingList": []}"#;
    assert_eq!(gaps(&read_all(&[&ireland, empty])), ["aws-tagging PaginationToken 1"]);
    assert_eq!(gaps(&read("a.json", format!("{ireland}{empty}")).unwrap()), [""; 0]);
}

#[test]
fn what_the_api_could_not_search_is_missing_whatever_follows() {
    let counted = |count: &str| EXPLORER.replace("MEMBER", &format!("\"Count\": {count}"));
    let partial = counted(r#"{"TotalResources": 1, "Complete": false}"#);
    let whole = counted(r#"{"TotalResources": 1, "Complete": true}"#);
    assert_eq!(gaps(&read_all(&[&partial, &whole])), ["aws-explorer Count.Complete 1"]);
    assert!(read_all(&[&partial]).gaps()[0].advice().contains("list-resources"));
    assert_eq!(gaps(&read_all(&[&whole])), [""; 0]);
    let unprocessed = r#"{"baseConfigurationItems": [{"arn": "arn:aws:s3:::a", "resourceType": "AWS::S3::Bucket", "awsRegion": "x"}], "unprocessedResourceKeys": [{}]}"#;
    assert_eq!(gaps(&read_all(&[unprocessed])), ["aws-config unprocessedResourceKeys 1"]);
}

#[test]
fn a_plan_that_is_not_all_is_incomplete() {
    let plan = std::fs::read_to_string(fixtures().join("terraform_plan.json")).unwrap();
    let with = |member: &str| plan.replacen('{', &format!("{{{member},"), 1);
    for (member, field) in [("\"errored\": true", "errored"), ("\"complete\": false", "complete")] {
        let import = read("plan.json", with(member)).unwrap();
        assert_eq!(gaps(&import), [format!("terraform {field} 0")], "{member}");
    }
    assert_eq!(gaps(&read("plan.json", with("\"complete\": true")).unwrap()), [""; 0]);
}

#[test]
fn a_record_is_not_an_answer() {
    // Members of records, and of lists of somebody's own, announce nothing.
    for (name, text) in [
        ("a.json", r#"[{"id": "a", "nextToken": "x", "count": 7}]"#),
        ("a.ndjson", r#"{"id": "a", "NextToken": "x", "IsTruncated": true}"#),
        ("a.json", r#"{"Volumes": [{"VolumeId": "vol-1", "NextToken": "x", "Tags": []}]}"#),
    ] {
        assert_eq!(gaps(&read(name, text).unwrap()), [""; 0], "{text}");
    }
}
