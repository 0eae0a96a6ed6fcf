//! The models of a project: a folder for each that never changes again, and a file that says which
//! of them is used.
//!
//! ```text
//! models/
//!   20261125T214500Z-1a2b3c4d/   model.json  report.json  numbers.bin
//!   promoted                     ids, one a line; the last is used, those before it were
//!   .lock                        held by whoever writes
//! ```
//!
//! Whatever is written appears whole or not at all: under another name first, flushed to the disk,
//! and renamed. A process that is killed leaves at most something whose name starts with a dot; whoever
//! writes next removes that.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::model::Model;
use crate::report::Report;
use crate::saved::Described;

/// The version of the files.
const VERSION: u32 = 2;

const MODEL: &str = "model.json";
const REPORT: &str = "report.json";
const NUMBERS: &str = "numbers.bin";
const PROMOTED: &str = "promoted";
const LOCK: &str = ".lock";

/// Why models could not be read or written.
#[derive(Debug, Error)]
pub enum RegistryError {
    /// A file could not be read or written.
    #[error("cannot {what} `{}`: {error}", path.display())]
    Io {
        /// What was to be done: `read`, `write` or `remove`.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file is not as it was written.
    #[error("the model `{id}` is damaged: {reason}")]
    Damaged {
        /// The model.
        id: String,
        /// In which way.
        reason: String,
    },
    /// A model was written by another version of the program.
    #[error("the model `{id}` has version {found}, and this program reads version {VERSION}")]
    Version {
        /// The model.
        id: String,
        /// Its version.
        found: u32,
    },
    /// There is no such model.
    #[error("there is no model `{0}`")]
    Unknown(String),
    /// Several models are meant.
    #[error("several models begin with `{0}`")]
    Ambiguous(String),
    /// There is no model that was used before.
    #[error("no model was promoted before")]
    NothingBefore,
}

/// Facts about a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// When it was trained, in RFC 3339.
    pub trained_at: String,
    /// The snapshot that it was trained on.
    pub snapshot: String,
    /// Where the random numbers started.
    pub seed: u64,
    /// Version of the program.
    pub program: String,
}

/// A model of the registry.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// Facts about it.
    pub about: About,
    /// What its training measured.
    pub report: Report,
}

#[derive(Serialize, Deserialize)]
struct ModelFile {
    version: u32,
    about: About,
    /// Hash of the numbers.
    sha256: String,
    model: Described,
}

#[derive(Deserialize)]
struct Head {
    version: u32,
    about: Option<About>,
}

/// The models of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    folder: PathBuf,
}

impl Registry {
    /// Names the folder; nothing is read or made yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Adds a model. Returns its id; which model is used stays as it is.
    ///
    /// # Errors
    /// [`RegistryError::Io`].
    pub fn add(&self, model: &Model, about: &About, report: &Report) -> Result<String, RegistryError> {
        let (described, numbers) = model.to_files();
        let sha256 = hex(&Sha256::digest(&numbers));
        let file = ModelFile { version: VERSION, about: about.clone(), sha256, model: described };
        let text = serde_json::to_string(&file).map_err(|error| self.io("write", io::Error::from(error)))?;
        let mut hash = Sha256::new();
        hash.update(&text);
        let stamp: String = about.trained_at.chars().filter(|c| c.is_ascii_alphanumeric()).take(16).collect();
        let id = format!("{stamp}-{}", hex(&hash.finalize()).get(..8).unwrap_or_default());
        let report =
            serde_json::to_string_pretty(report).map_err(|error| self.io("write", io::Error::from(error)))?;
        let _writing = self.lock()?;
        self.write_whole(&id, &[(MODEL, text.as_bytes()), (REPORT, report.as_bytes()), (NUMBERS, &numbers)])?;
        Ok(id)
    }

    fn write_whole(&self, id: &str, files: &[(&str, &[u8])]) -> Result<(), RegistryError> {
        let done = self.folder.join(id);
        if done.is_dir() {
            return Ok(());
        }
        let unfinished = self.folder.join(format!(".{id}.{}", std::process::id()));
        fs::create_dir_all(&unfinished).map_err(|error| io_error("write", &unfinished, error))?;
        let written = files.iter().try_for_each(|(name, bytes)| write_flushed(&unfinished.join(name), bytes));
        flush_folder(&unfinished);
        let renamed = written
            .and_then(|()| fs::rename(&unfinished, &done).map_err(|error| io_error("write", &done, error)));
        if renamed.is_err() {
            let _ = fs::remove_dir_all(&unfinished);
        }
        renamed?;
        flush_folder(&self.folder);
        Ok(())
    }

    /// Returns the ids of all models, the oldest first.
    ///
    /// # Errors
    /// [`RegistryError::Io`].
    pub fn ids(&self) -> Result<Vec<String>, RegistryError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| self.io("read", error))?,
        };
        let mut ids = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| self.io("read", error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with('.') && entry.path().join(MODEL).is_file() {
                ids.push(name);
            }
        }
        ids.sort();
        Ok(ids)
    }

    /// Returns the id that begins with a text.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`] and [`RegistryError::Ambiguous`].
    pub fn find(&self, start: &str) -> Result<String, RegistryError> {
        let mut found: Vec<String> = self.ids()?.into_iter().filter(|id| id.starts_with(start)).collect();
        match (found.pop(), found.is_empty()) {
            (Some(id), true) => Ok(id),
            (None, _) => Err(RegistryError::Unknown(start.to_owned())),
            (Some(_), false) => Err(RegistryError::Ambiguous(start.to_owned())),
        }
    }

    /// Reads what is known of a model, without the model.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn entry(&self, id: &str) -> Result<Entry, RegistryError> {
        let head: Head = self.json(id, MODEL)?;
        let about = head.about.filter(|_| head.version == VERSION);
        let about = about.ok_or(RegistryError::Version { id: id.to_owned(), found: head.version })?;
        Ok(Entry { id: id.to_owned(), about, report: self.json(id, REPORT)? })
    }

    /// Reads a model.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn load(&self, id: &str) -> Result<Model, RegistryError> {
        // The version before all else: what else there is depends on it.
        self.entry(id)?;
        let file: ModelFile = self.json(id, MODEL)?;
        let path = self.folder.join(id).join(NUMBERS);
        let numbers = fs::read(&path).map_err(|error| io_error("read", &path, error))?;
        if hex(&Sha256::digest(&numbers)) != file.sha256 {
            return Err(self.damaged(id, format!("`{NUMBERS}` was changed")));
        }
        Model::from_files(file.model, &numbers)
            .map_err(|error| self.damaged(id, format!("{NUMBERS}: {error}")))
    }

    /// Returns the id of the model that is used.
    ///
    /// # Errors
    /// [`RegistryError::Io`].
    pub fn promoted(&self) -> Result<Option<String>, RegistryError> {
        Ok(self.trail()?.pop())
    }

    /// Returns the ids of the models that are or were used, the oldest first.
    fn trail(&self) -> Result<Vec<String>, RegistryError> {
        let path = self.folder.join(PROMOTED);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text.lines().map(str::to_owned).filter(|line| !line.is_empty()).collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(io_error("read", &path, error)),
        }
    }

    /// Makes a model the one that is used.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn promote(&self, id: &str) -> Result<(), RegistryError> {
        self.entry(id)?;
        let _writing = self.lock()?;
        let mut trail = self.trail()?;
        if trail.last().map(String::as_str) != Some(id) {
            trail.push(id.to_owned());
        }
        self.write_trail(&trail)
    }

    /// Makes the model that was used before the one that is used. Returns its id.
    ///
    /// # Errors
    /// [`RegistryError::NothingBefore`] where there is none.
    pub fn roll_back(&self) -> Result<String, RegistryError> {
        let _writing = self.lock()?;
        let mut trail = self.trail()?;
        trail.pop();
        let before = trail.last().cloned().ok_or(RegistryError::NothingBefore)?;
        self.entry(&before)?;
        self.write_trail(&trail)?;
        Ok(before)
    }

    /// Waits until nobody else writes, and removes what those have left who were killed.
    fn lock(&self) -> Result<File, RegistryError> {
        fs::create_dir_all(&self.folder).map_err(|error| self.io("write", error))?;
        let path = self.folder.join(LOCK);
        let file = File::options().write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(|error| io_error("write", &path, error))?;
        match file.lock() {
            // On a file system without locks there is one writer at a time, as far as anybody knows.
            Err(error) if error.kind() != io::ErrorKind::Unsupported => {
                return Err(io_error("write", &path, error));
            }
            _ => {}
        }
        self.sweep()?;
        Ok(file)
    }

    /// Removes what is not finished.
    fn sweep(&self) -> Result<(), RegistryError> {
        for entry in fs::read_dir(&self.folder).map_err(|error| self.io("read", error))? {
            let entry = entry.map_err(|error| self.io("read", error))?;
            let name = entry.file_name();
            if name != LOCK && name.to_string_lossy().starts_with('.') {
                let path = entry.path();
                let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
                removed.map_err(|error| io_error("remove", &path, error))?;
            }
        }
        Ok(())
    }

    fn write_trail(&self, trail: &[String]) -> Result<(), RegistryError> {
        let path = self.folder.join(PROMOTED);
        let unfinished = self.folder.join(format!(".{PROMOTED}.{}", std::process::id()));
        let text: String = trail.iter().map(|id| format!("{id}\n")).collect();
        write_flushed(&unfinished, text.as_bytes())?;
        fs::rename(&unfinished, &path).map_err(|error| io_error("write", &path, error))?;
        flush_folder(&self.folder);
        Ok(())
    }

    fn json<T: for<'de> Deserialize<'de>>(&self, id: &str, name: &str) -> Result<T, RegistryError> {
        let path = self.folder.join(id).join(name);
        let text = fs::read_to_string(&path).map_err(|error| io_error("read", &path, error))?;
        serde_json::from_str(&text).map_err(|error| self.damaged(id, format!("{name}: {error}")))
    }

    fn damaged(&self, id: &str, reason: String) -> RegistryError {
        RegistryError::Damaged { id: id.to_owned(), reason }
    }

    fn io(&self, what: &'static str, error: io::Error) -> RegistryError {
        io_error(what, &self.folder, error)
    }
}

fn io_error(what: &'static str, path: &Path, error: io::Error) -> RegistryError {
    RegistryError::Io { what, path: path.to_owned(), error }
}

fn write_flushed(path: &Path, bytes: &[u8]) -> Result<(), RegistryError> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|error| io_error("write", path, error))
}

/// Flushes the names of a folder, on systems that can.
fn flush_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
