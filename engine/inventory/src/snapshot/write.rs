//! A snapshot is written under a temporary name and renamed when it is whole.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest, Sha256};
use tagpol_files::Scratch;
use tagpol_model::SourceCoverage;

use super::charges;
use super::manifest::{
    ChargeInfo, Completeness, FileHash, Files, KeyCount, LISTED_NOTES, Manifest, ManifestCounts,
    SCHEMA_VERSION, SourceNote, UnattributedCost,
};
use super::open::{Snapshot, damaged};
use super::orphans::write_orphans;
use super::parquet::{census, write_resources};
use super::values::{Distinct, distinct_values, write_values};
use super::{CHARGES, EVENTS, MANIFEST, ORPHANS, REJECTS, RESOURCES, SUBJECTS, VALUES};
use crate::error::ImportError;
use crate::imported::{Derived, Import};
use crate::progress::Progress;
use crate::reject::{Reject, RejectKind};
use crate::source::hex;

impl Import {
    /// Writes the snapshot into a folder of its own in `snapshots`, which is made if need be.
    ///
    /// A snapshot with the same content, sources and time is the same snapshot: if it is there
    /// already, that one is returned.
    ///
    /// # Errors
    ///
    /// Where the disk refuses; nothing is left behind then.
    pub fn write(
        self,
        snapshots: &Path,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Snapshot, ImportError> {
        write(&self, snapshots, progress)
    }
}

/// Writes an import as a snapshot.
fn write(
    import: &Import,
    snapshots: &Path,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Snapshot, ImportError> {
    std::fs::create_dir_all(snapshots).map_err(|e| write_error(snapshots, e))?;
    // Beside its place, so that renaming is atomic; removed when it goes out of scope, on errors too.
    let scratch = Scratch::inside(snapshots).map_err(|e| write_error(snapshots, e))?;
    let dir = scratch.path().join("snapshot");
    std::fs::create_dir(&dir).map_err(|e| write_error(&dir, e))?;
    let census = census(&import.inventory);
    let resources =
        write_file(&dir.join(RESOURCES), |file| write_resources(&import.inventory, &census, file, progress))?;
    let distinct = distinct_values(&import.inventory, &census);
    let values = write_file(&dir.join(VALUES), |file| write_values(&import.inventory, &distinct, file))?;
    let rejects = write_file(&dir.join(REJECTS), |file| write_lines(import.rejects(), file))?;
    let mut files = Files {
        resources,
        rejects,
        orphans: None,
        values: Some(values),
        subjects: None,
        charges: None,
        events: None,
    };
    let charges = match &import.derived {
        Some(derived) => keep_files(derived, &dir, &mut files)?,
        None => {
            if import.counts().matches.is_some() {
                files.orphans = Some(write_file(&dir.join(ORPHANS), |file| write_orphans(import, file))?);
            }
            write_charges(import, &dir, &mut files)?
        }
    };
    let manifest = manifest(import, (census.keys, charges), &distinct, files);
    write_file(&dir.join(MANIFEST), |file| file.write_all(manifest.to_json().as_bytes()))?;
    publish(&dir, &snapshots.join(&manifest.id))
}

/// Writes the charges of bills; none without one.
fn write_charges(import: &Import, dir: &Path, files: &mut Files) -> Result<Option<ChargeInfo>, ImportError> {
    let Some(charges) = &import.charges else { return Ok(None) };
    let pool = &import.inventory.pool;
    let census = charges::census(pool, charges);
    let subjects = |file: &mut _| charges::write_subjects(pool, &charges.subjects, &census, file);
    files.subjects = Some(write_file(&dir.join(SUBJECTS), subjects)?);
    let rows = |file: &mut _| charges::write_charges(pool, &charges.rows, file);
    files.charges = Some(write_file(&dir.join(CHARGES), rows)?);
    Ok(Some(charges::info(pool, charges, census, import.unconverted().to_vec())))
}

/// Keeps the files of a snapshot that events do not change, and writes the events.
fn keep_files(derived: &Derived, dir: &Path, files: &mut Files) -> Result<Option<ChargeInfo>, ImportError> {
    let from = derived.base.dir();
    let keep = |name: &str, known: &Option<FileHash>| match known {
        None => Ok(None),
        Some(known) => {
            let copy = |out: &mut BufWriter<Hashing<File>>| {
                io::copy(&mut File::open(from.join(name))?, out)?;
                Ok(())
            };
            write_file(&dir.join(name), copy).map(Some).and_then(|written| {
                match written.as_ref() == Some(known) {
                    true => Ok(written),
                    false => Err(damaged(from, format!("`{name}` was changed"))),
                }
            })
        }
    };
    let known = &derived.base.manifest().files;
    files.orphans = keep(ORPHANS, &known.orphans)?;
    files.subjects = keep(SUBJECTS, &known.subjects)?;
    files.charges = keep(CHARGES, &known.charges)?;
    files.events = Some(write_file(&dir.join(EVENTS), |file| write_lines(&derived.events, file))?);
    Ok(derived.base.manifest().charges.clone())
}

/// Gives the whole snapshot its name.
fn publish(dir: &Path, target: &Path) -> Result<Snapshot, ImportError> {
    sync_dir(dir);
    if let Err(error) = std::fs::rename(dir, target) {
        // The name holds the hash of all that is in it, so what is there already is the same.
        return Snapshot::open(target).map_err(|_| write_error(target, error));
    }
    if let Some(parent) = target.parent() {
        sync_dir(parent);
    }
    Snapshot::open(target)
}

/// Asks the system to keep a folder's entries; some file systems cannot, and need not.
fn sync_dir(dir: &Path) {
    let _ = File::open(dir).and_then(|dir| dir.sync_all());
}

pub(super) fn write_error(path: &Path, source: io::Error) -> ImportError {
    ImportError::Write { path: path.to_owned(), source }
}

/// Writes one file to the disk and returns its hash.
fn write_file(
    path: &PathBuf,
    fill: impl FnOnce(&mut BufWriter<Hashing<File>>) -> io::Result<()>,
) -> Result<FileHash, ImportError> {
    let write = || {
        let inner = File::create_new(path)?;
        let mut out = BufWriter::with_capacity(1 << 20, Hashing { inner, hash: Sha256::new(), bytes: 0 });
        fill(&mut out)?;
        let Hashing { inner, hash, bytes } = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        inner.sync_all()?;
        Ok(FileHash { bytes, sha256: hex(&hash.finalize()) })
    };
    write().map_err(|e| write_error(path, e))
}

/// Counts and hashes what is written through it.
#[derive(Debug)]
struct Hashing<W> {
    inner: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let len = self.inner.write(buf)?;
        self.hash.update(buf.get(..len).unwrap_or_default());
        self.bytes += len as u64;
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn write_lines(records: &[impl Serialize], out: &mut impl Write) -> io::Result<()> {
    for record in records {
        serde_json::to_writer(&mut *out, record)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Returns the notes on files that a manifest repeats.
fn notes(import: &Import) -> Vec<SourceNote> {
    let notes = import.rejects().iter().filter(|reject| reject.kind == RejectKind::Note);
    let note = |reject: &Reject| SourceNote {
        file: reject.file.clone(),
        field: reject.field.clone().unwrap_or_default(),
        reason: reject.reason.clone(),
    };
    notes.take(LISTED_NOTES).map(note).collect()
}

fn manifest(
    import: &Import,
    (keys, charges): (Vec<KeyCount>, Option<ChargeInfo>),
    distinct: &[Distinct],
    files: Files,
) -> Manifest {
    let counts = import.counts();
    let tagged = import.inventory.rows().iter().filter(|row| !row.tags.is_empty()).count() as u64;
    Manifest {
        schema_version: SCHEMA_VERSION,
        id: String::new(),
        taken_at: import.taken_at(),
        content_hash: String::new(),
        sources: import.sources().to_vec(),
        counts: ManifestCounts {
            resources: counts.resources,
            tagged,
            rows: counts.rows,
            merged: counts.merged,
            unknown: import.inventory.rows().iter().filter(|row| row.unknown.is_some()).count() as u64,
            unattributed: counts
                .unattributed_cost
                .map(|cost| UnattributedCost { rows: counts.unattributed_rows, cost }),
            matches: counts.matches,
        },
        completeness: Completeness {
            complete: counts.rejected_rows == 0
                && counts.gaps == 0
                && !import.coverage().iter().any(SourceCoverage::is_deficient),
            rejected_rows: counts.rejected_rows,
            rejected_values: counts.rejected_values,
            unlisted_rejects: counts.unlisted_rejects,
            gap_count: counts.gaps,
            gaps: import.gaps().to_vec(),
            notes: notes(import),
        },
        coverage: import.coverage().to_vec(),
        events: import.derived.as_ref().map(|derived| derived.info.clone()),
        currency: import.currency().map(str::to_owned),
        month: import.month().cloned(),
        keys,
        values: distinct.iter().filter_map(Distinct::counted).collect(),
        charges,
        files,
    }
    .seal()
}
