//! Files of decisions: CSV and JSON lines.

use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;
use tagpol_app::settings::{read_text, text as utf8};
use tagpol_app::state::Action;
use tagpol_sink::csv::value;

use super::request::Request;
use crate::args::RowFormat;
use crate::failure::Failure;

/// A row of a file; what else an export holds is passed over.
#[derive(Deserialize)]
struct Row {
    resource: String,
    tag: String,
    value: String,
    #[serde(default)]
    note: Option<String>,
}

/// Reads what a file asks to decide. A row without a note gets the one of the command line.
pub(super) fn requests(
    path: &Path,
    format: Option<RowFormat>,
    note: Option<&str>,
) -> Result<Vec<Request>, Failure> {
    let (name, text) = read(path)?;
    let rows = match format.unwrap_or_else(|| format_of(path)) {
        RowFormat::Csv => csv_rows(&name, &text)?,
        RowFormat::Json => json_rows(&name, &text)?,
    };
    let request = |(line, row): (u64, Row)| Request {
        action: Action::Set,
        resource: row.resource,
        tag: row.tag,
        value: Some(row.value),
        note: row.note.filter(|note| !note.is_empty()).or_else(|| note.map(str::to_owned)),
        place: Some(format!("{name}:{line}")),
    };
    Ok(rows.into_iter().map(request).collect())
}

fn read(path: &Path) -> Result<(String, String), Failure> {
    if path != Path::new("-") {
        return Ok((path.display().to_string(), read_text(path)?));
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().read_to_end(&mut bytes);
    read.map_err(|error| Failure::usage(format!("cannot read the standard input: {error}")))?;
    let name = "standard input";
    Ok((name.to_owned(), utf8(bytes, Path::new(name))?))
}

fn format_of(path: &Path) -> RowFormat {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("json" | "jsonl" | "ndjson") => RowFormat::Json,
        _ => RowFormat::Csv,
    }
}

fn csv_rows(name: &str, text: &str) -> Result<Vec<(u64, Row)>, Failure> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let wrong = |line: Option<u64>, reason: String| {
        let place = line.map_or_else(|| name.to_owned(), |line| format!("{name}:{line}"));
        Failure::usage(reason).at(place).help("a row has `resource`, `tag`, `value` and, if you like, `note`")
    };
    let headers = reader.headers().map_err(|error| wrong(None, error.to_string()))?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record =
            record.map_err(|error| wrong(error.position().map(csv::Position::line), error.to_string()))?;
        let line = record.position().map(csv::Position::line).unwrap_or_default();
        // What an export changed so that spreadsheets evaluate nothing.
        let record: csv::StringRecord = record.iter().map(value).collect();
        let row = record.deserialize(Some(&headers));
        rows.push((line, row.map_err(|error| wrong(Some(line), error.to_string()))?));
    }
    Ok(rows)
}

fn json_rows(name: &str, text: &str) -> Result<Vec<(u64, Row)>, Failure> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let row = |(number, line): (u64, &str)| {
        let row = serde_json::from_str(line).map_err(|error| {
            Failure::usage(format!("the line is not a decision: {error}"))
                .at(format!("{name}:{number}"))
                .help("a line is an object with `resource`, `tag`, `value` and, if you like, `note`")
        });
        Ok((number, row?))
    };
    lines.map(row).collect()
}
