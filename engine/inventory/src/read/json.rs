//! Inventories as JSON: documents and arrays, and answers of APIs.
//!
//! In: a file, and for answers of APIs an [`Answers`], which says where the records are and what one
//! means. Out: its resources in the sink. A bad record is rejected and the next one read,
//! since lines or brackets show where that begins; a file that ends inside a record fails, because
//! an inventory with its end missing would give wrong numbers.

use std::borrow::Cow;

use super::RECORD_LIMIT;
use super::json_values::{Event, Found, Records};
use super::paging::Scope;
use super::probe::Probe;
use super::record::{BadRow, Record, parse_record};
use crate::error::ImportError;
use crate::format::Format;
use crate::identity::identify;
use crate::inventory::Draft;
use crate::reject::Flaw;
use crate::sink::Sink;
use crate::source::Source;
use crate::value::{decode, shorten_bytes};

/// A format whose files are answers of an API, or records of such answers.
pub(crate) struct Answers {
    /// The members of an answer whose elements are records, as `data` in `{"data": […]}`.
    pub(crate) lists: &'static [&'static str],
    /// Reads a record: none, one or several resources.
    pub(crate) parse: Parse,
    /// Returns the account or region that all records of an answer share. None: they may be of any.
    pub(crate) scope: Option<ScopeOf>,
}

/// Finds the account or region of a resource; None if it does not show it.
pub(crate) type ScopeOf = fn(&Draft<'_>) -> Option<String>;

/// Answers of the AWS tagging API.
pub(crate) const AWS_TAGGING: Answers = Answers {
    lists: &["ResourceTagMappingList"],
    parse: |json, _| parse_record(json).map(|record| vec![record]),
    // One call returns the resources of one region; those without a region do not show it.
    scope: Some(|draft| {
        let identity = identify(&draft.id);
        Some(format!("{}/{}", identity.account?, identity.region?))
    }),
};

/// Reads the resources of a record, which stood in a list of an answer or by itself.
pub(crate) type Parse = for<'a> fn(&'a str, Option<&str>) -> Result<Vec<Record<'a>>, BadRow>;

/// A record and where it begins, line and column from 1.
pub(crate) struct RawRecord<'a> {
    pub(crate) line: u64,
    pub(crate) column: u64,
    pub(crate) text: &'a [u8],
    /// Whether it was skipped for its length.
    pub(crate) too_long: bool,
    /// Whether the file ends with it, though nothing says that it should.
    pub(crate) last: bool,
}

/// What a record is.
pub(crate) enum Outcome<'a> {
    /// A resource.
    Resource {
        /// What was left out of it or changed.
        flaws: Vec<Flaw>,
        /// The currency of its cost.
        currency: Option<Cow<'a, str>>,
        /// All else.
        draft: Draft<'a>,
    },
    /// None that could be read.
    Bad(Flaw),
    /// The start of one, with which the file ends.
    CutOff,
}

/// Reads documents: objects and arrays of objects.
pub(crate) fn read_documents(source: Source, sink: &mut Sink<'_>) -> Result<Source, ImportError> {
    let mut records = Records::new(source, &[], RECORD_LIMIT);
    while let Some(found) = records.next().map_err(|failure| failure.into_error(sink.path()))? {
        let Found { line, column, whole, text, .. } = found;
        let raw = RawRecord { line, column, text, too_long: !whole, last: false };
        read_record(&raw, |outcome| take(&raw, outcome, sink))?;
    }
    Ok(records.into_inner())
}

/// Reads answers of an API, or records that were taken out of such answers.
pub(crate) fn read_answers(
    mut source: Source,
    format: Format,
    answers: &'static Answers,
    sink: &mut Sink<'_>,
) -> Result<Source, ImportError> {
    let probe = Probe::of(source.start()?);
    let is_answer = |list: &str| probe.has(&format!(".{list}")) || probe.has(&format!("[].{list}"));
    let lists = if answers.lists.iter().any(|list| is_answer(list)) { answers.lists } else { &[] };
    let mut records = Records::new(source, lists, RECORD_LIMIT);
    let unknown = answers.scope.map_or(Scope::Any, |_| Scope::Unknown);
    let mut scope = unknown.clone();
    while let Some(event) = records.next_event().map_err(|failure| failure.into_error(sink.path()))? {
        let Found { line, column, whole, text, list } = match event {
            Event::Record(found) => found,
            Event::PageEnd(page) => {
                sink.page(format, page, std::mem::replace(&mut scope, unknown.clone()));
                continue;
            }
        };
        let raw = RawRecord { line, column, text, too_long: !whole, last: false };
        let see = |draft: &Draft<'_>| {
            if let (Scope::Unknown, Some(of)) = (&scope, answers.scope) {
                scope = of(draft).map_or(Scope::Unknown, Scope::Of);
            }
        };
        read_parts(&raw, |text| (answers.parse)(text, list), see, sink)?;
    }
    Ok(records.into_inner())
}

/// Reads a record that may be any number of resources; `see` is called with each.
fn read_parts(
    raw: &RawRecord<'_>,
    parse: impl for<'a> Fn(&'a str) -> Result<Vec<Record<'a>>, BadRow>,
    mut see: impl FnMut(&Draft<'_>),
    sink: &mut Sink<'_>,
) -> Result<(), ImportError> {
    if raw.too_long {
        return take(raw, Outcome::Bad(too_long(raw)), sink);
    }
    let text = decode(raw.text);
    let records = match parse(&text) {
        Ok(records) => records,
        Err(bad) => return take(raw, Outcome::Bad(bad_row(raw, &text, bad)), sink),
    };
    if records.is_empty() {
        sink.count_row();
        sink.leave_out();
    }
    let replaced = matches!(text, Cow::Owned(_));
    for record in records {
        see(&record.draft);
        take(raw, admit(raw, record, replaced), sink)?;
    }
    Ok(())
}

/// Returns the reject of a record that was skipped for its length.
pub(crate) fn too_long(raw: &RawRecord<'_>) -> Flaw {
    let reason = format!("the row is longer than {} MiB and is ignored", RECORD_LIMIT >> 20);
    Flaw::row(raw.line, reason, shorten_bytes(raw.text))
}

/// Reads a record that is one resource; `then` gets what it is.
pub(crate) fn read_record<T>(raw: &RawRecord<'_>, then: impl FnOnce(Outcome<'_>) -> T) -> T {
    if raw.too_long {
        return then(Outcome::Bad(too_long(raw)));
    }
    let text = decode(raw.text);
    then(match parse_record(&text) {
        Ok(record) => admit(raw, record, matches!(text, Cow::Owned(_))),
        Err(bad) if bad.cut_off && raw.last => Outcome::CutOff,
        Err(bad) => Outcome::Bad(bad_row(raw, &text, bad)),
    })
}

/// Finds out whether a resource can stand; `replaced` shows that bytes of the row were no UTF-8.
fn admit<'a>(raw: &RawRecord<'_>, record: Record<'a>, replaced: bool) -> Outcome<'a> {
    let Record { draft, currency, notes } = record;
    if replaced && draft.id.contains('\u{fffd}') {
        let reason = "its id is not valid UTF-8 and does not identify a resource";
        return Outcome::Bad(Flaw::row(raw.line, reason, shorten_bytes(raw.text)));
    }
    let mut flaws = Vec::new();
    if replaced {
        let reason = "the row is not valid UTF-8; invalid bytes were replaced by `\u{fffd}`";
        let flaw = Flaw::value(raw.line, "", &draft.id, reason, shorten_bytes(raw.text));
        flaws.push(Flaw { field: None, ..flaw });
    }
    flaws.extend(notes.into_iter().map(|note| note.into_flaw(raw.line, &draft.id)));
    Outcome::Resource { flaws, currency, draft }
}

/// Hands over what a record is.
fn take(raw: &RawRecord<'_>, outcome: Outcome<'_>, sink: &mut Sink<'_>) -> Result<(), ImportError> {
    sink.count_row();
    match outcome {
        Outcome::Resource { flaws, currency, draft } => {
            for flaw in flaws {
                sink.reject(flaw)?;
            }
            if let Some(currency) = currency {
                sink.set_currency(raw.line, &currency)?;
            }
            sink.resource(raw.line, draft)
        }
        Outcome::Bad(flaw) => sink.reject(flaw),
        Outcome::CutOff => Err(sink.cut_off(raw.line, raw.column)),
    }
}

/// Returns the reject of a row, its place moved from the row to the file.
pub(crate) fn bad_row(raw: &RawRecord<'_>, text: &str, bad: BadRow) -> Flaw {
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
