//! The files of a fetch.
//!
//! In: pages of answers. Out: files next to each other, each with the answers of one source about one place, and
//! `coverage.json`, which lists them. Resources that a source lists without their tags have a file of their own.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use serde_json::Value;
use tagpol_model::{Coverage, ListedFile, SourceCoverage};

use crate::error::CollectError;
use crate::source::Stop;

/// Receives how many resources all sources listed so far, and the place that the latest page is of.
pub type Progress = Arc<dyn Fn(&str, u64) + Send + Sync>;

/// The pages of one source about one place, as they are written.
pub(crate) struct Pages {
    folder: PathBuf,
    /// Name of its files without the extension.
    stem: String,
    place: String,
    with_tags: Option<BufWriter<File>>,
    without_tags: Option<BufWriter<File>>,
    files: Vec<ListedFile>,
    /// Not empty; the last one is being listed.
    parts: Vec<Part>,
    total: Arc<AtomicU64>,
    progress: Progress,
}

/// What a source lists of one type, or of all types that it does not list one by one.
#[derive(Debug, Default)]
pub(crate) struct Part {
    /// None: all others.
    pub(crate) type_: Option<String>,
    pub(crate) resources: u64,
    /// Why something is missing. The first of several reasons is kept.
    pub(crate) flaw: Option<Stop>,
}

impl Pages {
    /// Whose pages they are: `stem` names the files, `place` is for progress.
    pub(crate) fn new(folder: &Path, stem: &str, place: String, shared: &Shared) -> Self {
        Self {
            folder: folder.to_owned(),
            stem: stem.to_owned(),
            place,
            with_tags: None,
            without_tags: None,
            files: Vec::new(),
            parts: vec![Part::default()],
            total: Arc::clone(&shared.total),
            progress: Arc::clone(&shared.progress),
        }
    }

    /// Begins the pages of a type that is listed by itself, and has its own coverage.
    pub(crate) fn begin(&mut self, type_: &str) {
        self.parts.push(Part { type_: Some(type_.to_owned()), ..Part::default() });
    }

    /// Adds a page with this many resources and their tags.
    pub(crate) fn add(&mut self, page: &Value, resources: usize) -> Result<(), CollectError> {
        self.write(resources, true, |out| Ok(serde_json::to_writer(out, page)?))
    }

    /// Adds a page of members that are JSON texts, with this many resources and their tags.
    pub(crate) fn add_texts(
        &mut self,
        members: &[(&str, &str)],
        resources: usize,
    ) -> Result<(), CollectError> {
        self.write(resources, true, |out| {
            for (number, (name, text)) in members.iter().enumerate() {
                let before = if number == 0 { "{" } else { "," };
                write!(out, "{before}\"{name}\":{text}")?;
            }
            out.write_all(b"}")
        })
    }

    /// Adds a page with this many resources whose tags are not known.
    pub(crate) fn add_without_tags(&mut self, page: &Value, resources: usize) -> Result<(), CollectError> {
        self.write(resources, false, |out| Ok(serde_json::to_writer(out, page)?))
    }

    /// Takes note of what is missing, although the pages go on. The first of several is kept.
    pub(crate) fn miss(&mut self, stop: Stop) {
        if let Some(part) = self.parts.last_mut() {
            part.flaw.get_or_insert(stop);
        }
    }

    /// Returns what was listed; the part that was listed last, and all that was not begun, lacks what `stop` ended.
    pub(crate) fn take_parts(&mut self, stop: Option<&Stop>) -> Vec<Part> {
        if let Some(stop) = stop {
            self.miss(stop.clone());
            if let Some(others) = self.parts.first_mut() {
                others.flaw.get_or_insert_with(|| stop.clone());
            }
        }
        std::mem::take(&mut self.parts)
    }

    /// Returns the files that were written.
    pub(crate) fn files(&self) -> &[ListedFile] {
        &self.files
    }

    pub(crate) fn flush(&mut self) -> Result<(), CollectError> {
        for out in [&mut self.with_tags, &mut self.without_tags].into_iter().flatten() {
            out.flush().map_err(|error| CollectError::write(&self.folder, error))?;
        }
        Ok(())
    }

    fn write(
        &mut self,
        resources: usize,
        has_tags: bool,
        page: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), CollectError> {
        let suffix = if has_tags { "" } else { "-without-tags" };
        let name = format!("{}{suffix}.json", self.stem);
        let path = self.folder.join(&name);
        let failed = |error: io::Error| CollectError::write(&path, error);
        let slot = if has_tags { &mut self.with_tags } else { &mut self.without_tags };
        let out = match slot {
            Some(out) => out,
            None => {
                self.files.push(ListedFile { name, has_tags });
                slot.insert(BufWriter::new(File::create(&path).map_err(failed)?))
            }
        };
        page(out).and_then(|()| out.write_all(b"\n")).map_err(failed)?;
        let resources = resources as u64;
        if let Some(part) = self.parts.last_mut() {
            part.resources = part.resources.saturating_add(resources);
        }
        let total = self.total.fetch_add(resources, Ordering::Relaxed).saturating_add(resources);
        (self.progress)(&self.place, total);
        Ok(())
    }
}

/// What all pages of a fetch share.
pub(crate) struct Shared {
    pub(crate) total: Arc<AtomicU64>,
    pub(crate) progress: Progress,
}

/// Everything that was fetched.
#[derive(Debug)]
pub struct Fetched {
    /// The files with answers, in the order in which they are to be imported.
    pub files: Vec<PathBuf>,
    /// What each source listed.
    pub coverage: Vec<SourceCoverage>,
    /// How what changed since an earlier fetch was found out; None if that was not requested.
    pub since: Option<Since>,
}

/// How it was found out what changed since an earlier fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// The cloud reported what changed since a time, and only that was read.
    Changes(DateTime<Utc>),
    /// All was listed again, for a reason.
    Whole(String),
}

/// Collects what the sources of a fetch have written.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    files: Vec<(usize, ListedFile)>,
    sources: Vec<SourceCoverage>,
}

impl Listing {
    /// Adds what a source listed; of contradicting values, that of the source with the highest rank stands.
    pub(crate) fn add(&mut self, rank: usize, coverage: Vec<SourceCoverage>, files: &[ListedFile]) {
        self.sources.extend(coverage);
        self.files.extend(files.iter().map(|file| (rank, file.clone())));
    }

    /// Adds a source that listed nothing.
    pub(crate) fn add_missing(&mut self, coverage: SourceCoverage) {
        self.sources.push(coverage);
    }

    /// Writes `coverage.json`.
    pub(crate) fn finish(mut self, folder: &Path) -> Result<Fetched, CollectError> {
        self.files.sort_by(|a, b| (a.0, &a.1.name).cmp(&(b.0, &b.1.name)));
        self.sources.sort();
        let files: Vec<ListedFile> = self.files.into_iter().map(|(_, file)| file).collect();
        let paths = files.iter().map(|file| folder.join(&file.name)).collect();
        let record = Coverage { tagpol_coverage: Coverage::VERSION, files, sources: self.sources };
        let path = folder.join(Coverage::FILE_NAME);
        let text = serde_json::to_string_pretty(&record).unwrap_or_default() + "\n";
        std::fs::write(&path, text).map_err(|error| CollectError::write(&path, error))?;
        Ok(Fetched { files: paths, coverage: record.sources, since: None })
    }
}
