//! The Code Quality report of GitLab: open and pending findings at the lines of their checks. What a
//! grace or a baseline covers is information.

use std::io::{self, BufWriter, Write};

use serde::Serialize;
use tagpol_eval::{CheckResult, Finding, State};
use tagpol_sema::program::Severity;

use super::Report;
use super::each::{BUFFER, Each};
use super::text::{clean, shorten};

/// Characters of a description; GitLab shows one line.
const DESCRIPTION: usize = 400;

#[derive(Serialize)]
struct Issue<'a> {
    r#type: &'static str,
    check_name: String,
    description: String,
    categories: [&'static str; 1],
    severity: &'static str,
    fingerprint: String,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// Writes the findings as one JSON list.
pub(super) fn write(report: &Report<'_>, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let counts = report
        .findings()
        .filter(|(_, finding, _)| !matches!(finding.state(), State::Exempt | State::Undetermined));
    let issues = Each(|| counts.clone().map(move |(_, finding, check)| issue(report, finding, check)));
    let mut out = BufWriter::with_capacity(BUFFER, out);
    tagpol_sink::json::write_pretty(&mut out, &issues)?;
    out.write_all(b"\n")?;
    out.flush()
}

fn issue<'a>(report: &Report<'a>, finding: Finding<'a>, check: &'a CheckResult) -> Issue<'a> {
    let name = report.evaluation.label(finding);
    Issue {
        r#type: "issue",
        check_name: format!("{}/{}", check.policy, check.check),
        description: clean(&shorten(&format!("{}: {}", name, finding.message()), DESCRIPTION)),
        categories: ["Style"],
        severity: if report.counts(finding) { severity(check.severity) } else { "info" },
        fingerprint: finding.fingerprint(),
        location: Location { path: &check.loc.file, lines: Lines { begin: check.loc.line.max(1) } },
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "blocker",
        Severity::High => "critical",
        Severity::Medium => "major",
        Severity::Low => "minor",
    }
}
