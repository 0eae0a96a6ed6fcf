//! How bad a finding is.

use serde::{Deserialize, Serialize};

/// How bad a finding is, as its policy says. Ordered: `Low < Critical`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
