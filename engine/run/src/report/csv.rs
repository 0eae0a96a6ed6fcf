//! A row a finding, for spreadsheets (RFC 4180).

use std::borrow::Cow;
use std::io::{self, Write};

use super::Report;
use super::finding_row::{TEXTS, texts};

/// Writes the findings below a row of headings.
pub(super) fn write(report: &Report<'_>, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    writer.write_record(TEXTS.iter().copied().chain(["cost", "currency"]))?;
    let currency = report.evaluation.snapshot.currency.as_deref().unwrap_or_default();
    for row in report.findings() {
        for text in texts(report, row) {
            writer.write_field(harmless(text.unwrap_or_default()).as_bytes())?;
        }
        let cost = row.1.cost.map(|cost| cost.to_string()).unwrap_or_default();
        writer.write_field(cost)?;
        writer.write_field(if row.1.cost.is_some() { currency } else { "" })?;
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()
}

/// Returns the text with `'` before it where a spreadsheet would take it for a formula.
pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        return Cow::Owned(format!("'{text}"));
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_texts() {
        assert_eq!(harmless("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(harmless("@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(harmless("a=b"), "a=b");
    }
}
