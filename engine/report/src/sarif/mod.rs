//! SARIF 2.1.0, for code scanning: a rule a check, a result a finding at the line of its check.
//!
//! The resource is the logical location. Waived and pending findings are suppressed, with the reason.
//! Texts of messages are plain: `[` and `]` are escaped, so that no value becomes a link.

mod model;
mod results;
mod rules;

use std::io::{self, BufWriter, Write};

use serde::Serialize;
use tagpol_sink::sarif::uri_part;

use super::Report;
use super::each::{BUFFER, Each};
use model::{Automation, Driver, Invocation, Log, Run, Tool};

/// Where the schema of the format is described.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Writes the log.
pub(super) fn write(report: &Report<'_>, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run(report)] };
    let mut out = BufWriter::with_capacity(BUFFER, out);
    tagpol_sink::json::write_compact(&mut out, &log)?;
    out.write_all(b"\n")?;
    out.flush()
}

fn run<'a>(report: &'a Report<'a>) -> Run<'a, impl Serialize> {
    let version = env!("CARGO_PKG_VERSION");
    Run {
        tool: Tool {
            driver: Driver {
                name: "tagpol",
                version,
                semantic_version: version,
                rules: rules::rules(report),
            },
        },
        automation_details: Automation { id: format!("tagpol/{}/", uri_part(report.project)) },
        invocations: [Invocation {
            execution_successful: true,
            end_time_utc: report.evaluation.now.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        }],
        column_kind: "unicodeCodePoints",
        results: Each(move || results::results(report)),
    }
}
