//! Files become one inventory, and the inventory a snapshot.
//!
//! In: paths and options. Out: an [`Import`]: all resources, all rejects, and where they came
//! from. Bills are merged first, whatever the order of the files, and other files over them in
//! their order, so that what an API or a list says beats what a bill says.
//!
//! Nothing is written before [`Import::write`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rustc_hash::FxHashMap;
use tagpol_model::{Rates, SourceCoverage};

use crate::detect::detect_start;
use crate::error::ImportError;
use crate::fetched::Fetched;
use crate::format::Format;
use crate::imported::{Counts, Import};
use crate::inventory::Inventory;
use crate::month::YearMonth;
use crate::parts::parts;
use crate::progress::Progress;
use crate::read::bill::{Bill, Billed, Charged, Conversion};
use crate::read::bills::{self, Meanings, ReadAs};
use crate::read::json::Answers;
use crate::read::paging::Coverage;
use crate::read::{
    aws_config, aws_describe, aws_explorer, azure_resources, csv, gcp_assets, json, ndjson, terraform,
};
use crate::reject::{Flaw, Rejects};
use crate::sink::{Currency, Sink};
use crate::snapshot::SourceFile;
use crate::source::{Fingerprint, Source};

/// How to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportOptions {
    /// The format of all the files. None: each file's own is found out.
    pub format: Option<Format>,
    /// The month of a bill that costs are taken from. None: the latest whole one.
    pub month: Option<YearMonth>,
    /// Whether the first bad row or value is an error.
    pub strict: bool,
    /// The currency of the costs of resources, and of costs whose files do not say theirs. None: that of the first
    /// charge.
    pub currency: Option<String>,
    /// What other currencies are worth. The charges of a bill keep their currency; the costs of resources are
    /// converted.
    pub rates: Rates,
    /// What the columns of CSV lists mean, by their headings: a field such as `monthly_cost`, or `tag:KEY`.
    pub columns: BTreeMap<String, String>,
    /// Columns of bills that stay readable as metadata, by their headings; case and what is neither a letter nor a digit do
    /// not count.
    pub keep: Vec<String>,
    /// The file with what was read from standard input, which the path [`STANDARD_INPUT`] stands for.
    pub standard_input: Option<PathBuf>,
    /// When the snapshot is taken; whole seconds count.
    pub taken_at: DateTime<Utc>,
}

/// The path that stands for standard input, and its name in messages.
pub const STANDARD_INPUT: &str = "standard input";

impl ImportOptions {
    /// Returns the usual options for a snapshot that is taken at this time.
    pub fn at(taken_at: DateTime<Utc>) -> Self {
        Self {
            format: None,
            month: None,
            strict: false,
            currency: None,
            rates: Rates::default(),
            columns: BTreeMap::new(),
            keep: Vec::new(),
            standard_input: None,
            taken_at,
        }
    }
}

/// Reads files into one inventory.
///
/// `progress` is called now and then.
///
/// # Errors
///
/// Where a file cannot be read at all, is cut off, holds nothing that could be read, or contradicts
/// the others in its currency; in strict mode with the first thing that is rejected, or that is missing.
pub fn import(
    paths: &[PathBuf],
    options: &ImportOptions,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Import, ImportError> {
    if paths.is_empty() {
        return Err(ImportError::NoFiles);
    }
    let mut importer = Importer {
        meanings: Meanings { columns: &options.columns, keep: &options.keep },
        inventory: Inventory::default(),
        bill: Bill::default(),
        rejects: Rejects::new(options.strict),
        currency: Currency::requested(options.currency.clone()),
        coverage: Coverage::default(),
        sources: Vec::new(),
        charged: Vec::new(),
        formats: FxHashMap::default(),
        fetched: Fetched::default(),
        without_tags: None,
    };
    let parts = parts(paths, &mut importer.fetched)?;
    for (path, reason) in &parts.passed_over {
        importer.rejects.enter(path);
        importer.rejects.remark(Flaw::note("", &format!("not read: {reason}")));
    }
    let mut waiting = Vec::new();
    for (number, path) in (0_u32..).zip(&parts.files) {
        let (source, format) = open(path, options)?;
        if format.is_bill() {
            importer.read(number, path, (format, options.format.is_none()), source, progress)?;
        } else {
            // A pipe cannot be opened twice; holding all other files open might be too many.
            let held = (!source.is_regular()).then_some(source);
            waiting.push((number, path, format, held));
        }
    }
    let billed = importer.bill_done(options)?;
    for (number, path, format, held) in waiting {
        let source = held.map_or_else(|| open_source(path, options), Ok)?;
        importer.read(number, path, (format, options.format.is_none()), source, progress)?;
    }
    let coverage = importer.fetched.sources(&parts.files);
    let import = importer.finish(billed, coverage, options.taken_at);
    if let Some(part) = import.coverage.iter().find(|part| options.strict && part.is_deficient()) {
        return Err(ImportError::NotCovered { part: Box::new(part.clone()) });
    }
    match import.gaps.first().filter(|_| options.strict) {
        Some(gap) => Err(ImportError::Incomplete { gap: Box::new(gap.clone()) }),
        None => Ok(import),
    }
}

fn open_source(path: &Path, options: &ImportOptions) -> Result<Source, ImportError> {
    match options.standard_input.as_deref().filter(|_| path == Path::new(STANDARD_INPUT)) {
        Some(file) => Source::open_as(path, file),
        None => Source::open(path),
    }
}

/// Opens a file and finds out its format, unless that is given.
fn open(path: &Path, options: &ImportOptions) -> Result<(Source, Format), ImportError> {
    let mut source = open_source(path, options)?;
    let start = source.start()?;
    let format = match options.format {
        _ if start.is_empty() => {
            return Err(ImportError::Empty { path: path.to_owned() });
        }
        Some(format) => format,
        None => detect_start(path, start, &options.columns)?,
    };
    Ok((source, format))
}

/// Reads a file in its format; where that was guessed, a Parquet file tells it better.
fn read_file(
    source: Source,
    (format, guessed): (Format, bool),
    meanings: Meanings<'_>,
    bill: &mut Bill,
    sink: &mut Sink<'_>,
) -> Result<(ReadAs, Fingerprint), ImportError> {
    let plain = ReadAs { format, version: None };
    let answers = |source, answers: &'static Answers, sink: &mut Sink<'_>| {
        json::read_answers(source, format, answers, sink)
    };
    let source = match format {
        Format::FocusCsv
        | Format::FocusParquet
        | Format::FocusJson
        | Format::AwsCur
        | Format::AzureCost
        | Format::GcpBilling
        | Format::OciCost
        | Format::CsvBill => {
            return bills::read(source, (format, guessed), meanings, bill, sink);
        }
        Format::AwsTagging => answers(source, &json::AWS_TAGGING, sink)?,
        Format::AwsConfig => answers(source, &aws_config::ANSWERS, sink)?,
        Format::AwsExplorer => answers(source, &aws_explorer::ANSWERS, sink)?,
        Format::AwsDescribe => answers(source, &aws_describe::ANSWERS, sink)?,
        Format::AzureResources => answers(source, &azure_resources::ANSWERS, sink)?,
        Format::GcpAssets => answers(source, &gcp_assets::ANSWERS, sink)?,
        Format::Terraform => terraform::read(source, sink)?,
        Format::Json => json::read_documents(source, sink)?,
        Format::Ndjson => ndjson::read_ndjson(source, sink)?,
        Format::Csv => csv::read(source, meanings.columns, sink)?,
    };
    Ok((plain, source.finish()?))
}

/// What is known while files are being read.
struct Importer<'o> {
    meanings: Meanings<'o>,
    inventory: Inventory,
    bill: Bill,
    rejects: Rejects,
    currency: Currency,
    coverage: Coverage,
    sources: Vec<SourceFile>,
    /// What each of them charges.
    charged: Vec<Charged>,
    /// The format of each file, by its number.
    formats: FxHashMap<u32, Format>,
    /// What is recorded about fetched files.
    fetched: Fetched,
    /// The first file whose resources lack their tags.
    without_tags: Option<PathBuf>,
}

impl Importer<'_> {
    /// Reads one file; `guessed` shows that nobody named its format.
    fn read(
        &mut self,
        number: u32,
        path: &Path,
        (format, guessed): (Format, bool),
        source: Source,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), ImportError> {
        let meter = source.meter();
        let mut report =
            |rows| progress(Progress::Reading { path, bytes: meter.bytes(), total: meter.total, rows });
        report(0);
        let has_tags = self.fetched.has_tags(path)?;
        if !has_tags {
            self.without_tags.get_or_insert_with(|| path.to_owned());
        }
        let bill = &mut self.bill;
        let mut sink = Sink::new(
            &mut self.inventory,
            (&mut self.rejects, &mut self.coverage),
            &mut self.currency,
            (path, number),
            &mut report,
        )
        .with_tags(has_tags);
        let (read, fingerprint) = read_file(source, (format, guessed), self.meanings, bill, &mut sink)?;
        let rows = sink.finish()?;
        report(rows.all);
        self.formats.insert(number, read.format);
        let charged = self.bill.take_charged();
        self.check_new(path, &read, &fingerprint, charged)?;
        self.charged.push(charged);
        self.sources.push(SourceFile {
            path: path.display().to_string(),
            format: read.format,
            version: read.version.map(str::to_owned),
            bytes: fingerprint.bytes,
            sha256: fingerprint.sha256,
            rows: rows.all,
            rejected_rows: rows.rejected,
            left_out_rows: rows.left_out,
        });
        Ok(())
    }

    /// Fails where a bill was read before that has the same charges: they would count twice.
    ///
    /// Packed, or in another order, a bill has other bytes, but charges the same.
    fn check_new(
        &self,
        path: &Path,
        read: &ReadAs,
        file: &Fingerprint,
        charged: Charged,
    ) -> Result<(), ImportError> {
        let same = |what, before: &SourceFile| {
            Err(ImportError::SameBill { path: path.to_owned(), before: PathBuf::from(&before.path), what })
        };
        let sources = self.sources.iter().zip(&self.charged);
        let bills = sources.filter(|(source, _)| source.format.is_bill() && read.format.is_bill());
        for (before, charged_before) in bills {
            // The same charges as CSV and as Parquet, in another order or packed are the same bill too.
            let has_same_charges = charged.is_something() && charged == *charged_before;
            if Path::new(&before.path) == path {
                return Err(ImportError::ListedTwice { path: path.to_owned() });
            }
            if before.sha256 == file.sha256 || has_same_charges {
                return same("is the same bill as", before);
            }
            let kinds = (read.format, before.version.as_deref(), read.version);
            match kinds {
                (Format::AzureCost, Some("actual"), Some("amortized")) => {
                    return same("has amortized cost, but actual cost is in", before);
                }
                (Format::AzureCost, Some("amortized"), Some("actual")) => {
                    return same("has actual cost, but amortized cost is in", before);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Moves the resources of the bills into the inventory.
    fn bill_done(&mut self, options: &ImportOptions) -> Result<Option<Billed>, ImportError> {
        if self.sources.is_empty() {
            // Without a bill there is no month to choose.
            return Ok(None);
        }
        let conversion = Conversion { rates: &options.rates, wanted: options.currency.as_deref() };
        let billed = std::mem::take(&mut self.bill).finish(options.month, conversion, &mut self.inventory)?;
        if let Some(currency) = billed.as_ref().and_then(|billed| billed.currency.as_ref())
            && options.currency.is_none()
        {
            self.currency = Currency::found(currency.clone());
        }
        Ok(billed)
    }

    /// Notes which charges the costs of resources leave out, since nothing says what their currency is worth.
    fn note_unconverted(&mut self, unconverted: &BTreeSet<String>, currency: &str) {
        if let Some(bill) = self.sources.iter().find(|source| source.format.is_bill()) {
            self.rejects.enter(Path::new(&bill.path));
        }
        for code in unconverted {
            let reason = format!(
                "there is no rate from {code} to {currency}, so resources with charges in {code} have no monthly cost; \
                 add `{code} = \"… {currency}\"` to `[rates]` in tagpol.toml"
            );
            self.rejects.remark(Flaw::note("currency", &reason));
        }
    }

    /// Notes how many resources no file lists with their tags.
    fn note_unlisted_tags(&mut self, count: u64, first: &str) {
        let bill = || self.sources.iter().find(|source| source.format.is_bill());
        if let Some(path) = self.without_tags.clone().or_else(|| Some(PathBuf::from(&bill()?.path))) {
            self.rejects.enter(&path);
        }
        let resources = if count == 1 { "1 resource".to_owned() } else { format!("{count} resources") };
        let reason = format!(
            "no source listed the tags of {resources}, such as `{}`; checks that depend on them are undetermined",
            crate::value::shorten(first)
        );
        self.rejects.remark(Flaw::note("tags", &reason));
    }

    fn finish(
        mut self,
        billed: Option<Billed>,
        coverage: Vec<SourceCoverage>,
        taken_at: DateTime<Utc>,
    ) -> Import {
        if let Some((count, first)) = self.inventory.complete(&self.formats, &coverage) {
            self.note_unlisted_tags(count, &first);
        }
        self.inventory.sort();
        let (mut month, mut unattributed, mut charges, mut unconverted) = (None, None, None, BTreeSet::new());
        if let Some(billed) = billed {
            let Billed { ledger, ids, currency, .. } = billed;
            charges = Some(ledger.settle(&ids, &mut self.inventory, currency.as_deref()));
            (month, unattributed) = (Some(billed.month), Some(billed.unattributed));
            unconverted = billed.unconverted;
            self.note_unconverted(&unconverted, currency.as_deref().unwrap_or_default());
        }
        let (rejects, reject_count, notes) = self.rejects.finish();
        let (gaps, gap_count) = self.coverage.finish();
        let bills = self.sources.iter().filter(|source| source.format.is_bill()).count();
        let both = (1..self.sources.len()).contains(&bills);
        let rejected_rows = self.sources.iter().map(|source| source.rejected_rows).sum();
        let counts = Counts {
            resources: self.inventory.len() as u64,
            rows: self.sources.iter().map(|source| source.rows).sum(),
            rejected_rows,
            rejected_values: reject_count.saturating_sub(rejected_rows),
            notes,
            unlisted_rejects: (reject_count + notes).saturating_sub(rejects.len() as u64),
            gaps: gap_count,
            merged: self.inventory.merged(),
            unattributed_rows: unattributed.map_or(0, |part| part.rows),
            unattributed_cost: unattributed.map(|part| part.cost),
            matches: both.then(|| self.inventory.matches()),
        };
        Import {
            inventory: self.inventory,
            rejects,
            gaps,
            counts,
            currency: self.currency.into_code(),
            month,
            sources: self.sources,
            taken_at,
            charges,
            unconverted: unconverted.into_iter().collect(),
            coverage,
            derived: None,
        }
    }
}
