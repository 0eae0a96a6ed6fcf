//! Files become one inventory, and the inventory a snapshot.
//!
//! In: paths and options. Out: an [`Import`]: all resources, all rejects, and where they came
//! from. Bills are merged first, whatever the order of the files, and other files over them in
//! their order, so that what an API or a list says beats what a bill says.
//!
//! Nothing is written before [`Import::write`].

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use crate::error::ImportError;
use crate::format::{Format, detect_start};
use crate::inventory::{Draft, Inventory};
use crate::month::YearMonth;
use crate::read::focus::bill::{Bill, Unattributed};
use crate::read::focus::{self, BillMonth};
use crate::read::{Sink, csv, json};
use crate::reject::{Reject, Rejects};
use crate::resource::Resource;
use crate::snapshot::{Snapshot, SourceFile, write};
use crate::source::Source;
use crate::value::round_cost;

/// How to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportOptions {
    /// The format of all the files. None: each file's own is found out.
    pub format: Option<Format>,
    /// The month of a bill that costs are taken from. None: the latest whole one.
    pub month: Option<YearMonth>,
    /// Whether the first bad row or value is an error.
    pub strict: bool,
    /// The currency of costs whose files do not say it. A bill in another one is an error.
    pub currency: Option<String>,
    /// When the snapshot is taken; whole seconds count.
    pub taken_at: DateTime<Utc>,
}

impl ImportOptions {
    /// Returns the usual options for a snapshot that is taken at this time.
    pub fn at(taken_at: DateTime<Utc>) -> Self {
        Self { format: None, month: None, strict: false, currency: None, taken_at }
    }
}

/// How far a long piece of work has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// A file is being read.
    Reading {
        /// The file.
        path: &'a Path,
        /// Bytes of it that were read, as it lies on disk.
        bytes: u64,
        /// Its size in bytes, where it has one.
        total: Option<u64>,
        /// Rows read so far.
        rows: u64,
    },
    /// The snapshot is being written.
    Writing {
        /// Resources written so far.
        resources: u64,
        /// All of them.
        total: u64,
    },
}

/// How many of what an import has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Resources.
    pub resources: u64,
    /// Rows of all files, bad ones too.
    pub rows: u64,
    /// Rows that are not in the snapshot.
    pub rejected_rows: u64,
    /// Values that were left out or changed.
    pub rejected_values: u64,
    /// Rows that were merged into a resource of the same id (charges of a bill not counted).
    pub merged: u64,
    /// Rows of bills that name no resource.
    pub unattributed_rows: u64,
    /// What these cost in the month of the inventory; none without a bill.
    pub unattributed_cost: Option<Decimal>,
}

/// An inventory that was read whole but not written yet.
#[derive(Debug)]
pub struct Import {
    pub(crate) inventory: Inventory,
    rejects: Vec<Reject>,
    counts: Counts,
    currency: Option<String>,
    month: Option<BillMonth>,
    sources: Vec<SourceFile>,
    taken_at: DateTime<Utc>,
}

/// Reads files into one inventory.
///
/// `progress` is called now and then.
///
/// # Errors
///
/// Where a file cannot be read at all, is cut off, holds nothing that could be read, or contradicts
/// the others in its currency; in strict mode with the first thing that is rejected.
pub fn import(
    paths: &[PathBuf],
    options: &ImportOptions,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Import, ImportError> {
    if paths.is_empty() {
        return Err(ImportError::NoFiles);
    }
    let mut importer = Importer {
        inventory: Inventory::default(),
        bill: Bill::default(),
        rejects: Rejects::new(options.strict),
        currency: options.currency.clone(),
        sources: Vec::new(),
        formats: FxHashMap::default(),
    };
    let mut waiting = Vec::new();
    for (number, path) in (0_u32..).zip(paths) {
        let (source, format) = open(path, options.format)?;
        if format.is_bill() {
            importer.read(number, path, format, source, progress)?;
        } else {
            // A pipe cannot be opened twice; holding all other files open might be too many.
            let held = (!source.is_regular()).then_some(source);
            waiting.push((number, path, format, held));
        }
    }
    let billed = importer.bill_done(options.month)?;
    for (number, path, format, held) in waiting {
        let source = held.map_or_else(|| Source::open(path), Ok)?;
        importer.read(number, path, format, source, progress)?;
    }
    Ok(importer.finish(billed, options.taken_at))
}

/// Opens a file and finds out its format, unless that is given.
fn open(path: &Path, format: Option<Format>) -> Result<(Source, Format), ImportError> {
    let mut source = Source::open(path)?;
    let start = source.start()?;
    let format = match format {
        _ if start.is_empty() => {
            return Err(ImportError::Empty { path: path.to_owned() });
        }
        Some(format) => format,
        None => detect_start(path, start)?,
    };
    Ok((source, format))
}

/// What is known while files are being read.
struct Importer {
    inventory: Inventory,
    bill: Bill,
    rejects: Rejects,
    currency: Option<String>,
    sources: Vec<SourceFile>,
    /// The format of each file, by its number.
    formats: FxHashMap<u32, Format>,
}

impl Importer {
    /// Reads one file.
    fn read(
        &mut self,
        number: u32,
        path: &Path,
        format: Format,
        source: Source,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), ImportError> {
        let meter = source.meter();
        self.formats.insert(number, format);
        let mut report =
            |rows| progress(Progress::Reading { path, bytes: meter.bytes(), total: meter.total, rows });
        report(0);
        let bill = &mut self.bill;
        let mut sink = Sink::new(
            &mut self.inventory,
            &mut self.rejects,
            &mut self.currency,
            (path, number),
            &mut report,
        );
        let mut version = None;
        let fingerprint = match format {
            Format::FocusParquet => {
                let (file, fingerprint) = source.into_file()?;
                version = Some(focus::parquet::read(file, bill, &mut sink)?);
                fingerprint
            }
            Format::FocusCsv => {
                let (source, found) = focus::csv::read(source, bill, &mut sink)?;
                version = found;
                source.finish()?
            }
            Format::AwsTagging => json::read_documents(source, true, &mut sink)?.finish()?,
            Format::Json => json::read_documents(source, false, &mut sink)?.finish()?,
            Format::Ndjson => json::read_ndjson(source, &mut sink)?.finish()?,
            Format::Csv => csv::read(source, &mut sink)?.finish()?,
        };
        let (rows, rejected_rows) = sink.finish()?;
        report(rows);
        self.sources.push(SourceFile {
            path: path.display().to_string(),
            format,
            version: version.map(str::to_owned),
            bytes: fingerprint.bytes,
            sha256: fingerprint.sha256,
            rows,
            rejected_rows,
        });
        Ok(())
    }

    /// Moves the resources of the bills into the inventory.
    fn bill_done(
        &mut self,
        wanted: Option<YearMonth>,
    ) -> Result<Option<(BillMonth, Unattributed)>, ImportError> {
        if self.sources.is_empty() {
            // Without a bill there is no month to choose.
            return Ok(None);
        }
        std::mem::take(&mut self.bill).finish(wanted, &mut self.inventory)
    }

    fn finish(mut self, billed: Option<(BillMonth, Unattributed)>, taken_at: DateTime<Utc>) -> Import {
        self.inventory.complete(&self.formats);
        self.inventory.sort();
        let (month, unattributed) = billed.unzip();
        let rejects = self.rejects.into_all();
        let rejected_rows = self.sources.iter().map(|source| source.rejected_rows).sum();
        let counts = Counts {
            resources: self.inventory.len() as u64,
            rows: self.sources.iter().map(|source| source.rows).sum(),
            rejected_rows,
            rejected_values: rejects.len() as u64 - rejected_rows,
            merged: self.inventory.merged(),
            unattributed_rows: unattributed.map_or(0, |part| part.rows),
            unattributed_cost: unattributed.map(|part| part.cost),
        };
        Import {
            inventory: self.inventory,
            rejects,
            counts,
            currency: self.currency,
            month,
            sources: self.sources,
            taken_at,
        }
    }
}

impl Import {
    /// Makes an inventory of resources that are at hand, as tests do.
    ///
    /// Resources of the same id are merged; costs are rounded to 12 decimals; moments to
    /// microseconds.
    pub fn of_resources<'r>(
        resources: impl IntoIterator<Item = &'r Resource>,
        currency: Option<String>,
        taken_at: DateTime<Utc>,
    ) -> Self {
        let mut inventory = Inventory::default();
        for resource in resources {
            let draft = Draft::from(resource);
            inventory.push(&Draft { monthly_cost: draft.monthly_cost.map(round_cost), ..draft }, 0);
        }
        inventory.sort();
        let counts = Counts {
            resources: inventory.len() as u64,
            rows: inventory.len() as u64 + inventory.merged(),
            merged: inventory.merged(),
            ..Counts::default()
        };
        Self { inventory, rejects: Vec::new(), counts, currency, month: None, sources: Vec::new(), taken_at }
    }

    /// Returns the resources, sorted by the bytes of their ids, the tags of each by their keys.
    pub fn resources(&self) -> impl ExactSizeIterator<Item = Resource> {
        self.inventory.rows().iter().map(|row| self.inventory.resource(row))
    }

    /// Returns what was rejected, in the order in which it was met.
    pub fn rejects(&self) -> &[Reject] {
        &self.rejects
    }

    /// Returns how many of what was seen.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Returns the currency of the costs, where a file or the options say it.
    pub fn currency(&self) -> Option<&str> {
        self.currency.as_deref()
    }

    /// Returns the month of the costs; none without a bill.
    pub fn month(&self) -> Option<&BillMonth> {
        self.month.as_ref()
    }

    /// Returns the files that were read, bills first.
    pub fn sources(&self) -> &[SourceFile] {
        &self.sources
    }

    /// Returns when the snapshot is taken.
    pub fn taken_at(&self) -> DateTime<Utc> {
        self.taken_at
    }

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
