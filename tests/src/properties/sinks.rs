//! Reports, read back by what reads them.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use arrow::array::{Array as _, AsArray as _};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use pulldown_cmark::{Event, Tag};
use serde_json::Value;
use tagpol_eval::{
    Details, Evaluation, Finding, FindingsBuilder, FoundResource, FoundState, Options, evaluate_in_detail,
};
use tagpol_inventory::{ImportOptions, import};
use tagpol_report::{Format, Report, Style};
use tagpol_sema::program::Program;
use tagpol_sema::{Database, analysis};

use super::{Scratch, now};

const INVENTORY: &str = r#"{"id": "i-1", "name": "a", "type": "t", "provider": "aws", "account": "1", "region": "r", "monthly_cost": 12.5, "tags": {"env": "x"}}
{"id": "i-2", "name": "b", "type": "t", "provider": "aws", "account": "2", "region": "r", "monthly_cost": 2, "tags": {"env": "prod"}}
"#;

const POLICIES: &str = "tag owner: email\ntag env: one of [prod, dev]\n
policy owned {\n  severity high\n  require owner\n}\n\npolicy known {\n  severity low\n  require env\n}\n";

/// Texts of a cloud come out of every report as data: it parses, it has each finding once, and nothing
/// else than without them.
///
/// The input is texts that take the place of ids, names and values, separated by a record separator (U+001E).
pub fn sinks(input: &[u8]) {
    let input = String::from_utf8_lossy(input);
    let base = base();
    let evaluation = with_texts(&base.evaluation, &input);
    let written = |format| {
        let first = write(base, &evaluation, format);
        assert_eq!(first, write(base, &evaluation, format), "the same evaluation gives the same report");
        first
    };
    for format in Format::ALL {
        let report = written(format);
        match format {
            Format::Parquet => parquet(&report, &evaluation),
            _ => text(&String::from_utf8(report).expect("a report is UTF-8"), format, &evaluation),
        }
    }
}

struct Base {
    program: Program,
    evaluation: Evaluation,
    details: Details,
}

/// A program over an inventory without texts of note.
fn base() -> &'static Base {
    static BASE: OnceLock<Base> = OnceLock::new();
    BASE.get_or_init(|| {
        let db = Database::default();
        let project = db.project([("a.tagpol".to_owned(), POLICIES.to_owned())]);
        let analysis = analysis(&db, project);
        assert!(analysis.diagnostics.is_empty(), "{:?}", analysis.diagnostics);
        let program = Program::clone(&analysis.program);
        let folder = Scratch::new();
        let path = folder.write("list.ndjson", INVENTORY.as_bytes());
        let import = import(&[path], &ImportOptions::at(now()), &mut |_| {}).expect("an inventory");
        let snapshot = import.write(folder.path(), &mut |_| {}).expect("a snapshot");
        let options = Options { threads: Some(1), ..Options::at(now()) };
        let (evaluation, details) =
            evaluate_in_detail(&program, &snapshot, &options, None).expect("an evaluation");
        assert_eq!(evaluation.findings.len(), 3, "{:?}", evaluation.findings);
        Base { program, evaluation, details }
    })
}

/// Puts texts where those of a cloud are.
fn with_texts(base: &Evaluation, input: &str) -> Evaluation {
    let mut evaluation = base.clone();
    let mut texts = input.split('\u{1e}').map(str::to_owned).chain(std::iter::repeat(String::new()));
    let mut next = || texts.next().unwrap_or_default();
    let mut findings = FindingsBuilder::new(base.findings.subjects());
    for (at, finding) in base.findings.iter().enumerate() {
        let [id, name, value, account, region, ty, remedy] = [(); 7].map(|()| next());
        // Ids are distinct, and never empty.
        let resource = findings.resource(&FoundResource {
            id: &format!("{id}{at}"),
            name: some(&name),
            ty: Some(&ty),
            provider: finding.provider(),
            account: some(&account),
            region: Some(&region),
            cost: finding.cost(),
        });
        let found = FoundState {
            state: finding.state(),
            since: finding.first_seen().map(|at| at.timestamp_micros()),
            escalation_due: finding.escalation_due(),
            value: some(&value),
            remedy: some(&remedy),
        };
        findings.push(finding.check(), resource, &found);
    }
    evaluation.findings = findings.finish();
    for account in &mut evaluation.accounts {
        account.account = Some(next());
    }
    evaluation.snapshot.sources = vec![next()];
    evaluation
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn write(base: &Base, evaluation: &Evaluation, format: Format) -> Vec<u8> {
    let report = Report {
        project: "project",
        program: &base.program,
        evaluation,
        waivers: &base.details.waivers,
        breakdown: None,
        advice: None,
        trend: &[],
        baseline: None,
        style: Style { color: false, findings: None, kept: true },
    };
    let mut out = Vec::new();
    report.write(format, &mut out).expect("writes to memory");
    out
}

fn ids(evaluation: &Evaluation) -> Vec<&str> {
    evaluation.findings.iter().map(Finding::resource).collect()
}

/// Asserts what holds of a report that is a text.
fn text(report: &str, format: Format, evaluation: &Evaluation) {
    // A spreadsheet gets its texts as they are, and the page has scripts and styles of its own.
    if !matches!(format, Format::Html | Format::Csv) {
        let control = report.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r'));
        assert_eq!(control, None, "{format:?}: no control characters:\n{report}");
    }
    let ids = ids(evaluation);
    match format {
        Format::Json => {
            let document: Value = serde_json::from_str(report).expect("JSON");
            let findings = document["findings"].as_array().expect("findings");
            assert_eq!(findings.iter().map(resource).collect::<Vec<_>>(), ids);
        }
        Format::Jsonl => {
            let lines = report.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
            assert_eq!(lines.map(|line| resource(&line).to_owned()).collect::<Vec<_>>(), ids);
        }
        Format::Csv => csv(report, evaluation),
        Format::Junit => junit(report, evaluation),
        Format::Sarif => {
            let document: Value = serde_json::from_str(report).expect("JSON");
            let results = document["runs"][0]["results"].as_array().expect("results");
            assert_eq!(results.len(), ids.len());
        }
        Format::Gitlab => {
            let issues: Value = serde_json::from_str(report).expect("JSON");
            let prints = issues.as_array().expect("issues").iter().map(|issue| issue["fingerprint"].as_str());
            let expected = evaluation.findings.iter().map(Finding::fingerprint);
            assert_eq!(
                prints.map(|print| print.expect("a fingerprint")).collect::<Vec<_>>(),
                expected.collect::<Vec<_>>()
            );
        }
        Format::Github => {
            let commands: Vec<&str> = report.lines().collect();
            assert_eq!(commands.len(), 2, "an annotation for each check:\n{report}");
            let known = |line: &&str| ["::error ", "::notice "].iter().any(|start| line.starts_with(start));
            assert!(commands.iter().all(known), "{report}");
        }
        Format::Tap => {
            let points = report.lines().filter(|line| line.starts_with("ok ") || line.starts_with("not ok "));
            assert_eq!(points.count(), 2, "a point for each check:\n{report}");
        }
        Format::Markdown => markdown(report),
        Format::Html => {
            let ends = report.matches("</script").count();
            assert_eq!(ends, report.matches("<script").count(), "no text ends a script");
        }
        Format::Table | Format::Parquet => {}
    }
}

fn resource(finding: &Value) -> &str {
    finding["resource"].as_str().or_else(|| finding["resource"]["id"].as_str()).expect("a resource")
}

fn csv(report: &str, evaluation: &Evaluation) {
    let mut reader = csv::ReaderBuilder::new().from_reader(report.as_bytes());
    let headings = reader.headers().expect("headings").clone();
    let column = headings.iter().position(|name| name == "resource").expect("a column `resource`");
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), evaluation.findings.len());
    let ids: BTreeSet<Option<&str>> = rows.iter().map(|row| row.get(column)).collect();
    assert_eq!(ids.len(), rows.len(), "ids stay distinct:\n{report}");
    for (row, finding) in rows.iter().zip(evaluation.findings.iter()) {
        // Signs may be guarded or escaped, for a spreadsheet or for a log.
        let is_plain = finding.resource().chars().all(|c| c.is_ascii_alphanumeric());
        assert!(!is_plain || row.get(column) == Some(finding.resource()), "{row:?} is of {finding:?}");
        for cell in row {
            let is_formula = cell.trim_start().starts_with(['=', '+', '-', '@']);
            assert!(!is_formula || cell.parse::<f64>().is_ok(), "{cell:?} is a formula");
        }
    }
}

fn junit(report: &str, evaluation: &Evaluation) {
    let document = roxmltree::Document::parse(report);
    let document = document.unwrap_or_else(|error| panic!("JUnit is XML: {error}\n{report}"));
    let cases = document.descendants().filter(|node| node.has_tag_name("testcase")).count();
    assert_eq!(cases, evaluation.findings.len(), "a case for each finding:\n{report}");
}

fn markdown(report: &str) {
    let options = pulldown_cmark::Options::ENABLE_TABLES | pulldown_cmark::Options::ENABLE_STRIKETHROUGH;
    for event in pulldown_cmark::Parser::new_ext(report, options) {
        let is_bad = match &event {
            // `<br>` and details are the report's own.
            Event::Html(html) | Event::InlineHtml(html) => {
                ["script", "img", "iframe", "a href"].iter().any(|tag| html.contains(&format!("<{tag}")))
            }
            Event::Start(Tag::Image { .. } | Tag::Link { .. }) => true,
            _ => false,
        };
        assert!(!is_bad, "{event:?} of a text:\n{report}");
    }
}

fn parquet(report: &[u8], evaluation: &Evaluation) {
    let folder = Scratch::new();
    let file = std::fs::File::open(folder.write("report.parquet", report)).expect("a file");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file);
    let reader = reader.expect("Parquet").build().expect("Parquet");
    let mut found = Vec::new();
    for batch in reader {
        let batch = batch.expect("rows");
        let column =
            batch.column_by_name("resource").expect("a column `resource`").as_string::<i32>().clone();
        found.extend((0..column.len()).map(|row| column.value(row).to_owned()));
    }
    assert_eq!(found, ids(evaluation));
    let distinct: BTreeSet<&String> = found.iter().collect();
    assert_eq!(distinct.len(), found.len());
}
