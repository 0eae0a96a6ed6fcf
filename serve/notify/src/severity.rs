//! How bad a finding is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How bad a finding is, as its policy defines. Ordered: `Low < Critical`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// For reports only.
    Low,
    /// Within a week.
    Medium,
    /// Within a day.
    High,
    /// At once.
    Critical,
}

impl Severity {
    /// All severities, the least one first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Reads a name. None: it is not one.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name() == name)
    }

    /// Returns its name in lower case, as policies write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}
