//! What is deleted after its time is written into Parquet files before: a folder for each time, with a file for each table.
//!
//! A folder is named like the time of its job, and appears when it is whole. A job whose process is killed before the rows are
//! deleted finds its folder, and only deletes them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use chrono::{DateTime, Utc};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use tagpol_app::state::StateError;
use tagpol_serve_db::{Cell, Database, Row, Scope, Table, cutoff};

/// What was archived and deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Archived {
    /// Rows that were written into files now. 0: another attempt had done so, or there were none.
    pub(crate) archived: u64,
    /// Rows that were deleted.
    pub(crate) deleted: u64,
}

/// Why nothing was deleted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveError {
    /// The database.
    #[error(transparent)]
    State(#[from] StateError),
    /// A file cannot be written.
    #[error("cannot write the archive `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The failure.
        source: io::Error,
    },
}

/// Archives and deletes the rows of a project whose time was over at a moment.
///
/// # Errors
/// [`ArchiveError`]; no row was deleted.
pub(crate) fn archive(
    database: &Database,
    scope: &Scope,
    folder: &Path,
    at: DateTime<Utc>,
) -> Result<Archived, ArchiveError> {
    let (name, before) = (at.format("%Y%m%dT%H%M%SZ").to_string(), cutoff(at));
    let whole = folder.join(&name);
    let archived = if whole.exists() { 0 } else { write(database, scope, (folder, &name), before)? };
    let deleted = database.write::<_, StateError>(scope, |r| r.delete_old(before))?;
    Ok(Archived { archived, deleted })
}

/// Writes the rows into a folder; none is made if there are no rows. Returns their number.
fn write(
    database: &Database,
    scope: &Scope,
    (folder, name): (&Path, &str),
    before: DateTime<Utc>,
) -> Result<u64, ArchiveError> {
    let unfinished = folder.join(format!(".{name}"));
    // Of an attempt that was killed.
    let _ = fs::remove_dir_all(&unfinished);
    let mut files = Files { folder: unfinished.clone(), open: None, rows: 0 };
    database
        .read::<_, ArchiveError>(scope, |r| r.each_old_row(before, |table, rows| files.add(table, rows)))?;
    files.close()?;
    if files.rows == 0 {
        return Ok(0);
    }
    let whole = folder.join(name);
    let renamed = fs::rename(&unfinished, &whole).and_then(|()| File::open(folder)?.sync_all());
    renamed.map_err(|source| ArchiveError::File { path: whole, source })?;
    Ok(files.rows)
}

/// Files of an archive that is being written.
struct Files {
    folder: PathBuf,
    open: Option<OpenFile>,
    rows: u64,
}

/// The file of the table whose rows are being written.
struct OpenFile {
    table: String,
    path: PathBuf,
    schema: Arc<Schema>,
    writer: ArrowWriter<File>,
}

impl Files {
    fn add(&mut self, table: &Table, rows: &[Row]) -> Result<(), ArchiveError> {
        if self.open.as_ref().is_some_and(|open| open.table != table.name) {
            self.close()?;
        }
        let mut open = match self.open.take() {
            Some(open) => open,
            None => OpenFile::create(&self.folder, table)?,
        };
        open.add(rows)?;
        self.rows += rows.len() as u64;
        self.open = Some(open);
        Ok(())
    }

    /// Ends the file that is open.
    fn close(&mut self) -> Result<(), ArchiveError> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let path = open.path;
        let written = open.writer.into_inner().map_err(io_error).and_then(|file| file.sync_all());
        written.map_err(|source| ArchiveError::File { path, source })
    }
}

impl OpenFile {
    fn create(folder: &Path, table: &Table) -> Result<Self, ArchiveError> {
        let name = table.name.trim_start_matches("serve_");
        let path = folder.join(format!("{name}.parquet"));
        let failed = |source| ArchiveError::File { path: path.clone(), source };
        create_private(folder).map_err(failed)?;
        let file = File::create(&path).map_err(failed)?;
        let schema = Arc::new(Schema::new(
            table.columns().map(|column| field(column, table.is_number(column))).collect::<Vec<_>>(),
        ));
        let level = ZstdLevel::try_new(3).map_err(io_error).map_err(failed)?;
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties));
        let writer = writer.map_err(io_error).map_err(failed)?;
        Ok(Self { table: table.name.clone(), path, schema, writer })
    }

    fn add(&mut self, rows: &[Row]) -> Result<(), ArchiveError> {
        let columns = self.schema.fields().iter().enumerate();
        let columns = columns.map(|(at, field)| column(rows, at, field.data_type())).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(io::Error::other);
        let written = batch.and_then(|batch| self.writer.write(&batch).map_err(io_error));
        written.map_err(|source| ArchiveError::File { path: self.path.clone(), source })
    }
}

/// Makes a folder that its owner only can read: it has what was sent to people.
fn create_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn field(name: &str, is_number: bool) -> Field {
    let is_time = name == "at" || name == "lease_until" || name.ends_with("_at");
    let data_type = match (is_number, is_time) {
        (true, true) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        (true, false) => DataType::Int64,
        (false, _) => DataType::Utf8,
    };
    Field::new(name, data_type, true)
}

fn column(rows: &[Row], at: usize, data_type: &DataType) -> ArrayRef {
    let cells = || rows.iter().map(|row| row.get(at));
    let numbers = || {
        cells().map(|cell| match cell {
            Some(Cell::Int(value)) => Some(*value),
            _ => None,
        })
    };
    match data_type {
        DataType::Int64 => Arc::new(numbers().collect::<Int64Array>()),
        DataType::Timestamp(..) => {
            Arc::new(numbers().collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
        }
        _ => Arc::new(
            cells()
                .map(|cell| match cell {
                    Some(Cell::Text(text)) => Some(text.as_str()),
                    _ => None,
                })
                .collect::<StringArray>(),
        ),
    }
}

fn io_error(error: ParquetError) -> io::Error {
    io::Error::other(error)
}
