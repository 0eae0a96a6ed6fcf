//! What was listed of a cloud, and what was not.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What was fetched from a cloud: the files with the answers of its APIs, and how much of the cloud they cover.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Coverage {
    /// [`Coverage::VERSION`] when it was written. The name of the member identifies the file.
    pub tagpol_coverage: u32,
    /// The files with answers, in the order in which they are imported: of two values, that of the later file stands.
    pub files: Vec<ListedFile>,
    /// What each source listed, sorted by source, account and region.
    pub sources: Vec<SourceCoverage>,
}

impl Coverage {
    /// The version that this program reads and writes.
    pub const VERSION: u32 = 1;

    /// The name of the file next to the files that it describes.
    pub const FILE_NAME: &str = "coverage.json";
}

/// A file with answers of an API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedFile {
    /// Its name; it is next to the file that names it.
    pub name: String,
    /// Whether the resources in it have their tags. If not, a resource in it may have any tags, unless another file
    /// lists it with them.
    pub has_tags: bool,
}

/// What a source listed of one account and region: of one type, or of all types that have the same status.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceCoverage {
    /// Name of the source, such as `aws-tagging`.
    pub source: String,
    /// Account, subscription or project. None: all that the credentials can see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Region. None: resources of all regions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Types that were requested. Empty: all that the source lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// Accounts to which a listing of several is restricted. Empty: all that the credentials can see.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
    /// Regions to which a listing of several is restricted. Empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    /// How much of them was listed.
    pub status: CoverageStatus,
    /// Whether the source lists resources that never had a tag.
    pub lists_untagged: bool,
    /// Whether it lists tags.
    pub has_tags: bool,
    /// Whether it is used only where it is enabled, so that its absence is not an error.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_optional: bool,
    /// Resources that it listed.
    pub resources: u64,
    /// Why it is not whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Names of the files with its answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

/// How much of what was requested a source listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CoverageStatus {
    /// All of it.
    Whole,
    /// The credentials lack a permission. Part of it may be listed.
    Denied,
    /// The service or the region is not enabled.
    NotEnabled,
    /// Only the beginning.
    CutOff,
}

impl CoverageStatus {
    /// Returns its name in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Denied => "denied",
            Self::NotEnabled => "not enabled",
            Self::CutOff => "cut off",
        }
    }
}

impl SourceCoverage {
    /// Whether everything that was requested is listed.
    pub fn is_whole(&self) -> bool {
        self.status == CoverageStatus::Whole
    }

    /// Whether something is missing that should be there: not if an optional source is not enabled.
    pub fn is_deficient(&self) -> bool {
        !(self.is_whole() || (self.is_optional && self.status == CoverageStatus::NotEnabled))
    }

    /// Returns where it was asked: `111122223333, eu-west-1`.
    pub fn place(&self) -> String {
        let parts = [self.account.as_deref(), self.region.as_deref()];
        let place: Vec<&str> = parts.into_iter().flatten().collect();
        match (place.is_empty(), self.accounts.as_slice()) {
            (false, _) => place.join(", "),
            (true, []) => "all accounts".to_owned(),
            (true, [account]) => account.clone(),
            (true, accounts) => format!("{} accounts", accounts.len()),
        }
    }
}

/// What is missing, in one line: `aws-rds (rds:db) is denied in 111122223333, eu-west-1: …`.
impl fmt::Display for SourceCoverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let types = match self.types.as_slice() {
            [type_] => format!(" ({type_})"),
            _ => String::new(),
        };
        write!(f, "{}{types} is {} in {}", self.source, self.status.as_str(), self.place())?;
        match &self.reason {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}
