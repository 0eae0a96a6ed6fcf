//! What can go wrong between an inventory file and a snapshot that can be read.

use std::io;
use std::path::{Path, PathBuf};

use tagpol_model::SourceCoverage;

use crate::format::Format;
use crate::gap::Gap;
use crate::month::YearMonth;
use crate::reject::Reject;

/// Why an import, a write or an opening did not come about. Nothing is left on disk then.
///
/// The message is one line without the path's line and column, which [`ImportError::path`],
/// [`ImportError::line`] and [`ImportError::column`] give; what to do is in [`ImportError::help`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// No file was named.
    #[error("no inventory file was given")]
    NoFiles,
    /// The file does not exist.
    #[error("there is no file `{}`", path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// A directory stands where a file is wanted.
    #[error("`{}` is a directory, not an inventory file", path.display())]
    IsDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// A folder has no file that could be read.
    #[error("the folder `{}` has no files of an inventory", path.display())]
    EmptyFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The manifest of an export names a part that is not there.
    #[error("`{}` names the part `{part}`, which is missing", path.display())]
    MissingPart {
        /// The manifest.
        path: PathBuf,
        /// The name of the part.
        part: String,
    },
    /// Fetched files do not cover all that was requested, which strict imports do not accept.
    #[error("{part}")]
    NotCovered {
        /// What is missing.
        part: Box<SourceCoverage>,
    },
    /// What was recorded about fetched files cannot be read.
    #[error("`{}` cannot be read: {reason}", path.display())]
    DamagedCoverage {
        /// The file `coverage.json`.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The operating system refused, or the gzip stream is damaged.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file holds nothing.
    #[error("`{}` is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The content is of no known format.
    #[error("the format of `{}` is unknown: {found}", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// What it looks like.
        found: String,
    },
    /// The file ends inside a row or a value.
    #[error("`{}` is cut off: {what} is still open at the end of the file", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Line of what is still open, from 1.
        line: u64,
        /// Its column in characters, from 1.
        column: u64,
        /// What is still open.
        what: &'static str,
    },
    /// The file is no JSON.
    #[error("`{}` is not valid JSON: {reason}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// Column in characters, from 1.
        column: u64,
        /// What was found.
        reason: String,
    },
    /// The file is no Parquet, or a damaged one.
    #[error("`{}` is not a readable Parquet file: {reason}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        reason: String,
    },
    /// The header lacks columns.
    #[error("`{}` lacks {} {} of the {format} format", path.display(), plural(columns, "the column", "the columns"), quoted(columns))]
    MissingColumns {
        /// The file.
        path: PathBuf,
        /// The format it was read as.
        format: Format,
        /// The columns.
        columns: Vec<String>,
    },
    /// The bill has columns of a FOCUS version that is not known.
    #[error("`{}` is a bill of {version}, which is not supported: it has {} {}", path.display(), plural(columns, "the column", "the columns"), quoted(columns))]
    UnknownFocusVersion {
        /// The file.
        path: PathBuf,
        /// What the columns point to.
        version: &'static str,
        /// The columns that give it away.
        columns: Vec<String>,
    },
    /// Costs in two currencies meet in one snapshot.
    #[error("`{}` has costs in {found}, but {} {expected}", path.display(), if *requested { "the requested currency is" } else { "the costs of earlier files are in" })]
    MixedCurrencies {
        /// The file.
        path: PathBuf,
        /// Line of the first cost in the other currency, from 1; for Parquet the row.
        line: u64,
        /// The other currency.
        found: String,
        /// The currency so far.
        expected: String,
        /// Whether the user named that currency, rather than a file.
        requested: bool,
    },
    /// Bills of two formats charge the same resource for the same month.
    #[error("`{}` charges `{id}` for {month} as {}, and an earlier bill as {}", path.display(), formats.1, formats.0)]
    BilledTwice {
        /// The file.
        path: PathBuf,
        /// Line of the charge, from 1; for Parquet the row.
        line: u64,
        /// The resource.
        id: String,
        /// The month.
        month: YearMonth,
        /// The format of the bill before, and that of the file.
        formats: (Format, Format),
    },
    /// The same file is in the list twice.
    #[error("`{}` is listed twice", path.display())]
    ListedTwice {
        /// The file.
        path: PathBuf,
    },
    /// Two bills would count the same charges twice.
    #[error("`{}` {what} `{}`", path.display(), before.display())]
    SameBill {
        /// The file.
        path: PathBuf,
        /// The file that was read before.
        before: PathBuf,
        /// What the one is of the other.
        what: &'static str,
    },
    /// The bill holds no charges of the month that was asked for.
    #[error("the bill has no charges in {month}; it has {}", listed(available))]
    UnknownMonth {
        /// The month asked for.
        month: YearMonth,
        /// The months it has, in order.
        available: Vec<YearMonth>,
    },
    /// Every row of a file was rejected.
    #[error("no resource could be read from `{}`: all {rows} rows were rejected, the first because {}", path.display(), first.reason)]
    NothingRead {
        /// The file.
        path: PathBuf,
        /// How many rows there were.
        rows: u64,
        /// The first of the rejects.
        first: Box<Reject>,
    },
    /// Something was rejected, and the import was asked to be strict.
    #[error("`{}` has a bad {}{}: {}", reject.file, kind_word(reject), in_field(reject), reject.reason)]
    Strict {
        /// What was rejected.
        reject: Box<Reject>,
    },
    /// A file shows that it is not all of what there is, and the import was asked to be strict.
    #[error("{gap}")]
    Incomplete {
        /// What is missing.
        gap: Box<Gap>,
    },
    /// The file is larger in some respect than can be read in bounded memory.
    #[error("`{}` is too large to be read: it has {what}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit that it exceeds, as in "more than 250000 columns".
        what: String,
    },
    /// A file has no events that could be read.
    #[error("`{}` has no events that can be read: {reason}", path.display())]
    NoEvents {
        /// The file.
        path: PathBuf,
        /// What is wrong with its first value.
        reason: String,
    },
    /// The listing to which earlier events were applied is gone.
    #[error("the snapshot `{base}`, to which the events of `{id}` were applied, is not there any more")]
    NoBase {
        /// The snapshot with the events.
        id: String,
        /// The snapshot that was listed.
        base: String,
    },
    /// The snapshot could not be written.
    #[error("cannot write the snapshot at `{}`: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder is not a snapshot.
    #[error("`{}` is not a snapshot: it has no `manifest.json`", path.display())]
    NoSnapshot {
        /// The folder.
        path: PathBuf,
    },
    /// The snapshot is of a schema version that is not known.
    #[error("the snapshot `{}` has schema version {found}, but this version of tagpol reads {known}", path.display())]
    UnknownSchema {
        /// The folder.
        path: PathBuf,
        /// The version in the manifest.
        found: u64,
        /// The version that is known.
        known: u64,
    },
    /// A file of the snapshot is missing or not what the manifest says.
    #[error("the snapshot `{}` is damaged: {reason}", path.display())]
    Damaged {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl ImportError {
    /// Returns the file or folder it is about.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::NoFiles | Self::UnknownMonth { .. } | Self::NotCovered { .. } | Self::NoBase { .. } => None,
            Self::Strict { reject } => Some(Path::new(&reject.file)),
            Self::Incomplete { gap } => Some(Path::new(&gap.file)),
            Self::NotFound { path }
            | Self::IsDirectory { path }
            | Self::EmptyFolder { path }
            | Self::MissingPart { path, .. }
            | Self::DamagedCoverage { path, .. }
            | Self::Read { path, .. }
            | Self::Empty { path }
            | Self::UnknownFormat { path, .. }
            | Self::Truncated { path, .. }
            | Self::Json { path, .. }
            | Self::Parquet { path, .. }
            | Self::MissingColumns { path, .. }
            | Self::UnknownFocusVersion { path, .. }
            | Self::MixedCurrencies { path, .. }
            | Self::BilledTwice { path, .. }
            | Self::SameBill { path, .. }
            | Self::NothingRead { path, .. }
            | Self::TooLarge { path, .. }
            | Self::NoEvents { path, .. }
            | Self::Write { path, .. }
            | Self::ListedTwice { path }
            | Self::NoSnapshot { path }
            | Self::UnknownSchema { path, .. }
            | Self::Damaged { path, .. } => Some(path),
        }
    }

    /// Returns the line in the file, from 1, if there is one; for Parquet the row.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::Truncated { line, .. }
            | Self::Json { line, .. }
            | Self::MixedCurrencies { line, .. }
            | Self::BilledTwice { line, .. } => Some(*line),
            Self::MissingColumns { .. } | Self::UnknownFocusVersion { .. } => Some(1),
            Self::Strict { reject } | Self::NothingRead { first: reject, .. } => Some(reject.line),
            Self::Incomplete { gap } => Some(gap.line),
            _ => None,
        }
    }

    /// Returns the column on the line in characters, from 1, if there is one.
    pub fn column(&self) -> Option<u64> {
        match self {
            Self::Truncated { column, .. } | Self::Json { column, .. } => Some(*column),
            Self::Strict { reject } | Self::NothingRead { first: reject, .. } => reject.column,
            _ => None,
        }
    }

    /// Returns what the user can do about it.
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::NoFiles => "specify a bill, an export of an API or a list of resources".to_owned(),
            Self::NotFound { .. } => "check the spelling, and the folder it is relative to".to_owned(),
            Self::IsDirectory { .. } => "specify the files in it".to_owned(),
            Self::EmptyFolder { .. } => {
                "specify a folder with CSV, JSON or Parquet files, which may be packed by gzip or zstd"
                    .to_owned()
            }
            Self::MissingPart { .. } => "fetch all parts of the export again".to_owned(),
            Self::DamagedCoverage { .. } => "fetch the resources again".to_owned(),
            Self::Read { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "check the file's permissions".to_owned()
            }
            Self::Read { source, .. } if is_damage(source.kind()) => {
                "fetch the file again: it is cut off or damaged".to_owned()
            }
            Self::Empty { .. } => "fetch the file again, or omit it".to_owned(),
            Self::UnknownFormat { .. } => {
                format!("known formats are {}; `--inventory-format` forces one", Format::list())
            }
            Self::Truncated { .. } => {
                "fetch the file again: it was cut off, or a quote is missing".to_owned()
            }
            Self::Json { .. } => "correct the file, or fetch it again".to_owned(),
            Self::Parquet { .. } => "fetch the file again, or export the bill as CSV".to_owned(),
            Self::MissingColumns { format: Format::Csv, .. } => {
                "a list needs a column `id`, `resource_id` or `arn`; a bill needs `cost`, and `usage_start` or \
                 `invoice_month`. Other headings can be assigned to these under `[columns]` in tagpol.toml"
                    .to_owned()
            }
            Self::MissingColumns { columns, .. } if columns.iter().any(|c| c == "Tags") => {
                "export the bill with its tags; without them every resource would count as untagged"
                    .to_owned()
            }
            Self::MissingColumns { .. } => "export the bill with all its columns".to_owned(),
            Self::UnknownFocusVersion { .. } => "export the bill as FOCUS 1.0 or later".to_owned(),
            Self::MixedCurrencies { requested: true, .. } => {
                "omit the currency: the file contains its own, and costs are not converted".to_owned()
            }
            Self::MixedCurrencies { .. } => {
                "import the bills of each currency into a snapshot of their own".to_owned()
            }
            Self::BilledTwice { .. } | Self::SameBill { .. } => {
                "import only one of the two: every charge would count twice".to_owned()
            }
            Self::ListedTwice { .. } => "list it once: every charge would count twice".to_owned(),
            Self::UnknownMonth { .. } => "choose one of these months, or omit the month".to_owned(),
            Self::NothingRead { .. } => {
                format!("known formats are {}; `--inventory-format` forces one", Format::list())
            }
            Self::Strict { .. } => {
                "correct the file, or import it without `--strict`: the row is then listed as rejected"
                    .to_owned()
            }
            Self::Incomplete { gap } => gap.advice().to_owned(),
            Self::NotCovered { part } => part.help.clone()?,
            Self::TooLarge { .. } => "split the file, and import the parts together".to_owned(),
            Self::NoEvents { .. } => {
                "specify JSON or JSON lines with events of EventBridge, CloudTrail, Event Grid or Cloud Asset Inventory"
                    .to_owned()
            }
            Self::NoBase { .. } => "fetch or import the resources again, and apply the events to that".to_owned(),
            Self::Write { .. } => "check the folder's permissions and the space left on the disk".to_owned(),
            Self::UnknownSchema { .. } => {
                "read it with the program that wrote it, or import its sources again".to_owned()
            }
            Self::NoSnapshot { .. } => {
                "specify the folder of a snapshot, or import an inventory first".to_owned()
            }
            Self::Damaged { .. } => "delete the folder and import its sources again".to_owned(),
            Self::Read { .. } => return None,
        };
        Some(help)
    }
}

/// Whether the error means that the content is bad rather than that the system refused.
fn is_damage(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof)
}

fn kind_word(reject: &Reject) -> &'static str {
    match reject.kind {
        crate::reject::RejectKind::Row => "row",
        crate::reject::RejectKind::Value | crate::reject::RejectKind::Note => "value",
    }
}

fn plural(of: &[String], one: &'static str, many: &'static str) -> &'static str {
    if of.len() == 1 { one } else { many }
}

/// Returns the place in a row, if it is known.
fn in_field(reject: &Reject) -> String {
    reject.field.as_ref().map(|field| format!(" in `{}`", crate::value::shorten(field))).unwrap_or_default()
}

/// Returns the names in backticks, with commas between.
pub(crate) fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn listed(months: &[YearMonth]) -> String {
    if months.is_empty() {
        return "none at all".to_owned();
    }
    months.iter().map(YearMonth::to_string).collect::<Vec<_>>().join(", ")
}
