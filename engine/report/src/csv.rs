//! A row a finding, for spreadsheets (RFC 4180).

use std::io::{self, Write};

use tagpol_sink::csv::Writer;

use super::Report;
use super::finding_row::{TEXTS, texts};

/// Writes the findings below a row of headings.
pub(super) fn write(report: &Report<'_>, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let mut writer = Writer::new("\r\n");
    TEXTS.iter().chain(&["cost", "currency"]).for_each(|name| writer.value(name));
    writer.end_row();
    let currency = report.evaluation.snapshot.currency.as_deref().unwrap_or_default();
    for row in report.findings() {
        texts(report, row).iter().for_each(|text| writer.value(text.unwrap_or_default()));
        writer.number(&row.1.cost.map(|cost| cost.to_string()).unwrap_or_default());
        writer.value(if row.1.cost.is_some() { currency } else { "" });
        writer.end_row();
        out.write_all(writer.take().as_bytes())?;
    }
    out.write_all(writer.finish().as_bytes())
}
