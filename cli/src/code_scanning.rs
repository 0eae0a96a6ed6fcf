//! Diagnostics for code hosts: annotations of GitHub Actions, and SARIF with the fixes.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tagpol_sema::{Code, Database, Diagnostic, Level};
use tagpol_sink::{sarif, workflow};
use tagpol_syntax::TextRange;

use crate::diagnostics::{position, word};

/// Annotations of a level that GitHub shows for a step.
const MAX_ANNOTATIONS: usize = 10;

/// Returns workflow commands, lines ended by newlines: errors first, and one command that counts what is left out.
pub(crate) fn github(db: &Database, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for level in [Level::Error, Level::Warning] {
        let of_level: Vec<&Diagnostic> = diagnostics.iter().filter(|found| found.level() == level).collect();
        let shown = if of_level.len() > MAX_ANNOTATIONS { MAX_ANNOTATIONS - 1 } else { MAX_ANNOTATIONS };
        out.extend(of_level.iter().take(shown).map(|found| annotation(db, found, word(level))));
        let more = of_level.len().saturating_sub(shown);
        if more > 0 {
            let message = format!("{more} more; `tagpol check` shows all");
            out.push_str(&format!("::{} title=tagpol::{}\n", word(level), workflow::message(&message)));
        }
    }
    out
}

fn annotation(db: &Database, found: &Diagnostic, level: &str) -> String {
    let (line, column) = position(db, found.file, found.range.start());
    let (end_line, end_column) = position(db, found.file, found.range.end());
    format!(
        "::{level} file={},line={line},col={column},endLine={end_line},endColumn={end_column},title={}::{}\n",
        workflow::property(found.file.path(db)),
        workflow::property(&title(found.code)),
        workflow::message(&full_message(found)),
    )
}

fn title(code: Code) -> String {
    format!("{} {}", code.as_str(), code.title())
}

/// The message with its label and what to do, in lines.
fn full_message(found: &Diagnostic) -> String {
    let label = Some(found.label.as_str()).filter(|label| !label.is_empty());
    let lines = [Some(found.message.as_str()), label, found.help.as_deref()];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// Returns a log of SARIF 2.1.0: a rule for each code that occurs, a result for each diagnostic.
pub(crate) fn sarif(db: &Database, diagnostics: &[Diagnostic]) -> Result<String, serde_json::Error> {
    let codes: BTreeSet<Code> = diagnostics.iter().map(|found| found.code).collect();
    let rules: Vec<Value> = codes.iter().map(|code| rule(*code)).collect();
    let results: Vec<Value> = diagnostics.iter().map(|found| result(db, found)).collect();
    let version = env!("CARGO_PKG_VERSION");
    tagpol_sink::json::pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "tagpol", "version": version, "semanticVersion": version, "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.as_str(),
        "name": code.lint_name().unwrap_or(code.as_str()),
        "shortDescription": { "text": sarif::message(code.title()) },
        "help": { "text": sarif::message(code.page()), "markdown": code.page() },
        "defaultConfiguration": { "level": word(code.level()) },
    })
}

fn result(db: &Database, found: &Diagnostic) -> Value {
    let artifact = json!({ "uri": sarif::uri_part(found.file.path(db)) });
    let region = |range: TextRange| {
        let (line, column) = position(db, found.file, range.start());
        let (end_line, end_column) = position(db, found.file, range.end());
        json!({ "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column })
    };
    let mut result = json!({
        "ruleId": found.code.as_str(),
        "level": word(found.level()),
        "message": { "text": sarif::message(&full_message(found)) },
        "locations": [{ "physicalLocation": { "artifactLocation": artifact, "region": region(found.range) } }],
    });
    if let (Some(fix), Some(result)) = (&found.fix, result.as_object_mut()) {
        let replacement =
            json!({ "deletedRegion": region(fix.range), "insertedContent": { "text": fix.text } });
        let change = json!({ "artifactLocation": artifact, "replacements": [replacement] });
        result.insert("fixes".to_owned(), json!([{ "artifactChanges": [change] }]));
    }
    result
}
