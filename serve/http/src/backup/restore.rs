//! The way back.
//!
//! The whole backup is read once before anything is done. Files are then unpacked next to their places, the rows are written in
//! one transaction, and the files are put into place before it takes effect: whoever is killed in between has no rows yet,
//! and does it again.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tagpol_app::StateAccess;
use tagpol_app::files::{Jail, Scratch};
use tagpol_app::settings::{FILE_NAME, Manifest};
use tagpol_serve_core::SystemSource;
use tagpol_serve_db::{Cell, Database, Restoring, Row};

use super::file::{FileHeader, Header, Part, Place, Reader, TableHeader};
use super::{BackupError, BackupSummary};

/// Rows that are written at a time.
const CHUNK: usize = 5_000;

/// What was found in a backup.
struct Found {
    header: Header,
    /// The manifest of the project. None: it has none.
    manifest: Option<String>,
    files: Vec<FileHeader>,
    rows: u64,
}

/// Tenant and project of the state, in the backup and here.
struct Rename<'a> {
    from: &'a [String; 2],
    to: [String; 2],
}

impl Rename<'_> {
    /// Renames the project of a row, if it is one of its state.
    fn apply(&self, table: &TableHeader, row: &mut Row) {
        let places = ["tenant", "project"].map(|name| table.columns.iter().position(|column| column == name));
        let [Some(tenant), Some(project)] = places else { return };
        let is_of = |at: usize, name: &String| matches!(row.get(at), Some(Cell::Text(text)) if text == name);
        let [from_tenant, from_project] = self.from;
        // Tables of the server have projects by other names.
        if !table.name.starts_with("serve_") && is_of(tenant, from_tenant) && is_of(project, from_project) {
            for (at, name) in [tenant, project].into_iter().zip(&self.to) {
                if let Some(cell) = row.get_mut(at) {
                    *cell = Cell::Text(name.clone());
                }
            }
        }
    }
}

/// Where files go.
struct Target<'a> {
    root: &'a Path,
    /// The folder of the data, and the one of the state.
    data: PathBuf,
    state: PathBuf,
    snapshots: PathBuf,
    /// Where files are unpacked: in the project, in the data and in the state, which may be on different disks.
    unpacked: [Scratch; 3],
    replace: bool,
}

/// Puts a backup into a folder and its database. Both must have nothing else, unless `replace` is true. `data` is the folder of
/// evaluations and of the key; None: that of the state.
///
/// # Errors
/// [`BackupError`].
pub fn restore(
    input: &Path,
    folder: &Path,
    (state, data): (&StateAccess, Option<&Path>),
    replace: bool,
) -> Result<BackupSummary, BackupError> {
    let found = examine(input)?;
    let of_folder = |folder: &Path| {
        let path = folder.to_owned();
        move |source| BackupError::File { doing: "write to", path, source }
    };
    fs::create_dir_all(folder).map_err(of_folder(folder))?;
    let manifest = found.manifest.as_deref().map(|text| Manifest::parse(&folder.join(FILE_NAME), text));
    let manifest = manifest.transpose().map_err(tagpol_app::AppError::from)?.unwrap_or_default();
    let store = state.locate(folder, &manifest)?;
    let data = data.unwrap_or(store.folder()).to_owned();
    let scratch = |folder: &Path| {
        fs::create_dir_all(folder).and_then(|()| Scratch::inside(folder)).map_err(of_folder(folder))
    };
    let key = data.join("serve.key");
    let target = Target {
        root: folder,
        state: store.folder().to_owned(),
        snapshots: manifest.snapshots_in(folder).map_err(tagpol_app::AppError::from)?,
        unpacked: [scratch(folder)?, scratch(&data)?, scratch(store.folder())?],
        data,
        replace,
    };
    let mut reader = open(input)?;
    let damaged = |reason: String| BackupError::Damaged { path: input.to_owned(), reason };
    let first = loop {
        match reader.next().map_err(damaged)? {
            Part::File(file) => target.unpack(&file, &mut reader).map_err(damaged)?,
            Part::Header(_) => {}
            other => break other,
        }
    };
    target.check(&found.files)?;
    let (tenant, project) = store.project();
    let rename = Rename { from: &found.header.state, to: [tenant.to_owned(), project.to_owned()] };
    let database = Database::open(store, Arc::new(SystemSource::default()))?;
    database.restore::<BackupError>(replace, |restoring| {
        fill(restoring, &rename, first, || reader.next().map_err(damaged))?;
        target.place(&found.files)
    })?;
    let created_at = found.header.created_at.to_string();
    Ok(BackupSummary { rows: found.rows, files: found.files.len() as u64, created_at, key })
}

fn open(input: &Path) -> Result<Reader<BufReader<File>>, BackupError> {
    let failed = |source| BackupError::File { doing: "read", path: input.to_owned(), source };
    let file = File::open(input).map_err(failed)?;
    Ok(Reader::new(BufReader::with_capacity(1 << 16, file)))
}

/// Reads all of a backup.
fn examine(input: &Path) -> Result<Found, BackupError> {
    let damaged = |reason: String| BackupError::Damaged { path: input.to_owned(), reason };
    let mut reader = open(input)?;
    let Part::Header(header) = reader.next().map_err(damaged)? else {
        return Err(damaged("it is not a backup of tagpol".to_owned()));
    };
    let mut found = Found { header, manifest: None, files: Vec::new(), rows: 0 };
    loop {
        match reader.next().map_err(damaged)? {
            Part::Header(_) => return Err(damaged("it has two beginnings".to_owned())),
            Part::Table(_) => {}
            Part::Row(_) => found.rows += 1,
            Part::End => return Ok(found),
            Part::File(file) => {
                if found.rows > 0 {
                    return Err(damaged("it has files behind rows".to_owned()));
                }
                if file.place == Place::Project && file.name == FILE_NAME {
                    let mut text = Vec::new();
                    reader.content(&file, &mut text).map_err(damaged)?;
                    let text = String::from_utf8(text);
                    found.manifest = Some(text.map_err(|_| damaged("its manifest is not UTF-8".to_owned()))?);
                } else {
                    reader.content(&file, io::sink()).map_err(damaged)?;
                }
                found.files.push(file);
            }
        }
    }
}

/// Writes the rows, beginning with the first part behind the files.
fn fill(
    restoring: &mut Restoring<'_>,
    rename: &Rename<'_>,
    first: Part,
    mut next: impl FnMut() -> Result<Part, BackupError>,
) -> Result<(), BackupError> {
    let mut table = TableHeader { name: String::new(), columns: Vec::new() };
    let mut rows: Vec<Row> = Vec::with_capacity(CHUNK);
    let mut part = first;
    loop {
        let is_row = matches!(part, Part::Row(_));
        if !rows.is_empty() && (!is_row || rows.len() == CHUNK) {
            restoring.add::<BackupError>(&table.name, &table.columns, &rows)?;
            rows.clear();
        }
        match part {
            Part::Row(mut row) => {
                rename.apply(&table, &mut row);
                rows.push(row);
            }
            Part::Table(header) => table = header,
            Part::End => return Ok(()),
            // `examine` has read it.
            Part::Header(_) | Part::File(_) => {}
        }
        part = next()?;
    }
}

impl Target<'_> {
    /// Writes a file next to its place.
    fn unpack(&self, file: &FileHeader, reader: &mut Reader<BufReader<File>>) -> Result<(), String> {
        let path = self.unpacked_path(file);
        let failed = |error: io::Error| format!("`{}` cannot be written: {error}", path.display());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut output = File::create_new(&path).map_err(failed)?;
        reader.content(file, &mut output)?;
        output.sync_all().map_err(failed)
    }

    fn unpacked_path(&self, file: &FileHeader) -> PathBuf {
        let [project, data, state] = &self.unpacked;
        let (scratch, place) = match file.place {
            Place::Project => (project, "project"),
            Place::Snapshots => (project, "snapshots"),
            Place::Generations => (data, "generations"),
            Place::Served => (data, "served"),
            Place::Revisions => (data, "revisions"),
            Place::Models => (state, "models"),
        };
        scratch.path().join(place).join(&file.name)
    }

    /// Checks that no file of the project is lost.
    fn check(&self, files: &[FileHeader]) -> Result<(), BackupError> {
        for file in files.iter().filter(|file| file.place == Place::Project) {
            let path = Jail::new(self.root).target(&self.root.join(&file.name))?;
            let is_same = || Ok::<_, io::Error>(fs::read(&path)? == fs::read(self.unpacked_path(file))?);
            if !self.replace
                && path.exists()
                && !is_same().map_err(|source| BackupError::File {
                    doing: "read",
                    path: path.clone(),
                    source,
                })?
            {
                return Err(BackupError::Differs { path });
            }
        }
        Ok(())
    }

    /// Puts files into their places. Evaluations and snapshots are folders that never change, and are put there as a whole.
    fn place(&self, files: &[FileHeader]) -> Result<(), BackupError> {
        let mut folders = BTreeSet::new();
        for file in files {
            let folder = match file.place {
                Place::Project => {
                    self.rename(&self.unpacked_path(file), &self.root.join(&file.name))?;
                    continue;
                }
                Place::Models if file.name == "promoted" => {
                    self.rename(&self.unpacked_path(file), &self.state.join("models/promoted"))?;
                    continue;
                }
                Place::Generations => self.data.join("generations"),
                Place::Served => self.data.join("served"),
                Place::Revisions => self.data.join("revisions"),
                Place::Models => self.state.join("models"),
                Place::Snapshots => self.snapshots.clone(),
            };
            let unpacked = self.unpacked_path(file).parent().map(Path::to_owned).unwrap_or_default();
            let name = Path::new(&file.name).parent().unwrap_or(Path::new("")).to_owned();
            folders.insert((unpacked, folder.join(name)));
        }
        for (unpacked, folder) in folders {
            if !folder.exists() {
                self.rename(&unpacked, &folder)?;
            }
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), BackupError> {
        let homes = [self.root, &self.data, &self.state];
        let home = homes.into_iter().find(|home| to.starts_with(home)).unwrap_or(self.root);
        let path = Jail::new(home).path(to)?;
        let renamed = match path.parent() {
            Some(folder) => fs::create_dir_all(folder).and_then(|()| fs::rename(from, &path)),
            None => fs::rename(from, &path),
        };
        renamed.map_err(|source| BackupError::File { doing: "write", path, source })
    }
}
