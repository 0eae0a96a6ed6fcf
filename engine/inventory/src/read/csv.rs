//! Plain inventories as CSV.
//!
//! In: a file with a header. Out: its resources in the sink. Columns are the fields of a resource
//! under any of their names; `tags` holds a JSON object, `tag:KEY` and `tags.KEY` one tag each;
//! other columns go to `meta`. An empty cell, or one that says `NULL`, is not a value: a tag that is
//! present but empty is written in the `tags` column, as in `{"owner": ""}`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use csv::ByteRecord;
use rustc_hash::FxHashMap;

use super::csv_records::{Chunk, Dialect, Splitter};
use super::fields::{Field, ONLY_BILLS, field};
use super::record::{Meta, Note, Record};
use super::{MEMBER_LIMIT, RECORD_LIMIT};
use crate::error::ImportError;
use crate::format::Format;
use crate::reject::Flaw;
use crate::sink::Sink;
use crate::source::Source;
use crate::value::{decode, shorten, shorten_bytes};

/// What a column means.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Column {
    Field(Field),
    Tag(String),
    Meta(String),
}

/// Whether a header names the resources' ids.
pub(crate) fn has_id(names: &[String]) -> bool {
    names.iter().any(|name| matches!(field(name), Some((Field::Id, _))))
}

/// Reads a plain CSV file; `meanings` has those of columns that the project names.
pub(crate) fn read(
    source: Source,
    meanings: &BTreeMap<String, String>,
    sink: &mut Sink<'_>,
) -> Result<Source, ImportError> {
    let mut columns: Option<Vec<Column>> = None;
    read_rows(source, sink, |row, sink| match &columns {
        None => {
            columns = Some(read_header(&row, meanings, sink)?);
            Ok(())
        }
        Some(columns) => {
            sink.count_row();
            read_row(&row, columns, sink)
        }
    })
}

/// One record of a CSV file.
pub(crate) struct CsvRow<'a> {
    pub(crate) line: u64,
    pub(crate) cells: &'a ByteRecord,
}

impl CsvRow<'_> {
    /// Returns the start of the row for a reject.
    pub(crate) fn shown(&self) -> String {
        shorten_bytes(&self.cells.iter().take(8).collect::<Vec<_>>().join(&b","[..]))
    }

    /// Returns the reject of a row that has not as many cells as the header, if it has not.
    pub(crate) fn wrong_width(&self, width: usize) -> Option<Flaw> {
        let found = self.cells.len();
        let reason = || format!("the row has {found} fields, but the header has {width}");
        (found != width).then(|| Flaw::row(self.line, reason(), self.shown()))
    }
}

/// Calls back for each record, the header first; rejects those that are too long.
pub(crate) fn read_rows(
    mut source: Source,
    sink: &mut Sink<'_>,
    mut each: impl FnMut(CsvRow<'_>, &mut Sink<'_>) -> Result<(), ImportError>,
) -> Result<Source, ImportError> {
    let dialect = Dialect::detect(source.start()?);
    let mut splitter = Splitter::new(source, dialect, RECORD_LIMIT);
    let mut cells = ByteRecord::new();
    let mut width = None;
    while let Some(chunk) = splitter.next().map_err(|failure| failure.into_error(sink.path()))? {
        let Chunk { bytes, lines, skipped, is_cut } = chunk;
        let mut reader = dialect.reader(&bytes);
        let last = lines.last().copied().filter(|_| is_cut);
        for line in lines {
            // The reader is over memory and takes rows of any width, so it has no error to give.
            if !reader.read_byte_record(&mut cells).unwrap_or(false) {
                break;
            }
            if cells.len() > MEMBER_LIMIT && width.is_none() {
                let (path, what) = (sink.path().to_owned(), format!("more than {MEMBER_LIMIT} columns"));
                return Err(ImportError::TooLarge { path, what });
            }
            let width = *width.get_or_insert(cells.len());
            if last == Some(line) && cells.len() < width {
                let (path, column) = (sink.path().to_owned(), 1);
                return Err(ImportError::Truncated { path, line, column, what: "a row" });
            }
            each(CsvRow { line, cells: &cells }, sink)?;
        }
        for long in skipped {
            sink.count_row();
            let reason = format!("the row is longer than {} MiB and is ignored", RECORD_LIMIT >> 20);
            sink.reject(Flaw::row(long.line, reason, shorten_bytes(&long.start)))?;
        }
    }
    Ok(splitter.into_inner())
}

/// Returns a cell as text, and whether bytes in it had to be replaced.
pub(crate) fn cell_text(cell: &[u8]) -> (Option<Cow<'_, str>>, bool) {
    if cell.is_empty() || cell == b"NULL" {
        return (None, false);
    }
    let text = decode(cell);
    let replaced = matches!(text, Cow::Owned(_));
    (Some(text), replaced)
}

/// What is said of a cell whose bytes had to be replaced.
pub(crate) const NOT_UTF8: &str = "the cell is not valid UTF-8; invalid bytes were replaced by `\u{fffd}`";

/// What is said of a row whose id is not a text.
pub(crate) const ID_NOT_UTF8: &str = "its id is not valid UTF-8 and does not identify a resource";

/// Returns the headings of a file as they are written; bytes that are not UTF-8 are replaced and noted.
pub(crate) fn headings<'r>(row: &CsvRow<'r>, sink: &mut Sink<'_>) -> Result<Vec<Cow<'r, str>>, ImportError> {
    let names: Vec<Cow<'r, str>> = row.cells.iter().map(decode).collect();
    for name in names.iter().filter(|name| matches!(name, Cow::Owned(_))) {
        let reason = "the heading is not valid UTF-8; invalid bytes were replaced by `\u{fffd}`";
        let flaw = Flaw { line: row.line, ..Flaw::of_file(&shorten(name), reason) };
        sink.reject(flaw)?;
    }
    Ok(names)
}

fn read_header(
    row: &CsvRow<'_>,
    meanings: &BTreeMap<String, String>,
    sink: &mut Sink<'_>,
) -> Result<Vec<Column>, ImportError> {
    let headings = headings(row, sink)?;
    let is_named = |name: &str| meanings.get(name.trim()).is_some();
    let names: Vec<Cow<'_, str>> = headings
        .iter()
        .map(|name| Cow::Borrowed(meanings.get(name.trim()).map_or(name.as_ref(), String::as_str)))
        .collect();
    // A column that the project names counts before those that are named alike.
    let rank = |(heading, name): (&Cow<'_, str>, &Cow<'_, str>)| {
        let (field, rank) = field(name.trim())?;
        Some((field, if is_named(heading) { 0 } else { rank + 1 }))
    };
    let ranks: Vec<Option<(Field, usize)>> = headings.iter().zip(&names).map(rank).collect();
    // Of several columns of one field the best name counts, and of equal names the first.
    let mut best: FxHashMap<Field, (usize, usize)> = FxHashMap::default();
    for (at, (name, found)) in names.iter().zip(&ranks).enumerate() {
        if let (None, Some((field, rank))) = (tag_key(name), found) {
            let best = best.entry(*field).or_insert((*rank, at));
            *best = (*best).min((*rank, at));
        }
    }
    let counts = |at: usize, field: &Field| best.get(field).is_some_and(|(_, best)| *best == at);
    let columns: Vec<Column> = names
        .iter()
        .zip(&ranks)
        .enumerate()
        .map(|(at, (name, found))| match (tag_key(name), found) {
            (Some(key), _) => Column::Tag(key.to_owned()),
            (None, Some((field, _))) if counts(at, field) => Column::Field(*field),
            _ => Column::Meta(name.trim().to_owned()),
        })
        .collect();
    let looks_like_tag = |column: &&Column| matches!(column, Column::Meta(name) if is_tag_name(name));
    for column in columns.iter().filter(looks_like_tag) {
        let name = column.name();
        let reason = format!(
            "the column is kept in `meta`; if it is a tag, name it `tag:{name}`, or add `{} = \"tag:{name}\"` to \
             `[columns]` of tagpol.toml",
            toml_key(name)
        );
        sink.remark(name, &reason);
    }
    for (heading, name) in headings.iter().zip(&names) {
        if ONLY_BILLS.contains(&name.as_ref()) && is_named(heading) {
            let reason = format!(
                "the column is kept in `meta`: `{name}` is for bills, which need a `cost`, and a `usage_start` or an `invoice_month`"
            );
            sink.remark(heading, &reason);
        }
    }
    let has_cost = columns.contains(&Column::Field(Field::Cost));
    for column in columns.iter().filter(|column| matches!(column, Column::Meta(name) if is_money_name(name)))
    {
        let name = column.name();
        let meaning = format!("`{} = \"monthly_cost\"` in `[columns]` of tagpol.toml", toml_key(name));
        let reason = match has_cost {
            true => "the column is kept in `meta` and not counted, since another one has the cost".to_owned(),
            false => format!(
                "the column is kept in `meta` and not counted; if it is the cost, name it `monthly_cost`, or add {meaning}"
            ),
        };
        sink.remark(name, &reason);
    }
    if !columns.contains(&Column::Field(Field::Id)) {
        let columns = vec!["id".to_owned()];
        return Err(ImportError::MissingColumns {
            path: sink.path().to_owned(),
            format: Format::Csv,
            columns,
        });
    }
    Ok(columns)
}

/// Returns a name as a key of TOML.
fn toml_key(name: &str) -> String {
    let is_bare = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if is_bare { name.to_owned() } else { serde_json::Value::from(name).to_string() }
}

/// Keys that are tags nearly everywhere, without separators.
const TAG_NAMES: [&str; 14] = [
    "env",
    "environment",
    "stage",
    "owner",
    "team",
    "costcenter",
    "costcentre",
    "project",
    "application",
    "app",
    "department",
    "businessunit",
    "service",
    "component",
];

/// Whether a column that is not a field has the name of a usual tag.
pub(crate) fn is_tag_name(name: &str) -> bool {
    let folded = |c: &char| !matches!(c, '_' | '-' | ' ' | '.' | ':');
    let folded: String = name.chars().filter(folded).flat_map(char::to_lowercase).collect();
    TAG_NAMES.contains(&folded.as_str())
}

/// Whether a column that is not a field has the name of an amount of money.
fn is_money_name(name: &str) -> bool {
    let words = name.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    words.into_iter().any(|word| MONEY_NAMES.contains(&word.as_str()) || word.ends_with("cost"))
}

/// Words of columns with money.
const MONEY_NAMES: [&str; 8] = ["cost", "costs", "price", "amount", "spend", "charge", "kosten", "total"];

/// Returns the key of a column for one tag, exactly as written after the prefix.
fn tag_key(name: &str) -> Option<&str> {
    ["tag:", "tags.", "Tag:", "Tags."].iter().find_map(|prefix| name.strip_prefix(prefix))
}

fn read_row(row: &CsvRow<'_>, columns: &[Column], sink: &mut Sink<'_>) -> Result<(), ImportError> {
    if let Some(flaw) = row.wrong_width(columns.len()) {
        return sink.reject(flaw);
    }
    let mut record = Record::default();
    let mut meta = Meta::default();
    let mut tags = Vec::new();
    for (column, cell) in columns.iter().zip(row.cells) {
        let (Some(text), replaced) = cell_text(cell) else {
            continue;
        };
        if replaced && *column == Column::Field(Field::Id) {
            return sink.reject(Flaw::row(row.line, ID_NOT_UTF8, row.shown()));
        }
        if replaced {
            record.notes.push(Note::new(column.name(), NOT_UTF8, &text));
        }
        match column {
            Column::Field(field) => record.set_text(*field, text),
            Column::Tag(key) => tags.push((Cow::Borrowed(key.as_str()), text)),
            Column::Meta(name) => meta.add(name, &serde_json::Value::from(text.as_ref()).to_string()),
        }
    }
    if let Err(bad) = record.check() {
        return sink.reject(Flaw::row(row.line, bad.reason, row.shown()));
    }
    record.correct_account();
    record.add_tag_columns(tags);
    if record.draft.meta.is_none() {
        record.draft.meta = meta.into_json().map(Cow::Owned);
    }
    record.hand_over(row.line, sink)
}

impl Column {
    fn name(&self) -> &str {
        match self {
            Self::Field(field) => field.as_str(),
            Self::Tag(name) | Self::Meta(name) => name,
        }
    }
}
