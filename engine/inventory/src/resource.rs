//! A cloud resource, as every other stage sees it.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

/// One cloud resource with the tags that its provider or its owner gave it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resource {
    /// The provider's own id: an ARN, an Azure resource id, a GCP full resource name, … Not empty,
    /// unique in an inventory.
    pub id: String,
    /// The name a person would call it by.
    pub name: Option<String>,
    /// The provider's own short form: `ec2:instance`, `microsoft.compute/virtualmachines`,
    /// `compute.googleapis.com/Instance`.
    pub type_: Option<String>,
    /// `aws`, `azure`, `gcp` or another lower-case name.
    pub provider: Option<String>,
    /// Account, subscription or project.
    pub account: Option<String>,
    /// Region, as the provider writes it.
    pub region: Option<String>,
    /// When it was made; whole microseconds.
    pub created: Option<DateTime<Utc>>,
    /// What it cost in the month of the inventory, in the inventory's currency. At most 16 digits
    /// before and 12 after the point.
    pub monthly_cost: Option<Decimal>,
    /// Where the row came from: `focus`, `aws-tagging`, or what the row itself says.
    pub source: Option<String>,
    /// All else that the source knew: the text of a JSON object.
    pub meta: Option<String>,
    /// Native tags, keys and values exactly as found. No key twice.
    pub tags: Vec<(String, String)>,
    /// Which tags are not known yet.
    pub unknown: UnknownTags,
}

/// Tags that are known only later: those of a Terraform plan, after it is applied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnknownTags {
    /// Keys whose values are not known, sorted by their bytes. The tags have a text in their place.
    pub keys: Vec<String>,
    /// Whether there may be tags of any other key.
    pub others: bool,
}

impl UnknownTags {
    /// Whether all tags are known.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && !self.others
    }
}
