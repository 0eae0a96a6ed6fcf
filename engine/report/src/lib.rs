//! Reports: an evaluation in the form that a reader wants, one file a format.
//!
//! In: a [`Report`], all that a reader may want to know. Out: text or bytes, written as they are made.
//! Promises the same bytes for the same report, a stable order, and that no text of a cloud or a
//! policy can break out of its place: each format escapes by the module of [`tagpol_sink`] for its reader.

mod baseline;
pub mod cost;
mod csv;
pub mod diff;
mod each;
pub mod explanation;
mod finding_row;
mod format;
mod github;
mod gitlab;
mod goals;
mod headline;
mod html;
mod json;
mod jsonl;
mod junit;
mod markdown;
mod next_steps;
mod parquet;
mod sarif;
mod table;
mod tap;
pub mod test_run;
mod text;
pub mod virtual_tags;

use std::io::{self, Write};

use tagpol_advise::Advice;
use tagpol_eval::{Breakdown, CheckResult, Evaluation, Finding, State, TrendPoint, Waivers};
use tagpol_sema::program::Program;
use tagpol_session::Decimal;

pub use baseline::{Baseline, BaselineError, BaselineState, Compared};
pub use format::Format;
pub use json::JSON_SCHEMA_VERSION;
pub use markdown::markdown;
pub use table::{Style, table};

/// What there is to report.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// Name of the project.
    pub project: &'a str,
    /// The program that was evaluated.
    pub program: &'a Program,
    /// What it found.
    pub evaluation: &'a Evaluation,
    /// What waives findings.
    pub waivers: &'a Waivers,
    /// The inventory by tags; formats that [show it](Format::shows_breakdown) leave it out where
    /// there is none.
    pub breakdown: Option<&'a Breakdown>,
    /// Advice about it; formats that [show it](Format::shows_advice) leave it out where there is none.
    pub advice: Option<&'a Advice>,
    /// Earlier runs, the oldest first.
    pub trend: &'a [TrendPoint],
    /// What was found before. None: there is nothing to compare with.
    pub baseline: Option<&'a Baseline>,
    /// How the table looks.
    pub style: Style,
}

impl Report<'_> {
    /// Writes it in a form.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, format: Format, out: &mut (dyn Write + Send)) -> io::Result<()> {
        match format {
            Format::Table => out.write_all(table(self).as_bytes()),
            Format::Json => json::write(self, out),
            Format::Jsonl => jsonl::write(self, out),
            Format::Csv => csv::write(self, out),
            Format::Markdown => out.write_all(markdown(self).as_bytes()),
            Format::Junit => junit::write(self, out),
            Format::Sarif => sarif::write(self, out),
            Format::Github => out.write_all(github::annotations(self).as_bytes()),
            Format::Gitlab => gitlab::write(self, out),
            Format::Tap => out.write_all(tap::tap(self).as_bytes()),
            Format::Parquet => parquet::write(self, out),
            Format::Html => html::write(self, out),
        }
    }

    /// Returns the findings with their index and their check.
    fn findings(&self) -> impl Iterator<Item = (usize, Finding<'_>, &CheckResult)> + Clone {
        let findings = self.evaluation.findings.iter().enumerate();
        findings.filter_map(|(at, finding)| Some((at, finding, self.evaluation.checks.get(finding.check())?)))
    }

    /// Returns how a finding compares with the baseline.
    fn compared(&self, finding: Finding<'_>) -> Option<&'static str> {
        self.baseline.map(|baseline| baseline.of_finding(finding)).map(BaselineState::as_str)
    }

    /// Whether a finding is open, and was not in the baseline, if there is one.
    fn counts(&self, finding: Finding<'_>) -> bool {
        let is_known = |baseline: &Baseline| !baseline.is_new(finding);
        finding.state() == State::Open && !self.baseline.is_some_and(is_known)
    }

    /// Returns what the author says of a policy, in one line.
    fn doc_of(&self, policy: &str) -> String {
        let doc = self.program.policies.iter().find(|p| p.name == policy).map_or("", |p| p.doc.as_str());
        doc.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Returns an amount with its currency.
    fn amount(&self, amount: Decimal) -> String {
        let currency = self.evaluation.snapshot.currency.as_deref().unwrap_or_default();
        format!("{} {currency}", text::money(amount)).trim_end().to_owned()
    }
}
