//! The inventory formats by their names.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A format that resources can be read from. All but Parquet may be packed by gzip or zstd as they come; packed
/// Parquet is unpacked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Format {
    /// A FOCUS bill as CSV.
    FocusCsv,
    /// A FOCUS bill as Parquet.
    FocusParquet,
    /// A FOCUS bill as JSON: one charge a line, or an array.
    FocusJson,
    /// An AWS cost and usage report, legacy or 2.0, as CSV or Parquet.
    AwsCur,
    /// An Azure cost export (actual or amortized cost), as CSV or Parquet.
    AzureCost,
    /// A billing export of Google Cloud to BigQuery, standard or detailed, as JSON, Parquet or CSV.
    GcpBilling,
    /// A cost report of Oracle Cloud Infrastructure, as CSV.
    OciCost,
    /// A bill of any vendor as CSV, whose columns have names of this project.
    CsvBill,
    /// The output of `aws resourcegroupstaggingapi get-resources`.
    AwsTagging,
    /// What AWS Config delivers, or answers to a query.
    AwsConfig,
    /// The answer of AWS Resource Explorer.
    AwsExplorer,
    /// The answer of an AWS `describe` command.
    AwsDescribe,
    /// The answer of Azure Resource Graph, or of `az resource list`.
    AzureResources,
    /// Assets of Google's Cloud Asset Inventory.
    GcpAssets,
    /// A Terraform plan or state as JSON.
    Terraform,
    /// One JSON object a line.
    Ndjson,
    /// A JSON array of objects, or objects one after the other.
    Json,
    /// CSV with a header; comma, semicolon, tab or bar between the fields.
    Csv,
}

impl Format {
    /// All of them, in the order in which they are listed to users.
    pub const ALL: [Self; 18] = [
        Self::FocusCsv,
        Self::FocusParquet,
        Self::FocusJson,
        Self::AwsCur,
        Self::AzureCost,
        Self::GcpBilling,
        Self::OciCost,
        Self::CsvBill,
        Self::AwsTagging,
        Self::AwsConfig,
        Self::AwsExplorer,
        Self::AwsDescribe,
        Self::AzureResources,
        Self::GcpAssets,
        Self::Terraform,
        Self::Ndjson,
        Self::Json,
        Self::Csv,
    ];

    /// Returns its name on the command line and in manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FocusCsv => "focus-csv",
            Self::FocusParquet => "focus-parquet",
            Self::FocusJson => "focus-json",
            Self::AwsCur => "aws-cur",
            Self::AzureCost => "azure-cost",
            Self::GcpBilling => "gcp-billing",
            Self::OciCost => "oci-cost",
            Self::CsvBill => "csv-bill",
            Self::AwsTagging => "aws-tagging",
            Self::AwsConfig => "aws-config",
            Self::AwsExplorer => "aws-explorer",
            Self::AwsDescribe => "aws-describe",
            Self::AzureResources => "azure-resources",
            Self::GcpAssets => "gcp-assets",
            Self::Terraform => "terraform",
            Self::Ndjson => "ndjson",
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }

    /// Returns what it is, in one line.
    pub fn about(self) -> &'static str {
        match self {
            Self::FocusCsv => "bill of FOCUS 1.0 or later, as CSV",
            Self::FocusParquet => "bill of FOCUS 1.0 or later, as Parquet",
            Self::FocusJson => "bill of FOCUS 1.0 or later, as JSON, such as an export of BigQuery",
            Self::AwsCur => "AWS cost and usage report, legacy or 2.0, as CSV or Parquet",
            Self::AzureCost => "Azure cost export, actual or amortized cost, as CSV or Parquet",
            Self::GcpBilling => {
                "billing export of Google Cloud, standard or detailed, as JSON, Parquet or CSV"
            }
            Self::OciCost => "cost report of Oracle Cloud Infrastructure, as CSV",
            Self::CsvBill => "bill of any vendor, CSV with a column `cost` and a day or month",
            Self::AwsTagging => "output of `aws resourcegroupstaggingapi get-resources`",
            Self::AwsConfig => "AWS Config snapshot, or output of `aws configservice select-resource-config`",
            Self::AwsExplorer => "output of `aws resource-explorer-2 search`",
            Self::AwsDescribe => "output of an AWS describe command, like `aws ec2 describe-instances`",
            Self::AzureResources => {
                "output of `az graph query`, or of a list command like `az resource list`"
            }
            Self::GcpAssets => {
                "output of `gcloud asset list`, or of a list command like `gcloud compute instances list`"
            }
            Self::Terraform => "`terraform show -json` of a plan or a state, or a terraform.tfstate",
            Self::Ndjson => "list of resources, one JSON object a line",
            Self::Json => "list of resources, a JSON array",
            Self::Csv => "list of resources, CSV with a column `id`",
        }
    }

    /// Returns what `resource.source` says of resources whose row does not say it.
    pub fn source(self) -> &'static str {
        match self {
            Self::FocusCsv | Self::FocusParquet | Self::FocusJson => "focus",
            other => other.as_str(),
        }
    }

    /// Whether its rows are charges rather than resources.
    pub fn is_bill(self) -> bool {
        matches!(
            self,
            Self::FocusCsv
                | Self::FocusParquet
                | Self::FocusJson
                | Self::AwsCur
                | Self::AzureCost
                | Self::GcpBilling
                | Self::OciCost
                | Self::CsvBill
        )
    }

    /// Returns the names of all formats for a message.
    pub(crate) fn list() -> String {
        Self::ALL.map(|format| format!("`{}`", format.as_str())).join(", ")
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an inventory format; known formats are {list}", list = Format::list())]
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

/// Returns the extension, without a `.gz` or `.zst` after it.
pub(crate) fn extension(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name);
    Some(name.rsplit_once('.')?.1)
}
