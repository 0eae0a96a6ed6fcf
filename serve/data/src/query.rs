//! Questions about lists of resources.

use serde::{Deserialize, Serialize};
use tagpol_plan::sql::serving::{SortKey, TextAttribute, ValueColumn};
use tagpol_session::Decimal;
use tagpol_syntax::similar::closest;

use crate::contents::Contents;
use crate::error::DataError;
use crate::filter::Filter;
use crate::rows::Resource;

/// The highest number of rows of a page.
pub const MOST_ROWS: u64 = 500;

/// The highest number of rows before a page that is not reached by a cursor.
pub const MOST_OFFSET: u64 = 2_000_000;

/// A question about a list of resources. The default asks for the first 50, the most expensive first.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Which of them.
    pub filter: Filter,
    /// What they are ordered by.
    pub sort: Sort,
    /// The most rows; at most [`MOST_ROWS`].
    pub limit: u64,
    /// [`Page::next`] of the page before. None: the first page.
    pub after: Option<Vec<u8>>,
    /// Rows that are skipped; at most [`MOST_OFFSET`]. Each of them costs time, unlike those before `after`.
    pub offset: u64,
    /// Whether all rows are counted, and their costs summed up.
    pub total: bool,
    /// Tags that are read, by their names. None: all.
    pub tags: Option<Vec<String>>,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            filter: Filter::default(),
            sort: Sort::default(),
            limit: 50,
            after: None,
            offset: 0,
            total: true,
            tags: None,
        }
    }
}

/// An order of resources; ties are in the order of costs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sort {
    /// What they are ordered by.
    pub by: SortBy,
    /// Whether the other end comes first. What is missing comes last all the same.
    pub reverse: bool,
}

/// What resources are ordered by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortBy {
    /// Monthly cost, the highest first.
    #[default]
    Cost,
    /// Id.
    Id,
    /// Name, regardless of case.
    Name,
    /// When it was created, the newest first.
    Created,
    /// Number of open findings; with `reverse` the most first.
    Open,
    /// Compliance, what violates first.
    Compliance,
    /// An attribute: `provider`, `account`, `region`, `type` or `source`.
    Attribute(String),
    /// The value of a tag.
    Tag(String),
}

impl SortBy {
    pub(crate) fn key(&self, contents: &Contents) -> Result<SortKey, DataError> {
        Ok(match self {
            Self::Cost => SortKey::Cost,
            Self::Id => SortKey::Id,
            Self::Name => SortKey::Name,
            Self::Created => SortKey::Created,
            Self::Open => SortKey::Open,
            Self::Compliance => SortKey::Compliance,
            Self::Attribute(name) => SortKey::Value(ValueColumn::Attribute(attribute(name)?)),
            Self::Tag(name) => SortKey::Value(ValueColumn::Tag(tag(contents, name)?)),
        })
    }
}

/// Returns an attribute that many resources share.
pub(crate) fn attribute(name: &str) -> Result<TextAttribute, DataError> {
    let names = TextAttribute::ALL.map(TextAttribute::as_str);
    let found = TextAttribute::ALL.into_iter().find(|attribute| attribute.as_str() == name);
    found.ok_or_else(|| unknown("attribute", name, names))
}

/// Returns the index of a tag.
pub(crate) fn tag(contents: &Contents, name: &str) -> Result<usize, DataError> {
    let names = contents.tags.iter().map(|tag| tag.name.as_str());
    contents.tag(name).ok_or_else(|| unknown("tag", name, names))
}

/// Returns the error for a name that is none of those that could stand there.
pub(crate) fn unknown<'n>(
    kind: &'static str,
    name: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> DataError {
    DataError::UnknownName { kind, name: name.to_owned(), closest: closest(name, names).map(str::to_owned) }
}

/// A part of a list of resources.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The resources.
    pub rows: Vec<Resource>,
    /// How many there are on all pages. None: it was not asked for.
    pub total: Option<u64>,
    /// What those on all pages cost a month. None: it was not asked for, or no cost is known.
    pub cost: Option<Decimal>,
    /// What [`Query::after`] of the next page is. None: this is the last one.
    pub next: Option<Vec<u8>>,
    /// If words were searched for and nothing was found: resources with similar names.
    pub similar: Vec<Similar>,
}

/// A resource whose name is similar to what was searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Similar {
    /// Its key.
    pub key: String,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
}
