//! The inventory formats and how a file's format is found out.
//!
//! In: the first bytes of a file and its name. Out: a [`Format`], or what the file looks like
//! instead. The content decides; the extension only breaks ties. Assumes that the start is long
//! enough to hold the header of a CSV file.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{ImportError, quoted};
use crate::read::csv_records::{Dialect, header_fields};
use crate::read::{csv, focus};
use crate::source::Source;

/// A format that resources can be read from. All but Parquet may be gzipped as they come; gzipped
/// Parquet is unpacked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Format {
    /// A FOCUS bill as CSV.
    FocusCsv,
    /// A FOCUS bill as Parquet.
    FocusParquet,
    /// The answer of `aws resourcegroupstaggingapi get-resources`.
    AwsTagging,
    /// One JSON object a line.
    Ndjson,
    /// A JSON array of objects, or objects one after the other.
    Json,
    /// CSV with a header; comma, semicolon, tab or bar between the fields.
    Csv,
}

impl Format {
    /// All of them, in the order in which they are listed to users.
    pub const ALL: [Self; 6] =
        [Self::FocusCsv, Self::FocusParquet, Self::AwsTagging, Self::Ndjson, Self::Json, Self::Csv];

    /// Returns its name on the command line and in manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FocusCsv => "focus-csv",
            Self::FocusParquet => "focus-parquet",
            Self::AwsTagging => "aws-tagging",
            Self::Ndjson => "ndjson",
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }

    /// Returns what `resource.source` says of resources whose row does not say it.
    pub fn source(self) -> &'static str {
        match self {
            Self::FocusCsv | Self::FocusParquet => "focus",
            other => other.as_str(),
        }
    }

    /// Whether its rows are charges rather than resources.
    pub fn is_bill(self) -> bool {
        matches!(self, Self::FocusCsv | Self::FocusParquet)
    }

    /// Returns the names of all formats for a message.
    pub(crate) fn list() -> String {
        quoted(&Self::ALL.map(|format| format.as_str().to_owned()))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no inventory format; known formats are {list}", list = Format::list())]
pub struct NotAFormat(String);

impl FromStr for Format {
    type Err = NotAFormat;

    fn from_str(text: &str) -> Result<Self, NotAFormat> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| NotAFormat(text.to_owned()))
    }
}

/// Finds out the format of a file, by its content first and its extension second.
///
/// # Errors
///
/// Where the file cannot be read, or is of no known format.
pub fn detect(path: &Path) -> Result<Format, ImportError> {
    let mut source = Source::open(path)?;
    let start = source.start()?.to_vec();
    detect_start(path, &start)
}

/// Finds out the format from the start of the unpacked content.
pub(crate) fn detect_start(path: &Path, start: &[u8]) -> Result<Format, ImportError> {
    let unknown = |found: String| ImportError::UnknownFormat { path: path.to_owned(), found };
    if start.starts_with(b"PAR1") {
        return Ok(Format::FocusParquet);
    }
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        return Err(unknown("it is UTF-16 text; save it as UTF-8".to_owned()));
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    match text.first() {
        None => Err(ImportError::Empty { path: path.to_owned() }),
        Some(b'{' | b'[') => Ok(detect_json(path, text)),
        Some(_) if text.iter().take(1024).any(|b| *b == 0) => Err(unknown("it is not text".to_owned())),
        Some(_) if matches!(extension(path), Some("ndjson" | "jsonl")) => Ok(Format::Ndjson),
        Some(_) if matches!(extension(path), Some("parquet")) => Err(ImportError::Parquet {
            path: path.to_owned(),
            reason: "it does not begin with `PAR1`".to_owned(),
        }),
        Some(_) => detect_csv(path, text),
    }
}

/// Tells the JSON formats apart; `text` begins with `{` or `[`.
fn detect_json(path: &Path, text: &[u8]) -> Format {
    if is_aws_page(text) {
        return Format::AwsTagging;
    }
    if text.starts_with(b"[") {
        return Format::Json;
    }
    let line = text.split(|b| *b == b'\n').next().unwrap_or(text);
    let whole = serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
    let opens = matches!(line.trim_ascii_end().last(), Some(b'{' | b'[' | b',' | b':'));
    let named_json = extension(path) == Some("json");
    if whole || !(opens || named_json) { Format::Ndjson } else { Format::Json }
}

/// Whether the key of the AWS answer stands in the text as a key.
fn is_aws_page(text: &[u8]) -> bool {
    let key = b"\"ResourceTagMappingList\"";
    let Some(at) = memchr::memmem::find(text, key) else {
        return false;
    };
    let after = text.get(at + key.len()..).unwrap_or_default().trim_ascii_start();
    after.starts_with(b":")
}

fn detect_csv(path: &Path, text: &[u8]) -> Result<Format, ImportError> {
    let names = header_fields(text, Dialect::detect(text));
    if let Some((kind, advice)) = foreign_bill(&names) {
        return Err(ImportError::ForeignBill { path: path.to_owned(), kind, advice });
    }
    if focus::looks_like_focus(&names) {
        return Ok(Format::FocusCsv);
    }
    if csv::has_id(&names) || (extension(path) == Some("csv") && names.len() > 1) {
        return Ok(Format::Csv);
    }
    let shown: Vec<String> = names.iter().take(5).map(|name| crate::value::shorten(name)).collect();
    let found =
        format!("its first line, {}, is neither JSON nor a CSV header with an `id` column", quoted(&shown));
    Err(ImportError::UnknownFormat { path: path.to_owned(), found })
}

/// Recognises the providers' own bill formats, whose rows are charges and would be misread.
fn foreign_bill(names: &[String]) -> Option<(&'static str, &'static str)> {
    let has = |wanted: &str| names.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    let starts = |wanted: &str| names.iter().any(|name| name.starts_with(wanted));
    if starts("lineItem/") || starts("line_item_") {
        return Some((
            "an AWS cost and usage report",
            "create a data export of the type FOCUS in AWS Billing, and import that",
        ));
    }
    if has("MeterCategory") && (has("SubscriptionId") || has("SubscriptionGuid")) {
        return Some((
            "an Azure cost export",
            "create an export of the type `Cost and usage details (FOCUS)` in Azure, and import that",
        ));
    }
    if starts("billing_account_id") && has("usage_start_time") {
        return Some((
            "a Google Cloud billing export",
            "use Google's FOCUS view of the billing export, and import that",
        ));
    }
    None
}

/// Returns the extension, without a `.gz` after it.
pub(crate) fn extension(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    let name = name.strip_suffix(".gz").unwrap_or(name);
    Some(name.rsplit_once('.')?.1)
}
