//! The form of a backup: lines of JSON, and the bytes of files behind the line of each.
//!
//! The first line is a [`Header`]; lists are rows of the table before them; the last line has the hash of everything before
//! it. A backup that was cut off or changed is recognized before anything of it is used.

use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tagpol_serve_core::secrets::hex;
use tagpol_serve_db::{Cell, Row};

use crate::timestamp::Timestamp;

/// The version of the form.
const VERSION: u32 = 2;

/// Most bytes of a line. No row is nearly as long.
const LINE: u64 = 64 << 20;

/// The first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Header {
    version: u32,
    /// When the backup was made.
    pub(super) created_at: Timestamp,
    /// Tenant and project of its state, which a file and a database on a server name differently.
    pub(super) state: [String; 2],
    /// The version of the program that made it.
    program: String,
}

impl Header {
    pub(super) fn new(created_at: Timestamp, (tenant, project): (&str, &str)) -> Self {
        let state = [tenant, project].map(str::to_owned);
        Self { version: VERSION, created_at, state, program: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// Where a file belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Place {
    /// The folder of the project.
    Project,
    /// Evaluations that are served, in the folder of the data.
    Generations,
    /// Snapshots of inventories of files, in the folder of the data.
    Served,
    /// Revisions of the policies, in the folder of the data.
    Revisions,
    /// Models that are or were in use, in the folder of the state.
    Models,
    /// Snapshots that were fetched or imported.
    Snapshots,
}

/// The line before the bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileHeader {
    pub(super) place: Place,
    /// The path in its place, with `/` between its parts.
    pub(super) name: String,
    pub(super) bytes: u64,
}

impl FileHeader {
    /// Whether the path stays in its place, and names nothing hidden.
    fn is_inside(&self) -> bool {
        let is_name = |part: Component<'_>| match part {
            Component::Normal(name) => name.to_str().is_some_and(|name| !name.starts_with('.')),
            _ => false,
        };
        let path = Path::new(&self.name);
        let parts = path.components().count();
        let is_plain = !self.name.contains(['\\', ':']) && path.components().all(is_name);
        is_plain
            && match self.place {
                Place::Project => parts >= 1,
                Place::Models => parts <= 2,
                _ => parts == 2,
            }
    }
}

/// The line before the rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TableHeader {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    TagpolBackup(Header),
    File(FileHeader),
    Table(TableHeader),
    End { sha256: String },
}

/// Writes a backup.
pub(super) struct Writer<W> {
    output: W,
    hash: Sha256,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(output: W) -> Self {
        Self { output, hash: Sha256::new() }
    }

    pub(super) fn header(&mut self, header: &Header) -> io::Result<()> {
        self.line(&Line::TagpolBackup(header.clone()))
    }

    /// Writes a file with the length that it has now.
    pub(super) fn file(&mut self, place: Place, name: &str, path: &Path) -> io::Result<()> {
        let named = |error: io::Error| io::Error::new(error.kind(), format!("`{}`: {error}", path.display()));
        let mut file = File::open(path).map_err(named)?;
        let bytes = file.metadata().map_err(named)?.len();
        self.line(&Line::File(FileHeader { place, name: name.to_owned(), bytes }))?;
        let mut rest = bytes;
        let mut buffer = vec![0; 1 << 16];
        while rest > 0 {
            let read = file.read(&mut buffer).map_err(named)?;
            let most = usize::try_from(rest).unwrap_or(usize::MAX).min(read);
            let part = buffer.get(..most).unwrap_or_default();
            if part.is_empty() {
                return Err(named(io::Error::other("it became shorter while it was read")));
            }
            self.write(part)?;
            rest -= part.len() as u64;
        }
        self.write(b"\n")
    }

    pub(super) fn table<'a>(&mut self, name: &str, columns: impl Iterator<Item = &'a str>) -> io::Result<()> {
        let columns = columns.map(str::to_owned).collect();
        self.line(&Line::Table(TableHeader { name: name.to_owned(), columns }))
    }

    pub(super) fn row(&mut self, row: &Row) -> io::Result<()> {
        let cells: Vec<Value> = row.iter().map(json).collect();
        self.line(&cells)
    }

    /// Writes the last line.
    pub(super) fn end(mut self) -> io::Result<W> {
        let sha256 = hex(&self.hash.clone().finalize());
        self.line(&Line::End { sha256 })?;
        Ok(self.output)
    }

    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.write(&line)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.output.write_all(bytes)
    }
}

fn json(cell: &Cell) -> Value {
    match cell {
        Cell::Int(value) => (*value).into(),
        Cell::Real(value) => (*value).into(),
        Cell::Text(value) => value.as_str().into(),
        Cell::Null | Cell::Other(_) => Value::Null,
    }
}

fn cell(value: Value) -> Option<Cell> {
    Some(match value {
        Value::Null => Cell::Null,
        Value::String(text) => Cell::Text(text),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Cell::Int(integer),
            None => Cell::Real(number.as_f64()?),
        },
        _ => return None,
    })
}

/// A part of a backup.
#[derive(Debug)]
pub(super) enum Part {
    Header(Header),
    /// Its bytes follow: [`Reader::content`].
    File(FileHeader),
    Table(TableHeader),
    Row(Row),
    /// Everything before is as it was written, and nothing follows.
    End,
}

/// Reads a backup.
pub(super) struct Reader<R> {
    input: R,
    hash: Sha256,
    /// Cells of each row of the table that is read.
    cells: usize,
}

impl<R: BufRead> Reader<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, hash: Sha256::new(), cells: 0 }
    }

    /// Reads the next part.
    ///
    /// # Errors
    /// What is wrong with the backup.
    pub(super) fn next(&mut self) -> Result<Part, String> {
        let mut line = Vec::new();
        let read = (&mut self.input).take(LINE).read_until(b'\n', &mut line);
        read.map_err(|error| error.to_string())?;
        if line.pop() != Some(b'\n') {
            return Err("it is not whole".to_owned());
        }
        let before = self.hash.clone();
        self.hash.update(&line);
        self.hash.update(b"\n");
        let not_json = |_| "it is not a backup of tagpol, or was changed".to_owned();
        if line.first() == Some(&b'[') {
            let cells: Vec<Value> = serde_json::from_slice(&line).map_err(not_json)?;
            let row: Option<Row> = cells.into_iter().map(cell).collect();
            let row = row.filter(|row| row.len() == self.cells);
            return row.map(Part::Row).ok_or_else(|| "it has a row that fits no table".to_owned());
        }
        match serde_json::from_slice(&line).map_err(not_json)? {
            Line::TagpolBackup(header) if header.version > VERSION => {
                Err(format!("tagpol {}, which is newer, made it", header.program))
            }
            Line::TagpolBackup(header) => Ok(Part::Header(header)),
            Line::File(file) if file.is_inside() => Ok(Part::File(file)),
            Line::File(file) => Err(format!("it has a file with the path `{}`", file.name)),
            Line::Table(table) => {
                self.cells = table.columns.len();
                Ok(Part::Table(table))
            }
            Line::End { sha256 } => {
                let rest = self.input.fill_buf().map_err(|error| error.to_string())?;
                if sha256 != hex(&before.finalize()) || !rest.is_empty() {
                    return Err("it was changed after it was made".to_owned());
                }
                Ok(Part::End)
            }
        }
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// What is wrong with the backup, or with the output.
    pub(super) fn content(&mut self, file: &FileHeader, mut output: impl Write) -> Result<(), String> {
        let mut rest = file.bytes;
        while rest > 0 {
            let buffer = self.input.fill_buf().map_err(|error| error.to_string())?;
            let most = usize::try_from(rest).unwrap_or(usize::MAX).min(buffer.len());
            let part = buffer.get(..most).unwrap_or_default();
            if part.is_empty() {
                return Err("it is not whole".to_owned());
            }
            output.write_all(part).map_err(|error| format!("`{}` cannot be written: {error}", file.name))?;
            self.hash.update(part);
            rest -= most as u64;
            self.input.consume(most);
        }
        let mut end = [0];
        self.input.read_exact(&mut end).map_err(|_| "it is not whole".to_owned())?;
        self.hash.update(end);
        if end == *b"\n" { Ok(()) } else { Err("it was changed after it was made".to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backup() -> Vec<u8> {
        let folder = std::env::temp_dir().join(format!("tagpol-backup-{}", std::process::id()));
        std::fs::write(&folder, "a\nb").unwrap();
        let mut writer = Writer::new(Vec::new());
        writer.header(&Header::new(Timestamp(chrono::DateTime::UNIX_EPOCH), ("", "shop"))).unwrap();
        writer.file(Place::Project, "policies/a.tagpol", &folder).unwrap();
        writer.table("runs", ["id", "score", "actor"].into_iter()).unwrap();
        writer
            .row(&vec![Cell::Int(i64::MIN), Cell::Real(1.0), Cell::Text("\u{0}\u{1}é".to_owned())])
            .unwrap();
        writer.row(&vec![Cell::Int(2), Cell::Real(0.1), Cell::Null]).unwrap();
        std::fs::remove_file(folder).unwrap();
        writer.end().unwrap()
    }

    /// Reads all of it; returns the rows and the content of the file.
    fn read(bytes: &[u8]) -> Result<(Vec<Row>, Vec<u8>), String> {
        let mut reader = Reader::new(bytes);
        let (mut rows, mut content) = (Vec::new(), Vec::new());
        loop {
            match reader.next()? {
                Part::Row(row) => rows.push(row),
                Part::File(file) => reader.content(&file, &mut content)?,
                Part::End => return Ok((rows, content)),
                Part::Header(_) | Part::Table(_) => {}
            }
        }
    }

    #[test]
    fn rows_and_files_come_back_as_they_were() {
        let (rows, content) = read(&backup()).unwrap();
        assert_eq!(content, b"a\nb");
        assert_eq!(rows[0], [Cell::Int(i64::MIN), Cell::Real(1.0), Cell::Text("\u{0}\u{1}é".to_owned())]);
        assert_eq!(rows[1], [Cell::Int(2), Cell::Real(0.1), Cell::Null]);
    }

    #[test]
    fn whatever_was_cut_off_or_changed_is_found() {
        let whole = backup();
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).is_err(), "{length}");
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(read(&changed).is_err(), "{at}: {}", String::from_utf8_lossy(&changed));
        }
        assert!(read(&[&whole[..], b"\n"].concat()).is_err());
    }

    #[test]
    fn no_file_leaves_its_place() {
        let is_inside = |place, name: &str| FileHeader { place, name: name.to_owned(), bytes: 0 }.is_inside();
        for name in ["../a", "/etc/passwd", "a/../../b", ".tagpol/serve.key", "a/.git/config", "", "c:\\a"] {
            assert!(!is_inside(Place::Project, name), "{name}");
        }
        assert!(is_inside(Place::Project, "a/b/c.tagpol"));
        assert!(is_inside(Place::Models, "promoted") && is_inside(Place::Models, "m1/model.json"));
        assert!(!is_inside(Place::Models, "m1/a/model.json") && !is_inside(Place::Revisions, "applying"));
        assert!(is_inside(Place::Generations, "g1/serving.duckdb") && !is_inside(Place::Generations, "g1"));
    }
}
