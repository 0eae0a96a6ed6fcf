//! The models of a project: a folder for each, which never changes, and a file with the one in use.
//!
//! ```text
//! models/
//!   20261125T214500Z-1a2b3c4d/   model.json  report.json  numbers.bin
//!   promoted                     ids, one a line: the model in use is the last, those before it were in use
//!   predicted                    what the predictions in the state store depend on
//!   .lock                        locked by the process that writes
//! ```
//!
//! What is written appears whole or not at all: it is written to a scratch folder, flushed to the disk, and renamed. A
//! process that is killed leaves at most its scratch folder, which the next process that writes removes.
//!
//! The folder may be part of an untrusted repository: neither it nor anything in it may be a link, and its files have to
//! be regular and of a sensible size.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tagpol_files::{FileError, Jail, Scratch};
use thiserror::Error;

use crate::evaluation::report::Report;
use crate::model::Model;
use crate::registry::saved::Described;

/// The version of the files that are written.
const VERSION: u32 = 3;

/// The oldest version that is read. Version 3 has other names in `model.json` and `report.json`, and the same numbers.
const OLDEST_VERSION: u32 = 2;

const MODEL: &str = "model.json";
const REPORT: &str = "report.json";
const NUMBERS: &str = "numbers.bin";
const PROMOTED: &str = "promoted";
const PREDICTED: &str = "predicted";
const LOCK: &str = ".lock";

/// The most bytes of a file with text; a model of thousands of values has a few million.
const TEXT_LIMIT: u64 = 256 << 20;

/// The most bytes of the numbers of a model.
const NUMBERS_LIMIT: u64 = 1 << 30;

/// The most bytes of the other files.
const SMALL_LIMIT: u64 = 1 << 20;

/// An error of the models of a project.
#[derive(Debug, Error)]
pub enum RegistryError {
    /// A file could not be read or written.
    #[error("cannot {what} `{}`: {error}", path.display())]
    Io {
        /// The operation: `read`, `write` or `remove`.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        error: io::Error,
    },
    /// A file is not a regular file inside the folder, or too large.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file was changed or cut off.
    #[error("the model `{id}` is damaged: {reason}")]
    Damaged {
        /// The id of the model.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A model was written by a version of the program whose files this one cannot read.
    #[error(
        "the model `{id}` has format version {found}; this program reads versions {OLDEST_VERSION} to {VERSION}"
    )]
    Version {
        /// The id of the model.
        id: String,
        /// The version of its files.
        found: u32,
    },
    /// No model has such an id.
    #[error("there is no model named `{0}`")]
    Unknown(String),
    /// Several models have ids that start so.
    #[error("the ids of several models start with `{0}`")]
    Ambiguous(String),
    /// No other model was in use before.
    #[error("no model was promoted before")]
    NothingBefore,
}

/// How a model was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// The time of the training, in RFC 3339.
    pub trained_at: String,
    /// The id of the snapshot that it was trained on.
    pub snapshot: String,
    /// The seed of the random numbers.
    pub seed: u64,
    /// The version of the program.
    pub program: String,
}

/// A model of the registry.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The id: time of the training and start of a hash.
    pub id: String,
    /// How the model was made.
    pub about: About,
    /// The figures of its training.
    pub report: Report,
}

#[derive(Serialize, Deserialize)]
struct ModelFile {
    version: u32,
    about: About,
    /// SHA-256 of the numbers, as hexadecimal digits.
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
    /// Returns the registry of a folder, which need not exist; nothing is read or created.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Adds a model, without promoting it. Returns its id.
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
        let scratch = self.scratch()?;
        let unfinished = scratch.path().join(id);
        fs::create_dir(&unfinished).map_err(|error| io_error("write", &unfinished, error))?;
        files.iter().try_for_each(|(name, bytes)| write_flushed(&unfinished.join(name), bytes))?;
        flush_folder(&unfinished);
        fs::rename(&unfinished, &done).map_err(|error| io_error("write", &done, error))?;
        flush_folder(&self.folder);
        Ok(())
    }

    /// Returns the ids of all models, the oldest first.
    ///
    /// # Errors
    /// [`RegistryError::Io`].
    pub fn ids(&self) -> Result<Vec<String>, RegistryError> {
        let entries = match fs::read_dir(self.path(&[])?) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| self.io("read", error))?,
        };
        let mut ids = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| self.io("read", error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_id(&name) && self.jail().file(&self.folder.join(&name).join(MODEL)).is_ok() {
                ids.push(name);
            }
        }
        ids.sort();
        Ok(ids)
    }

    /// Returns the only id that starts with a text.
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

    /// Reads how a model was made and measured, without the model.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn entry(&self, id: &str) -> Result<Entry, RegistryError> {
        let head: Head = self.json(id, MODEL)?;
        let about = head.about.filter(|_| (OLDEST_VERSION..=VERSION).contains(&head.version));
        let about = about.ok_or(RegistryError::Version { id: id.to_owned(), found: head.version })?;
        Ok(Entry { id: id.to_owned(), about, report: self.json(id, REPORT)? })
    }

    /// Reads a model.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn load(&self, id: &str) -> Result<Model, RegistryError> {
        // First of all the version: everything else depends on it.
        self.entry(id)?;
        let file: ModelFile = self.json(id, MODEL)?;
        let numbers = tagpol_files::read_whole(&self.path(&[id, NUMBERS])?, NUMBERS_LIMIT)?;
        if hex(&Sha256::digest(&numbers)) != file.sha256 {
            return Err(self.damaged(id, format!("`{NUMBERS}` has another hash")));
        }
        Model::from_files(file.model, &numbers)
            .map_err(|error| self.damaged(id, format!("{NUMBERS}: {error}")))
    }

    /// Returns the id of the model in use; None if there is none.
    ///
    /// # Errors
    /// [`RegistryError::Io`].
    pub fn promoted(&self) -> Result<Option<String>, RegistryError> {
        Ok(self.trail()?.pop())
    }

    /// Returns the ids of the models that are or were in use, the oldest first.
    fn trail(&self) -> Result<Vec<String>, RegistryError> {
        let text = self.small(PROMOTED)?.unwrap_or_default();
        let ids: Vec<String> = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
        match ids.iter().all(|id| is_id(id)) {
            true => Ok(ids),
            false => Err(self.damaged(PROMOTED, "a line is not the id of a model".to_owned())),
        }
    }

    /// Promotes a model: it is in use from now on.
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

    /// Returns the id of the model that [`Self::roll_back`] promotes; None if there is none.
    ///
    /// # Errors
    /// [`RegistryError::Io`].
    pub fn before(&self) -> Result<Option<String>, RegistryError> {
        Ok(self.trail()?.into_iter().nth_back(1))
    }

    /// Promotes the model that was in use before. Returns its id.
    ///
    /// # Errors
    /// [`RegistryError::NothingBefore`] if there is none.
    pub fn roll_back(&self) -> Result<String, RegistryError> {
        // No folder is created if there is nothing to go back to.
        if self.trail()?.len() < 2 {
            return Err(RegistryError::NothingBefore);
        }
        let _writing = self.lock()?;
        let mut trail = self.trail()?;
        trail.pop();
        let before = trail.last().cloned().ok_or(RegistryError::NothingBefore)?;
        self.entry(&before)?;
        self.write_trail(&trail)?;
        Ok(before)
    }

    /// Waits until no other process writes.
    fn lock(&self) -> Result<File, RegistryError> {
        let folder = self.jail().folder(&self.folder)?;
        fs::create_dir_all(folder).map_err(|error| self.io("write", error))?;
        let path = self.folder.join(LOCK);
        let file = tagpol_files::open_lock(&path)?;
        match file.lock() {
            // A file system without locks cannot tell whether another process writes.
            Err(error) if error.kind() != io::ErrorKind::Unsupported => {
                return Err(io_error("write", &path, error));
            }
            _ => {}
        }
        // Removes the scratch folders of processes that were killed.
        drop(self.scratch()?);
        Ok(file)
    }

    fn write_trail(&self, trail: &[String]) -> Result<(), RegistryError> {
        let text: String = trail.iter().map(|id| format!("{id}\n")).collect();
        self.write_small(PROMOTED, &text)
    }

    /// Returns what the predictions in the state store depend on; None if there are none.
    ///
    /// # Errors
    /// [`RegistryError::File`].
    pub fn predicted(&self) -> Result<Option<String>, RegistryError> {
        self.small(PREDICTED)
    }

    /// Notes what the predictions in the state store depend on. None: they are about to change.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn set_predicted(&self, from: Option<&str>) -> Result<(), RegistryError> {
        if let Some(from) = from {
            return self.write_small(PREDICTED, from);
        }
        match fs::remove_file(self.path(&[PREDICTED])?) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.io("remove", error)),
            _ => Ok(()),
        }
    }

    /// Reads a small file of the folder; None if it does not exist.
    fn small(&self, name: &str) -> Result<Option<String>, RegistryError> {
        match self.path(&[name]).and_then(|path| tagpol_files::read_text(&path, SMALL_LIMIT)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn write_small(&self, name: &str, text: &str) -> Result<(), RegistryError> {
        let scratch = self.scratch()?;
        let (unfinished, path) = (scratch.path().join(name), self.folder.join(name));
        write_flushed(&unfinished, text.as_bytes())?;
        fs::rename(&unfinished, &path).map_err(|error| io_error("write", &path, error))?;
        flush_folder(&self.folder);
        Ok(())
    }

    fn scratch(&self) -> Result<Scratch, RegistryError> {
        Scratch::inside(&self.folder).map_err(|error| self.io("write", error))
    }

    /// The folder that contains the folder of models, in which links of the project may not lead elsewhere.
    fn jail(&self) -> Jail {
        let parent = self.folder.parent().filter(|parent| *parent != Path::new(""));
        Jail::new(parent.unwrap_or(Path::new(".")))
    }

    /// Returns the path of a file in the folder, or of the folder, after checking that no part of it is a link.
    fn path(&self, parts: &[&str]) -> Result<PathBuf, FileError> {
        self.jail().path(&parts.iter().fold(self.folder.clone(), |path, part| path.join(part)))
    }

    fn json<T: for<'de> Deserialize<'de>>(&self, id: &str, name: &str) -> Result<T, RegistryError> {
        if !is_id(id) {
            return Err(RegistryError::Unknown(id.to_owned()));
        }
        let text = self.path(&[id, name]).and_then(|path| tagpol_files::read_text(&path, TEXT_LIMIT));
        let text = text.map_err(|error| match error.is_not_found() && name == MODEL {
            true => RegistryError::Unknown(id.to_owned()),
            false => error.into(),
        })?;
        serde_json::from_str(&text).map_err(|error| self.damaged(id, format!("{name}: {error}")))
    }

    fn damaged(&self, id: &str, reason: String) -> RegistryError {
        RegistryError::Damaged { id: id.to_owned(), reason }
    }

    fn io(&self, what: &'static str, error: io::Error) -> RegistryError {
        io_error(what, &self.folder, error)
    }
}

/// Whether a name can be an id: it has no separators and no dots, and so leads nowhere else.
fn is_id(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn io_error(what: &'static str, path: &Path, error: io::Error) -> RegistryError {
    RegistryError::Io { what, path: path.to_owned(), error }
}

fn write_flushed(path: &Path, bytes: &[u8]) -> Result<(), RegistryError> {
    let write = || {
        let mut file = File::create_new(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|error| io_error("write", path, error))
}

/// Flushes the entries of a folder, on systems that can.
fn flush_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
