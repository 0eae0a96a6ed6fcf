//! Backups: one file with all rows of the database and the files that a project needs, and the way back.
//!
//! The rows are those of one transaction, so that a backup is consistent while servers run. Files are copied before it: what
//! the last evaluation shows is then never newer than the rows.

mod file;
mod restore;

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tagpol_app::files::{FileError, write_whole};
use tagpol_app::inventory::{Snapshot, by_id};
use tagpol_app::state::StateError;
use tagpol_app::{AppError, Project, StateAccess};
use tagpol_serve_core::{Source as _, SystemSource};
use tagpol_serve_data::Generations;
use tagpol_serve_db::{CopyPart, Database, RestoreError};

use crate::policies::PolicyFolder;
use crate::timestamp::Timestamp;
use file::{Header, Place, Writer};
pub use restore::restore;

/// What a backup contains, or what was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSummary {
    /// Rows of all tables.
    pub rows: u64,
    /// Files of the project, its last evaluation and its snapshot.
    pub files: u64,
    /// When the backup was made.
    pub created_at: String,
    /// The file with the key of the server, which is in no backup.
    pub key: PathBuf,
}

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The project.
    #[error(transparent)]
    App(#[from] AppError),
    /// The database.
    #[error(transparent)]
    State(#[from] StateError),
    /// The output.
    #[error(transparent)]
    Output(#[from] FileError),
    /// The rows do not fit.
    #[error(transparent)]
    Rows(#[from] RestoreError),
    /// There is nothing to back up.
    #[error("no server has used the database `{store}` yet")]
    Unused {
        /// The file, or the address without its password.
        store: String,
    },
    /// A file cannot be read or written.
    #[error("cannot {doing} `{}`: {source}", path.display())]
    File {
        /// What was to be done, as a verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The failure of the system.
        source: io::Error,
    },
    /// The backup is not whole, or something in it was changed.
    #[error("the backup `{}` cannot be used: {reason}", path.display())]
    Damaged {
        /// The backup.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file of the project is not as in the backup.
    #[error("`{}` differs from the file in the backup", path.display())]
    Differs {
        /// The file.
        path: PathBuf,
    },
}

impl BackupError {
    /// Returns what to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::State(error) => error.help(),
            Self::Rows(RestoreError::NotEmpty { .. }) | Self::Differs { .. } => Some(
                "restore into an empty folder and database, or replace what is there with `--replace`"
                    .to_owned(),
            ),
            Self::Unused { .. } => {
                Some("start `tagpol serve` first, or specify its database with `--state`".to_owned())
            }
            Self::Rows(RestoreError::UnknownTable { .. }) => Some("install that version".to_owned()),
            Self::Damaged { .. } => Some("nothing was restored; use another backup".to_owned()),
            _ => None,
        }
    }
}

/// Writes a backup of a project and its database into a file, which appears when it is whole. `data` is the folder of
/// evaluations and of the key; None: that of the state.
///
/// # Errors
/// [`BackupError`].
pub fn back_up(
    folder: &Path,
    (state, data): (&StateAccess, Option<&Path>),
    output: &Path,
) -> Result<BackupSummary, BackupError> {
    let project = Project::open(Some(folder))?;
    let store = state.locate(project.root(), project.manifest())?;
    let location = store.location().to_string();
    let data = data.unwrap_or(store.folder());
    let (source, key) = (SystemSource::default(), data.join("serve.key"));
    let created_at = Timestamp(source.now());
    let header = Header::new(created_at, store.project());
    let files = files(&project, store.folder(), data)?;
    let database = Database::existing(store, Arc::new(source));
    let (mut rows, mut failure) = (0, None);
    write_whole(output, |file| {
        private(file)?;
        let mut writer = Writer::new(io::BufWriter::new(file));
        writer.header(&header)?;
        for (place, name, path) in &files {
            writer.file(*place, name, path)?;
        }
        let copied = database.copy::<BackupError>(|part| {
            let written = match part {
                CopyPart::Table(table) => writer.table(&table.name, table.columns()),
                CopyPart::Row(row) => {
                    rows += 1;
                    writer.row(&row)
                }
            };
            written.map_err(|source| BackupError::File { doing: "write", path: output.to_owned(), source })
        });
        let mut fail = |error| {
            failure = Some(error);
            Err(io::ErrorKind::Other.into())
        };
        match copied {
            Ok(true) => {
                let mut output = writer.end()?;
                output.flush()?;
                output.get_ref().sync_all()
            }
            Ok(false) => fail(BackupError::Unused { store: location.clone() }),
            Err(error) => fail(error),
        }
    })
    .map_err(|error| failure.take().unwrap_or(BackupError::Output(error)))?;
    Ok(BackupSummary { rows, files: files.len() as u64, created_at: created_at.to_string(), key })
}

/// The backup has hashes of passwords and sealed secrets.
fn private(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if file.metadata()?.is_file() {
            file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(())
}

/// A file: its place, its name there, and its path.
type Placed = (Place, String, PathBuf);

/// Returns the files of the project, its models and revisions, and its last evaluation with its snapshot.
fn files(project: &Project, state: &Path, data: &Path) -> Result<Vec<Placed>, BackupError> {
    let mut files = Vec::new();
    for path in project.input_files()? {
        let name = path.to_str().map(str::to_owned).ok_or_else(|| BackupError::File {
            doing: "back up",
            path: path.clone(),
            source: io::Error::new(io::ErrorKind::InvalidFilename, "the name is not UTF-8"),
        })?;
        files.push((Place::Project, name, project.root().join(&path)));
    }
    add_models(&state.join("models"), &mut files)?;
    let policies = PolicyFolder { project: project.root().to_owned(), state: data.to_owned() };
    for revision in policies.revisions() {
        add_folder(Place::Revisions, &data.join("revisions").join(&revision.id), &mut files)?;
    }
    let generations = Generations::at(data.join("generations"));
    let newest = generations.newest().ok().flatten();
    // A damaged evaluation is not worth keeping: the server makes a new one.
    let Some(contents) = newest.and_then(|id| generations.contents(&id).ok()) else { return Ok(files) };
    add_folder(Place::Generations, &generations.folder().join(&contents.id), &mut files)?;
    let served = data.join("served").join(&contents.snapshot);
    let kept = project.snapshots_folder()?;
    if Snapshot::is_at(&served) {
        add_folder(Place::Served, &served, &mut files)?;
    } else if let Ok(snapshot) = by_id(&kept, &contents.snapshot) {
        add_folder(Place::Snapshots, snapshot.dir(), &mut files)?;
    }
    Ok(files)
}

/// Adds the models that are or were in use, and the list of them.
fn add_models(folder: &Path, files: &mut Vec<Placed>) -> Result<(), BackupError> {
    let list = folder.join("promoted");
    let ids = match std::fs::read_to_string(&list) {
        Ok(ids) => ids,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(BackupError::File { doing: "read", path: list, source }),
    };
    for id in ids.lines().filter(|id| folder.join(id).is_dir()) {
        add_folder(Place::Models, &folder.join(id), files)?;
    }
    files.push((Place::Models, "promoted".to_owned(), list));
    Ok(())
}

/// Adds the files in a folder, which has no others.
fn add_folder(place: Place, folder: &Path, files: &mut Vec<Placed>) -> Result<(), BackupError> {
    let failed = |source| BackupError::File { doing: "read", path: folder.to_owned(), source };
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_file()
            && let Ok(file) = entry.file_name().into_string()
        {
            names.push(file);
        }
    }
    names.sort();
    files.extend(names.into_iter().map(|file| (place, format!("{name}/{file}"), folder.join(&file))));
    Ok(())
}
