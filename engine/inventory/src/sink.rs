//! Where readers put what they find.
//!
//! In: rows, rejects and pages, in the order in which a file has them. Out: an inventory, and notes on the file.

use std::io;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;

use crate::error::ImportError;
use crate::format::Format;
use crate::gap::Gap;
use crate::inventory::{Draft, Inventory, Pushed, Row};
use crate::read::paging::{Coverage, Page, Scope};
use crate::reject::{Flaw, Reject, RejectKind, Rejects};
use crate::source::read_error;

/// Rows between two reports of progress.
const REPORT_EVERY: u64 = 16_384;

/// The currency of all costs of an import.
#[derive(Debug)]
pub(crate) struct Currency {
    code: Option<String>,
    /// Whether the user named it, rather than a file.
    requested: bool,
}

impl Currency {
    /// The currency that the user named, if any.
    pub(crate) fn requested(code: Option<String>) -> Self {
        Self { requested: code.is_some(), code }
    }

    /// The currency that files are in.
    pub(crate) fn found(code: String) -> Self {
        Self { requested: false, code: Some(code) }
    }

    /// Returns its code, if it is known.
    pub(crate) fn into_code(self) -> Option<String> {
        self.code
    }
}

/// Where readers put what they find.
pub(crate) struct Sink<'i> {
    pub(crate) inventory: &'i mut Inventory,
    rejects: &'i mut Rejects,
    currency: &'i mut Currency,
    coverage: &'i mut Coverage,
    path: PathBuf,
    file: u32,
    rows: u64,
    rejected_rows: u64,
    left_out: u64,
    /// Whether the resources in the file have their tags.
    has_tags: bool,
    first_reject: Option<Reject>,
    /// Fields on whose values there was a remark.
    remarked: FxHashSet<Option<String>>,
    report: &'i mut dyn FnMut(u64),
}

/// How many rows a file had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rows {
    /// All of them.
    pub(crate) all: u64,
    /// Those that could not be read.
    pub(crate) rejected: u64,
    /// Those that are no resource that is there.
    pub(crate) left_out: u64,
}

impl<'i> Sink<'i> {
    /// Starts a file; `report` is called with the number of rows now and then.
    pub(crate) fn new(
        inventory: &'i mut Inventory,
        notes: (&'i mut Rejects, &'i mut Coverage),
        currency: &'i mut Currency,
        file: (&Path, u32),
        report: &'i mut dyn FnMut(u64),
    ) -> Self {
        let (path, number) = file;
        let (rejects, coverage) = notes;
        rejects.enter(path);
        Self {
            inventory,
            rejects,
            currency,
            coverage,
            path: path.to_owned(),
            file: number,
            rows: 0,
            rejected_rows: 0,
            left_out: 0,
            has_tags: true,
            first_reject: None,
            remarked: FxHashSet::default(),
            report,
        }
    }

    /// Declares whether the resources in the file have their tags; they have if this is not called.
    pub(crate) fn with_tags(self, has_tags: bool) -> Self {
        Self { has_tags, ..self }
    }

    /// Returns the path of the file that is being read.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the error for a read that failed.
    pub(crate) fn read_error(&self, source: io::Error) -> ImportError {
        read_error(&self.path, source)
    }

    /// Whether the first reject ends the import.
    pub(crate) fn is_strict(&self) -> bool {
        self.rejects.is_strict()
    }

    /// Counts a row of the file; to be called once for each, good or bad.
    pub(crate) fn count_row(&mut self) {
        self.rows += 1;
        if self.rows.is_multiple_of(REPORT_EVERY) {
            (self.report)(self.rows);
        }
    }

    /// Counts a row that is fine and yet no resource, as one that was deleted.
    pub(crate) fn leave_out(&mut self) {
        self.left_out += 1;
    }

    /// Takes the end of an answer of an API.
    pub(crate) fn page(&mut self, format: Format, page: Page, scope: Scope) {
        self.coverage.add_page(&self.path.display().to_string(), format, page, scope);
    }

    /// Takes note that the file shows with this member that it lacks resources.
    pub(crate) fn gap(&mut self, format: Format, field: &str) {
        let (file, field) = (self.path.display().to_string(), field.to_owned());
        self.coverage.add_gap(Gap { file, line: 1, format, field, read: self.rows, total: None });
    }

    /// Tells a user something about the file that is not a mistake.
    pub(crate) fn remark(&mut self, field: &str, reason: &str) {
        self.rejects.remark(Flaw::note(field, reason));
    }

    /// As [`Sink::remark`], for the first of several values of a field in the file.
    pub(crate) fn remark_once(&mut self, field: &str, reason: &str) {
        if self.remarked.insert(Some(field.to_owned())) {
            self.remark(field, reason);
        }
    }

    /// Takes note of something bad, or of how values of a field are understood, once for the file.
    pub(crate) fn reject(&mut self, flaw: Flaw) -> Result<(), ImportError> {
        if flaw.kind == RejectKind::Note {
            if self.remarked.insert(flaw.field.clone()) {
                self.rejects.remark(flaw);
            }
            return Ok(());
        }
        let reject = self.rejects.placed(flaw);
        if reject.kind == RejectKind::Row {
            self.rejected_rows += 1;
            if self.first_reject.is_none() {
                self.first_reject = Some(reject.clone());
            }
        }
        self.rejects.add(reject)
    }

    /// Whether the user named the currency of amounts without one.
    pub(crate) fn has_requested_currency(&self) -> bool {
        self.currency.requested
    }

    /// Takes the currency of a cost; a snapshot has only one.
    pub(crate) fn set_currency(&mut self, line: u64, found: &str) -> Result<(), ImportError> {
        match &self.currency.code {
            None => self.currency.code = Some(found.to_owned()),
            Some(expected) if expected == found => {}
            Some(expected) => {
                return Err(ImportError::MixedCurrencies {
                    path: self.path.clone(),
                    line,
                    found: found.to_owned(),
                    expected: expected.clone(),
                    requested: self.currency.requested,
                });
            }
        }
        Ok(())
    }

    /// Returns the number of the file that is being read.
    pub(crate) fn file(&self) -> u32 {
        self.file
    }

    /// Takes a resource.
    pub(crate) fn resource(&mut self, line: u64, draft: Draft<'_>) -> Result<(), ImportError> {
        let row = Row::new(&draft, self.file, &mut self.inventory.pool);
        self.row(line, row)
    }

    /// Takes a resource whose texts are in the pool of the inventory.
    pub(crate) fn row(&mut self, line: u64, mut row: Row) -> Result<(), ImportError> {
        row.has_listed_tags &= self.has_tags;
        let id = row.id;
        match self.inventory.insert(row) {
            Pushed::New | Pushed::Merged => Ok(()),
            Pushed::Differs(reason) => {
                let id = self.inventory.pool.text(id).to_owned();
                let shown = crate::value::shorten(&id);
                self.reject(Flaw::value(line, "id", &id, reason, shown))
            }
        }
    }

    /// Returns the error for a file that ends within an object.
    pub(crate) fn cut_off(&self, line: u64, column: u64) -> ImportError {
        ImportError::Truncated { path: self.path.clone(), line, column, what: "a JSON object" }
    }

    /// Ends the file: fails where it had rows and not one of them could be read.
    pub(crate) fn finish(self) -> Result<Rows, ImportError> {
        match self.first_reject {
            Some(first) if self.rejected_rows == self.rows => {
                Err(ImportError::NothingRead { path: self.path, rows: self.rows, first: Box::new(first) })
            }
            _ => Ok(Rows { all: self.rows, rejected: self.rejected_rows, left_out: self.left_out }),
        }
    }
}
