//! Bills as JSON.
//!
//! In: objects, one a charge: one a line as BigQuery exports them, or in an array. Out: their charges in the bill.
//! A member is a column; those of the objects in [`Kind::structs`] are columns with a dotted name, such as
//! `service.description`. Exports leave out members that are null, so columns can appear at any charge.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::cells::{Cells, JsonRow};
use super::entries::Bill;
use super::layout::{Kind, Layout, note_columns};
use super::row::{Place, Row};
use super::unread::note_unread;
use crate::error::ImportError;
use crate::read::RECORD_LIMIT;
use crate::read::json::{RawRecord, bad_row, too_long};
use crate::read::json_values::{Found, Records};
use crate::read::probe::Probe;
use crate::read::record::BadRow;
use crate::reject::Flaw;
use crate::sink::Sink;
use crate::source::Source;
use crate::tags::Members;
use crate::value::{decode, shorten};

/// Columns that a bill may have. Each new one costs a look at all of them.
const COLUMN_LIMIT: usize = 2_000;

/// Whether a bill is JSON, by the start of its content.
pub(crate) fn is_json(start: &[u8]) -> bool {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    matches!(text.first(), Some(b'{' | b'['))
}

/// Reads a bill; returns the file and the version of the format.
pub(crate) fn read(
    mut source: Source,
    kind: Kind<'_>,
    bill: &mut Bill,
    sink: &mut Sink<'_>,
) -> Result<(Source, Option<&'static str>), ImportError> {
    let names = column_names(&Probe::of(source.start()?), kind);
    let mut header = Header::new(names, kind, sink)?;
    let mut records = Records::new(source, &[], RECORD_LIMIT);
    while let Some(found) = records.next().map_err(|failure| failure.into_error(sink.path()))? {
        let Found { line, column, whole, text, .. } = found;
        sink.count_row();
        let raw = RawRecord { line, column, text, too_long: !whole, last: false };
        if raw.too_long {
            sink.reject(too_long(&raw))?;
            continue;
        }
        let text = decode(raw.text);
        match header.row((&text, matches!(text, Cow::Owned(_))), line, sink)? {
            Err(bad) => sink.reject(bad_row(&raw, &text, bad))?,
            Ok(row) => {
                let cells = Cells::Json(&row);
                if let Some(charge) = header.layout.charge(&mut Row::new(line, cells, sink))? {
                    bill.add(charge, kind.format, sink)?;
                }
            }
        }
    }
    header.note_empty(sink);
    Ok((records.into_inner(), header.layout.version()))
}

/// Returns the names of the columns at the start of a bill, sorted.
fn column_names(probe: &Probe, kind: Kind<'_>) -> Vec<String> {
    let mut names = probe.record_names();
    names.retain(|name| !kind.structs.contains(&name.as_str()));
    for outer in kind.structs {
        names.extend(probe.names_within(outer));
    }
    names
}

/// The columns of a bill as far as they are known.
struct Header<'k> {
    kind: Kind<'k>,
    names: Vec<String>,
    places: FxHashMap<String, usize>,
    layout: Box<dyn Layout>,
    /// Columns that may be null in all charges, as long as they are.
    empty: Vec<&'static str>,
}

impl<'k> Header<'k> {
    fn new(mut names: Vec<String>, kind: Kind<'k>, sink: &mut Sink<'_>) -> Result<Self, ImportError> {
        let is_absent = |name: &&&str| !names.iter().any(|found| Place::is_called(found, name));
        let empty: Vec<&'static str> = kind.nullable.iter().filter(is_absent).copied().collect();
        names.extend(empty.iter().map(|name| (*name).to_owned()));
        let mut places = FxHashMap::default();
        names.retain(|name| {
            let next = places.len();
            *places.entry(name.clone()).or_insert(next) == next
        });
        let layout = (kind.find)(&names, sink.path())?;
        note_columns(layout.as_ref(), &names, sink);
        Ok(Self { kind, names, places, layout, empty })
    }

    /// Reads the cells of a charge, and the columns that are new; `replaced` shows that bytes were not UTF-8.
    fn row<'a>(
        &mut self,
        (text, replaced): (&'a str, bool),
        line: u64,
        sink: &mut Sink<'_>,
    ) -> Result<Result<JsonRow<'a>, BadRow>, ImportError> {
        let members = match flat_members(text, self.kind.structs) {
            Ok(members) => members,
            Err(error) => return Ok(Err(BadRow::syntax(&error))),
        };
        let known = self.names.len();
        let mut row = JsonRow { text, cells: vec![None; known.max(members.len())], replaced };
        for (name, json) in members.into_iter().filter(|(_, json)| *json != "null") {
            let at = self.place(name.as_ref());
            if at >= row.cells.len() {
                row.cells.resize(at + 1, None);
            }
            let Some(cell) = row.cells.get_mut(at) else { continue };
            if let Some(before) = cell.replace(json) {
                let reason = "the member occurs twice; the later value is used";
                sink.reject(Flaw::value(line, &name, "", reason, shorten(before)))?;
            }
        }
        self.empty.retain(|name| {
            let cell = self.places.get(*name).and_then(|at| row.cells.get(*at));
            cell.is_none_or(|cell| cell.is_none())
        });
        if self.names.len() > COLUMN_LIMIT {
            let (path, what) = (sink.path().to_owned(), format!("more than {COLUMN_LIMIT} columns"));
            return Err(ImportError::TooLarge { path, what });
        }
        if let Some(new @ [_, ..]) = self.names.get(known..) {
            self.layout = (self.kind.find)(&self.names, sink.path())?;
            note_unread(self.layout.as_ref(), new, known, sink);
        }
        Ok(Ok(row))
    }

    fn place(&mut self, name: &str) -> usize {
        if let Some(at) = self.places.get(name) {
            return *at;
        }
        // A column that was empty so far may be written in another way, as `resource_name`.
        let empty = self.empty.iter().find(|empty| Place::is_called(name, empty));
        let at = empty.and_then(|empty| self.places.get(*empty)).copied().unwrap_or(self.names.len());
        self.places.insert(name.to_owned(), at);
        if at == self.names.len() {
            self.names.push(name.to_owned());
        }
        at
    }

    /// Shows which columns no charge has.
    fn note_empty(&self, sink: &mut Sink<'_>) {
        for (column, reason) in self.layout.notes_on_empty(&self.empty) {
            sink.remark(column, reason);
        }
    }
}

/// Returns the members of an object, those of some of its members with dotted names.
fn flat_members<'a>(
    json: &'a str,
    structs: &[&str],
) -> Result<Vec<(Cow<'a, str>, &'a str)>, serde_json::Error> {
    let Members(members) = serde_json::from_str(json)?;
    let mut flat = Vec::with_capacity(members.len());
    for (name, value) in members {
        let json = value.get();
        if json.starts_with('{') && structs.contains(&name.as_ref()) {
            let Members(inner) = serde_json::from_str(json)?;
            let dotted = inner.into_iter().map(|(key, value)| (format!("{name}.{key}").into(), value.get()));
            flat.extend(dotted);
        } else {
            flat.push((name, json));
        }
    }
    Ok(flat)
}
