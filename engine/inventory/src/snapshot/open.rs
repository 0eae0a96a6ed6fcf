//! Snapshots on disk, opened and listed.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tagpol_files::{FileError, Scratch, open_regular};

use super::manifest::{FileHash, Manifest, SCHEMA_VERSION};
use super::orphans::Orphan;
use super::write::write_error;
use super::{CHARGES, EVENTS, MANIFEST, ORPHANS, REJECTS, RESOURCES, SUBJECTS, VALUES};
use crate::error::ImportError;
use crate::events::Event;
use crate::reject::Reject;
use crate::source::{hex, read_error};

/// Bytes of a manifest: thousands of keys and values take some hundred thousand.
const MANIFEST_LIMIT: u64 = 256 << 20;

/// A snapshot on disk whose manifest was read and whose files are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    dir: PathBuf,
    manifest: Manifest,
}

/// Bytes of a manifest by which it is recognized.
const START_OF_MANIFEST: u64 = 1024;

/// The snapshots of a folder.
#[derive(Debug, Default)]
pub struct Listing {
    /// Those that can be read, the newest first.
    pub snapshots: Vec<Snapshot>,
    /// Those that cannot, in the order of their names.
    pub damaged: Vec<Damaged>,
}

/// A folder that should be a snapshot and is none that can be read.
#[derive(Debug)]
pub struct Damaged {
    /// The folder.
    pub dir: PathBuf,
    /// What is wrong with it.
    pub error: ImportError,
}

impl Snapshot {
    /// Whether a folder is a snapshot, rather than an export with a manifest of its own.
    pub fn is_at(folder: &Path) -> bool {
        let start = std::fs::File::open(folder.join(MANIFEST)).and_then(|file| {
            let mut start = Vec::new();
            file.take(START_OF_MANIFEST).read_to_end(&mut start).map(|_| start)
        });
        start.is_ok_and(|start| memchr::memmem::find(&start, b"\"schema_version\"").is_some())
    }

    /// Opens a snapshot's folder.
    ///
    /// Reads the manifest, and compares the files with it by size; [`Snapshot::verify`] compares
    /// their content.
    ///
    /// # Errors
    ///
    /// Where it is not a snapshot, of another schema version, or damaged.
    pub fn open(dir: &Path) -> Result<Self, ImportError> {
        let path = dir.join(MANIFEST);
        if path.symlink_metadata().is_ok_and(|meta| meta.is_symlink()) {
            return Err(damaged(dir, "its manifest is a symbolic link"));
        }
        let text = tagpol_files::read_text(&path, MANIFEST_LIMIT).map_err(|error| match error {
            FileError::Io { source, .. } => match source.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                    ImportError::NoSnapshot { path: dir.to_owned() }
                }
                _ => read_error(&path, source),
            },
            error => damaged(dir, format!("its manifest cannot be read: {}", error.reason())),
        })?;
        let manifest = parse_manifest(dir, &text)?;
        let snapshot = Self { dir: dir.to_owned(), manifest };
        for (name, known) in snapshot.files() {
            let path = dir.join(name);
            // A link could lead anywhere, and a pipe would never end.
            let bytes = match path.symlink_metadata() {
                Ok(meta) if meta.is_file() => meta.len(),
                Ok(_) => return Err(damaged(dir, format!("`{name}` is not a regular file"))),
                Err(_) => return Err(damaged(dir, format!("`{name}` is missing"))),
            };
            if bytes != known.bytes {
                return Err(damaged(
                    dir,
                    format!("`{name}` has {bytes} bytes, but the manifest lists {}", known.bytes),
                ));
            }
        }
        Ok(snapshot)
    }

    /// Lists the snapshots of a folder; a folder that does not exist has none.
    ///
    /// # Errors
    ///
    /// Where the folder cannot be read. A damaged snapshot is not an error.
    pub fn list(snapshots: &Path) -> Result<Listing, ImportError> {
        let failed = |source| read_error(snapshots, source);
        let entries = match std::fs::read_dir(snapshots) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Listing::default()),
            Err(error) => return Err(failed(error)),
        };
        let mut listing = Listing::default();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            // What is being written has a name that begins with a dot.
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            let kind = entry.file_type().map_err(failed)?;
            if hidden || !(kind.is_dir() || kind.is_symlink()) {
                continue;
            }
            if kind.is_symlink() {
                // It could lead out of the project.
                let error = damaged(&entry.path(), "it is a symbolic link");
                listing.damaged.push(Damaged { dir: entry.path(), error });
                continue;
            }
            match Self::open(&entry.path()) {
                Ok(snapshot) => listing.snapshots.push(snapshot),
                Err(error) => listing.damaged.push(Damaged { dir: entry.path(), error }),
            }
        }
        listing.snapshots.sort_by_cached_key(|snapshot| std::cmp::Reverse(snapshot.age_key()));
        listing.damaged.sort_by(|a, b| a.dir.cmp(&b.dir));
        Ok(listing)
    }

    /// Removes the snapshot from the disk. One that is removed in part is never seen: it is moved into a
    /// scratch folder first.
    ///
    /// # Errors
    ///
    /// Where the folder cannot be written.
    pub fn remove(self) -> Result<(), ImportError> {
        let failed = |source| write_error(&self.dir, source);
        let scratch = Scratch::inside(self.dir.parent().unwrap_or(Path::new("."))).map_err(failed)?;
        std::fs::rename(&self.dir, scratch.path().join("removed")).map_err(failed)
    }

    /// Returns what orders snapshots by their time. Two of one second are distinguished by when they
    /// were written.
    fn age_key(&self) -> (DateTime<Utc>, Option<SystemTime>, String) {
        let manifest = self.dir.join(MANIFEST).metadata();
        let written = manifest.and_then(|meta| meta.modified()).ok();
        (self.manifest.taken_at, written, self.manifest.id.clone())
    }

    /// Returns the name of the snapshot.
    pub fn id(&self) -> &str {
        &self.manifest.id
    }

    /// Returns its folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns its manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns the paths of the files that a database reads.
    pub fn database_files(&self) -> [PathBuf; 4] {
        [RESOURCES, VALUES, SUBJECTS, CHARGES].map(|name| self.dir.join(name))
    }

    /// Returns the paths of what charges are for, and of the charges; none without a bill.
    pub fn charges_paths(&self) -> Option<[PathBuf; 2]> {
        self.manifest.charges.as_ref().map(|_| [SUBJECTS, CHARGES].map(|name| self.dir.join(name)))
    }

    /// Returns the path of its resources.
    pub fn resources_path(&self) -> PathBuf {
        self.dir.join(RESOURCES)
    }

    /// Returns the path of the distinct values of its columns; none where nothing is listed.
    ///
    /// What is not in the file counts as not in the snapshot, so its content is compared with its hash;
    /// it is small.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read, or is not the one that was written.
    pub fn values_path(&self) -> Result<Option<PathBuf>, ImportError> {
        let Some(known) = &self.manifest.files.values else { return Ok(None) };
        self.verify_file(VALUES, known)?;
        Ok(Some(self.dir.join(VALUES)))
    }

    /// Returns the path of its rejects.
    pub fn rejects_path(&self) -> PathBuf {
        self.dir.join(REJECTS)
    }

    /// Reads its rejects.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read or holds something else.
    pub fn rejects(&self) -> Result<Vec<Reject>, ImportError> {
        self.records(REJECTS)?.collect()
    }

    /// Reads the resources that only a bill or only an inventory has, one after the other; none where
    /// it is not made of both.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read or holds something else.
    pub fn orphans(&self) -> Result<impl Iterator<Item = Result<Orphan, ImportError>> + '_, ImportError> {
        let records = self.manifest.files.orphans.as_ref().map(|_| self.records(ORPHANS)).transpose()?;
        Ok(records.into_iter().flatten())
    }

    /// Reads the events that were applied; none of a listing.
    pub(crate) fn events(
        &self,
    ) -> Result<impl Iterator<Item = Result<Event, ImportError>> + '_, ImportError> {
        let records = self.manifest.files.events.as_ref().map(|_| self.records(EVENTS)).transpose()?;
        Ok(records.into_iter().flatten())
    }

    /// Reads the lines of one of its files.
    fn records<T: serde::de::DeserializeOwned>(
        &self,
        name: &'static str,
    ) -> Result<impl Iterator<Item = Result<T, ImportError>> + '_, ImportError> {
        let path = self.dir.join(name);
        let file = open_regular(&path).map_err(|e| damaged(&self.dir, e.to_string()))?;
        Ok(BufReader::new(file).lines().map(move |line| {
            let line = line.map_err(|e| read_error(&path, e))?;
            let bad = |_| damaged(&self.dir, format!("`{name}` holds a line that cannot be read"));
            serde_json::from_str(&line).map_err(bad)
        }))
    }

    /// Compares the content of its files with the hashes in the manifest.
    ///
    /// # Errors
    ///
    /// Where a file cannot be read, or is not the one that was written.
    pub fn verify(&self) -> Result<(), ImportError> {
        self.files().try_for_each(|(name, known)| self.verify_file(name, known))
    }

    fn verify_file(&self, name: &str, known: &FileHash) -> Result<(), ImportError> {
        let path = self.dir.join(name);
        if hash_file(&path).map_err(|e| read_error(&path, e))? == known.sha256 {
            return Ok(());
        }
        Err(damaged(&self.dir, format!("`{name}` was changed: its hash is not that of the manifest")))
    }

    fn files(&self) -> impl Iterator<Item = (&'static str, &FileHash)> {
        let files = &self.manifest.files;
        let always = [(RESOURCES, &files.resources), (REJECTS, &files.rejects)];
        let orphans = files.orphans.as_ref().map(|orphans| (ORPHANS, orphans));
        let values = files.values.as_ref().map(|values| (VALUES, values));
        let subjects = files.subjects.as_ref().map(|subjects| (SUBJECTS, subjects));
        let charges = files.charges.as_ref().map(|charges| (CHARGES, charges));
        let events = files.events.as_ref().map(|events| (EVENTS, events));
        always.into_iter().chain(orphans).chain(values).chain(subjects).chain(charges).chain(events)
    }
}

/// Reads a manifest, its version before all else.
fn parse_manifest(dir: &Path, text: &str) -> Result<Manifest, ImportError> {
    #[derive(serde::Deserialize)]
    struct Version {
        schema_version: u64,
    }
    let bad = |error: serde_json::Error| damaged(dir, format!("its manifest is not readable: {error}"));
    let Version { schema_version } = serde_json::from_str(text).map_err(bad)?;
    if !(1..=SCHEMA_VERSION).contains(&schema_version) {
        return Err(ImportError::UnknownSchema {
            path: dir.to_owned(),
            found: schema_version,
            known: SCHEMA_VERSION,
        });
    }
    let manifest: Manifest = serde_json::from_str(text).map_err(bad)?;
    if !manifest.is_sealed() {
        return Err(damaged(dir, "its manifest was changed: the hash in it is another"));
    }
    Ok(manifest)
}

pub(super) fn damaged(dir: &Path, reason: impl Into<String>) -> ImportError {
    ImportError::Damaged { path: dir.to_owned(), reason: reason.into() }
}

fn hash_file(path: &Path) -> io::Result<String> {
    let mut file = open_regular(path).map_err(io::Error::other)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let len = file.read(&mut buffer)?;
        if len == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(buffer.get(..len).unwrap_or_default());
    }
}
