//! Plain inventories as JSON: one object a line, documents and arrays, and AWS tagging answers.
//!
//! In: a file. Out: its resources in the sink. A bad record is rejected and the next one read,
//! since lines or brackets show where that begins; a file that ends inside a record fails, because
//! an inventory with its end missing would give wrong numbers.

use std::borrow::Cow;
use std::io::BufRead;

use super::json_values::{Found, Records};
use super::lines::{Line, Lines};
use super::record::{BadRow, parse_record};
use super::{RECORD_LIMIT, Sink};
use crate::error::ImportError;
use crate::reject::Flaw;
use crate::source::Source;
use crate::value::{decode, shorten_bytes};

/// A record and where it begins, line and column from 1.
struct RawRecord<'a> {
    line: u64,
    column: u64,
    text: &'a [u8],
    /// Whether it was skipped for its length.
    too_long: bool,
    /// Whether the file ends with it, though nothing says that it should.
    last: bool,
}

/// Reads one JSON object a line.
pub(crate) fn read_ndjson<R: BufRead>(reader: R, sink: &mut Sink<'_>) -> Result<R, ImportError> {
    let mut lines = Lines::new(reader, RECORD_LIMIT);
    while let Some(Line { number, ended, whole, text }) = lines.next().map_err(|e| sink.read_error(e))? {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let indent = text.len() - text.trim_ascii_start().len();
        let text = text.trim_ascii();
        if !text.is_empty() {
            let column = indent as u64 + 1;
            read_record(&RawRecord { line: number, column, text, too_long: !whole, last: !ended }, sink)?;
        }
    }
    Ok(lines.into_inner())
}

/// Reads documents: objects, arrays of objects, or, with `pages`, answers of the AWS tagging API.
pub(crate) fn read_documents(
    source: Source,
    pages: bool,
    sink: &mut Sink<'_>,
) -> Result<Source, ImportError> {
    let mut records = Records::new(source, pages, RECORD_LIMIT);
    while let Some(found) = records.next().map_err(|failure| failure.into_error(sink.path()))? {
        let Found { line, column, whole, text } = found;
        read_record(&RawRecord { line, column, text, too_long: !whole, last: false }, sink)?;
    }
    Ok(records.into_inner())
}

fn read_record(raw: &RawRecord<'_>, sink: &mut Sink<'_>) -> Result<(), ImportError> {
    sink.count_row();
    if raw.too_long {
        let reason = format!("the row is longer than {} MiB and is left out", RECORD_LIMIT >> 20);
        return sink.reject(Flaw::row(raw.line, reason, shorten_bytes(raw.text)));
    }
    let text = decode(raw.text);
    let record = match parse_record(&text) {
        Ok(record) => record,
        Err(bad) if bad.cut_off && raw.last => {
            let path = sink.path().to_owned();
            return Err(ImportError::Truncated {
                path,
                line: raw.line,
                column: raw.column,
                what: "a JSON object",
            });
        }
        Err(bad) => return sink.reject(bad_row(raw, &text, bad)),
    };
    let replaced = matches!(text, Cow::Owned(_));
    if replaced && record.draft.id.contains('\u{fffd}') {
        let reason = "its id is not valid UTF-8, so that it would be another resource";
        return sink.reject(Flaw::row(raw.line, reason, shorten_bytes(raw.text)));
    }
    if replaced {
        let reason = "the row is not valid UTF-8; what is not was replaced by `\u{fffd}`";
        sink.reject(Flaw {
            field: None,
            ..Flaw::value(raw.line, "", &record.draft.id, reason, shorten_bytes(raw.text))
        })?;
    }
    record.hand_over(raw.line, sink)
}

/// Returns the reject of a row, its place moved from the row to the file.
fn bad_row(raw: &RawRecord<'_>, text: &str, bad: BadRow) -> Flaw {
    let shown = shorten_bytes(raw.text);
    let flaw = Flaw::row(raw.line, bad.reason, shown);
    let Some((line, column)) = bad.place else {
        return flaw;
    };
    // The parser counts bytes, and on the first line from where the row begins.
    let before = text.lines().nth(line.saturating_sub(1) as usize).unwrap_or("");
    let chars = before.char_indices().take_while(|(at, _)| (*at as u64) < column).count() as u64;
    let column = if line <= 1 { raw.column + chars.saturating_sub(1) } else { chars };
    Flaw { line: raw.line + line.saturating_sub(1), column: Some(column.max(1)), ..flaw }
}
