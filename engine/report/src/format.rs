//! The formats of reports, by their names.

use std::path::Path;

/// A form that an evaluation can be reported in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// For a terminal.
    Table,
    /// One JSON document.
    Json,
    /// A JSON document a finding and line.
    Jsonl,
    /// A table of findings for spreadsheets.
    Csv,
    /// For a comment on a change.
    Markdown,
    /// JUnit XML, for continuous integration.
    Junit,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// The Code Quality report of GitLab.
    Gitlab,
    /// The Test Anything Protocol, version 14.
    Tap,
    /// A table of findings for databases.
    Parquet,
    /// One self-contained page.
    Html,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Table,
        Self::Json,
        Self::Jsonl,
        Self::Csv,
        Self::Markdown,
        Self::Junit,
        Self::Sarif,
        Self::Github,
        Self::Gitlab,
        Self::Tap,
        Self::Parquet,
        Self::Html,
    ];

    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Markdown => "markdown",
            Self::Junit => "junit",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Tap => "tap",
            Self::Parquet => "parquet",
            Self::Html => "html",
        }
    }

    /// Returns the format of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// Returns the format that a file of this name usually has.
    pub fn of_file(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "txt" => Self::Table,
            "json" => Self::Json,
            "jsonl" | "ndjson" => Self::Jsonl,
            "csv" => Self::Csv,
            "md" => Self::Markdown,
            "xml" => Self::Junit,
            "sarif" => Self::Sarif,
            "tap" => Self::Tap,
            "parquet" => Self::Parquet,
            "html" | "htm" => Self::Html,
            _ => return None,
        })
    }

    /// Whether it is not a text.
    pub fn is_binary(self) -> bool {
        self == Self::Parquet
    }

    /// Whether it shows [`crate::Breakdown`].
    pub fn shows_breakdown(self) -> bool {
        self == Self::Html
    }

    /// Whether it shows [`crate::Advice`].
    pub fn shows_advice(self) -> bool {
        self == Self::Html
    }
}
