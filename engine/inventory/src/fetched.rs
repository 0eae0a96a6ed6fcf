//! What `coverage.json`, next to fetched files, records about them.
//!
//! In: the paths of an import. Out: which of the files lack tags, and what was listed of the clouds. A fetched file
//! that is imported again, alone or with its folder, therefore means the same as right after it was fetched.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tagpol_files::{FileError, read_whole};
use tagpol_model::{Coverage, SourceCoverage};

use crate::error::ImportError;

/// Bytes of `coverage.json`: a line for each source, account and region, of which there are some ten thousand.
const LIMIT: u64 = 64 << 20;

/// What is recorded about the files of an import.
#[derive(Debug, Default)]
pub(crate) struct Fetched {
    /// By folder; None if it has no `coverage.json`.
    folders: BTreeMap<PathBuf, Option<Coverage>>,
}

impl Fetched {
    /// Returns what is recorded about the files of a folder.
    pub(crate) fn of_folder(&mut self, folder: &Path) -> Result<Option<&Coverage>, ImportError> {
        if !self.folders.contains_key(folder) {
            let read = read_coverage(&folder.join(Coverage::FILE_NAME))?;
            self.folders.insert(folder.to_owned(), read);
        }
        Ok(self.folders.get(folder).and_then(Option::as_ref))
    }

    /// Whether the resources in a file have their tags. A file that nothing is recorded about has them.
    pub(crate) fn has_tags(&mut self, path: &Path) -> Result<bool, ImportError> {
        let (Some(folder), Some(name)) = (folder(path), path.file_name()) else { return Ok(true) };
        let coverage = self.of_folder(folder)?;
        let listed = coverage.and_then(|coverage| coverage.files.iter().find(|file| *file.name == *name));
        Ok(listed.is_none_or(|file| file.has_tags))
    }

    /// Returns what the sources of these files listed: all of a folder whose files are all here, else those whose
    /// files are.
    pub(crate) fn sources(&self, files: &[PathBuf]) -> Vec<SourceCoverage> {
        let mut sources = Vec::new();
        for (folder_path, coverage) in &self.folders {
            let Some(coverage) = coverage else { continue };
            let here = files.iter().filter(|file| folder(file) == Some(folder_path));
            let here: BTreeSet<&str> = here.filter_map(|file| file.file_name()?.to_str()).collect();
            let is_here = |name: &String| here.contains(name.as_str());
            let has_all = coverage.files.iter().all(|file| is_here(&file.name));
            let wanted = coverage.sources.iter().filter(|source| has_all || source.files.iter().any(is_here));
            sources.extend(wanted.cloned());
        }
        sources.sort();
        sources
    }
}

/// Returns the folder of a file; the current one for a bare name.
fn folder(path: &Path) -> Option<&Path> {
    path.parent()
}

fn read_coverage(path: &Path) -> Result<Option<Coverage>, ImportError> {
    // A link could lead anywhere, and nothing that is not a file was written by a fetch.
    if !path.symlink_metadata().is_ok_and(|meta| meta.is_file()) {
        return Ok(None);
    }
    let damaged = |reason: String| ImportError::DamagedCoverage { path: path.to_owned(), reason };
    let bytes = read_whole(path, LIMIT).map_err(|error| match error {
        FileError::Io { source, .. } => crate::source::read_error(path, source),
        error => damaged(error.reason()),
    })?;
    // Another program may have a file of this name.
    if memchr::memmem::find(&bytes, b"\"tagpol_coverage\"").is_none() {
        return Ok(None);
    }
    let coverage: Coverage = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    if coverage.tagpol_coverage != Coverage::VERSION {
        return Err(damaged(format!(
            "its version is {}, not {}",
            coverage.tagpol_coverage,
            Coverage::VERSION
        )));
    }
    Ok(Some(coverage))
}
