//! `manifest.json`: what a snapshot is of, where it came from, and what is in it.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tagpol_model::SourceCoverage;

use crate::format::Format;
use crate::gap::Gap;
use crate::inventory::Matches;
use crate::month::YearMonth;
use crate::read::bill::BillMonth;
use crate::source::hex;

/// The schema version that this program writes. It reads all versions from 1 on.
///
/// 2 lists the distinct values of columns that have few; 3 has the charges of bills; 4 what was listed of a cloud; 5 the
/// events that were applied.
pub const SCHEMA_VERSION: u64 = 5;

/// Digits of the content hash that an id carries.
const ID_HASH_DIGITS: usize = 8;

/// A snapshot's manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA_VERSION`] when it was written.
    pub schema_version: u64,
    /// Name of the snapshot and of its folder: when it was taken, and the start of its hash, as in
    /// `20261122T134501Z-1a2b3c4d`.
    pub id: String,
    /// When it was taken, in RFC 3339, whole seconds.
    #[serde(with = "rfc3339")]
    pub taken_at: DateTime<Utc>,
    /// SHA-256 of this manifest without `id` and `content_hash`, and so, through
    /// [`Manifest::files`], of the whole snapshot.
    pub content_hash: String,
    /// The files that were read, bills first.
    pub sources: Vec<SourceFile>,
    /// How many of what was seen.
    pub counts: ManifestCounts,
    /// Whether all of the sources is in it.
    pub completeness: Completeness,
    /// What was listed of clouds, and what was not; empty if nothing was fetched, and in versions before 4.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coverage: Vec<SourceCoverage>,
    /// The events that were applied to a listing; none if this is a listing, and in versions before 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<EventInfo>,
    /// Currency of the costs, where it is known.
    pub currency: Option<String>,
    /// Month of the costs, where they come from a bill.
    pub month: Option<BillMonth>,
    /// Every native key, sorted by its bytes.
    pub keys: Vec<KeyCount>,
    /// How many distinct values the columns of texts have, in the order of the columns. Columns of which
    /// it was not counted are not here: those with very many, and all of version 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<ValueCount>,
    /// What is in the files of charges; none without a bill, and in versions before 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charges: Option<ChargeInfo>,
    /// The other files of the snapshot.
    pub files: Files,
}

/// How a snapshot was made of another one, and of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventInfo {
    /// Id of the snapshot that was listed, to which all events were applied. Its sources are those of this one too.
    pub base: String,
    /// Changes in `events.ndjson`, each once.
    pub events: u64,
    /// The time of the latest change, whole seconds.
    #[serde(with = "rfc3339")]
    pub latest: DateTime<Utc>,
    /// The files that were read, in the order in which they were.
    pub files: Vec<EventFile>,
}

/// A file with events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFile {
    /// Its path, as it was given.
    pub path: String,
    /// Its size on disk in bytes.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// Events in it, those that change no tags and repeated ones too.
    pub events: u64,
}

/// What a snapshot knows of charges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeInfo {
    /// Rows of `subjects.parquet`.
    pub subjects: u64,
    /// Rows of `charges.parquet`.
    pub charges: u64,
    /// What each month comes to, by month and currency.
    pub months: Vec<MonthTotal>,
    /// Currencies that the costs of resources leave out, since no rate led to the snapshot's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unconverted: Vec<String>,
    /// What lists say that resources cost which are in no bill, in the snapshot's currency: no charge has it.
    #[serde(default, skip_serializing_if = "Decimal::is_zero")]
    pub only_listed: Decimal,
    /// Every native key of the subjects, sorted by its bytes.
    pub keys: Vec<KeyCount>,
}

/// What an invoice month comes to in a currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthTotal {
    /// The month.
    pub month: YearMonth,
    /// ISO 4217; none where no bill has a currency.
    pub currency: Option<String>,
    /// The sum of the amortized costs.
    pub cost: Decimal,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Its path, as it was given.
    pub path: String,
    /// The format it was read as.
    pub format: Format,
    /// Version of the format, where it has one: that of FOCUS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its size on disk in bytes.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// Its rows, bad ones too.
    pub rows: u64,
    /// Those of them that could not be read.
    pub rejected_rows: u64,
    /// Those of them that are no resource that is there, as one that was deleted.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out_rows: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference over")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// How many of what is in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestCounts {
    /// Resources.
    pub resources: u64,
    /// Resources with at least one tag.
    pub tagged: u64,
    /// Rows of all sources.
    pub rows: u64,
    /// Rows that were merged into a resource of the same id; charges of a bill are not counted.
    pub merged: u64,
    /// Resources with tags that are not known yet. If there are any, `resources.parquet` has the columns
    /// `unknown_keys`, a list of keys whose values are not known, and `unknown_tags`, whether there may be
    /// tags of other keys.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unknown: u64,
    /// Costs that belong to no resource; none without a bill.
    pub unattributed: Option<UnattributedCost>,
    /// How bills match inventories; none where there are not both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<Matches>,
}

/// Charges of a bill that name no resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnattributedCost {
    /// How many, in all months.
    pub rows: u64,
    /// Their sum in the month of the snapshot, in its currency.
    pub cost: Decimal,
}

/// Whether all of the sources is in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completeness {
    /// Whether no row was rejected, and no file and no source shows that it is not all of what there is.
    pub complete: bool,
    /// Rows that are not in the snapshot.
    pub rejected_rows: u64,
    /// Values that were left out or changed.
    pub rejected_values: u64,
    /// Rejected rows and values that `rejects.ndjson` does not list: it has the first 100,000.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unlisted_rejects: u64,
    /// Places at which the sources show that they are not all of what there is, as a token of a next page.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub gap_count: u64,
    /// The first 100 of these places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// What else a reader should know about the sources, as a column that looks like a tag and is not read; the
    /// first 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<SourceNote>,
}

/// Something about a source that is not a mistake, but that a reader may not expect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceNote {
    /// Path of the file, as it was given.
    pub file: String,
    /// The column or attribute; empty if the note is about the file as a whole.
    pub field: String,
    /// What is to be known.
    pub reason: String,
}

/// Notes that a manifest repeats at most.
pub(crate) const LISTED_NOTES: usize = 100;

/// A native key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyCount {
    /// The key, exactly as found.
    pub key: String,
    /// How many resources have it.
    pub count: u64,
    /// Its column in `resources.parquet`, where it has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
}

/// The distinct values of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueCount {
    /// Its column in `resources.parquet`.
    pub column: String,
    /// How many it has, an absent one not counted.
    pub count: u64,
    /// Whether `values.parquet` has all of them.
    pub listed: bool,
}

/// The files of a snapshot in addition to its manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// `resources.parquet`.
    pub resources: FileHash,
    /// `rejects.ndjson`.
    pub rejects: FileHash,
    /// `orphans.ndjson`, where bills and inventories were imported together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orphans: Option<FileHash>,
    /// `values.parquet`; none in version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<FileHash>,
    /// `subjects.parquet`; none without a bill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subjects: Option<FileHash>,
    /// `charges.parquet`; none without a bill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charges: Option<FileHash>,
    /// `events.ndjson`; none in a listing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<FileHash>,
}

/// Size and hash of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileHash {
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// Fills in the hash and the id, which follow from all else.
    pub(crate) fn seal(mut self) -> Self {
        self.content_hash = self.hash();
        let digits = self.content_hash.get(..ID_HASH_DIGITS).unwrap_or_default();
        self.id = format!("{}-{digits}", self.taken_at.format("%Y%m%dT%H%M%SZ"));
        self
    }

    /// Whether the manifest is as it was sealed.
    pub(crate) fn is_sealed(&self) -> bool {
        self.content_hash == self.hash()
    }

    /// Returns the text of the file.
    pub(crate) fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }

    fn hash(&self) -> String {
        let bare = Self { id: String::new(), content_hash: String::new(), ..self.clone() };
        hex(&Sha256::digest(bare.to_json().as_bytes()))
    }
}

/// Times in RFC 3339, whole seconds.
mod rfc3339 {
    use chrono::{DateTime, SecondsFormat, Utc};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Secs, true))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = DateTime::parse_from_rfc3339(&text).map_err(serde::de::Error::custom)?;
        Ok(time.with_timezone(&Utc))
    }
}
