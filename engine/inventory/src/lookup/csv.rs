//! Tables as CSV and TSV.

use std::borrow::Cow;
use std::path::Path;

use csv::ByteRecord;

use super::{Found, LookupColumns, LookupError, LookupRow};
use crate::format::extension;
use crate::read::RECORD_LIMIT;
use crate::read::csv_records::{Chunk, Dialect, Splitter, header_fields};
use crate::source::Source;

/// Reads the header, which the first bytes of the file hold.
pub(super) fn headings(mut source: Source, path: &Path) -> Result<Vec<String>, LookupError> {
    let dialect = dialect(&mut source, path)?;
    Ok(header_fields(source.start()?, dialect))
}

/// Reads the rows.
pub(super) fn read(
    mut source: Source,
    path: &Path,
    columns: LookupColumns<'_>,
    each: &mut dyn FnMut(LookupRow<'_>),
) -> Result<(), LookupError> {
    let dialect = dialect(&mut source, path)?;
    let mut splitter = Splitter::new(source, dialect, RECORD_LIMIT);
    let mut header: Option<Header> = None;
    let mut record = ByteRecord::new();
    while let Some(chunk) = splitter.next().map_err(|failure| failure.into_error(path))? {
        let Chunk { bytes, lines, skipped, is_cut: _ } = chunk;
        if let Some(long) = skipped.first() {
            let reason = format!("a row is longer than {} MiB", RECORD_LIMIT >> 20);
            return Err(LookupError::new(path, reason).line(long.line));
        }
        let mut reader = dialect.reader(&bytes);
        for line in lines {
            // The reader is over memory and takes rows of any width, so it has no error to give.
            if !reader.read_byte_record(&mut record).unwrap_or(false) {
                break;
            }
            let bad = |reason: String| LookupError::new(path, reason).line(line);
            match &header {
                None => header = Some(Header::of(&record, columns).map_err(bad)?),
                Some(header) => {
                    let cells = header.cells(&record, columns).map_err(bad)?;
                    each(LookupRow { line, cells: &cells });
                }
            }
        }
    }
    Ok(())
}

fn dialect(source: &mut Source, path: &Path) -> Result<Dialect, LookupError> {
    Ok(match extension(path) {
        Some("tsv") => Dialect::of(b'\t'),
        _ => Dialect::detect(source.start()?),
    })
}

struct Header {
    width: usize,
    /// Index in a row of each wanted column.
    at: Vec<usize>,
}

impl Header {
    fn of(record: &ByteRecord, columns: LookupColumns<'_>) -> Result<Self, String> {
        let mut found = Found::new(columns);
        for (index, heading) in record.iter().enumerate() {
            found.take(String::from_utf8_lossy(heading).trim(), index)?;
        }
        Ok(Self { width: record.len(), at: found.all()? })
    }

    fn cells<'r>(
        &self,
        record: &'r ByteRecord,
        columns: LookupColumns<'_>,
    ) -> Result<Vec<Option<Cow<'r, str>>>, String> {
        if record.len() != self.width {
            return Err(format!("the row has {} fields, but the header has {}", record.len(), self.width));
        }
        let cell = |(at, name): (&usize, &&str)| {
            let bytes = record.get(*at).unwrap_or_default();
            let text = std::str::from_utf8(bytes);
            text.map(|text| Some(Cow::Borrowed(text))).map_err(|_| format!("its `{name}` is not UTF-8"))
        };
        self.at.iter().zip(columns.names).map(cell).collect()
    }
}
