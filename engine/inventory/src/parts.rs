//! The files of an import: folders become the files in them, and manifests of exports are passed over.
//!
//! In: paths of files and folders, as a user named them. Out: the files to read, in a stable order, and notes
//! on those that are passed over. A manifest that names a part that is not there is an error, since the
//! export is not whole then.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tagpol_model::Coverage;

use crate::error::ImportError;
use crate::fetched::Fetched;
use crate::format::extension;
use crate::source::{Source, read_error};

/// Bytes that a manifest has at most.
const MANIFEST_LIMIT: u64 = 4 * 1024 * 1024;

/// Folders below each other that are looked into.
const DEPTH: usize = 32;

/// Files of a folder that are data by their extensions; one without an extension may be.
const DATA: [&str; 8] = ["csv", "tsv", "json", "ndjson", "jsonl", "parquet", "tfstate", "txt"];

/// The files of an import.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Files to read: those of each path in its place, those of a folder sorted by their paths.
    pub(crate) files: Vec<PathBuf>,
    /// Files that are not read, and why.
    pub(crate) passed_over: Vec<(PathBuf, String)>,
}

/// Finds the files of these paths.
///
/// # Errors
///
/// If a folder cannot be read or has no files to read, and if a part that a manifest names is missing.
pub(crate) fn parts(paths: &[PathBuf], fetched: &mut Fetched) -> Result<Parts, ImportError> {
    let mut parts = Parts::default();
    let mut manifests = Vec::new();
    for path in paths {
        if path.is_dir() {
            let mut found = Vec::new();
            walk(path, DEPTH, &mut found)?;
            let before = parts.files.len();
            for file in found {
                parts.take_from_folder(file, fetched, &mut manifests)?;
            }
            if parts.files.len() == before {
                return Err(ImportError::EmptyFolder { path: path.clone() });
            }
        } else {
            match fetch_manifest(path, fetched)?
                .map_or_else(|| export_manifest(path), |named| Ok(Some(named)))?
            {
                Some(named) => manifests.push((path.clone(), named)),
                None => parts.files.push(path.clone()),
            }
        }
    }
    if parts.files.is_empty() {
        // Only manifests: what they name is meant.
        for (path, named) in &manifests {
            let folder = path.parent().unwrap_or(Path::new(""));
            parts.files.extend(named.iter().map(|name| folder.join(name)));
        }
    }
    for (path, named) in manifests {
        check_parts(&path, &named, &parts.files)?;
        parts
            .passed_over
            .push((path, "the manifest of an export has no resources and no charges".to_owned()));
    }
    Ok(parts)
}

impl Parts {
    fn take_from_folder(
        &mut self,
        file: PathBuf,
        fetched: &mut Fetched,
        manifests: &mut Vec<(PathBuf, Vec<String>)>,
    ) -> Result<(), ImportError> {
        if let (Some(folder), Some(name)) = (file.parent(), file.file_name())
            && let Some(coverage) = fetched.of_folder(folder)?
        {
            if name == Coverage::FILE_NAME {
                // In the order in which they were fetched, which decides between contradicting values.
                let parts: Vec<String> = coverage.files.iter().map(|file| file.name.clone()).collect();
                self.files.extend(parts.iter().map(|name| folder.join(name)).filter(|file| file.is_file()));
                manifests.push((file, parts));
            } else if !coverage.files.iter().any(|listed| *listed.name == *name) {
                self.passed_over.push((file, "it has no resources".to_owned()));
            }
            return Ok(());
        }
        let is_regular = file.is_file();
        let known = match extension(&file) {
            Some(extension) => DATA.iter().any(|data| extension.eq_ignore_ascii_case(data)),
            None => true,
        };
        let is_empty = file.metadata().is_ok_and(|meta| meta.len() == 0);
        if !is_regular || !known || is_empty {
            let reason = match (is_regular, is_empty) {
                (false, _) => "it is not a regular file",
                (true, true) => "the file is empty",
                (true, false) => "it is not a format of inventories",
            };
            self.passed_over.push((file, reason.to_owned()));
            return Ok(());
        }
        match export_manifest(&file)? {
            Some(named) => manifests.push((file, named)),
            None => self.files.push(file),
        }
        Ok(())
    }
}

/// Returns the files that a `coverage.json` lists; None if the file is something else.
fn fetch_manifest(path: &Path, fetched: &mut Fetched) -> Result<Option<Vec<String>>, ImportError> {
    let Some(folder) =
        path.parent().filter(|_| path.file_name().is_some_and(|name| name == Coverage::FILE_NAME))
    else {
        return Ok(None);
    };
    let coverage = fetched.of_folder(folder)?;
    Ok(coverage.map(|coverage| coverage.files.iter().map(|file| file.name.clone()).collect()))
}

/// Lists the files below a folder, sorted; those whose names begin with `.` or `_` are the marks and logs of
/// the program that wrote it.
fn walk(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), ImportError> {
    let failed = |error| read_error(folder, error);
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        if !name.to_string_lossy().starts_with(['.', '_']) {
            entries.push(entry.path());
        }
    }
    entries.sort();
    for path in entries {
        // A link to a folder may lead back to where it is.
        let is_link = path.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
        match path.is_dir() {
            true if depth > 0 && !is_link => walk(&path, depth - 1, found)?,
            true => {}
            false => found.push(path),
        }
    }
    Ok(())
}

/// The members of the manifests that Azure, AWS and Google write beside the parts of an export.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Manifest {
    /// Azure cost exports.
    #[serde(rename = "manifestVersion")]
    version: Option<String>,
    blobs: Option<Vec<Blob>>,
    /// AWS cost and usage reports, legacy.
    #[serde(rename = "assemblyId")]
    assembly_id: Option<String>,
    #[serde(rename = "reportKeys")]
    report_keys: Option<Vec<String>>,
    /// AWS data exports.
    #[serde(rename = "executionId")]
    execution_id: Option<String>,
    #[serde(rename = "dataFiles", alias = "exportFiles")]
    data_files: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Blob {
    #[serde(rename = "blobName")]
    name: String,
}

/// Returns the names of the parts that a manifest lists; None if the file is something else.
fn export_manifest(path: &Path) -> Result<Option<Vec<String>>, ImportError> {
    let is_json = extension(path).is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    // A pipe cannot be read twice.
    if !is_json || !path.is_file() {
        return Ok(None);
    }
    let mut source = Source::open(path)?;
    let start = source.start()?;
    let signs = [&b"\"manifestVersion\""[..], b"\"assemblyId\"", b"\"executionId\"", b"\"dataFiles\""];
    if !signs.iter().any(|sign| memchr::memmem::find(start, sign).is_some()) {
        return Ok(None);
    }
    let mut text = Vec::new();
    source.by_ref().take(MANIFEST_LIMIT).read_to_end(&mut text).map_err(|error| read_error(path, error))?;
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    let Ok(manifest) = serde_json::from_slice::<Manifest>(text) else { return Ok(None) };
    let Manifest { version, blobs, assembly_id, report_keys, execution_id, data_files } = manifest;
    let named = match (version, assembly_id, execution_id) {
        (Some(_), ..) => blobs.map(|blobs| blobs.into_iter().map(|blob| blob.name).collect()),
        (None, Some(_), _) => report_keys,
        (None, None, Some(_)) => Some(data_files.unwrap_or_default()),
        (None, None, None) => data_files,
    };
    let name = |path: String| path.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(named.map(|named: Vec<String>| named.into_iter().map(name).filter(|name| !name.is_empty()).collect()))
}

/// Fails if a part is neither among the files nor next to the manifest.
fn check_parts(manifest: &Path, named: &[String], files: &[PathBuf]) -> Result<(), ImportError> {
    let names: BTreeSet<_> = files.iter().filter_map(|file| file.file_name()?.to_str()).collect();
    let folder = manifest.parent().unwrap_or(Path::new(""));
    let is_there = |part: &&String| names.contains(part.as_str()) || folder.join(part).is_file();
    match named.iter().find(|part| !is_there(part)) {
        Some(part) => Err(ImportError::MissingPart { path: manifest.to_owned(), part: part.clone() }),
        None => Ok(()),
    }
}
