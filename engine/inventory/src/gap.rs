//! Records that a source has and a snapshot lacks.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::format::Format;
use crate::value::shorten;

/// Records of the source that are not in a snapshot, because a page announces more than was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Path of the file, as it was given.
    pub file: String,
    /// Line on which the page begins, from 1.
    pub line: u64,
    /// Format that the file was read as.
    pub format: Format,
    /// The member that announces more, as the file spells it.
    pub field: String,
    /// Records of the page and of the pages that it continues.
    pub read: u64,
    /// Records that there are, if the page has their number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

/// What is missing, in one line: the file, the member, and how much was read.
impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, field) = (shorten(&self.file), shorten(&self.field));
        write!(f, "`{file}` is incomplete: its `{field}` shows that there are more resources (")?;
        match (self.read, self.total) {
            (read, Some(total)) => write!(f, "{read} of {total} were read)"),
            (1, None) => f.write_str("1 was read)"),
            (read, None) => write!(f, "{read} were read)"),
        }
    }
}

impl Gap {
    /// Returns how to get the rest.
    pub fn advice(&self) -> &'static str {
        match self.format {
            Format::AwsExplorer if self.field.starts_with("Count") => {
                "a search returns at most 1000 resources: use `aws resource-explorer-2 list-resources`"
            }
            Format::AwsTagging | Format::AwsConfig | Format::AwsExplorer | Format::AwsDescribe => {
                "run the command without `--max-items`, `--max-results` and `--no-paginate`, or import all pages together in order"
            }
            Format::AzureResources => {
                "fetch the next page with `--skip-token`, and import all pages together in order"
            }
            Format::Terraform => "correct the errors of the plan, and plan without `-target`",
            _ => "fetch the next page, and import all pages together in order",
        }
    }
}
