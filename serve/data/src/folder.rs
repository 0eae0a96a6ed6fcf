//! Generations on disk: one folder each, whose name begins with a dot until it is whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::contents::{Contents, VERSION};
use crate::error::DataError;

/// Name of the database in the folder of a generation.
pub(crate) const DATABASE_FILE: &str = "serving.duckdb";

/// Name of the file with its contents.
pub(crate) const CONTENTS_FILE: &str = "generation.json";

/// The folder of the generations of one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generations {
    folder: PathBuf,
}

impl Generations {
    /// Names the folder, which need not exist yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the ids of all whole generations, the oldest first.
    ///
    /// # Errors
    /// [`DataError::File`].
    pub fn list(&self) -> Result<Vec<String>, DataError> {
        let mut ids: Vec<String> = self.names()?.into_iter().filter(|name| !name.starts_with('.')).collect();
        ids.retain(|id| self.folder_of(id).join(CONTENTS_FILE).is_file());
        ids.sort();
        Ok(ids)
    }

    /// Returns the id of the newest generation. None: there is none.
    ///
    /// # Errors
    /// [`DataError::File`].
    pub fn newest(&self) -> Result<Option<String>, DataError> {
        Ok(self.list()?.pop())
    }

    /// Reads what a generation says about itself.
    ///
    /// # Errors
    /// [`DataError::UnknownGeneration`], [`DataError::Damaged`].
    pub fn contents(&self, id: &str) -> Result<Contents, DataError> {
        let folder = self.existing(id)?;
        let damaged = |reason: String| DataError::Damaged { folder: folder.clone(), reason };
        let text = fs::read_to_string(folder.join(CONTENTS_FILE)).map_err(|e| damaged(e.to_string()))?;
        let contents: Contents = serde_json::from_str(&text).map_err(|e| damaged(e.to_string()))?;
        match contents.version {
            VERSION => Ok(contents),
            other => Err(damaged(format!("it has version {other}, expected {VERSION}"))),
        }
    }

    /// Removes a generation. A process that has it open keeps reading it, where the system allows that.
    ///
    /// # Errors
    /// [`DataError::UnknownGeneration`], [`DataError::File`].
    pub fn remove(&self, id: &str) -> Result<(), DataError> {
        let folder = self.existing(id)?;
        // Under another name first, so that a removal that is cut short leaves nothing that looks whole.
        let hidden = self.folder.join(format!(".{id}.removed"));
        fs::rename(&folder, &hidden).map_err(|source| file(&folder, source))?;
        fs::remove_dir_all(&hidden).map_err(|source| file(&hidden, source))
    }

    /// Removes what writers left that were ended. No generation may be being written meanwhile.
    ///
    /// # Errors
    /// [`DataError::File`].
    pub fn sweep(&self) -> Result<(), DataError> {
        for name in self.names()?.into_iter().filter(|name| name.starts_with('.')) {
            let folder = self.folder.join(name);
            if folder.is_dir() {
                fs::remove_dir_all(&folder).map_err(|source| file(&folder, source))?;
            }
        }
        Ok(())
    }

    /// Returns the folder of a generation that exists.
    pub(crate) fn existing(&self, id: &str) -> Result<PathBuf, DataError> {
        let is_name = !id.is_empty() && !id.starts_with('.') && !id.contains(['/', '\\']);
        let folder = self.folder_of(id);
        if is_name && folder.join(CONTENTS_FILE).is_file() {
            return Ok(folder);
        }
        Err(DataError::UnknownGeneration { id: id.to_owned(), folder: self.folder.clone() })
    }

    fn folder_of(&self, id: &str) -> PathBuf {
        self.folder.join(id)
    }

    fn names(&self) -> Result<Vec<String>, DataError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(file(&self.folder, source)),
        };
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        names.collect::<io::Result<_>>().map_err(|source| file(&self.folder, source))
    }

    /// Makes the folder in which a generation is written.
    pub(crate) fn begin(&self, id: &str) -> Result<PathBuf, DataError> {
        // Another process may be writing one of the same time.
        let folder = self.folder.join(format!(".{id}.{}", std::process::id()));
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|source| file(&folder, source))?;
        }
        fs::create_dir_all(&folder).map_err(|source| file(&folder, source))?;
        Ok(folder)
    }

    /// Makes a generation visible that has been written into a folder of [`Self::begin`].
    pub(crate) fn finish(&self, written: &Path, contents: &Contents) -> Result<(), DataError> {
        let path = written.join(CONTENTS_FILE);
        let text = serde_json::to_string_pretty(contents)
            .map_err(|e| DataError::Damaged { folder: written.to_owned(), reason: e.to_string() })?;
        fs::write(&path, text).map_err(|source| file(&path, source))?;
        for name in [CONTENTS_FILE, DATABASE_FILE] {
            let path = written.join(name);
            fs::File::open(&path)
                .and_then(|opened| opened.sync_all())
                .map_err(|source| file(&path, source))?;
        }
        let folder = self.folder_of(&contents.id);
        fs::rename(written, &folder).map_err(|source| file(&folder, source))
    }
}

fn file(path: &Path, source: io::Error) -> DataError {
    DataError::File { path: path.to_owned(), source }
}
