//! A row a finding, for spreadsheets (RFC 4180).

use std::io::{self, Write};

use tagpol_sink::csv::Writer;

use super::Report;
use super::finding_row::{Made, TEXTS, texts};

/// Rows that are written at a time.
const BATCH: usize = 256;

/// Writes the findings below a row of headings.
pub(super) fn write(report: &Report<'_>, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let mut writer = Writer::new("\r\n");
    TEXTS.iter().chain(&["cost", "currency"]).for_each(|name| writer.value(name));
    writer.end_row();
    let currency = report.evaluation.snapshot.currency.as_deref().unwrap_or_default();
    for row in report.findings() {
        let (made, cost) = (Made::of(row.1), row.1.cost());
        texts(report, row, &made).iter().for_each(|text| writer.value(text.unwrap_or_default()));
        writer.number(&cost.map(|cost| cost.to_string()).unwrap_or_default());
        writer.value(if cost.is_some() { currency } else { "" });
        writer.end_row();
        if row.0 % BATCH == 0 {
            out.write_all(writer.take().as_bytes())?;
        }
    }
    out.write_all(writer.finish().as_bytes())
}
