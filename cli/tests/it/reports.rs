//! The reports of `eval`: what each format looks like, what others say of its form, and where it goes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{DIRTY, Folder, NOW, OWNED};

/// A project with something of everything that reports tell.
const POLICIES: &str = r#"/// Where a resource runs.
tag environment: one of [production, staging] { importance critical }
tag owner: email
tag team: text
tag cost-center: text

/// Production has an owner,
/// and somebody to call.
policy owned {
  severity critical
  for resource where environment == production
  require owner
  control soc2 "CC6.1"
  escalate to "ops@example.com" after 2 days
  remediate set owner = "ops@example.com"
}

policy placed {
  severity low
  require environment, team
  grace 7 days
}

exempt placed/team {
  for resource where resource.account == "legacy"
  until 2026-12-31
  because "OPS-7: gone by the end of the year"
}

goal owners { coverage of [owner] by count  at least 80% }
"#;

/// Its resources: a tag that is not valid, a missing one, a young resource, and a waived one.
const INVENTORY: &str = r#"{"id": "i-1", "name": "web", "type": "ec2:instance", "provider": "aws", "account": "main", "region": "eu-west-1", "monthly_cost": 20.5, "currency": "EUR", "created": "2026-01-01", "tags": {"environment": "production", "owner": "jane", "team": "shop", "cost-center": "A"}}
{"id": "i-2", "name": "db", "type": "rds:db", "provider": "aws", "account": "main", "monthly_cost": 100, "currency": "EUR", "created": "2026-01-01", "tags": {"environment": "production", "team": "shop", "cost-center": "B"}}
{"id": "i-3", "provider": "gcp", "account": "new", "created": "2026-10-30", "tags": {"environment": "staging", "owner": "joe@example.com"}}
{"id": "i-4", "provider": "aws", "account": "legacy", "created": "2026-01-01", "tags": {"environment": "staging"}}
"#;

const EVAL: [&str; 6] = ["eval", "p.tagpol", "-i", "i.ndjson", "--now", NOW];

fn project() -> Folder {
    Folder::with(&[("p.tagpol", POLICIES), ("i.ndjson", INVENTORY)])
}

/// Returns the report of a project in a format.
fn report(folder: &Folder, format: &str) -> String {
    folder.run(&[&EVAL[..], &["--format", format]].concat()).ends_with(1)
}

#[test]
fn each_format_looks_as_it_did() {
    let folder = project();
    for format in ["csv", "jsonl", "markdown", "junit", "github", "gitlab", "tap"] {
        insta::assert_snapshot!(format, report(&folder, format));
    }
    let sarif: Value = serde_json::from_str(&report(&folder, "sarif")).unwrap();
    insta::assert_snapshot!("sarif", serde_json::to_string_pretty(&sarif).unwrap());
}

#[test]
fn the_same_evaluation_gives_the_same_bytes() {
    let folder = project();
    for format in ["sarif", "html", "junit", "markdown"] {
        assert_eq!(report(&folder, format), report(&folder, format), "{format}");
    }
    let parquet = |name: &str| {
        folder.run(&[&EVAL[..], &["-o", &format!("parquet={name}")]].concat()).ends_with(1);
        std::fs::read(folder.path().join(name)).unwrap()
    };
    assert_eq!(parquet("a"), parquet("b"));
}

/// Texts that break what handles them carelessly.
fn hostile() -> Folder {
    let texts = [
        "</script><script>document.documentElement.dataset.pwned='1'</script>",
        "\"><img src=x onerror=\"document.documentElement.dataset.pwned='1'\">",
        "<!--<script>",
        "{{constructor.constructor('x')()}}",
        "]]>&amp;&#60;",
        "a\0b\u{1b}[31m\u{7}",
        "line\r\n::error::break\nnot ok 99 - break",
        "| cell | `code` | [link](javascript:x) @everyone",
        "=HYPERLINK(\"x\")",
        "\u{202e}reversed\u{2066}",
        "\u{2028}\u{feff}größe 🦀",
        "# SKIP % %0A , :",
        "\\",
    ];
    let mut inventory = String::new();
    for (number, text) in texts.iter().enumerate() {
        let resource = json!({
            "id": format!("{number} {text}"), "name": text, "type": text, "provider": "aws", "account": text,
            "region": text, "monthly_cost": number, "currency": "USD",
            "tags": {"owner": text, "environment": text, "team": text, "cost-center": text},
        });
        inventory.push_str(&format!("{resource}\n"));
    }
    let long = json!({"id": "long", "name": "long", "tags": {"owner": "x<".repeat(500_000)}});
    inventory.push_str(&format!("{long}\n"));
    let policies = "tag owner: email\ntag environment: one of [production]\ntag team: text\ntag cost-center: text\n\
                    /// </script><b>&\npolicy owned {\n severity high\n require owner\n \
                    control soc2 \"</script>|`x`\"\n}\n\
                    policy placed { severity low  require environment else \"</script> | :: % \u{202e}\" }\n\
                    exempt placed { for resource where resource.name like \"*[link]*\"  until 2026-12-31  because \"]]> </script> \" }\n";
    Folder::with(&[("p.tagpol", policies), ("i.ndjson", &inventory)])
}

/// Findings in [`hostile`]: two for each resource.
const HOSTILE_FINDINGS: usize = 28;

#[test]
fn sarif_is_what_its_schema_says() {
    let schema = include_str!("schemas/sarif-2.1.0-rtm.5.json");
    // Its one expression that no reader of ECMA-262's Unicode mode takes.
    let schema: Value = serde_json::from_str(&schema.replace("{2}]?$", "{2}$")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for folder in [project(), hostile()] {
        let log: Value = serde_json::from_str(&report(&folder, "sarif")).unwrap();
        let errors: Vec<String> = validator.iter_errors(&log).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
    assert!(!validator.is_valid(&json!({"version": "2.1.0"})), "the schema says something");
}

#[test]
fn sarif_tells_places_resources_and_waivers() {
    let log: Value = serde_json::from_str(&report(&project(), "sarif")).unwrap();
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    let of = |rule: &str, resource: &str| {
        let is = |result: &&Value| {
            result["ruleId"] == rule
                && result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == resource
        };
        results.iter().find(is).unwrap()
    };
    let owner = of("owned/owner", "i-1");
    let place = &owner["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "p.tagpol");
    assert_eq!(place["region"], json!({"startLine": 12, "startColumn": 11}));
    assert_eq!(owner["level"], "error");
    assert!(owner.get("suppressions").is_none());
    let rule = &run["tool"]["driver"]["rules"][owner["ruleIndex"].as_u64().unwrap() as usize];
    assert_eq!(rule["id"], "owned/owner");
    assert_eq!(rule["fullDescription"]["text"], "Production has an owner, and somebody to call.");
    assert_eq!(rule["properties"]["security-severity"], "9.5");
    assert!(rule["properties"]["tags"].as_array().unwrap().contains(&json!("soc2/CC6.1")));
    let justification =
        |result: &Value| result["suppressions"][0]["justification"].as_str().unwrap().to_owned();
    let waived = justification(of("placed/team", "i-4"));
    assert!(waived.starts_with("OPS-7: gone by the end of the year"), "{waived}");
    assert_eq!(justification(of("placed/team", "i-3")), "within the policy's grace period");
    let prints: BTreeSet<&str> =
        results.iter().map(|r| r["partialFingerprints"]["tagpol/v1"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), results.len());
}

#[test]
fn hostile_texts_stay_in_their_places() {
    let folder = hostile();
    let mut csv = csv::Reader::from_reader(std::io::Cursor::new(report(&folder, "csv")));
    let rows: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), HOSTILE_FINDINGS);
    assert!(rows.iter().all(|row| row.iter().all(|cell| !cell.starts_with(['=', '@', '\r']))));
    let lines = report(&folder, "jsonl");
    assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    assert_eq!(lines.lines().count(), HOSTILE_FINDINGS);
    let junit = report(&folder, "junit");
    let document = roxmltree::Document::parse(&junit).unwrap();
    let cases = document.descendants().filter(|node| node.has_tag_name("testcase")).count();
    assert_eq!(cases, HOSTILE_FINDINGS);
    let gitlab: Value = serde_json::from_str(&report(&folder, "gitlab")).unwrap();
    assert_eq!(gitlab.as_array().unwrap().len(), HOSTILE_FINDINGS - 1, "all but the waived one");
    let github = report(&folder, "github");
    assert!(
        github.lines().all(|line| line.starts_with("::error file=") || line.starts_with("::notice file="))
    );
    assert_eq!(github.lines().count(), 2);
    let tap = report(&folder, "tap");
    let points = tap.lines().filter(|line| line.starts_with("ok") || line.starts_with("not ok")).count();
    assert_eq!(points, 2);
    let markdown = report(&folder, "markdown");
    let code = regex::Regex::new("(`+)[^`]*`+").unwrap();
    let prose = code.replace_all(&markdown, "");
    assert!(!prose.contains("<script") && !prose.contains("</script") && !prose.contains("<img"), "{prose}");
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    let rows = markdown.lines().filter(|line| line.starts_with("| 🟧 `")).map(cells);
    assert_eq!(rows.collect::<BTreeSet<usize>>(), BTreeSet::from([6]));
    for text in [tap, markdown, github, junit] {
        assert!(!text.contains(['\0', '\u{1b}', '\u{202e}', '\u{2066}']), "{text}");
    }
}

#[test]
fn parquet_holds_the_exact_values() {
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::Decimal128Type;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    let folder = project();
    folder.run(&[&EVAL[..], &["-o", "report.parquet"]].concat()).ends_with(1);
    let file = std::fs::File::open(folder.path().join("report.parquet")).unwrap();
    let mut reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let batch = reader.next().unwrap().unwrap();
    let column = |name: &str| batch.column_by_name(name).unwrap();
    let texts = |name: &str| -> Vec<Option<String>> {
        column(name).as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
    };
    assert_eq!(texts("resource"), ["i-1", "i-2", "i-3", "i-4"].map(|id| Some(id.to_owned())));
    assert_eq!(texts("value")[..2], [Some("jane".to_owned()), None]);
    let costs = column("cost").as_primitive::<Decimal128Type>();
    assert_eq!((costs.value(0), costs.is_null(2)), (20_500_000_000_000, true));
    assert_eq!(texts("currency")[..3], [Some("EUR".to_owned()), Some("EUR".to_owned()), None]);
    assert_eq!(texts("waiver")[3].as_deref(), Some("OPS-7: gone by the end of the year"));
}

#[test]
fn any_number_of_reports_is_written_at_once() {
    let folder = project();
    let outputs = ["-o", "sarif=out/a.sarif", "-o", "b.html", "--output", "table", "-o", "json=c"];
    std::fs::create_dir(folder.path().join("out")).unwrap();
    let run = folder.run(&[&EVAL[..], &outputs].concat());
    assert!(run.ends_with(1).contains("of 100"));
    assert!(folder.read("out/a.sarif").contains("\"version\":\"2.1.0\""));
    assert!(folder.read("b.html").starts_with("<!doctype html>"));
    let json: Value = serde_json::from_str(&folder.read("c")).unwrap();
    assert_eq!(json["schema_version"], 1);
}

#[test]
fn a_report_that_cannot_be_written_leaves_nothing() {
    let folder = project();
    let before = folder.entries();
    let run = folder.run(&[&EVAL[..], &["-o", "html=nowhere/report.html"]].concat());
    run.fails_with(2, &["cannot write `nowhere/report.html`"]);
    folder
        .run(&[&EVAL[..], &["-o", "json", "-o", "csv"]].concat())
        .fails_with(2, &["standard output", "-o csv=FILE"]);
    folder.run(&[&EVAL[..], &["-o", "sarfi=x"]].concat()).fails_with(2, &["did you mean `sarif`?"]);
    assert_eq!(folder.entries(), before);
}

#[test]
fn a_github_step_gets_a_summary() {
    let folder = project();
    folder.write("summary.md", "before\n");
    let mut command = folder.command(&[&EVAL[..], &["-o", "github"]].concat());
    command.env("GITHUB_STEP_SUMMARY", folder.path().join("summary.md"));
    let run = crate::support::Run::of(command.output().unwrap());
    assert!(run.ends_with(1).contains("::error file=p.tagpol,line=12,col=11,title=owned/owner (critical)::"));
    let summary = folder.read("summary.md");
    assert!(summary.starts_with("before\n## tagpol: ") && summary.contains("`owned/owner`"), "{summary}");
}

#[test]
fn tags_of_reports_are_named_in_the_manifest() {
    let folder = Folder::with(&[
        ("p.tagpol", OWNED),
        ("i.csv", DIRTY),
        ("tagpol.toml", "[report]\nteam = \"ownr\"\n"),
    ]);
    let run = folder.run(&["eval", "-i", "i.csv", "--format", "html"]);
    run.fails_with(2, &["there is no tag `ownr`", "did you mean `owner`?"]);
    folder.write("tagpol.toml", "[report]\nenvironment = \"owner\"\n");
    let page = folder.run(&["eval", "-i", "i.csv", "--format", "html"]).ends_with(1);
    assert!(page.contains("\"environment\":{\"tag\":\"owner\""));
}
