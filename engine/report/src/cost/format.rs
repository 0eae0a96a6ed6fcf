//! The formats of costs, by their names.

use std::path::Path;

/// A form that costs can be reported in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CostFormat {
    /// For a terminal, in cents that add up.
    Table,
    /// For spreadsheets, with exact amounts.
    Csv,
    /// One JSON document, with exact amounts.
    Json,
    /// For databases, with exact amounts.
    Parquet,
    /// One self-contained page, in cents that add up.
    Html,
}

impl CostFormat {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Table, Self::Csv, Self::Json, Self::Parquet, Self::Html];

    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Parquet => "parquet",
            Self::Html => "html",
        }
    }

    /// Returns the format that a file of this name usually has; None for another extension.
    pub fn of_file(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "txt" => Self::Table,
            "csv" => Self::Csv,
            "json" => Self::Json,
            "parquet" => Self::Parquet,
            "html" | "htm" => Self::Html,
            _ => return None,
        })
    }
}
