//! A line a finding, each as an item of `findings` in the JSON contract.

use std::io::{self, Write};

use super::Report;
use super::json::finding_json;

/// Writes the findings.
pub(super) fn write(report: &Report<'_>, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let mut line = Vec::new();
    for (_, finding, check) in report.findings() {
        tagpol_sink::json::write_compact(&mut line, &finding_json(report, check, finding))?;
        line.push(b'\n');
        out.write_all(&line)?;
        line.clear();
    }
    Ok(())
}
