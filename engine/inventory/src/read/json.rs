//! Inventories as JSON: one object a line, documents and arrays, and answers of APIs.
//!
//! In: a file, and for answers of APIs an [`Answers`], which says where the records are and what one
//! means. Out: its resources in the sink. A bad record is rejected and the next one read,
//! since lines or brackets show where that begins; a file that ends inside a record fails, because
//! an inventory with its end missing would give wrong numbers.

use std::borrow::Cow;
use std::io::BufRead;

use super::json_values::{Found, Records};
use super::lines::{Line, Lines};
use super::probe::Probe;
use super::record::{BadRow, Record, parse_record};
use super::{RECORD_LIMIT, Sink};
use crate::error::ImportError;
use crate::reject::Flaw;
use crate::source::Source;
use crate::value::{decode, shorten_bytes};

/// A format whose files are answers of an API, or records of such answers.
pub(crate) struct Answers {
    /// The members of an answer whose elements are records, as `data` in `{"data": […]}`.
    pub(crate) lists: &'static [&'static str],
    /// Reads a record: none, one or several resources.
    pub(crate) parse: Parse,
}

/// Answers of the AWS tagging API.
pub(crate) const AWS_TAGGING: Answers = Answers {
    lists: &["ResourceTagMappingList"],
    parse: |json, _| parse_record(json).map(|record| vec![record]),
};

/// Reads the resources of a record, which stood in a list of an answer or by itself.
pub(crate) type Parse = for<'a> fn(&'a str, Option<&str>) -> Result<Vec<Record<'a>>, BadRow>;

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

/// Reads documents: objects and arrays of objects.
pub(crate) fn read_documents(source: Source, sink: &mut Sink<'_>) -> Result<Source, ImportError> {
    let mut records = Records::new(source, &[], RECORD_LIMIT);
    while let Some(found) = records.next().map_err(|failure| failure.into_error(sink.path()))? {
        let Found { line, column, whole, text, .. } = found;
        read_record(&RawRecord { line, column, text, too_long: !whole, last: false }, sink)?;
    }
    Ok(records.into_inner())
}

/// Reads answers of an API, or records that were taken out of such answers.
pub(crate) fn read_answers(
    mut source: Source,
    answers: &'static Answers,
    sink: &mut Sink<'_>,
) -> Result<Source, ImportError> {
    let probe = Probe::of(source.start()?);
    let is_answer = |list: &str| probe.has(&format!(".{list}")) || probe.has(&format!("[].{list}"));
    let lists = if answers.lists.iter().any(|list| is_answer(list)) { answers.lists } else { &[] };
    let mut records = Records::new(source, lists, RECORD_LIMIT);
    while let Some(found) = records.next().map_err(|failure| failure.into_error(sink.path()))? {
        let Found { line, column, whole, text, list } = found;
        let raw = RawRecord { line, column, text, too_long: !whole, last: false };
        read_parts(&raw, |text| (answers.parse)(text, list), sink)?;
    }
    Ok(records.into_inner())
}

/// Reads a record that may be any number of resources.
fn read_parts(
    raw: &RawRecord<'_>,
    parse: impl for<'a> Fn(&'a str) -> Result<Vec<Record<'a>>, BadRow>,
    sink: &mut Sink<'_>,
) -> Result<(), ImportError> {
    if raw.too_long {
        sink.count_row();
        return too_long(raw, sink);
    }
    let text = decode(raw.text);
    let records = match parse(&text) {
        Ok(records) => records,
        Err(bad) => {
            sink.count_row();
            return sink.reject(bad_row(raw, &text, bad));
        }
    };
    if records.is_empty() {
        sink.count_row();
        sink.leave_out();
    }
    let replaced = matches!(text, Cow::Owned(_));
    for record in records {
        sink.count_row();
        accept(raw, record, replaced, sink)?;
    }
    Ok(())
}

fn too_long(raw: &RawRecord<'_>, sink: &mut Sink<'_>) -> Result<(), ImportError> {
    let reason = format!("the row is longer than {} MiB and is left out", RECORD_LIMIT >> 20);
    sink.reject(Flaw::row(raw.line, reason, shorten_bytes(raw.text)))
}

fn read_record(raw: &RawRecord<'_>, sink: &mut Sink<'_>) -> Result<(), ImportError> {
    sink.count_row();
    if raw.too_long {
        return too_long(raw, sink);
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
    accept(raw, record, matches!(text, Cow::Owned(_)), sink)
}

/// Hands a resource over; `replaced` tells that bytes of the row were no UTF-8.
fn accept(
    raw: &RawRecord<'_>,
    record: Record<'_>,
    replaced: bool,
    sink: &mut Sink<'_>,
) -> Result<(), ImportError> {
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
